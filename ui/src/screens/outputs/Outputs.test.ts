import axe from 'axe-core';
import { expect, test } from 'vitest';
import { find, get, open, query, text } from '../../testing';
import { t } from '../../text';

/** The row of the list that holds an item. */
const row = (index: number) => get(`output-${index}`).closest('li');

test('j and k move through the items', async () => {
  const { user } = await open('#/outputs/run-0001');
  await find('output-0');
  await user.keyboard('jj');
  await expect.poll(() => row(2)?.getAttribute('aria-selected')).toBe('true');
  await user.keyboard('k');
  await expect.poll(() => row(1)?.getAttribute('aria-selected')).toBe('true');
});

test('pairs stand side by side, and f turns one round', async () => {
  const { user } = await open('#/outputs/run-0001');
  await user.click(await find('tab-preferences'));
  await expect.poll(() => text(get('output-item'))).toContain('Rejected');
  const sides = () =>
    [
      ...get('output-item').querySelectorAll<HTMLElement>(
        'section[aria-label="Chosen"], section[aria-label="Rejected"]',
      ),
    ].map((side) => text(side).replace(/^. (Chosen|Rejected)/, ''));
  const [chosen, rejected] = sides();
  await user.keyboard('f');
  await expect.poll(sides).toEqual([rejected, chosen]);
  expect(text(get('stale'))).toContain('4 stages are stale.');
});

test('a broken candidate names its broken rules, and a chip leaves those alone', async () => {
  const { user } = await open('#/outputs/run-0001');
  await user.click(await find('tab-candidates'));
  await user.click(await find('output-2'));
  await expect.poll(() => text(get('output-item'))).toContain('two_speakers');
  await user.click(get('chip-broken-two_speakers'));
  await expect.poll(() => text(get('items-found'))).toBe('30 of 120 items');
  expect(get('chip-broken-two_speakers').getAttribute('aria-pressed')).toBe('true');
  await user.click(get('items-clear'));
  await expect.poll(() => text(get('items-found'))).toBe('120 items');
});

test('words are searched, and what is sorted begins with the highest', async () => {
  const { user } = await open('#/outputs/run-0001');
  await user.click(await find('tab-candidates'));
  await find('output-0');
  await user.keyboard('/');
  await user.keyboard('van satur');
  await expect.poll(() => text(get('items-found'))).toMatch(/^\d+ of 120 items$/);
  await user.clear(get('items-search'));
  await user.selectOptions(get('items-order'), 'score');
  await expect.poll(() => text(get('output-item'))).toContain('−1.8');
  await user.selectOptions(get('items-direction'), 'up');
  await expect.poll(() => text(get('output-item'))).toContain('−2.4');
});

test('a stage that made nothing says so', async () => {
  const { user } = await open('#/outputs/run-0002');
  await user.click(await find('tab-evaluate'));
  await expect.poll(() => document.body.textContent).toContain('Nothing here yet');
});

test('while a rating set is open, test summaries have no author, no place and nothing to do with them', async () => {
  const { bridge, user } = await open('#/rate');
  await bridge.createStudy({
    run: 'run-0001',
    name: 'Set',
    kind: 'summaries',
    systems: [{ system: 'sft_real', synthesizer: null, label: 'A' }],
    mode: 'criteria',
    criteria: null,
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
  expect(query('item-accept')).toBeNull();
  expect(query('lineage')).toBeNull();
  await user.click(get('tab-test_dialogues'));
  expect(text(await find('error-card'))).not.toBe('');
});

test('the item that was looked at is there again after another screen', async () => {
  const { user } = await open('#/outputs/run-0001');
  await user.click(await find('tab-candidates'));
  await user.click(await find('output-3'));
  await user.click(get('nav-home'));
  location.hash = '#/outputs/run-0001';
  await find('output-3');
  await expect.poll(() => row(3)?.getAttribute('aria-selected')).toBe('true');
  expect(get('tab-candidates').getAttribute('aria-selected')).toBe('true');
});

test('an item is accepted, edited and rejected by key, and undone to the beginning', async () => {
  const { user } = await open('#/outputs/run-0001');
  await find('item-accept');
  const before = text(get('output-0'));
  await user.keyboard('a');
  await expect.poll(() => get('item-accept').getAttribute('aria-pressed')).toBe('true');
  expect(query('stale')).toBeNull();
  await user.keyboard('e');
  await user.clear(await find('item-text'));
  await user.type(get('item-text'), 'Mara has a van at ten.');
  await user.click(get('item-save'));
  await expect.poll(() => text(get('output-0'))).toContain('Mara has a van at ten.');
  expect(text(get('item-hand'))).toContain('Changed by ada');
  expect(text(get('stale'))).toContain('6 stages are stale.');
  await expect.poll(() => get('versions').children.length).toBe(3);
  get('output-item').focus();
  await user.keyboard('x');
  await expect.poll(() => get('item-reject').getAttribute('aria-pressed')).toBe('true');
  const found = await axe.run(document.body, { rules: { 'color-contrast': { enabled: false } } });
  expect(found.violations).toEqual([]);
  for (const left of [2, 1, 0]) {
    await user.keyboard('z');
    await expect.poll(() => text(get('item-undo'))).toBe(`Undo (${left})`);
  }
  expect(text(get('output-0'))).toBe(before);
  expect(query('stale')).toBeNull();
});

test('what is stale goes on in a new run, and this one stays', async () => {
  const { bridge, user } = await open('#/outputs/run-0001', { idle: true });
  await user.click(await find('tab-dialogues'));
  await user.click(await find('item-reject'));
  expect(text(await find('stale'))).toContain('2 stages are stale.');
  await user.click(get('go-on'));
  await expect.poll(() => location.hash).toBe('#/runs/run-0001-next');
  expect(bridge.controls).toContain('go on run-0001');
});

test('a test summary shows its conversation, and can only be accepted', async () => {
  const { user } = await open('#/outputs/run-0001');
  await user.click(await find('tab-evaluate'));
  expect(text(await find('lineage'))).toContain('Made by the stage “Evaluate”');
  expect(get('lineage').querySelector('ol')).not.toBeNull();
  expect(text(get('output-item'))).toContain('is evidence');
  expect(query('item-reject')).toBeNull();
  expect(query('item-edit')).toBeNull();
  await user.click(get('backing').querySelector('summary') as HTMLElement);
  expect(text(await find('backed-0'))).not.toBe('');
  expect(text(get('backing'))).toContain('A hint, never a verdict');
});

test('what a run of an earlier version made can be read, and the buttons say why it cannot be changed', async () => {
  const { bridge, user } = await open('#/home');
  bridge.earlier = ['run-0001'];
  location.hash = '#/outputs/run-0001';
  expect(text(await find('item-refused'))).toBe(t.workbench.readOnly);
  for (const act of ['item-accept', 'item-reject', 'item-edit'])
    expect((get(act) as HTMLButtonElement).disabled).toBe(true);
  (document.activeElement as HTMLElement | null)?.blur();
  await user.keyboard('x');
  expect(query('stale')).toBeNull();
});
