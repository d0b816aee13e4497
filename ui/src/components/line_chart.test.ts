import { expect, test } from 'vitest';
import { path, scale, smooth, ticks } from './line_chart';

test('scales widen a flat range instead of dividing by zero', () => {
  const flat = scale([2, 2], 0, 100);
  expect(flat.of(2)).toBe(50);
  expect(scale([0, 10], 100, 0).of(10)).toBe(0);
});

test('ticks are round numbers inside the range', () => {
  expect(ticks(0, 1)).toEqual([0, 0.5, 1]);
  expect(ticks(0.31, 0.69)).toEqual([0.4, 0.5, 0.6]);
});

test('smoothing starts at the first value and stays within the data', () => {
  const out = smooth([1, 3, 2].map((value, step) => ({ step, value })));
  expect(out[0]?.value).toBe(1);
  for (const point of out) expect(point.value).toBeGreaterThanOrEqual(1);
});

test('a path has at most one point for each pixel and keeps the last', () => {
  const points = Array.from({ length: 5000 }, (_, step) => ({ step, value: step }));
  const d = path(points, scale([0, 4999], 0, 100), scale([0, 4999], 100, 0));
  expect(d.split(/[ML]/).length - 1).toBeLessThanOrEqual(102);
  expect(d.endsWith('100.0 0.0')).toBe(true);
});
