import { expect, test } from 'vitest';
import { routes } from './route';
import { find, get, open, text } from './testing';

test('every screen opens by click and by key, and is marked as the current one', async () => {
  const { user } = await open('#/');
  for (const [index, route] of routes.entries()) {
    await user.click(get(`nav-${route.name}`));
    await expect.poll(() => get(`nav-${route.name}`).getAttribute('aria-current')).toBe('page');
    await user.keyboard(`{Control>}${((index + 1) % routes.length) + 1}{/Control}`);
    const next = routes[(index + 1) % routes.length]?.name ?? '';
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
