import { expect, test } from 'vitest';
import { doubtOf, languageOf } from './conversation';
import { tryOuts } from './examples';

const talk = 'Anna: Are we still on for Friday?\nBen: Yes, seven at the usual place.';

const knie =
  'Ärztin: Was führt Sie her?\nPatient: Mein linkes Knie schmerzt seit Sonntag, vor allem auf der Treppe.\nÄrztin: Sind Sie gestürzt?\nPatient: Nein. Ich bin am Samstag zehn Kilometer gelaufen.';

test('a conversation raises no doubt, in either language', () => {
  for (const text of [talk, knie]) expect(doubtOf(text)).toBeNull();
});

test('what is offered to be tried is English conversation, each with a title', () => {
  expect(tryOuts.length).toBeGreaterThan(3);
  for (const { title, dialogue } of tryOuts) {
    expect(title).not.toBe('');
    expect([doubtOf(dialogue), languageOf(dialogue)]).toEqual([null, null]);
  }
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
  expect(languageOf(knie)).toBe('de');
  expect(languageOf('Анна: Мы встречаемся в пятницу?\nБен: Да, в семь.')).toBe('und-Cyrl');
  expect(languageOf('Ana: ¿Te parece bien el viernes por la tarde?\nLuis: Sí, no está mal, lo apunto.')).toBe(
    'es',
  );
  expect(languageOf('')).toBeNull();
});
