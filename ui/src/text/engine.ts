// What the engine says in English, in the words of the window's language where it has them: settings by key, models by
// name, errors and faults of a row by code, sentences by their form. What is particular about an error (names, numbers)
// stays in the engine's own words, `exact`.
import { catalogue } from './de/catalogue';
import { errors } from './de/errors';
import { issues } from './de/issues';
import { phrases, things } from './de/phrases';
import { recipe } from './de/recipe';
import { sources } from './de/sources';
import { language } from './language.svelte';

const none = { catalogue: {}, errors: {}, issues: {}, phrases: {}, recipe: {}, sources: {}, things: {} };
const words = { en: none, de: { catalogue, errors, issues, phrases, recipe, sources, things } };

function find<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

/** What a setting does. */
export const settingText = (key: string, english: string): string =>
  find<string>(words[language.now].recipe, key) ?? english;

/** Where a setting's default comes from. */
export const sourceText = (english: string): string =>
  find<string>(words[language.now].sources, english) ?? english;

/** Why the catalogue has a model. */
export const whyText = (model: { name: string; why: string }): string =>
  find<string>(words[language.now].catalogue, model.name) ?? model.why;

/** The values in a sentence made from `template`, whose braces stand for them; null if it is another sentence. */
function values(template: string, english: string): string[] | undefined {
  const fixed = template.split(/\{[^}]*\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${fixed.join('(.+)')}$`).exec(english)?.slice(1);
}

/** What a plan lacks, or how rows came into their splits. */
export function phraseText(english: string): string {
  const table = words[language.now];
  for (const [template, say] of Object.entries<(...values: string[]) => string>(table.phrases)) {
    const found = values(template, english);
    if (found) return say(...found.map((value) => find<string>(table.things, value) ?? value));
  }
  return english;
}

/** What happened and what to do; `exact` is what the engine said, where that is not the same. */
export function errorText(error: { code: string; message: string; fix: string }) {
  const own = find<{ what: string; fix: string }>(words[language.now].errors, error.code);
  return own
    ? { message: own.what, fix: own.fix, exact: `${error.message} ${error.fix}`.trim() }
    : { message: error.message, fix: error.fix, exact: '' };
}

/** What is wrong with a row and what helps. */
export function issueText(issue: { code: string; reason: string; fix: string }) {
  const own = find<{ reason: string; fix: string }>(words[language.now].issues, issue.code);
  return own
    ? { reason: own.reason, fix: own.fix, exact: `${issue.reason} ${issue.fix}`.trim() }
    : { reason: issue.reason, fix: issue.fix, exact: '' };
}
