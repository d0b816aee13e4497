import type { RunStanding } from '../../bridge';
import { expect, test } from 'vitest';
import { find, get, open, query, ready, text } from '../../testing';
import { language } from '../../text';

test('start names what is missing', async () => {
  const { bridge, user } = await open('#/runs', { idle: true });
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
  expect((get('run-start') as HTMLButtonElement).disabled).toBe(true);
  expect(text(await ready('run-start'))).toBe('Start');
  await user.click(get('run-start'));
  await find('stage-topics');
  expect(bridge.started).toEqual([
    {
      dataset: 'support-desk',
      model: '/home/ada/models/dialog-7m',
      preset: 'small',
      seed: 7,
      device: 'cpu',
      changes: [],
      within: null,
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
  expect(document.body.textContent).toContain('Everything as in this recipe');
});

test('each kind of setting has its control, and each system tells what it takes', async () => {
  const { user } = await choose('/home/ada/models/dialog-7m');
  await ready('run-start');
  await user.click(await find('recipe-toggle'));
  await user.selectOptions(await find('set-quantize'), 'q8_0');
  const joint = get('set-systems-mrds_joint') as HTMLInputElement;
  expect(joint.checked).toBe(false);
  expect(text(joint.closest('label') as HTMLElement)).toContain('15 min');
  await user.click(joint);
  expect(document.body.textContent).toContain('2 changed from the recipe');
  await user.click(get('set-systems-sft_real'));
  await user.click(get('set-systems-sft_real'));
  await user.click(joint);
  expect(document.body.textContent).toContain('1 changed from the recipe');
});

test('the stages run in one direction', async () => {
  const { user } = await open('#/runs/new');
  await user.click(await find('recipe-toggle'));
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
  const { bridge, user } = await open('#/runs/run-0002', { idle: true });
  expect(text(await find('error-card'))).toContain('generate_batch_size=8');
  await user.click(get('stage-topics'));
  await user.click(get('run-single'));
  expect(bridge.controls).toEqual([]);
  expect(text(await find('redo-dialog'))).toContain('These stages are done again: Topics.');
  await user.click(get('redo-agree'));
  await expect.poll(() => bridge.controls).toEqual(['resume run-0002 topics..topics']);
});

test('the history shows state and result', async () => {
  await open('#/runs');
  expect(text(await find('runs'))).toContain('31.2');
  expect(text(await find('run-run-0002'))).toContain('Failed');
});

async function choose(model: string) {
  const opened = await open('#/runs/new', { idle: true });
  const { user } = opened;
  await expect.poll(() => (get('run-dataset') as HTMLSelectElement).options.length).toBe(3);
  await user.selectOptions(get('run-dataset'), 'support-desk');
  await user.selectOptions(get('run-model'), model);
  await find('plan-stages');
  return opened;
}

test('the plan says time and memory of each stage before anything starts', async () => {
  const { bridge } = await choose('/home/ada/models/dialog-7m');
  expect(text(get('plan'))).toContain('about 30 min');
  expect(get('plan-stages').querySelectorAll('tbody tr').length).toBe(9);
  expect(text(await ready('run-start'))).toBe('Start');
  expect(bridge.started).toEqual([]);
});

test('a plan that says no names what is missing on the button, and a cheaper way can be taken', async () => {
  const { bridge, user } = await choose('/home/ada/models/SmolLM2-135M');
  expect(text(get('run-start'))).toContain('memory: 24.8 GB');
  language.now = 'de';
  await expect.poll(() => text(get('run-start'))).toContain('24,8 GB werden gebraucht');
  expect(text(get('plan'))).toContain('24,8 GB werden gebraucht');
  language.now = 'en';
  expect((get('run-start') as HTMLButtonElement).disabled).toBe(true);
  await user.click(get('plan').querySelector('li button') as HTMLButtonElement);
  expect(text(get('run-changed'))).toBe('2 changed from the recipe');
  expect(text(get('plan'))).toContain('The choice has changed');
  await expect.poll(() => bridge.planned.at(-1)?.changes.length).toBe(2);
});

test('that a run goes on without the window is said once', async () => {
  const { bridge, user } = await choose('/home/ada/models/dialog-7m');
  await user.click(await ready('run-start'));
  await find('stage-topics');
  expect(text(get('toasts'))).toContain('goes on when you close');
  expect(bridge.settings['told_background']).toBe('yes');
});

test('behind a run at work a new one waits, and the queue is put in order', async () => {
  const { bridge, user } = await open('#/runs');
  for (const dataset of ['support-desk', 'family-chats']) {
    await user.click(await find('run-new'));
    await expect.poll(() => (get('run-dataset') as HTMLSelectElement).options.length).toBe(3);
    await user.selectOptions(get('run-dataset'), dataset);
    await user.selectOptions(get('run-model'), '/home/ada/models/dialog-7m');
    expect(text(await ready('run-start'))).toBe('Add to queue');
    await user.click(get('run-start'));
    await find('queue');
  }
  const order = () => bridge.queue.runs.map((run) => run.dataset);
  expect(order()).toEqual(['support-desk', 'family-chats']);
  await user.click(await find('queue-up-run-0005'));
  await expect.poll(order).toEqual(['family-chats', 'support-desk']);
  expect((get('queue-up-run-0005') as HTMLButtonElement).disabled).toBe(true);
  await user.click(get('queue-hold'));
  await find('queue-go');
  expect(bridge.queue.held).toBe(true);
  expect(text(get('queue'))).toContain('Held back');
  await user.click(get('queue-remove-run-0004'));
  await expect.poll(order).toEqual(['family-chats']);
  await user.click(get('queue-go'));
  const failed = bridge.runList.find((one) => one.status === 'running');
  if (failed) failed.status = 'failed';
  await expect.poll(() => text(get('toasts'))).toMatch(/has failed.*has begun: “family-chats”/);
  expect(query('queue')).toBeNull();
});

test('a stage asked for behind a run at work waits for its turn', async () => {
  const { bridge, user } = await open('#/runs/run-0002');
  await find('run-resume');
  await expect.poll(() => text(get('run-resume'))).toBe('Add to queue');
  await user.click(get('run-resume'));
  await user.click(await find('run-leave'));
  expect(bridge.controls).toEqual(['queue run-0002 ..']);
  expect(bridge.queue.runs).toEqual([]);
});

test('a job that ends while the user is elsewhere is told', async () => {
  const { bridge } = await open('#/settings');
  await find('job');
  const run = bridge.runList.find((one) => one.id === 'run-0003');
  if (run) run.status = 'failed';
  await expect.poll(() => text(get('toasts'))).toContain('“support-desk” has failed');
});

test('signs in the curves are named beside them, and p pauses', async () => {
  const { bridge, user } = await open('#/runs/run-0003');
  expect(text(await find('run-signs'))).toContain('log-probability of chosen dialogues falls');
  await user.keyboard('p');
  await find('run-resume');
  expect(bridge.controls).toEqual(['pause run-0003']);
});

test('a recipe is saved and loaded as a file', async () => {
  const { bridge, user } = await open('#/runs/new');
  await user.click(await find('recipe-toggle'));
  await find('set-shots');
  await user.upload(get('recipe-load'), new File(['shots = 20\n'], 'recipe.toml'));
  await expect.poll(() => text(get('run-changed'))).toBe('1 changed from the recipe');
  await user.click(get('recipe-save'));
  await expect.poll(() => bridge.saved[0]?.text).toContain('shots = 20\n');
});

test('a stage is begun from its cell: up to one that waits, again from one that was done', async () => {
  const { bridge, user } = await open('#/runs/run-0002', { idle: true });
  expect(text(await find('start-topics'))).toBe('From here');
  expect(get('start-topics').getAttribute('aria-label')).toBe('From here: run again from “Topics” on');
  expect(text(get('start-align'))).toBe('To here');
  await user.click(get('start-align'));
  expect(bridge.controls).toEqual(['resume run-0002 ..align']);
  await expect.poll(() => query('start-align')).toBeNull();
  await user.click(await find('run-pause'));
  await user.click(await find('start-topics'));
  expect(text(await find('redo-dialog'))).toMatch(/Topics, Summaries, .* and Evaluate/);
  await user.click(get('redo-agree'));
  await expect.poll(() => bridge.controls.at(-1)).toBe('resume run-0002 topics..');
});

test('a cancelled run goes on from its first open stage', async () => {
  const { bridge, user } = await open('#/runs/run-0003');
  await user.click(await find('run-cancel'));
  await user.click(await find('cancel-keep'));
  await user.click(await find('run-resume'));
  expect(bridge.controls).toEqual(['cancel run-0003', 'resume run-0003 align..']);
});

test('the log of a failed run is at hand, filtered and copied', async () => {
  const { user } = await open('#/runs/run-0002', { idle: true });
  await user.click(await find('error-log'));
  expect(query('error-log')).toBeNull();
  await find('log-lines');
  await expect.poll(() => text(get('log-lines'))).toContain('The disk has 3 GB left.');
  expect(text(get('log-lines'))).not.toContain('step 1 of 12');
  await user.selectOptions(get('log-level'), 'detail');
  await user.selectOptions(get('log-level'), 'error');
  await expect.poll(() => text(get('log-lines'))).not.toContain('The disk');
  expect(text(get('log-lines'))).toContain('ran out of memory');
  await user.click(get('log-lines').querySelector('li') as HTMLElement);
  expect(text(get('log-follow'))).toBe('Follow');
  expect(text(get('log-line'))).toBe('Failed');
  await user.click(get('log-copy'));
  const copied = await navigator.clipboard.readText();
  expect(copied.split('\n')).toHaveLength(2);
  expect(copied).toContain('Error\tCandidates\tFailed');
});

test('the log of a run at work grows', async () => {
  const { bridge, user } = await open('#/runs/run-0003');
  await user.click(await find('run-log'));
  await find('log-lines');
  await user.selectOptions(get('log-level'), 'warning');
  bridge.runLog = async (_run, offset) => ({
    lines: offset > 900 ? [] : [{ ...line, text: 'a new line' }],
    next: 1000,
    cut: false,
    more: false,
  });
  await expect.poll(() => text(get('log-lines')), { timeout: 4000 }).toContain('a new line');
});

const line = {
  at_ms: null,
  level: 'warning' as const,
  event: 'said' as const,
  stage: null,
  text: '',
  step: null,
  total_steps: null,
  loss: null,
  error: null,
};

test('the system is told of an end only after the user was asked', async () => {
  const { bridge, user } = await open('#/runs/run-0003');
  const end = (status: RunStanding) => {
    const run = bridge.runList.find((one) => one.status === 'running');
    if (run) run.status = status;
  };
  await find('ask-notices');
  end('failed');
  await expect.poll(() => text(get('toasts'))).toContain('has failed');
  expect(bridge.notified).toEqual([]);
  await bridge.resumeRun('run-0003', null, null, false);
  await user.click(await find('notices-yes'));
  expect(query('ask-notices')).toBeNull();
  expect(bridge.settings['notices']).toBe('on');
  end('done');
  await expect.poll(() => bridge.notified).toEqual(['The run on “support-desk” is finished.']);
});

test('a value that a setting does not take is refused at its field, with the range', async () => {
  const { bridge, user } = await open('#/runs/new', { idle: true });
  await expect.poll(() => (get('run-dataset') as HTMLSelectElement).options.length).toBe(3);
  await user.selectOptions(get('run-dataset'), 'support-desk');
  await user.selectOptions(get('run-model'), '/home/ada/models/dialog-7m');
  await user.click(get('recipe-toggle'));
  const shots = await find('set-shots');
  await user.clear(shots);
  await user.type(shots, 'abc');
  expect(text(get('wrong-shots'))).toBe(
    'This setting takes a whole number, at least 1 and at most 1,000,000.',
  );
  expect(text(get('run-start'))).toBe('Correct “shots” first');
  expect(bridge.planned.every((request) => request.changes.length === 0)).toBe(true);
  await user.clear(shots);
  await user.type(shots, '40');
  expect(query('wrong-shots')).toBeNull();
  await ready('run-start');
});

test('the form of a new run and its plan stay while another screen is looked at', async () => {
  const { bridge, user } = await choose('/home/ada/models/dialog-7m');
  await user.clear(get('run-seed'));
  await user.type(get('run-seed'), '7');
  await ready('run-start');
  const planned = bridge.planned.length;
  await user.click(get('nav-home'));
  location.hash = '#/runs/new';
  await find('plan-stages');
  await expect.poll(() => (get('run-dataset') as HTMLSelectElement).value).toBe('support-desk');
  expect((get('run-seed') as HTMLInputElement).value).toBe('7');
  await ready('run-start');
  expect(bridge.planned.length).toBeLessThanOrEqual(Math.max(planned, 4));
});

test('each recipe says what it is for and, once planned, how long it takes here', async () => {
  const { user } = await choose('/home/ada/models/dialog-7m');
  const labels = () => [...(get('run-preset') as HTMLSelectElement).options].map((option) => option.text);
  await expect.poll(labels).toEqual(expect.arrayContaining(['Small and quick, about 30 min']));
  await user.selectOptions(get('run-preset'), 'small');
  expect(document.body.textContent).toContain('For a first look');
});

test('side bar and run page tell one percent and one time, and name the stage’s own', async () => {
  const { bridge, user } = await open('#/runs/run-0003');
  const percent = (id: string) => /\d+ %/.exec(text(get(id)))?.[0];
  await find('run-clock');
  expect(percent('run-clock')).toBe(percent('job-percent'));
  expect(text(get('run-clock'))).toMatch(/of the whole run, about .* left/);
  expect(text(get('own-left').closest('dl') as HTMLElement)).toContain('Left in this stage');
  const before = Number(percent('run-clock')?.replace(' %', ''));
  await user.click(get('run-pause'));
  await user.click(await find('run-resume'));
  await find('run-pause');
  expect(Number(percent('run-clock')?.replace(' %', ''))).toBeGreaterThanOrEqual(before);
  expect(bridge.controls).toHaveLength(2);
});

test('Cancel keeps its place: it is there, and stands last of what acts, whatever the run does', async () => {
  const { user } = await open('#/runs/run-0003');
  const order = () =>
    [...(get('run-cancel').parentElement?.querySelectorAll('button') ?? [])]
      .map((button) => button.dataset['testid'] ?? '')
      .slice(-3);
  await find('run-pause');
  const running = order();
  await user.click(get('run-pause'));
  await find('run-resume');
  expect((get('run-cancel') as HTMLButtonElement).disabled).toBe(true);
  expect(order()).toEqual(running);
});

test('that a run has stopped goes once it is at work again, and follows the language', async () => {
  const { bridge } = await open('#/settings');
  await find('job');
  const run = bridge.runList.find((row) => row.id === 'run-0003');
  if (run) run.status = 'interrupted';
  await expect.poll(() => text(get('toasts'))).toContain('has stopped');
  language.now = 'de';
  await expect.poll(() => text(get('toasts'))).toContain('hat angehalten');
  language.now = 'en';
  await bridge.resumeRun('run-0003', null, null, false);
  await expect.poll(() => text(get('toasts'))).toBe('');
});

test('the log ends with what became of a worker that was killed', async () => {
  const { bridge, user } = await open('#/runs/run-0002', { idle: true });
  const run = bridge.runList.find((row) => row.id === 'run-0002');
  if (run) run.status = 'interrupted';
  await user.click(get('nav-home'));
  location.hash = '#/runs/run-0002';
  await user.click(await find('run-log'));
  await expect.poll(() => text(get('log-lines'))).toContain('gone without a last word');
});

test('a silent worker is told to be at work, with what it is at', async () => {
  await open('#/runs/run-0003');
  expect(text(await find('run-beat'))).toMatch(/At work: Aligned, separate pairs/);
});

test('what the plan offers names settings, never options of a command line', async () => {
  await choose('/home/ada/models/SmolLM2-135M');
  expect(text(get('plan'))).toContain('“synthetic_per_shot” becomes 2');
  expect(text(get('plan'))).not.toMatch(/--/);
});

test('a finished stage shows what it made for each system', async () => {
  const { user } = await open('#/runs/run-0001');
  await user.click(await find('stage-evaluate'));
  const parts = await find('run-parts');
  const names = [...parts.querySelectorAll<HTMLElement>('[data-part]')].map((row) => row.dataset['part']);
  expect(names).toEqual(['zero_shot', 'sft_real', 'mrds_separate', 'synthesizer/ids']);
  expect(text(parts)).toContain('Base model, no examples✓Reused');
  expect(text(parts)).toContain('Dialogues: Iterative synthesis (IDS)');
  await user.click(await find('stage-topics'));
  expect(query('run-parts')).toBeNull();
});

test('systems are added to a finished run, and only those that it lacks', async () => {
  const { bridge, user } = await open('#/runs/run-0001', { idle: true });
  const add = (await find('add-systems')) as HTMLButtonElement;
  expect(add.disabled).toBe(true);
  expect(query('add-sft_real')).toBeNull();
  expect(query('add-lead_3')).toBeNull();
  await user.click(get('add-best_of_k'));
  await user.click(get('add-sft_synthetic'));
  await user.click(await ready('add-systems'));
  expect(bridge.controls).toContain('add run-0001 sft_synthetic,best_of_k');
});

test('a run that is not finished offers no more systems', async () => {
  await open('#/runs/run-0002');
  await find('stage-topics');
  expect(query('add-systems')).toBeNull();
});

test('a time is asked for, and the plan says what is given up for it', async () => {
  const { bridge, user } = await open('#/runs/new', { idle: true });
  await expect.poll(() => (get('run-dataset') as HTMLSelectElement).options.length).toBe(3);
  await user.selectOptions(get('run-dataset'), 'support-desk');
  await user.selectOptions(get('run-model'), '/home/ada/models/dialog-7m');
  await user.selectOptions(get('run-within'), '45m');
  await ready('run-start');
  expect(text(get('given-up'))).toContain('Given up to end within 45 min');
  expect(text(get('cut-synthetic_per_shot'))).toContain('6 instead of 10');
  await user.click(get('run-start'));
  await find('stage-topics');
  expect(bridge.started[0]?.within).toBe('45m');
});
