import { expect, test } from 'vitest';
import { find, get, open, query, ready, text } from '../../testing';
import { language } from '../../text';

test('an empty workspace says what an experiment is', async () => {
  await open('#/experiments', { empty: true });
  await expect.poll(() => document.body.textContent).toContain('No experiment yet');
  expect(query('experiments')).toBeNull();
});

test('a finished experiment begins with its verdict, in the language of the window', async () => {
  const { user } = await open('#/experiments');
  expect(text(await find('experiment-paper-1-baseline'))).toContain('3 of 3 runs');
  await user.click(get('experiment-open-paper-1-baseline'));
  expect(text(await find('experiment-verdict'))).toContain('sft_real beats lead_3 on ROUGE-1');
  expect(text(get('experiment-comparisons'))).toContain('p = 0.024');
  expect(get('cell-run-0002').getAttribute('href')).toBe('#/runs/run-0002');
  language.now = 'de';
  await expect.poll(() => text(get('experiment-verdict'))).toContain('sft_real schlägt lead_3');
  language.now = 'en';
  await user.click(get('tab-table'));
  expect(text(await find('experiment-table'))).toContain('36.4');
});

test('an experiment at work shows what is finished and no p-value, and pauses', async () => {
  const { bridge, user } = await open('#/experiments/joint-separate');
  expect(text(await find('experiment-verdict'))).toContain('1 of 3 runs');
  expect(text(get('experiment-comparisons'))).not.toContain('p =');
  await user.click(get('experiment-pause'));
  await find('experiment-resume');
  await user.click(get('experiment-resume'));
  await find('experiment-pause');
  expect(bridge.controls).toEqual(['pause joint-separate', 'resume joint-separate']);
});

test('a new experiment is planned before it can begin', async () => {
  const { bridge, user } = await open('#/experiments/new');
  await expect.poll(() => (get('experiment-dataset') as HTMLSelectElement).options.length).toBe(3);
  expect(text(get('experiment-start'))).toBe('Choose a data set');
  await user.selectOptions(get('experiment-dataset'), 'support-desk');
  await user.selectOptions(get('experiment-model'), '/home/ada/models/dialog-7m');
  await user.clear(get('experiment-seeds'));
  expect(text(get('experiment-start'))).toBe('Give 1 to 20 seeds');
  await user.type(get('experiment-seeds'), '3');
  await user.selectOptions(get('experiment-within'), '60m');
  expect(text(await ready('experiment-start'))).toBe('Start');
  expect(text(get('given-up'))).toContain('lr_search: [1.0] instead of [0.5, 1.0, 2.0]');
  await user.click(get('experiment-start'));
  await find('experiment-verdict');
  expect(bridge.begun).toEqual([
    {
      preset: 'paper-1-baseline',
      name: 'paper-1-baseline',
      datasets: ['support-desk'],
      models: ['/home/ada/models/dialog-7m'],
      seeds: 3,
      within: '60m',
    },
  ]);
});

test('a question whose settings are not there yet cannot begin', async () => {
  const { user } = await open('#/experiments/new');
  await expect.poll(() => (get('experiment-preset') as HTMLSelectElement).options.length).toBe(5);
  await user.selectOptions(get('experiment-preset'), 'loop-worth-it');
  expect(text(get('experiment-start'))).toContain('scorer');
  expect((get('experiment-start') as HTMLButtonElement).disabled).toBe(true);
});
