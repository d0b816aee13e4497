import { expect, test } from 'vitest';
import { find, get, open, query, ready, text } from '../../testing';

test('a conversation is forgotten after the list, and the receipt says that nothing is left', async () => {
  const { bridge, user } = await open('#/data/support-desk');
  const total = text(await find('examples-total'));
  await user.click(await find('pair-forget'));
  const places = text(await find('forget-places'));
  expect(places).toContain('Conversations with their summaries: 1');
  expect(places).toContain('Runs that learnt from it');
  expect(text(get('forget-exports'))).toContain('/home/ada/clinic-run');
  expect(bridge.forgotten).toEqual([]);
  await user.click(await ready('forget-do'));
  expect(text(await find('forget-proof'))).toContain('no passage of it is left');
  expect(bridge.forgotten).toHaveLength(1);
  await user.click(await ready('forget-close'));
  await expect.poll(() => query('forget-proof')).toBeNull();
  await expect.poll(() => text(get('examples-total'))).not.toBe(total);
  expect(query('pair-undo')).toBeNull();
});

test('what is left somewhere is named', async () => {
  const { bridge, user } = await open('#/data/support-desk');
  bridge.stillThere = [{ place: 'stray.txt', words: 31 }];
  await user.click(await find('pair-forget'));
  await user.click(await ready('forget-do'));
  expect(text(await find('forget-remaining'))).toContain('stray.txt · 31 words in a row');
});
