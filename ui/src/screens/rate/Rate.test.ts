import { expect, test } from 'vitest';
import { find, get, open, query, text } from '../../testing';
import { t } from '../../text';

const systemWords = [...Object.keys(t.system), ...Object.values(t.system)];

/** No system's id or name anywhere in the page, attributes included. */
function expectBlind() {
  for (const word of systemWords) expect(document.documentElement.outerHTML).not.toContain(word);
}

async function begin() {
  const opened = await open('#/rate');
  const { user } = opened;
  await user.clear(await find('study-items'));
  await user.type(get('study-items'), '2');
  expectBlind();
  await user.click(get('study-create'));
  await user.type(await find('rate-rater'), 'Ada');
  await user.click(get('rate-begin-study-1'));
  await find('rate-item');
  return opened;
}

const active = () => document.querySelector<HTMLElement>('[data-active="true"]')?.dataset['testid'];
const value = (criterion: string) => get(`criterion-${criterion}`).dataset['value'];

test('number keys rate and advance, 0 clears, arrows move, enter submits', async () => {
  const { bridge, user } = await begin();
  const first = get('rate-item').dataset['key'];
  expect(active()).toBe('criterion-informativeness');
  await user.keyboard('4');
  expect([value('informativeness'), active()]).toEqual(['4', 'criterion-faithfulness']);
  await user.keyboard('{ArrowUp}0');
  expect(value('informativeness')).toBe('');
  await user.keyboard('{Enter}');
  expect(text(get('rate-hint'))).toContain('Informativeness');
  expect(get('rate-item').dataset['key']).toBe(first);
  await user.keyboard('5432');
  expect(['informativeness', 'faithfulness', 'fluency', 'redundancy'].map(value)).toEqual([
    '5',
    '4',
    '3',
    '2',
  ]);
  await user.keyboard('{Enter}');
  expect(get('rate-item').dataset['key']).not.toBe(first);
  expect(text(get('rate-progress'))).toBe('1 of 4 rated');
  await user.keyboard('{ArrowLeft}');
  expect([get('rate-item').dataset['key'], value('redundancy')]).toEqual([first, '2']);
  expect(bridge.presses.map((press) => press.score)).toEqual([4, null, 5, 4, 3, 2]);
});

test('every press is kept: leaving and coming back finds the scores', async () => {
  const { user } = await begin();
  await user.click(get('rate-fluency-3'));
  await user.click(get('nav-home'));
  await user.click(get('nav-rate'));
  await user.click(await find('rate-begin-study-1'));
  await find('rate-item');
  expect(value('fluency')).toBe('3');
});

test('no system name reaches the page before the set is locked', async () => {
  const { user } = await begin();
  for (let item = 0; item < 3; item += 1) {
    await user.keyboard('3333{Enter}');
    expectBlind();
  }
  expect((get('rate-lock') as HTMLButtonElement).disabled).toBe(true);
  await user.keyboard('s');
  await expect.poll(() => text(get('rate-progress'))).toBe('4 of 4 rated');
  await user.click(get('rate-lock'));
  expectBlind();
  await user.click(await find('rate-lock-confirm'));
  await find('rate-locked');
  await user.keyboard('1');
  expect((get('rate-informativeness-1') as HTMLButtonElement).closest('fieldset')?.disabled).toBe(true);
  location.hash = '#/results/run-0001';
  const table = await find('ratings-table');
  expect(text(table)).toContain(t.system.mrds_separate);
});

test('question mark shows the keys of this screen', async () => {
  const { user } = await begin();
  await user.keyboard('?');
  await expect.poll(() => text(get('keys-dialog'))).toContain('Rate and go to the next criterion');
});

test('without a finished run there is nothing to rate', async () => {
  await open('#/rate', { empty: true });
  await expect.poll(() => document.body.textContent).toContain('Nothing to rate yet');
  expect(query('study-create')).toBeNull();
});
