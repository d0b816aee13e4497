import { expect, test } from 'vitest';
import { stages } from './bridge/fake_data';
import { runShare, stageShare, timeLeft } from './progress';

const at = (step: number, eta_s: number | null) => {
  const [stage] = stages(0, 'running');
  if (!stage) throw new Error('no stage');
  const figures = { task: '', rss_bytes: null, loss: null, lr: null, tokens_per_s: null, sample: null };
  return { ...stage, progress: { ...figures, step, total_steps: 100, eta_s } };
};

test('a stage that has made its last step is not done yet', () => {
  expect(stageShare(at(43, 60))).toBe(0.43);
  expect(stageShare(at(100, 0))).toBe(0.99);
  expect(stageShare({ ...at(100, 0), status: 'done' })).toBe(1);
});

test('the time left is not guessed from the first steps, nor told when it is over', () => {
  expect(timeLeft(at(1, 60))).toBe('too early to say');
  expect(timeLeft(at(50, 75))).toBe('1 min 15 s');
  expect(timeLeft(at(100, 0))).toBe('');
  expect(timeLeft(at(50, null))).toBe('');
});

test('the stages of a run count the same', () => {
  const run = {
    id: '',
    status: 'running' as const,
    dataset: '',
    model_name: '',
    created_at_ms: 0,
    seed: 1,
  };
  expect(runShare({ ...run, headline_rouge1: null, stages: stages(3) })).toBeCloseTo(1 / 3);
  expect(runShare({ ...run, headline_rouge1: null, stages: [] })).toBe(0);
});
