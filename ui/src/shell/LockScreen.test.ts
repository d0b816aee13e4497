import { expect, test } from 'vitest';
import { lockedStart } from '../bridge/fake_protection';
import { idle } from '../state/lock.svelte';
import { find, get, open, query, text } from '../testing';

const locked = { start: lockedStart };

test('a locked workspace asks for its passphrase and shows nothing else', async () => {
  const { user } = await open('#/data', locked);
  expect(text(await find('lock-screen'))).toContain('This workspace is locked');
  expect(query('nav-home')).toBeNull();
  expect(query('error-card')).toBeNull();
  await user.type(get('lock-secret'), 'drei blaue Hute');
  await user.click(get('lock-unlock'));
  expect(text(await find('error-card'))).toContain('This key does not open');
  expect((get('lock-secret') as HTMLInputElement).value).toBe('');
  await user.type(get('lock-secret'), 'drei blaue Hüte{Enter}');
  await find('nav-home');
  expect(query('lock-screen')).toBeNull();
});

test('another workspace can be opened in its place', async () => {
  const { bridge, user } = await open('#/', locked);
  await user.click(await find('lock-another'));
  await expect.poll(() => bridge.opened.length).toBe(1);
});

test('Ctrl L locks a protected workspace', async () => {
  const { user } = await open('#/', { secret: 'drei blaue Hüte' });
  await find('nav-home');
  await user.keyboard('{Control>}l{/Control}');
  await find('lock-screen');
});

test('Ctrl L does nothing to a plain one, nor does time', async () => {
  const { user } = await open('#/');
  await find('nav-home');
  await user.keyboard('{Control>}l{/Control}');
  idle.touch(0);
  await idle.check(1000 * 60_000);
  expect(query('lock-screen')).toBeNull();
});

test('nobody there for as long as was chosen locks it', async () => {
  await open('#/', { secret: 'drei blaue Hüte' });
  await find('nav-home');
  const now = Date.now();
  idle.touch(now);
  await idle.check(now + 9 * 60_000);
  expect(query('lock-screen')).toBeNull();
  await idle.check(now + 11 * 60_000);
  await find('lock-screen');
});

test('never is never', async () => {
  await open('#/', { secret: 'drei blaue Hüte' });
  await find('nav-home');
  const now = Date.now();
  idle.touch(now);
  await idle.choose(0);
  await idle.check(now + 1000 * 60_000);
  expect(query('lock-screen')).toBeNull();
});
