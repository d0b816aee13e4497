import { expect, test } from 'vitest';
import { find, get, open, query, text } from '../../testing';

test('an empty workspace offers a file or the sample', async () => {
  const { bridge, user } = await open('#/', { empty: true });
  await user.click(await find('home-sample'));
  await expect.poll(() => bridge.datasetList.map((one) => one.name)).toEqual(['sample']);
  expect(query('home-last')).toBeNull();
});

test('otherwise it goes on where the user left off', async () => {
  await open('#/');
  expect(text(await find('home-last'))).toContain('support-desk');
  expect(text(get('home-machine'))).toContain('16 threads');
});
