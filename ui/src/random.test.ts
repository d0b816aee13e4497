import { expect, test } from 'vitest';
import { shuffled } from './random';

const numbers = Array.from({ length: 40 }, (_, index) => index);

test('a seed draws an order of all items, the same each time and another for another seed', () => {
  const order = shuffled(numbers, 1);
  expect(shuffled(numbers, 1)).toEqual(order);
  expect(shuffled(numbers, 2)).not.toEqual(order);
  expect([...order].sort((a, b) => a - b)).toEqual(numbers);
});

test('every item may come first', () => {
  const first = new Set(
    numbers
      .flatMap((seed) => [seed, seed + 100, seed + 200, seed + 300])
      .map((seed) => shuffled([1, 2, 3, 4], seed)[0]),
  );
  expect(first.size).toBe(4);
});

test('there may be nothing to draw from', () => {
  expect(shuffled([], 1)).toEqual([]);
});
