import { expect, test } from 'vitest';
import { find, get, open, query, text } from '../../testing';

test('start names what is missing', async () => {
  const { bridge, user } = await open('#/runs');
  await user.click(await find('run-new'));
  expect(text(await find('run-start'))).toBe('Choose a data set');
  await expect.poll(() => (get('run-dataset') as HTMLSelectElement).options.length).toBe(3);
  await user.selectOptions(get('run-dataset'), 'support-desk');
  expect(text(get('run-start'))).toBe('Choose a model');
  await user.selectOptions(get('run-model'), '/home/ada/models/dialog-7m');
  await user.clear(get('run-seed'));
  expect(text(get('run-start'))).toBe('Give a whole number as seed');
  await user.type(get('run-seed'), '7');
  await user.selectOptions(get('run-preset'), 'small');
  expect(text(get('run-start'))).toBe('Start');
  await user.click(get('run-start'));
  await find('stage-topics');
  expect(bridge.started).toEqual([
    {
      dataset: 'support-desk',
      model: '/home/ada/models/dialog-7m',
      preset: 'small',
      seed: 7,
      changes: [],
      from: null,
      until: null,
    },
  ]);
});

test('changed settings are counted, sent and reset', async () => {
  const { user } = await open('#/runs/new');
  await user.click(await find('recipe-toggle'));
  const shots = await find('set-shots');
  await user.clear(shots);
  await user.type(shots, '20');
  expect(document.body.textContent).toContain('1 changed from the recipe');
  await user.clear(shots);
  await user.type(shots, '100');
  expect(document.body.textContent).toContain('All as recommended');
});

test('the stages run in one direction', async () => {
  const { user } = await open('#/runs/new');
  await expect.poll(() => (get('run-dataset') as HTMLSelectElement).options.length).toBe(3);
  await user.selectOptions(get('run-dataset'), 'support-desk');
  await user.selectOptions(get('run-model'), '/home/ada/models/dialog-7m');
  await user.selectOptions(get('run-from'), 'align');
  await user.selectOptions(get('run-until'), 'topics');
  expect((get('run-start') as HTMLButtonElement).disabled).toBe(true);
});

test('a running run shows its progress, sample and curve, and pauses', async () => {
  const { bridge, user } = await open('#/runs/run-0003');
  expect((await find('stage-align')).dataset['status']).toBe('running');
  expect(text(get('run-sample'))).toContain('printer');
  expect(get('run-chart').querySelector('svg')).not.toBeNull();
  const before = text(get('run-step'));
  await expect.poll(() => text(get('run-step'))).not.toBe(before);
  expect(query('run-resume')).toBeNull();
  await user.click(get('run-pause'));
  await find('run-resume');
  expect(get('run-status').dataset['status']).toBe('paused');
  await user.click(get('run-resume'));
  await find('run-pause');
  expect(bridge.controls).toEqual(['pause run-0003', 'resume run-0003 ..']);
});

test('cancelling asks whether to keep the checkpoint', async () => {
  const { bridge, user } = await open('#/runs/run-0003');
  await user.click(await find('run-cancel'));
  expect(bridge.controls).toEqual([]);
  await user.click(await find('cancel-discard'));
  await find('run-resume');
  expect(bridge.controls).toEqual(['discard run-0003']);
});

test('a failed run names the reason and the next step, and one stage can be run alone', async () => {
  const { bridge, user } = await open('#/runs/run-0002');
  expect(text(await find('error-card'))).toContain('candidates.batch');
  await user.click(get('stage-topics'));
  await user.click(get('run-single'));
  await expect.poll(() => bridge.controls).toEqual(['resume run-0002 topics..topics']);
});

test('the history shows state and result', async () => {
  await open('#/runs');
  expect(text(await find('runs'))).toContain('31.2');
  expect(text(await find('run-run-0002'))).toContain('Failed');
});
