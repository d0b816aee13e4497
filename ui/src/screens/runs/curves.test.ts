import { expect, test } from 'vitest';
import { taskName, trainings } from './curves';
import { signs } from './signs';

const point = (series: string, value = 1, step = 1) => ({ stage: 'align' as const, series, step, value });
const curve = (series: string, ...values: number[]) =>
  values.map((value, index) => point(series, value, (index + 1) * 10));
const first = (...points: ReturnType<typeof point>[]) => {
  const [training] = trainings(points);
  if (!training) throw new Error('no training');
  return training;
};

test('each training has its own charts; series of one unit share one and bear names for people', () => {
  const all = trainings(
    ['dpo_joint/lr', 'dpo_joint/rewards/margins', 'dpo_joint/loss', 'ids/loss'].map((one) => point(one)),
  );
  expect(all.map((one) => one.name)).toEqual(['Aligned, joint pairs', 'Iterative synthesis (IDS)']);
  expect(all[0]?.groups.map((one) => one.name)).toEqual(['Loss', 'Learning rate', 'Reward margin']);
  expect(all[0]?.groups[0]?.series[0]?.name).toBe('training loss');
});

test('two logps of one training share a chart, and unknown figures keep their names', () => {
  const { groups } = first(point('logps/chosen'), point('logps/rejected'), point('new'));
  expect(groups.map((one) => [one.name, one.series.length])).toEqual([
    ['Log-probability', 2],
    ['new', 1],
  ]);
});

test('a figure keeps its place, and so its colour, whichever comes first', () => {
  const names = (...series: string[]) =>
    first(...series.map((one) => point(one))).groups[0]?.series.map((one) => one.name);
  expect(names('validation_ce', 'loss')).toEqual(['training loss', 'validation CE']);
  expect(names('loss', 'validation_ce')).toEqual(['training loss', 'validation CE']);
});

test('tasks speak of systems by their names', () => {
  expect(taskName('sft_real, lr x1')).toBe('Fine-tuned on real only, learning rate × 1');
  expect(taskName('summary writer')).toBe('summary writer');
});

test('the second stage continues where the first ended, and the hand-over is marked', () => {
  const training = first(
    ...curve('mrds_joint stage 1, lr x1/validation_ce', 2, 1.5),
    ...curve('mrds_joint stage 2, lr x1/validation_ce', 1.4, 1.2),
  );
  expect(training.figures['validation_ce']?.map((one) => one.step)).toEqual([10, 20, 30, 40]);
  expect(training.marks.map((one) => one.step)).toEqual([20, 40]);
  expect(signs(training)).toEqual([]);
});

test('a sound training has no signs', () => {
  expect(signs(first(...curve('sft/validation_ce', 3, 2.5, 2.4, 2.41)))).toEqual([]);
});

test('rising validation, high validation and a worse second stage are named with their numbers', () => {
  expect(signs(first(...curve('sft/validation_ce', 3, 2, 2.4, 2.6)))[0]).toContain('step 20 (2.000)');
  expect(signs(first(...curve('sft/validation_ce', 5, 4.8, 4.7)))[0]).toContain('4.70 nats');
  const worse = first(
    ...curve('m stage 1/validation_ce', 2, 1.5),
    ...curve('m stage 2/validation_ce', 1.8, 1.7),
  );
  expect(signs(worse)[0]).toContain('1.700 after 1.500');
});

test('falling chosen log-probability and a low format rate are named', () => {
  const [fall] = signs(first(...curve('d/logps/chosen', -40, -42, -44, -46, -50)));
  expect(fall).toContain('falls: −40.00 at first, −50.00 now');
  expect(signs(first(...curve('d/logps/chosen', -40, -39, -38, -37, -36)))).toEqual([]);
  expect(signs(first(...curve('d/validation_format_rate', 0.6, 0.31)))[0]).toContain('Only 31 %');
});
