import { expect, test } from 'vitest';
import { chartGroups, taskName } from './chart_groups';

const point = (series: string, value = 1) => ({ stage: 'align', series, step: 1, value });

test('series of one unit share a chart and bear names for people', () => {
  const groups = chartGroups(
    ['dpo_joint/lr', 'dpo_joint/rewards/margins', 'dpo_joint/rewards/accuracies', 'dpo_joint/loss'].map(
      (one) => point(one),
    ),
  );
  expect(groups.map((one) => one.name)).toEqual(['Loss', 'Learning rate', 'Reward margin', 'Rates']);
  expect(groups[0]?.series[0]?.name).toBe('training loss · Aligned, joint pairs');
  expect(groups[2]?.series[0]?.name).toBe('reward margin · Aligned, joint pairs');
});

test('two logps of one training share a chart, and unknown figures keep their names', () => {
  const groups = chartGroups([
    point('dpo_joint/logps/chosen'),
    point('dpo_joint/logps/rejected'),
    point('new'),
  ]);
  expect(groups.map((one) => [one.name, one.series.length])).toEqual([
    ['Log-probability', 2],
    ['new', 1],
  ]);
});

test('tasks speak of systems by their names', () => {
  expect(taskName('sft_real, lr x1')).toBe('Fine-tuned on real only, learning rate × 1');
  expect(taskName('summary writer')).toBe('summary writer');
});
