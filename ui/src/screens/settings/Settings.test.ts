import { expect, test } from 'vitest';
import { find, get, open, text } from '../../testing';

test('the theme is applied and kept', async () => {
  const { bridge, user } = await open('#/settings');
  await user.click(await find('theme-dark'));
  expect(document.documentElement.dataset['theme']).toBe('dark');
  expect(bridge.settings['theme']).toBe('dark');
  await user.click(get('theme-system'));
  expect(document.documentElement.dataset['theme']).toBeUndefined();
});

test('notifications are off until they are wanted, and can be switched off again', async () => {
  const { bridge, user } = await open('#/settings');
  expect((await find('notices-off')).querySelector('input')?.checked).toBe(true);
  await user.click(get('notices-on'));
  expect(bridge.settings['notices']).toBe('on');
  await user.click(get('notices-off'));
  expect(bridge.settings['notices']).toBe('off');
});

test('workspace and worker are named', async () => {
  await open('#/settings');
  expect(text(await find('workspace'))).toContain('duologue');
  expect(text(get('cli-path'))).toContain('duologue');
});

test('the language changes at once, everywhere, and is kept', async () => {
  const { bridge, user } = await open('#/settings');
  await user.click(await find('language-de'));
  expect(text(get('nav-home'))).toBe('Start');
  expect(text(get('connections'))).toBe('Lokal – 0 Verbindungen von Duologue geöffnet');
  expect(document.documentElement.lang).toBe('de');
  expect(bridge.settings['language']).toBe('de');
  await user.click(get('language-en'));
  expect(text(get('nav-home'))).toBe('Home');
});
