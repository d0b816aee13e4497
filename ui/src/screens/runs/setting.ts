// A value of the recipe as it is typed: whether the setting takes it, said in the window's words with its range.
import type { Bounds, SettingShape } from '../../bridge';
import { shapeText, t } from '../../text';

/** A number as it is typed and as TOML reads it. */
const NUMBER = /^[+-]?(\d+(\.\d+)?|\.\d+)(e[+-]?\d+)?$/i;

function isInside({ min, above_min, max, below_max }: Bounds, text: string): boolean {
  const x = Number(text);
  return (above_min ? x > min : x >= min) && (below_max ? x < max : x <= max);
}

/** The words of a list as it is typed. */
export const parts = (text: string): string[] =>
  text
    .replace(/^\[|\]$/g, '')
    .split(',')
    .map((part) => part.trim().replace(/^"|"$/g, ''))
    .filter((part) => part !== '');

/** What a setting takes, as a sentence. */
export const takes = (shape: SettingShape): string => t.runs.takes(shapeText(shape));

/** Whether a setting takes a value. */
export function isTaken(shape: SettingShape, value: string): boolean {
  const text = value.trim();
  switch (shape.kind) {
    case 'whole':
      return /^\d{1,15}$/.test(text) && isInside(shape.bounds, text);
    case 'number':
      return NUMBER.test(text) && isInside(shape.bounds, text);
    case 'numbers':
      return (
        parts(text).length > 0 &&
        parts(text).every((part) => NUMBER.test(part) && isInside(shape.bounds, part))
      );
    case 'word':
      return shape.words.includes(text);
    case 'words':
      return parts(text).every((part) => shape.words.includes(part));
    case 'flag':
      return text === 'true' || text === 'false';
    case 'text':
      return text !== '';
  }
}
