import { expect, test } from 'vitest';
import { routes } from './route';
import { find, get, open, text } from './testing';
import { toasts } from './state/toasts.svelte';

test('every screen opens by click and by key, and is marked as the current one', async () => {
  const { user } = await open('#/');
  const keys = '1234567890,';
  expect(routes).toHaveLength(keys.length);
  for (const [index, route] of routes.entries()) {
    await user.click(get(`nav-${route.name}`));
    await expect.poll(() => get(`nav-${route.name}`).getAttribute('aria-current')).toBe('page');
    const following = (index + 1) % routes.length;
    await user.keyboard(`{Control>}${keys[following] ?? ''}{/Control}`);
    const next = routes[following]?.name ?? '';
    await expect.poll(() => get(`nav-${next}`).getAttribute('aria-current')).toBe('page');
  }
});

test('the running job and the connection count are always there', async () => {
  const { user } = await open('#/settings');
  expect(text(await find('job'))).toContain('Align');
  expect(text(get('connections'))).toBe('Local – 0 connections opened by Duologue');
  await user.click(get('job'));
  await find('stage-align');
});

test('the palette finds by words, goes by Enter and acts', async () => {
  const { bridge, user } = await open('#/');
  await user.keyboard('{Control>}k{/Control}');
  await user.type(await find('palette-field'), 'theme dark{Enter}');
  await expect.poll(() => bridge.settings['theme']).toBe('dark');
  await user.keyboard('{Control>}k{/Control}');
  await user.type(await find('palette-field'), 'family-chats dialog');
  await user.keyboard('{Enter}');
  await find('run-results');
  expect(location.hash).toBe('#/runs/run-0001');
  await user.keyboard('{Control>}k{/Control}');
  await user.type(await find('palette-field'), 'no such thing');
  expect(text(get('palette'))).toContain('Nothing matches');
});

test('the same notice stands there once', async () => {
  await open('#/settings');
  for (const text of ['The run has stopped.', 'Saved.', 'The run has stopped.']) toasts.warn(text);
  await expect.poll(() => get('toasts').querySelectorAll('.toast').length).toBe(2);
  expect(text(get('toasts'))).toMatch(/Saved.*The run has stopped/s);
});

test('files dropped anywhere go to the import', async () => {
  const { bridge } = await open('#/settings');
  await find('workspace');
  const drop = new Event('drop', { bubbles: true, cancelable: true });
  const files = [new File(['[]'], 'chats.json')];
  document.body.dispatchEvent(Object.assign(drop, { dataTransfer: { files, types: ['Files'] } }));
  expect(drop.defaultPrevented).toBe(true);
  await find('import-preview');
  expect(bridge.kept).toEqual([{ name: 'chats.json', text: '[]' }]);
});
