import { expect, test } from 'vitest';
import { find, get, open, text } from '../../testing';

test('a pasted dialogue is summarized as it streams', async () => {
  const { user } = await open('#/demo');
  expect(text(await find('demo-run'))).toBe('Paste a dialogue first');
  await user.click(get('demo-input'));
  await user.paste('Anna: Friday?\nBen: Yes, seven.');
  await user.click(get('demo-run'));
  await expect.poll(() => get('demo-output').dataset['state']).toBe('busy');
  await expect.poll(() => get('demo-output').dataset['state']).toBe('done');
  expect(text(get('demo-output'))).toBe('Anna and Ben agree on what happens next.');
  expect(text(get('demo-figures'))).toContain('84 ms');
});

test('the tuned summarizer comes first, the base model can be chosen', async () => {
  await open('#/demo');
  await find('demo-source');
  await expect.poll(() => (get('demo-source') as HTMLSelectElement).options.length).toBe(3);
  const labels = [...(get('demo-source') as HTMLSelectElement).options].map((option) => option.text);
  expect(labels[0]).toContain('Tuned by MRDS');
  expect(labels[1]).toContain('Base model');
});
