// The lists of the page against the engine's own files, which keep the English words.
import { afterEach, beforeEach, expect, test } from 'vitest';
import split from '../../../crates/project/src/import/split.rs?raw';
import forecast from '../../../crates/mrds/src/forecast/mod.rs?raw';
import recipe from '../../../crates/project/src/recipe.rs?raw';
import { catalogue } from './de/catalogue';
import { names } from './de/names';
import { phrases, things } from './de/phrases';
import { sources } from './de/sources';
import { phraseText, sourceText, whyText } from './engine';
import { language } from './language.svelte';

const models = import.meta.glob<string>('../../../models/*.toml', {
  query: '?raw',
  import: 'default',
  eager: true,
});

beforeEach(() => (language.now = 'de'));
afterEach(() => (language.now = 'en'));

/** What stands between `from` and the next `to`. */
function part(text: string, from: string, to: string): string {
  const begin = text.indexOf(from);
  expect(begin, from).toBeGreaterThanOrEqual(0);
  return text.slice(begin, text.indexOf(to, begin));
}
/** Every string of a function of the engine. */
const strings = (text: string, from: string, to: string) =>
  [...part(text, from, to).matchAll(/"([^"]+)"/g)].map((found) => found[1]);
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
  const fields = part(recipe, '\nrecipe! {', '\n}\n');
  const english = [...fields.matchAll(/\], "(.+)";$/gm)].map((found) => found[1]);
  expect(english.length).toBe([...fields.matchAll(/^ {4}\w+: /gm)].length);
  expect(sorted(english)).toEqual(sorted(Object.keys(sources)));
  expect(sourceText('paper: the full test set')).toBe('Veröffentlichung: der ganze Testteil');
});

test('every sentence about a lack or a split has German words, and no other', () => {
  const english = [
    ...strings(forecast, 'let mut missing = enough', 'Ok(Plan {'),
    ...strings(forecast, 'fn lacks(', '\n}\n'),
    ...strings(forecast, 'fn enough(', '\n}\n'),
    ...strings(split, 'fn assign(', '\n}\n'),
    ...Object.keys(names.split),
  ];
  expect(sorted(english)).toEqual(sorted([...Object.keys(phrases), ...Object.keys(things)]));
});

test('sentences keep their values', () => {
  expect(phraseText('memory: 24.8 GB are needed, 21.7 GB are free')).toBe(
    'Arbeitsspeicher: 24,8 GB werden gebraucht, 21,7 GB sind frei',
  );
  expect(phraseText('training examples: the recipe asks for 200, the data set has 40')).toBe(
    'Beispiele zum Training: Das Rezept verlangt 200, der Datensatz hat 40',
  );
  expect(phraseText('the model is not on this computer: `duologue models add a/b`')).toContain(
    'Modell a/b ist',
  );
  expect(phraseText('every row is validation, as asked')).toContain('„Validierung“');
  expect(phraseText('drawn 80/10/10 into train, validation and test with seed 7')).toContain('Startwert 7');
  expect(phraseText('something else')).toBe('something else');
});
