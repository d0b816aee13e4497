import { expect, test } from 'vitest';
import { de } from './de';
import { en } from './en';

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
