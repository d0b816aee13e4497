import { expect, test } from 'vitest';
import { brokenStart } from '../bridge/fake';
import { find, get, open, query, text } from '../testing';

const broken = { start: brokenStart };

test('a workspace that cannot be opened opens a window with folder, cause and ways on', async () => {
  await open('#/', broken);
  expect(text(await find('start-folder'))).toBe('/home/ada/.local/share/duologue');
  expect(text(get('error-card'))).toContain('is not a Duologue workspace; it was left untouched');
  for (const way of ['restore', 'look', 'another', 'again']) get(`start-${way}`);
  expect(query('nav-home')).toBeNull();
});

test('the last good copy is restored and the workspace opened anew', async () => {
  const { bridge, user } = await open('#/', broken);
  await user.click(await find('start-restore'));
  await expect
    .poll(() => bridge.opened)
    .toEqual([{ folder: '/home/ada/.local/share/duologue', readOnly: false }]);
  expect(bridge.restored).toBe(1);
});

test('it can be looked at, and another folder opened in its place', async () => {
  const { bridge, user } = await open('#/', broken);
  await user.click(await find('start-look'));
  await user.click(await find('start-another'));
  await expect
    .poll(() => bridge.opened)
    .toEqual([
      { folder: '/home/ada/.local/share/duologue', readOnly: true },
      { folder: '/home/ada/models/dialog-20m', readOnly: false },
    ]);
});

test('ways that are not there are not offered', async () => {
  const problem = { code: 'read_only', args: { file: '/media/stick/workspace.sqlite' } } as const;
  await open('#/', { start: { problem, workspace: '' } });
  await find('start-another');
  for (const way of ['restore', 'look', 'again']) expect(query(`start-${way}`)).toBeNull();
});

test('what fails on the way is said there', async () => {
  const { bridge, user } = await open('#/', broken);
  const failure = { code: 'disk_full', args: { file: 'workspace.sqlite', room: null } };
  bridge.restoreCopy = () => Promise.reject(failure);
  await user.click(await find('start-restore'));
  await expect.poll(() => text(get('error-card'))).toContain('The disk of workspace.sqlite is full.');
});

test('a workspace that is lost while the window opens is told, too', async () => {
  await open('#/', { lost: true });
  expect(text(await find('error-card'))).toContain('is locked by another process');
  get('start-again');
});

test('a workspace that is only looked at says so all the time', async () => {
  await open('#/', { start: { read_only: true } });
  expect(text(await find('read-only'))).toContain('nothing can be changed');
});

test('another workspace is opened from the settings', async () => {
  const { bridge, user } = await open('#/settings');
  await user.click(await find('workspace-open'));
  await expect
    .poll(() => bridge.opened)
    .toEqual([{ folder: '/home/ada/models/dialog-20m', readOnly: false }]);
});

test('a chosen workspace that is gone is named beside the usual one', async () => {
  await open('#/', { start: { missing: '/media/stick/practice' } });
  expect(text(await find('missing-workspace'))).toContain('/media/stick/practice');
});
