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

test('a test pair comes with its reference, once the summary is there', async () => {
  const { user } = await open('#/demo');
  await user.click(await find('demo-from-test'));
  await expect.poll(() => (get('demo-input') as HTMLTextAreaElement).value).toMatch(/^\w+: .+\n\w+: /);
  const first = (get('demo-input') as HTMLTextAreaElement).value;
  expect(document.querySelector('[data-testid=demo-reference]')).toBeNull();
  await user.click(get('demo-run'));
  await expect.poll(() => get('demo-output').dataset['state']).toBe('done');
  expect(text(get('demo-reference'))).toContain('Reference summary:');
  await user.click(get('demo-from-test'));
  await expect.poll(() => (get('demo-input') as HTMLTextAreaElement).value).not.toBe(first);
  expect(document.querySelector('[data-testid=demo-reference]')).toBeNull();
});

test('the tuned summarizer comes first, the base model can be chosen', async () => {
  await open('#/demo');
  await find('demo-source');
  await expect.poll(() => (get('demo-source') as HTMLSelectElement).options.length).toBe(3);
  const labels = [...(get('demo-source') as HTMLSelectElement).options].map((option) => option.text);
  expect(labels[0]).toContain('Tuned by MRDS');
  expect(labels[1]).toContain('Base model');
});

async function two(mode: string) {
  const opened = await open('#/demo');
  const { user } = opened;
  await user.click(await find(`mode-${mode}`));
  await expect.poll(() => (get('demo-tuned') as HTMLSelectElement).options.length).toBe(1);
  await user.click(get('demo-input'));
  await user.paste('Anna: Friday?\nBen: Yes, seven.');
  await user.click(get('demo-run'));
  await expect.poll(() => get('demo-right').dataset['state']).toBe('done');
  return opened;
}

test('side by side names both authors', async () => {
  await two('both');
  expect(document.body.textContent).toContain('Base model dialog-7m');
  expect(get('demo-left').dataset['state']).toBe('done');
});

test('a blind vote hides the authors, then names them and counts', async () => {
  const { user } = await two('blind');
  const panes = () => text(document.querySelector('.panes') as HTMLElement);
  expect(panes()).not.toMatch(/Tuned by MRDS|Base model/);
  (document.activeElement as HTMLElement | null)?.blur();
  await user.keyboard('1');
  expect(panes()).toMatch(/Tuned by MRDS/);
  expect(text(get('votes'))).toMatch(/tuned 1, base 0|tuned 0, base 1/);
  await user.keyboard('2');
  expect(text(get('votes'))).toMatch(/tuned 1, base 0|tuned 0, base 1/);
});

test('a correction is kept with its words and its time', async () => {
  const { bridge, user } = await open('#/demo');
  await user.click(await find('demo-input'));
  await user.paste('Anna: Friday?\nBen: Yes, seven.');
  await user.click(get('demo-run'));
  await user.click(await find('correct'));
  await user.clear(get('correct-text'));
  await user.type(get('correct-text'), 'Anna and Ben meet on Friday.');
  await user.click(get('correct-keep'));
  expect(text(await find('correct-said'))).toContain('4 of 8 words changed');
  expect(JSON.parse(bridge.settings['corrections'] ?? '')).toMatchObject([{ changed: 4 }]);
});
