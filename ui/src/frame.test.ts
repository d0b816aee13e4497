import { expect, test } from 'vitest';
import type { MetricPoint, WatchUpdate } from './bridge';
import { FakeBridge } from './bridge/fake';
import { perFrame } from './frame';
import { jobs } from './state/jobs.svelte';
import { openPage } from './state/open';

const nextFrame = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));

test('ten thousand updates between two frames are one change', async () => {
  const applied: number[] = [];
  const take = perFrame<number>(
    (waiting, next) => waiting + next,
    (sum) => applied.push(sum),
  );
  for (let n = 0; n < 10_000; n += 1) take(1);
  expect(applied).toEqual([]);
  await nextFrame();
  expect(applied).toEqual([10_000]);
  take(1);
  await nextFrame();
  expect(applied).toEqual([10_000, 1]);
});

test('of ten thousand messages of the watcher no point is lost, and a reset forgets those before it', async () => {
  let send: (update: WatchUpdate) => void = () => undefined;
  const bridge = new FakeBridge({ idle: true });
  bridge.watch = async (_run, onUpdate) => {
    send = (update) => onUpdate.onmessage(update);
    return null;
  };
  await openPage(bridge);
  await jobs.watch('run-0001');
  const [run] = bridge.runList.filter((row) => row.id === 'run-0001');
  if (!run) throw new Error('no run');
  const update = (points: MetricPoint[], reset = false): WatchUpdate => ({
    job: null,
    queue: { runs: [], held: false, keep_awake: true, awake_for: null },
    live: { run, control: null, error: null },
    reset,
    points,
  });
  const point = (step: number): MetricPoint => ({ stage: 'align', series: 'loss', step, value: 1 });
  send(update([point(-1)]));
  send(update([point(0)], true));
  for (let step = 1; step < 10_000; step += 1) send(update([point(step)]));
  expect(jobs.points['align']).toBeUndefined();
  await nextFrame();
  expect(jobs.points['align']?.map((point) => point.step)).toEqual(
    Array.from({ length: 10_000 }, (_, n) => n),
  );
});
