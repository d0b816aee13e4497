import { expect, test } from 'vitest';
import { isTaken, takes } from './setting';

test('a letter, a broken number and an infinite one are no numbers', () => {
  const shape = { kind: 'number', rule: null } as const;
  const values = ['0.5', '-1', '2e-4', '.5', 'abc', '1,5', '1e999', 'nan', 'inf', ''];
  expect(values.filter((value) => isTaken(shape, value))).toEqual(['0.5', '-1', '2e-4', '.5']);
});

test('a whole number is whole and not below the least', () => {
  const shape = { kind: 'whole', min: 1 } as const;
  expect(['1', '100', '0', '2.5', '-3', 'abc'].filter((value) => isTaken(shape, value))).toEqual([
    '1',
    '100',
  ]);
  expect(takes(shape)).toBe('A whole number, at least 1.');
});

test('a range is kept at its ends', () => {
  const below = { kind: 'number', rule: 'zero_to_below_one' } as const;
  expect(['0', '0.99', '1', '-0.1'].filter((value) => isTaken(below, value))).toEqual(['0', '0.99']);
  expect(takes(below)).toBe('A number; it must be at least 0 and below 1.');
});

test('words and lists of words are those there are', () => {
  const word = { kind: 'word', words: ['none', 'q4_k'] } as const;
  expect(isTaken({ ...word, words: [...word.words] }, 'q4_k')).toBe(true);
  expect(isTaken({ ...word, words: [...word.words] }, 'q5')).toBe(false);
  const list = { kind: 'words', words: ['sft_real', 'mrds_joint'] } satisfies Parameters<typeof isTaken>[0];
  expect(isTaken(list, '["sft_real","mrds_joint"]')).toBe(true);
  expect(isTaken(list, 'sft_real, other')).toBe(false);
  expect(isTaken({ kind: 'numbers', rule: 'positive_factors' }, '[0.5,1,2]')).toBe(true);
  expect(isTaken({ kind: 'numbers', rule: 'positive_factors' }, '0.5,-1')).toBe(false);
});
