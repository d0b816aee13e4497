import { expect, test } from 'vitest';
import { wordCount, wordDistance } from './words';

test('words put in, taken out and replaced each count one', () => {
  expect(wordDistance('They meet at nine.', 'They meet at nine.')).toBe(0);
  expect(wordDistance('They meet at nine.', 'They meet on Friday at ten.')).toBe(3);
  expect(wordDistance('', 'one two')).toBe(2);
  expect(wordDistance('one two', '')).toBe(2);
  expect(wordCount(' one  two\n')).toBe(2);
});
