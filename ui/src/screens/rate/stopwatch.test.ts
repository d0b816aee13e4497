import { expect, test } from 'vitest';
import { idleAfterMs, Stopwatch } from './stopwatch';

test('time counts until a minute and the time to read have passed without a sign', () => {
  const watch = new Stopwatch(1000);
  watch.limitMs = idleAfterMs(90);
  expect(watch.limitMs).toBe(90_000);
  watch.sign(31_000);
  expect(watch.take(41_000)).toEqual({ active_ms: 40_000, idle_ms: 0 });
  expect(watch.isIdle(121_000)).toBe(false);
  expect(watch.isIdle(121_001)).toBe(true);
  expect(watch.take(221_000)).toEqual({ active_ms: 80_000, idle_ms: 100_000 });
  watch.sign(231_000);
  expect(watch.take(232_000)).toEqual({ active_ms: 1000, idle_ms: 10_000 });
});
