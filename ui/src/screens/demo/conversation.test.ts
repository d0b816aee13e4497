import { expect, test } from 'vitest';
import { en } from '../../text/en';
import { de } from '../../text/de';
import { doubtOf, languageOf } from './conversation';

const talk = 'Anna: Are we still on for Friday?\nBen: Yes, seven at the usual place.';

test('a conversation raises no doubt, in either language', () => {
  for (const { text } of [
    ...Object.values(en.demo.samples),
    ...Object.values(de.demo.samples),
    { text: talk },
  ])
    expect(doubtOf(text)).toBeNull();
});

test('code, one voice, prose and emoji do not look like a conversation', () => {
  expect(doubtOf('fn main() {\n    println!("hi");\n}')).toBe('code');
  expect(doubtOf('{"a": 1,\n "b": 2}')).toBe('code');
  expect(doubtOf('Anna: Hello?\nAnna: Is anybody there at this hour of the night?')).toBe('one_voice');
  expect(doubtOf('It was a dark and stormy night.')).toBe('no_names');
  expect(doubtOf('Anna: 😀😀\nBen: 🎉🎉🎉')).toBe('short');
});

test('a language that a small base was not trained on is named', () => {
  expect(languageOf(talk)).toBeNull();
  expect(languageOf(de.demo.samples.knee.text)).toBe('de');
  expect(languageOf('Анна: Мы встречаемся в пятницу?\nБен: Да, в семь.')).toBe('und-Cyrl');
  expect(languageOf('Ana: ¿Te parece bien el viernes por la tarde?\nLuis: Sí, no está mal, lo apunto.')).toBe(
    'es',
  );
  expect(languageOf('')).toBeNull();
});
