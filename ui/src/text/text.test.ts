import { expect, test } from 'vitest';
import { de } from './de';
import { en } from './en';
import { errorText, issueText, settingText } from './engine';
import { language } from './language.svelte';

/** Every word with the way to it; functions are called with marks in the place of their values. */
function words(table: object, path = ''): [string, string][] {
  return Object.entries(table).flatMap(([key, value]: [string, unknown]): [string, string][] => {
    const at = `${path}.${key}`;
    if (typeof value === 'string') return [[at, value]];
    if (typeof value === 'function') return [[at, String(value.call(null, '<1>', ['<2>'], '<3>'))]];
    return typeof value === 'object' && value !== null ? words(value, at) : [];
  });
}

test('the German table says everything the English one says, in German', () => {
  const [english, german] = [words(en), new Map(words(de))];
  expect(english.length).toBeGreaterThan(500);
  expect([...german.keys()]).toEqual(english.map(([at]) => at));
  // Names and single words may be the same; a sentence may not.
  const copied = english.filter(
    ([at, text]) => text.split(' ').length > 2 && /[a-z]{3}/.test(text) && german.get(at) === text,
  );
  expect(copied).toEqual([]);
});

test('what depends on a value names the same values in both languages', () => {
  const marks = (text = '') => [...text.matchAll(/<\d>/g)].map(String).sort().join();
  const german = new Map(words(de));
  expect(words(en).filter(([at, text]) => marks(text) !== marks(german.get(at)))).toEqual([]);
});

test('what the engine says is said in German by its code, with its own words behind', () => {
  const error = { code: 'too_few_rows', message: 'The data set `d` has 3 rows.', fix: 'Import more.' };
  const issue = { code: 'empty_summary', reason: 'The summary is empty.', fix: 'Write one.' };
  expect(errorText(error)).toEqual({ ...error, code: undefined, exact: '' });
  expect(settingText('lora_rank', 'Rank of every adapter.')).toBe('Rank of every adapter.');
  language.now = 'de';
  expect(errorText(error).message).toContain('weniger Beispiele');
  expect(errorText(error).exact).toBe('The data set `d` has 3 rows. Import more.');
  expect(errorText({ ...error, code: 'never heard of' }).message).toBe(error.message);
  expect(issueText(issue).reason).toBe('Die Zusammenfassung ist leer.');
  expect(issueText(issue).exact).toContain('Write one.');
  expect(settingText('lora_rank', 'Rank of every adapter.')).toBe('Rang jedes Adapters.');
  language.now = 'en';
});
