import { expect, test } from 'vitest';
import { find, get, open, query, text } from '../../testing';

test('a folder is added and forgotten', async () => {
  const { user } = await open('#/models');
  expect(text(await find('models'))).toContain('134.5 M');
  await user.type(get('model-path'), '/models/tiny');
  await user.click(get('model-add'));
  const row = await find('model-tiny');
  await user.click(row.querySelector('button') as HTMLButtonElement);
  await expect.poll(() => query('model-tiny')).toBeNull();
});

test('a folder without a model is refused with the way out', async () => {
  const { user } = await open('#/models');
  await user.type(await find('model-path'), '/models/missing');
  await user.click(get('model-add'));
  expect(text(await find('error-card'))).toContain('Choose the folder that holds config.json.');
});
