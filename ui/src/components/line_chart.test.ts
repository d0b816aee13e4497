import { expect, test } from 'vitest';
import { lastThird, logScale, nearest, path, scale, smooth, ticks } from './line_chart';

test('scales widen a flat range instead of dividing by zero', () => {
  const flat = scale([2, 2], 0, 100);
  expect(flat.of(2)).toBe(50);
  expect(scale([0, 10], 100, 0).of(10)).toBe(0);
});

test('ticks are round numbers inside the range', () => {
  expect(ticks(0, 1)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
  expect(ticks(0.31, 0.69)).toEqual([0.4, 0.5, 0.6]);
});

const line = (n: number) => Array.from({ length: n }, (_, step) => ({ step, value: 1 + (step % 3) }));

test('smoothing starts at the first value and stays within the data; few points stay as they are', () => {
  const out = smooth(line(30));
  expect(out[0]?.value).toBe(1);
  for (const point of out) expect(point.value).toBeGreaterThanOrEqual(1);
  expect(out[29]?.value).not.toBe(line(30)[29]?.value);
  expect(smooth(line(5))).toEqual(line(5));
});

test('a logarithmic scale spaces decades evenly and falls back where there is no logarithm', () => {
  const log = logScale([1, 100], 0, 100);
  expect(log.of(10)).toBeCloseTo(50);
  expect(logScale([0, 10], 0, 100).of(5)).toBe(50);
});

test('the last third and the nearest point', () => {
  const [cut] = lastThird([{ name: 'a', points: line(10) }]);
  expect(cut?.points.map((point) => point.step)).toEqual([6, 7, 8, 9]);
  expect(nearest(line(10), 3.6)?.step).toBe(4);
  expect(nearest([], 1)).toBeUndefined();
});

test('a path has at most one point for each pixel and keeps the last', () => {
  const points = Array.from({ length: 5000 }, (_, step) => ({ step, value: step }));
  const d = path(points, scale([0, 4999], 0, 100), scale([0, 4999], 100, 0));
  expect(d.split(/[ML]/).length - 1).toBeLessThanOrEqual(102);
  expect(d.endsWith('100.0 0.0')).toBe(true);
});
