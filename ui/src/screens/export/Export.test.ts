import axe from 'axe-core';
import { expect, test } from 'vitest';
import { find, get, open, query, ready, text } from '../../testing';
import { loading } from './loading';

test('the summarizer is written, compared with the app, and its place can be copied', async () => {
  const { bridge, user } = await open('#/export/run-0001');
  expect(text(await find('export-model'))).toContain('PEFT and everything that builds on it');
  await user.click(await find('form-gguf'));
  await user.click(await find('numbers-q8_0'));
  expect(text(get('export-model-size'))).toBe('about 143 MB');
  await user.click(await ready('export-model-write'));
  expect(text(await find('export-progress'))).toMatch(/Checking|Loading|Writing|Comparing/);
  expect(text(await find('export-model-done'))).toContain('run-0001-summarizer-q8_0 is written');
  expect(text(get('export-replay'))).toContain('matches the app on 8 held-out pairs');
  expect(bridge.handed[0]?.deliverable).toEqual({
    kind: 'gguf',
    adapter: 'summarizer',
    gguf_type: 'q8_0',
  });
  const found = await axe.run(document.body, { rules: { 'color-contrast': { enabled: false } } });
  expect(found.violations).toEqual([]);
});

test('an export is stopped, and leaves nothing', async () => {
  const { user } = await open('#/export/run-0001', { tickMs: 60 });
  await user.click(await ready('export-bundle-write'));
  await user.click(await find('export-stop'));
  expect(text(await find('export-bundle-stopped'))).toContain('Nothing was written');
  expect(query('export-bundle-done')).toBeNull();
});

test('what gives conversations away leaves only with a reason', async () => {
  const { bridge, user } = await open('#/export/run-0001');
  bridge.leaks = true;
  await user.click(await ready('export-bundle-write'));
  expect(text(await find('error-card'))).toContain('gives real conversations away');
  expect((get('export-anyway') as HTMLButtonElement).disabled).toBe(true);
  await user.type(get('export-reason'), 'invented conversations');
  await user.click(get('export-anyway'));
  await find('export-bundle-done');
  expect(bridge.handed.at(-1)?.reason).toBe('invented conversations');
});

test('a run that is not finished says what is missing', async () => {
  await open('#/export/run-0002');
  expect(text(await find('export-model-refused'))).toContain('Not trained yet: the stage “Summarizer”');
  expect((get('export-model-write') as HTMLButtonElement).disabled).toBe(true);
  expect((await ready('export-recipe-write')).disabled).toBe(false);
});

test('while people rate its texts, a run keeps bundle, report and references to itself', async () => {
  const { bridge } = await open('#/home');
  await bridge.createStudy({
    run: 'run-0001',
    name: 'Set',
    kind: 'summaries',
    systems: [{ system: 'sft_real', synthesizer: null, label: 'A' }],
    mode: 'criteria',
    criteria: null,
    dialogues: 6,
    seed: 1,
    raters: ['Ada'],
    shared: null,
    repeats: 3,
    margin: 0.25,
    delta: 0.3,
  });
  location.hash = '#/export/run-0001';
  for (const place of ['bundle', 'report', 'dataset'])
    expect(text(await find(`export-${place}-refused`))).not.toBe('');
  expect(query('export-recipe-refused')).toBeNull();
});

test('a report is written in the language of the window, with the texts or without', async () => {
  const { bridge, user } = await open('#/export/run-0001');
  await user.click(await find('report-md'));
  await user.click(get('report-texts'));
  await user.click(await ready('export-report-write'));
  await find('export-report-done');
  expect(bridge.handed[0]).toMatchObject({
    deliverable: { kind: 'report', form: 'md' },
    texts: false,
    language: 'en',
  });
});

test('a bundle is taken in, and one that is none is refused', async () => {
  const { bridge, user } = await open('#/export', { empty: true });
  await user.type(await find('take-folder'), '/media/missing');
  await user.click(await ready('take-begin'));
  expect(text(await find('error-card'))).toContain('holds no run bundle');
  await user.clear(get('take-folder'));
  await user.type(get('take-folder'), '/media/bundle');
  await user.type(get('take-name'), 'from-ada');
  await user.click(get('take-begin'));
  expect(text(await find('taken'))).toContain('Run clinic-1 is here, with its 120 pairs in “from-ada”');
  expect(text(get('taken'))).toContain('neither go on nor summarize');
  await user.click(get('taken-see'));
  expect(location.hash).toBe('#/results/clinic-1');
  expect(bridge.runList.map((run) => run.id)).toContain('clinic-1');
});

test('what was chosen is there again after another screen', async () => {
  const { user } = await open('#/export/run-0001');
  await user.click(await find('form-merged'));
  await user.click(get('nav-home'));
  location.hash = '#/export/run-0001';
  await expect.poll(() => get('form-merged').querySelector('input')?.checked, { timeout: 3000 }).toBe(true);
});

test('a model says how it is loaded, with its place in it; what Duologue takes in needs no line', () => {
  const adapter = 'summarizer' as const;
  const lines = [
    loading({ kind: 'peft', adapter }, '/x', 'base'),
    loading({ kind: 'merged', adapter }, '/x', 'base'),
    loading({ kind: 'gguf', adapter, gguf_type: 'f16' }, '/x', 'base'),
    loading({ kind: 'gguf_adapter', adapter }, '/x', 'base'),
  ];
  for (const line of lines) expect(line).toContain('"/x"');
  expect(loading({ kind: 'report', form: 'html' }, '/x', 'base')).toBeUndefined();
  expect(loading({ kind: 'bundle' }, '/x', 'base')).toBeUndefined();
});
