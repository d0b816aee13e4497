import { expect, test } from 'vitest';
import { find, get, open, query, ready, text } from '../testing';
import { t } from '../text';

test('a run gets a name and a note, and is called by it everywhere', async () => {
  const { user } = await open('#/runs', { idle: true });
  await user.click(await find('run-name-run-0001'));
  await user.type(await find('name-name'), 'The good one');
  await user.type(get('name-note'), 'Anna liked it.');
  await user.click(get('name-keep'));
  await expect.poll(() => text(get('run-run-0001'))).toContain('The good one');
  expect(text(get('run-run-0001'))).toContain('family-chats · dialog-7m');
  expect(text(get('note-run-0001'))).toBe('Anna liked it.');
  await user.click(get('run-open-run-0001'));
  await expect.poll(() => text(document.querySelector('h1') as HTMLElement)).toBe('The good one');
});

test('before a run is deleted, what goes with it and what stays is listed', async () => {
  const { bridge, user } = await open('#/runs', { idle: true });
  await user.click(await find('run-delete-run-0001'));
  const goes = text(await find('remove-goes'));
  expect(goes).toContain('512 items that stages made');
  expect(goes).toContain('3 adapters');
  expect(text(get('remove-stays'))).toContain('1 adapter that another run has too');
  await user.click(get('remove-agree'));
  await expect.poll(() => query('run-run-0001')).toBeNull();
  expect(bridge.runList.some((run) => run.id === 'run-0001')).toBe(false);
});

test('a run at work cannot be deleted, and says why', async () => {
  await open('#/runs');
  const button = (await find('run-delete-run-0003')) as HTMLButtonElement;
  expect(button.disabled).toBe(true);
  expect(button.title).toBe(t.run.atWorkNow);
});

test('a data set that runs read stays, with the runs by name', async () => {
  const { user } = await open('#/data', { idle: true });
  await user.click(await find('dataset-delete-family-chats'));
  expect(text(await find('remove-blocked'))).toContain('run-0001');
  expect((get('remove-agree') as HTMLButtonElement).disabled).toBe(true);
});

test('a data set is renamed, unless the name is taken', async () => {
  const { user } = await open('#/data', { idle: true });
  await user.click(await find('dataset-name-family-chats'));
  await user.clear(await find('name-name'));
  await user.type(get('name-name'), 'support-desk');
  await user.click(get('name-keep'));
  expect(text(await find('name-dialog'))).toContain('support-desk');
  await user.clear(get('name-name'));
  await user.type(get('name-name'), 'visits');
  await user.click(get('name-keep'));
  await find('dataset-visits');
});

test('a model has a name of its own', async () => {
  const { bridge, user } = await open('#/models');
  await user.click(await find('name-dialog-7m'));
  await user.type(await find('name-name'), 'The small one');
  await user.click(get('name-keep'));
  await expect.poll(() => text(get('model-dialog-7m'))).toContain('The small one');
  expect(bridge.modelList[0]?.label.name).toBe('The small one');
});

test('workspaces that were open lately are offered, and one that is gone is not', async () => {
  const { bridge, user } = await open('#/settings');
  const gone = (await find('workspace-open-calls')) as HTMLButtonElement;
  expect(gone.disabled).toBe(true);
  await user.click(get('workspace-forget-calls'));
  await expect.poll(() => query('workspace-open-calls')).toBeNull();
  await user.click(get('workspace-open-clinic'));
  await expect.poll(() => bridge.opened).toEqual([{ folder: '/home/ada/clinic', readOnly: false }]);
});

test('that the computer stays awake is said beside the run, and can be switched off', async () => {
  const { bridge, user } = await open('#/runs/run-0003');
  expect(text(await find('awake'))).toContain(t.awake.held);
  await user.click(get('awake-change'));
  await user.click(await find('awake-off'));
  await expect.poll(() => bridge.awake).toBe(false);
});

test('a card can be chosen where there is one, with what is free on it', async () => {
  const { bridge, user } = await open('#/runs/new');
  await user.selectOptions(await find('device'), 'cuda:0');
  expect(document.body.textContent).toContain('14.2 GB of 16.0 GB free');
  await user.selectOptions(get('run-dataset'), 'family-chats');
  await user.selectOptions(get('run-model'), '/home/ada/models/dialog-7m');
  await ready('run-start');
  expect(bridge.planned.at(-1)?.device).toBe('cuda:0');
});

test('without a card nothing is asked', async () => {
  await open('#/models', { cardless: true });
  await find('model-dialog-7m');
  expect(query('device')).toBeNull();
});
