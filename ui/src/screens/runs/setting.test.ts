import { afterEach, expect, test } from 'vitest';
import { errorText } from '../../text/engine';
import { language } from '../../text';
import { isTaken, takes } from './setting';

const bounds = (min: number, max: number) => ({ min, above_min: false, max, below_max: false });

afterEach(() => (language.now = 'en'));

test('a letter, a broken number and an infinite one are no numbers', () => {
  const shape = { kind: 'number', bounds: bounds(-1, 10) } as const;
  const values = ['0.5', '-1', '2e-4', '.5', '10.1', 'abc', '1,5', '1e999', 'nan', 'inf', ''];
  expect(values.filter((value) => isTaken(shape, value))).toEqual(['0.5', '-1', '2e-4', '.5']);
});

test('a whole number is whole and within its range', () => {
  const shape = { kind: 'whole', bounds: bounds(1, 1_000_000) } as const;
  expect(['1', '100', '0', '2.5', '-3', 'abc', '1000001'].filter((value) => isTaken(shape, value))).toEqual([
    '1',
    '100',
  ]);
  expect(takes(shape)).toBe('This setting takes a whole number, at least 1 and at most 1,000,000.');
});

test('a range is kept at its ends', () => {
  const below = { kind: 'number', bounds: { ...bounds(0, 1), below_max: true } } as const;
  expect(['0', '0.99', '1', '-0.1'].filter((value) => isTaken(below, value))).toEqual(['0', '0.99']);
  expect(takes(below)).toBe('This setting takes a number, at least 0 and below 1.');
  const above = { kind: 'number', bounds: { ...bounds(0, 1), above_min: true } } as const;
  expect(['0', '1e-9', '1', '2'].filter((value) => isTaken(above, value))).toEqual(['1e-9', '1']);
});

test('a value that the engine refuses is told in the words of the field, in both languages', () => {
  const takes = { kind: 'whole', bounds: bounds(1, 1_000_000) } as const;
  const error = { code: 'recipe', args: { case: 'value', field: 'shots', value: 'abc', takes } } as const;
  expect(errorText(error).message).toBe(
    '“abc” does not fit the setting “shots”. It takes a whole number, at least 1 and at most 1,000,000.',
  );
  language.now = 'de';
  expect(errorText(error).message).toBe(
    '„abc“ passt nicht zur Einstellung „shots“. Sie nimmt eine ganze Zahl, mindestens 1 und höchstens 1.000.000.',
  );
});

test('words and lists of words are those there are', () => {
  const word = { kind: 'word', words: ['none', 'q4_k'] } as const;
  expect(isTaken({ ...word, words: [...word.words] }, 'q4_k')).toBe(true);
  expect(isTaken({ ...word, words: [...word.words] }, 'q5')).toBe(false);
  const list = { kind: 'words', words: ['sft_real', 'mrds_joint'] } satisfies Parameters<typeof isTaken>[0];
  expect(isTaken(list, '["sft_real","mrds_joint"]')).toBe(true);
  expect(isTaken(list, 'sft_real, other')).toBe(false);
  const factors = { kind: 'numbers', bounds: { ...bounds(0, 1_000), above_min: true } } as const;
  expect(isTaken(factors, '[0.5,1,2]')).toBe(true);
  expect(isTaken(factors, '0.5,-1')).toBe(false);
});
