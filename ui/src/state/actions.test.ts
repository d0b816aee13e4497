import { expect, onTestFinished, test } from 'vitest';
import { commands } from '../shell/commands';
import { find, get, open, query, text } from '../testing';
import { actions } from './actions.svelte';

/** Puts an action on the screen for one test. */
async function withAction(when = true) {
  const opened = await open('#/settings');
  const heard: number[] = [];
  const remove = actions.add('screen', () => [
    { id: 'shout', title: 'Shout', keys: ['x', 'y'], run: (which) => heard.push(which), when: () => when },
    { id: 'whisper', title: 'Whisper', keys: ['w'], run: () => heard.push(9), when: () => when },
  ]);
  onTestFinished(remove);
  return { ...opened, heard, remove };
}

test('one entry gives the handler, the line in the list of keys and the command of the palette', async () => {
  const { user, heard, remove } = await withAction();
  await user.keyboard('yw');
  expect(heard).toEqual([1, 9]);
  await user.keyboard('?');
  expect(text(await find('keys-dialog'))).toMatch(/On this screen Shout xyWhisper w Everywhere/);
  await user.keyboard('x');
  expect(heard).toEqual([1, 9]);
  await user.keyboard('{Escape}');
  get('keys-dialog').querySelector<HTMLButtonElement>('.close')?.click();
  await user.keyboard('{Control>}k{/Control}');
  await user.type(await find('palette-field'), 'whisper{Enter}');
  expect(heard).toEqual([1, 9, 9]);
  remove();
  await user.keyboard('w');
  expect(heard).toEqual([1, 9, 9]);
});

test('what cannot be done now is neither heard nor offered', async () => {
  const { user, heard } = await withAction(false);
  await user.keyboard('xw');
  expect(heard).toEqual([]);
  const offered = commands(actions.of('screen'), [], []).map((command) => command.id);
  expect(offered).not.toContain('whisper');
});

test('keys stay with the text that is typed, but for those that say otherwise', async () => {
  const { user, heard } = await withAction();
  const field = document.body.appendChild(document.createElement('input'));
  await user.type(field, 'wx');
  expect([field.value, heard]).toEqual(['wx', []]);
  await user.keyboard('{Control>}2{/Control}');
  await find('import-path');
  field.remove();
});

test('a screen takes its actions away with it', async () => {
  const { user } = await open('#/demo');
  await find('demo-input');
  const ids = () => actions.of('screen').map((action) => action.id);
  await expect.poll(ids).toContain('summarize');
  await user.click(get('nav-settings'));
  await expect.poll(() => query('demo-input')).toBeNull();
  expect(ids()).not.toContain('summarize');
});
