// What the engine says in English, in the words of the window's language where it has them: settings by key, errors and
// faults of a row by code. What is particular about a case (names, numbers) stays in the engine's own words, `exact`.
import { errors } from './de/errors';
import { issues } from './de/issues';
import { recipe } from './de/recipe';
import { language } from './language.svelte';

const words = { en: { errors: {}, issues: {}, recipe: {} }, de: { errors, issues, recipe } };

function find<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

/** What a setting does. */
export const settingText = (key: string, english: string): string =>
  find<string>(words[language.now].recipe, key) ?? english;

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
