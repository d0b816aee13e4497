import { expect, test } from 'vitest';
import { find, get, open, query, ready, text } from '../../testing';

const button = (id: string) => get(id) as HTMLButtonElement;

test('a workspace is protected in one step, and its recovery key shown until it is written down', async () => {
  const { bridge, user } = await open('#/settings');
  expect(text(await find('protection'))).toContain('is not protected');
  expect(button('protect').disabled).toBe(true);
  await user.type(get('protect-passphrase'), 'drei blaue Hüte');
  await user.type(get('protect-again'), 'drei blaue Hute');
  expect(text(get('protection'))).toContain('not the same');
  expect(button('protect').disabled).toBe(true);
  await user.clear(get('protect-again'));
  await user.type(get('protect-again'), 'drei blaue Hüte');
  await user.click(await ready('protect'));
  expect(bridge.secret).toBe('drei blaue Hüte');
  expect(text(await find('recovery-key'))).toBe('000G4-0R40M-30E20-9185G-R38E1-W6');
  expect(button('recovery-done').disabled).toBe(true);
  await user.type(get('recovery-last'), 'w6');
  await user.click(await ready('recovery-done'));
  await expect.poll(() => query('recovery-key')).toBeNull();
  await expect.poll(() => text(get('protection'))).toContain('a passphrase or the recovery key');
});

test('what is refused is said there', async () => {
  const { user } = await open('#/settings');
  await user.type(await find('protect-passphrase'), 'kurz');
  await user.type(get('protect-again'), 'kurz');
  await user.click(await ready('protect'));
  expect(text(await find('error-card'))).toContain('at least 8 characters');
});

test('the passphrase changes, and the protection is taken away again', async () => {
  const { user: there } = await open('#/settings', { secret: 'drei blaue Hüte' });
  await there.type(await find('protect-passphrase'), 'vier rote Schuhe');
  await there.type(get('protect-again'), 'vier rote Schuhe');
  await there.click(await ready('protect-change'));
  await expect.poll(() => (get('protect-passphrase') as HTMLInputElement).value).toBe('');
  await there.click(await ready('protect-undo'));
  await expect.poll(() => text(get('protection'))).toContain('is not protected');
});

test('after the first import the offer stands on Data until it is put off', async () => {
  const { bridge, user } = await open('#/data');
  await user.click(await find('protect-offer-later'));
  await expect.poll(() => query('protect-offer')).toBeNull();
  expect(bridge.settings['protect_offer']).toBe('later');
});

test('the offer leads to the settings', async () => {
  const { user } = await open('#/data');
  await user.click(await find('protect-offer-now'));
  await find('protection');
});

test('nothing is offered to an empty workspace', async () => {
  await open('#/data', { empty: true });
  await find('nav-home');
  expect(query('protect-offer')).toBeNull();
});

test('nothing is offered to a protected one', async () => {
  await open('#/data', { secret: 'drei blaue Hüte' });
  await find('datasets');
  expect(query('protect-offer')).toBeNull();
});

test('a backup says where it went', async () => {
  const { user } = await open('#/settings');
  await user.click(await ready('back-up'));
  await expect.poll(() => document.body.textContent).toContain('/home/ada/duologue-backup.zip');
});
