import { expect, test } from 'vitest';
import { networkRow } from '../../bridge/fake_protection';
import { find, get, open, query, ready, text } from '../../testing';

test('the network is locked and unlocked, and the foot of the window says so', async () => {
  const { bridge, user } = await open('#/settings');
  expect(text(await find('network-state'))).toContain('Only downloading a model opens connections');
  await find('network-none');
  await user.click(await ready('network-lock'));
  await expect.poll(() => text(get('network-state'))).toContain('The network is locked');
  expect(bridge.networkLocked).toBe(true);
  await expect.poll(() => text(get('connections'))).toContain('Locked');
  await user.click(await ready('network-lock'));
  await expect.poll(() => bridge.networkLocked).toBe(false);
  await expect.poll(() => text(get('connections'))).toContain('Local');
});

test('every connection is listed, refused ones too, and goes into a file', async () => {
  const rows = [
    networkRow({ id: 2, outcome: 'refused' }),
    networkRow({ id: 1, host: 'cdn.example.org', received_bytes: 98e6, duration_ms: 61_000 }),
  ];
  const { bridge, user } = await open('#/settings', { connections: rows });
  const shown = text(await find('network-rows'));
  expect(shown).toContain('huggingface.co:443');
  expect(shown).toContain('Refused');
  expect(shown).toMatch(/98(\.0)?\sMB/);
  expect(query('network-none')).toBeNull();
  let saved = '';
  bridge.saveText = async (name, content) => {
    saved = content;
    return name;
  };
  await user.click(await ready('network-save'));
  await expect.poll(() => saved.trim().split('\n')).toHaveLength(3);
  expect(saved).toContain('"cdn.example.org","443"');
});

test('the threats are told in plain words, each with what does not hold', async () => {
  const { user } = await open('#/settings');
  const threats = await find('threats');
  expect(threats.querySelectorAll('tbody tr')).toHaveLength(9);
  expect(text(threats)).toContain('Treat adapters as carefully as the conversations');
  await user.click(get('language-de'));
  await expect.poll(() => text(get('threats'))).toContain('Wer einen verlorenen oder gestohlenen Laptop hat');
});
