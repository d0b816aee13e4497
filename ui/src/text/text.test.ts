import { expect, test } from 'vitest';
import type { AppError } from '../bridge';
import { de } from './de';
import { en } from './en';
import { errorText, issueText, settingText } from './engine';
import { language } from './language.svelte';

/** Every word with its path; functions are called with marks in place of their values. */
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

test('what the engine says in codes is said in both languages, with its values', () => {
  const error: AppError = {
    code: 'too_few_rows',
    args: { dataset: 'd', kind: 'training examples', have: 3, need: 20, field: 'shots' },
  };
  const told: AppError = {
    code: 'too_few_rows',
    message: 'The data set `d` has 3 rows.',
    fix: 'Import more.',
  };
  const issue = { fault: { code: 'empty_summary' }, bad: true, more: 3 } as const;
  expect(errorText(error).message).toContain('asks for 20');
  expect(errorText(error).fix).toContain('set shots to 3');
  expect(errorText(told)).toEqual({ message: told.message, fix: told.fix });
  expect(settingText('lora_rank', 'Rank of every adapter.')).toBe('Rank of every adapter.');
  language.now = 'de';
  expect(errorText(error).message).toContain('das Rezept verlangt 20');
  expect(issueText(issue)).toMatchObject({
    reason: 'Die Zusammenfassung ist leer. Dasselbe gilt für 3 weitere.',
    fix: 'Tragen Sie einen Text ein, oder lassen Sie die Zeile weg.',
  });
  expect(settingText('lora_rank', 'Rank of every adapter.')).toBe('Rang jedes Adapters.');
  language.now = 'en';
});

const sources = import.meta.glob<string>('./{en,de}/*.ts', { query: '?raw', import: 'default', eager: true });

test('the window never speaks of commands, options, environment variables or codes', () => {
  expect(Object.keys(sources).length).toBeGreaterThan(12);
  const typed =
    /duologue (add|models|plan|run|resume|import|show|recipe|runs|datasets|pause|cancel|doctor)\b|--[a-z]|\b(HF|DUOLOGUE)_[A-Z]|same command|\\`|environment variable|Umgebungsvariable|error code/;
  const found = Object.entries(sources).flatMap(([file, source]) =>
    source
      .split('\n')
      .filter((line) => typed.test(line))
      .map((line) => `${file}: ${line.trim()}`),
  );
  expect(found).toEqual([]);
});
