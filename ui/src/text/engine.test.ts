// The lists of the page against the catalogue's files, and the sentences with values.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { catalogue } from './de/catalogue';
import { lackText, priceText, sourceText, splitText, whyText } from './engine';
import { language } from './language.svelte';

const models = import.meta.glob<string>('../../../models/*.toml', {
  query: '?raw',
  import: 'default',
  eager: true,
});

beforeEach(() => (language.now = 'de'));
afterEach(() => (language.now = 'en'));

/** What is between `from` and the next `to`. */
function part(text: string, from: string, to: string): string {
  const begin = text.indexOf(from);
  expect(begin, from).toBeGreaterThanOrEqual(0);
  return text.slice(begin, text.indexOf(to, begin));
}
const sorted = (all: Iterable<string | undefined>) => [...new Set(all)].sort();

test('every model of the catalogue says in German why it is there', () => {
  const english = Object.entries(models).map(([file, text]) => ({
    name: part(file, 'models/', '.toml').slice('models/'.length),
    why: /^why = "(.+)"$/m.exec(text)?.[1] ?? '',
  }));
  expect(sorted(english.map((model) => model.name))).toEqual(sorted(Object.keys(catalogue)));
  expect(english.filter((model) => whyText(model) === model.why)).toEqual([]);
  expect(whyText({ name: 'unheard', why: 'As the engine says.' })).toBe('As the engine says.');
});

test('every source of a default has German words, and no other', () => {
  expect(sourceText('paper: the full test set')).toBe('Veröffentlichung: der ganze Testteil');
  expect(sourceText('unheard')).toBe('unheard');
});

test('values stand in the sentences of both languages', () => {
  const lack = { case: 'memory', need_bytes: 24.8e9, free_bytes: 21.7e9 } as const;
  expect(lackText(lack)).toBe('Arbeitsspeicher: 24,8 GB werden gebraucht, 21,7 GB sind frei');
  expect(lackText({ case: 'examples', kind: 'training examples', need: 200, have: 40 })).toBe(
    'Beispiele zum Training: Das Rezept verlangt 200, der Datensatz hat 40',
  );
  expect(lackText({ case: 'model', hub_id: 'a/b' })).toContain('Modell a/b ist');
  expect(splitText({ rule: 'asked', split: 'validation' })).toContain('„Validierung“');
  expect(splitText({ rule: 'drawn', seed: 7, shares: { train: 70, validation: 15, test: 15 } })).toContain(
    'Startwert 7',
  );
  language.now = 'en';
  expect(lackText(lack)).toBe('memory: 24.8 GB are needed, 21.7 GB are free');
  expect(priceText('four_bits')).toContain('4.5 bits');
});
