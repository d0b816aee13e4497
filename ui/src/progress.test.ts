import { expect, test } from 'vitest';
import type { RunSummary, StageState } from './bridge';
import { stages } from './bridge/fake_data';
import { forecast } from './progress';
import { clock } from './state/clock.svelte';

const run = (list: StageState[], status: RunSummary['status'] = 'running'): RunSummary => ({
  id: 'r',
  status,
  dataset: '',
  model_name: '',
  created_at_ms: 0,
  seed: 1,
  systems: [],
  headline_rouge1: null,
  label: { name: '', note: '' },
  stages: list,
});
const figures = { rss_bytes: null, loss: null, lr: null, tokens_per_s: null, sample: null };
/** A run of two equally long planned stages, the first of which is done in the planned time. */
function half(wall_s: number, step: number, eta_s: number | null, task = 'a'): RunSummary {
  const [first, second] = stages(1, 'running');
  if (!first || !second) throw new Error('no stages');
  return run([
    { ...first, wall_s: 100, forecast_s: 100 },
    { ...second, wall_s, forecast_s: 100, progress: { ...figures, task, step, total_steps: 100, eta_s } },
  ]);
}

test('percent and time left are those of the whole run, by the plan', () => {
  const { share, leftS, stages: each } = forecast(half(50, 50, 50));
  expect(share).toBeCloseTo(0.75);
  expect(leftS).toBeCloseTo(50);
  expect(each).toEqual({ topics: 1, summaries: 0.5 });
});

test('what was measured corrects the plan', () => {
  const slow = half(0, 0, null);
  slow.stages[0] = { ...(slow.stages[0] as StageState), wall_s: 200 };
  expect(forecast(slow).leftS).toBeGreaterThan(160);
  const reused = half(0, 0, null);
  reused.stages[0] = { ...(reused.stages[0] as StageState), status: 'reused', wall_s: 900 };
  expect(forecast(reused).leftS).toBeCloseTo(100);
});

test('a stage over its time still needs some, and a run that is not done is never told to be', () => {
  const { share, leftS } = forecast(half(900, 100, 0));
  expect(share).toBeLessThan(1);
  expect(leftS).toBeGreaterThan(0);
  expect(forecast({ ...half(900, 100, 0), status: 'done' })).toMatchObject({ share: 1, leftS: 0 });
});

test('without a plan nothing is told before something was measured', () => {
  const bare = stages(0, 'running').map((stage) => ({ ...stage, forecast_s: null }));
  expect(forecast(run(bare)).leftS).toBeNull();
  const measured = stages(3, 'running').map((stage) => ({ ...stage, forecast_s: null }));
  expect(forecast(run(measured)).leftS).toBeGreaterThan(0);
});

test('the next piece of work within a stage takes nothing back', () => {
  clock.reset();
  const before = clock.of(half(50, 99, 1));
  const after = clock.of(half(50, 0, null, 'b'));
  expect(after.share).toBeGreaterThanOrEqual(before.share);
  expect(after.stages.summaries).toBeGreaterThanOrEqual(before.stages.summaries ?? 1);
});

test('a piece that turns out longer lets the time left grow, and never the share fall', () => {
  clock.reset();
  const before = clock.of(half(50, 50, 50));
  const after = clock.of(half(50, 10, 400, 'b'));
  expect(after.leftS).toBeGreaterThan(before.leftS ?? 0);
  expect(after.share).toBe(before.share);
});

test('the clock ticks while nothing new comes, and says how long that has been', () => {
  clock.reset();
  clock.tick(1000);
  const silent = half(10, 5, 90);
  const before = clock.of(silent);
  clock.tick(21_000);
  const after = clock.of(silent);
  expect(before.leftS).toBeCloseTo(90);
  expect(after.leftS).toBeCloseTo(70);
  expect(after.share).toBeGreaterThan(before.share);
  expect(after.silentS).toBe(20);
});

test('after a pause the time left is that of the run, as before it', () => {
  clock.reset();
  clock.tick(1000);
  const before = clock.of(half(50, 50, 50));
  const paused = half(50, 50, 50);
  paused.stages[1] = { ...(paused.stages[1] as StageState), status: 'paused' };
  clock.tick(601_000);
  const rested = clock.of({ ...paused, status: 'paused' });
  expect(rested.leftS).toBeCloseTo(before.leftS ?? 0);
  const resumed = clock.of(half(50, 50, 50));
  expect(resumed.leftS).toBeCloseTo(before.leftS ?? 0);
  expect(resumed.share).toBeGreaterThanOrEqual(before.share);
});

test('a run that is done again from an earlier stage on begins there', () => {
  clock.reset();
  const whole = clock.of(run(stages(9), 'done'));
  expect(whole.share).toBe(1);
  expect(clock.of(run(stages(2, 'running'))).share).toBeLessThan(0.9);
});
