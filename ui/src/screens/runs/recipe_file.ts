// A recipe as a file: the settings of a preset that differ, in the TOML that `duologue run --recipe` reads.
import type { RecipeField } from '../../bridge';

/** A value as TOML writes it: numbers, booleans and lists as they are, words in quotes. */
const toml = (value: string) =>
  /^(-?[\d.]+(e-?\d+)?|true|false|\[.*\])$/i.test(value) ? value : JSON.stringify(value);

export const recipeText = (fields: RecipeField[], changes: Record<string, string>): string =>
  fields.map((field) => `${field.key} = ${toml(changes[field.key] ?? field.value)}\n`).join('');

/** The settings of a file that differ from the preset, and the keys that no setting has. */
export function readRecipe(
  text: string,
  fields: RecipeField[],
): { changes: Record<string, string>; unknown: string[] } {
  const changes: Record<string, string> = {};
  const unknown: string[] = [];
  for (const line of text.split('\n')) {
    const [, key, written] = /^\s*([\w.]+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (key === undefined || written === undefined) continue;
    const field = fields.find((known) => known.key === key);
    const value = /^".*"$/.test(written) ? String(JSON.parse(written)) : written;
    if (!field) unknown.push(key);
    else if (value !== field.value) changes[key] = value;
  }
  return { changes, unknown };
}
