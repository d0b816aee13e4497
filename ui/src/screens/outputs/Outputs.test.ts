import { expect, test } from 'vitest';
import { find, get, open, text } from '../../testing';

test('j and k move through the items', async () => {
  const { user } = await open('#/outputs/run-0001');
  await find('output-0');
  await user.keyboard('jj');
  expect(get('output-2').getAttribute('aria-current')).toBe('true');
  await user.keyboard('k');
  expect(get('output-1').getAttribute('aria-current')).toBe('true');
});

test('pairs stand side by side', async () => {
  const { user } = await open('#/outputs/run-0001');
  await user.click(await find('tab-preferences'));
  await expect.poll(() => text(get('output-item'))).toContain('Rejected');
  expect(
    get('output-item').querySelectorAll('section[aria-label="Chosen"], section[aria-label="Rejected"]')
      .length,
  ).toBe(2);
});

test('a broken candidate names its broken rules', async () => {
  const { user } = await open('#/outputs/run-0001');
  await user.click(await find('tab-candidates'));
  await user.click(await find('output-2'));
  await expect.poll(() => text(get('output-item'))).toContain('two_speakers');
});

test('a stage that made nothing says so', async () => {
  const { user } = await open('#/outputs/run-0002');
  await user.click(await find('tab-evaluate'));
  await expect.poll(() => document.body.textContent).toContain('Nothing here yet');
});

test('while a rating set is open, authors of test summaries are hidden', async () => {
  const { bridge, user } = await open('#/rate');
  await bridge.createStudy({
    run: 'run-0001',
    name: 'Set',
    systems: [{ system: 'sft_real', label: 'A' }],
    mode: 'criteria',
    dialogues: 6,
    seed: 1,
    raters: ['Ada'],
    shared: null,
    repeats: 3,
    margin: 0.25,
    delta: 0.3,
  });
  await user.click(get('nav-outputs'));
  location.hash = '#/outputs/run-0001';
  await user.click(await find('tab-evaluate'));
  await expect.poll(() => text(get('output-item'))).toContain('Author hidden');
});

test('the item that was looked at is there again after another screen', async () => {
  const { user } = await open('#/outputs/run-0001');
  await user.click(await find('tab-candidates'));
  await user.click(await find('output-3'));
  await user.click(get('nav-home'));
  location.hash = '#/outputs/run-0001';
  await expect.poll(() => get('output-3').getAttribute('aria-current')).toBe('true');
  expect(get('tab-candidates').getAttribute('aria-selected')).toBe('true');
});
