import { expect, test } from 'vitest';
import type { PackHeader } from '../../bridge';
import { find, get, open, query, ready, text } from '../../testing';
import { readGolden } from '../../../scripts/pack.js';
import { t } from '../../text';

const golden = JSON.parse(readGolden('pack.json')) as PackHeader & { ciphertext: string };

const systemWords = [...Object.keys(t.system), ...Object.values(t.system), 'reference'];

/** No system's id or name anywhere in the page, attributes included. */
function expectBlind() {
  for (const word of systemWords) expect(document.documentElement.outerHTML).not.toContain(word);
}

/** Plans a study of two systems, starts it and opens the first rater's desk. */
async function begin(mode = 'criteria', dialogues = '6') {
  const opened = await open('#/rate');
  const { user } = opened;
  await find('study-system-sft_real');
  await user.click(get(`study-mode-${mode}`));
  if (mode !== 'best_worst') await user.click(get('study-reference'));
  await user.type(get('study-items'), dialogues);
  await user.type(get('study-raters-names'), 'Ada');
  await user.click(await ready('study-create'));
  await user.click(await find('study-start'));
  await user.click(await find('study-open-1'));
  await user.click(await find('rate-begin-R1'));
  await user.click(await find('rate-guideline-read'));
  await user.click(await find('check-0-true'));
  await user.click(await ready('rate-check-done'));
  await find('rate-item');
  return opened;
}

const active = () => document.querySelector<HTMLElement>('[data-active="true"]')?.dataset['testid'];
const value = (criterion: string) => get(`criterion-${criterion}`).dataset['value'];
const key = () => get('rate-item').dataset['key'];

test('the plan says what a study can show, and what it lacks', async () => {
  const { user, bridge } = await open('#/rate');
  await find('study-system-sft_real');
  expect(text(get('study-create'))).toBe(t.rate.needRater);
  await user.type(get('study-raters-names'), 'Ada, Ben');
  await expect.poll(() => text(get('study-outlook'))).toContain('faithfulness is found four times in five');
  await user.click(get('study-mode-best_worst'));
  expect((await ready('study-create')).textContent).toContain(t.rate.create);
  await user.click(get('study-reference'));
  expect(text(get('study-create'))).toBe(t.rate.badSystems.best_worst);
  await user.type(get('study-items'), 'x');
  expect(text(get('study-create'))).toBe(t.rate.badNumber);
  expect(bridge.studyList).toEqual([]);
});

test('number keys rate and advance, 0 clears, arrows move, enter goes on and submits', async () => {
  const { bridge, user } = await begin();
  expect([key(), active()]).toEqual(['0.0', 'criterion-faithfulness']);
  await user.keyboard('4');
  expect([value('faithfulness'), active()]).toEqual(['4', 'criterion-informativeness']);
  await user.keyboard('{ArrowUp}0');
  expect(value('faithfulness')).toBe('');
  await user.keyboard('{Enter}');
  expect(text(get('rate-hint'))).toContain('Faithfulness');
  await user.keyboard('5432');
  expect(['faithfulness', 'informativeness', 'fluency', 'redundancy'].map(value)).toEqual([
    '5',
    '4',
    '3',
    '2',
  ]);
  await user.keyboard('{Enter}');
  expect(key()).toBe('0.1');
  await user.keyboard('9');
  expect(value('faithfulness')).toBe('');
  await user.keyboard('{ArrowLeft}');
  expect([key(), value('redundancy')]).toEqual(['0.0', '2']);
  await user.keyboard('{ArrowRight}1111{Enter}');
  await expect.poll(key).toBe('1.0');
  expect(text(get('rate-progress'))).toBe('1 of 6 rated');
  const scores = bridge.presses.flatMap(({ act }) => (act.kind === 'score' ? [act.score] : []));
  expect(scores).toEqual([4, null, 5, 4, 3, 2, 1, 1, 1, 1]);
});

test('undo opens a finished dialogue again, a note and a mark stay with the summary', async () => {
  const { bridge, user } = await begin();
  await user.keyboard('n');
  await user.type(await find('rate-note-text'), 'odd');
  await user.click(get('rate-note-save'));
  await user.keyboard('f');
  await expect.poll(() => text(get('rate-flag'))).toBe(t.rate.flagged);
  expect(text(get('rate-note'))).toBe(t.rate.noteThere);
  await user.keyboard('3333{Enter}2222{Enter}');
  await expect.poll(key).toBe('1.0');
  await user.keyboard('u');
  await expect.poll(key).toBe('0.0');
  expect(bridge.studyList[0]?.desks[0]?.steps[0]?.submitted).toBe(false);
});

test('every press is kept: leaving and coming back finds the scores', async () => {
  const { user } = await begin();
  await user.click(get('rate-fluency-3'));
  await user.click(get('nav-home'));
  location.hash = '#/rate/1/R1';
  await find('rate-item');
  expect(value('fluency')).toBe('3');
});

test('no system name reaches the page before everybody has locked', async () => {
  const { user } = await begin();
  for (let dialogue = 0; dialogue < 5; dialogue += 1) {
    await user.keyboard('3333{Enter}3333{Enter}');
    await expect.poll(key).toBe(`${dialogue + 1}.0`);
    expectBlind();
  }
  expect((get('rate-lock') as HTMLButtonElement).disabled).toBe(true);
  for (const place of ['5.1', '5.1']) {
    await user.keyboard('s');
    await user.click(await find('rate-skip-confirm'));
    await expect.poll(key).toBe(place);
  }
  await expect.poll(() => text(get('rate-progress'))).toBe('6 of 6 rated');
  await user.click(get('rate-lock'));
  expectBlind();
  await user.click(await find('rate-lock-confirm'));
  await find('rate-locked');
  await user.keyboard('1');
  expect((get('rate-faithfulness-1') as HTMLButtonElement).closest('fieldset')?.disabled).toBe(true);
  location.hash = '#/results/run-0001';
  expect(text(await find('ratings-table'))).toContain(t.system.mrds_separate);
  expect(text(get('ratings-sentences'))).toContain('MRDS');
});

test('pairs are chosen by key, with a tie', async () => {
  const { bridge, user } = await begin('pair');
  await user.keyboard('{Enter}');
  expect(text(get('rate-hint'))).toBe(t.rate.chooseFirst);
  await user.keyboard('2');
  expect(get('choose-1').getAttribute('aria-pressed')).toBe('true');
  await user.keyboard('3');
  expect(get('choose-tie').getAttribute('aria-pressed')).toBe('true');
  await user.keyboard('{Enter}');
  await expect.poll(key).toBe('1.0');
  expect(bridge.studyList[0]?.desks[0]?.steps[0]?.choice).toEqual({ best: null, worst: null });
});

test('the best is named first, then the worst', async () => {
  const { user } = await begin('best_worst');
  await user.keyboard('2');
  expect(get('best-1').getAttribute('aria-pressed')).toBe('true');
  await user.keyboard('{Enter}');
  expect(text(get('rate-hint'))).toBe(t.rate.chooseFirst);
  await user.keyboard('13');
  expect([get('worst-0'), get('best-2')].map((button) => button.getAttribute('aria-pressed'))).toEqual([
    'false',
    'true',
  ]);
  await user.keyboard('1{Enter}');
  await expect.poll(key).toBe('1.0');
});

test('the owner withdraws, adds and closes, with a reason', async () => {
  const { bridge, user } = await begin();
  location.hash = '#/rate/1';
  await user.type(await find('study-add-name'), 'Ben');
  await user.click(get('study-add'));
  await user.click(await find('study-withdraw-R2'));
  expect(((await find('study-confirm')) as HTMLButtonElement).disabled).toBe(true);
  await user.type(get('study-reason'), 'moved away');
  await user.click(get('study-confirm'));
  await expect.poll(() => bridge.studyList[0]?.desks[1]?.state).toBe('withdrawn');
  expect(text(get('study-raters'))).toContain(t.rate.raterState.withdrawn);
  await user.click(get('study-close'));
  await user.type(await find('study-reason'), 'enough');
  await user.click(get('study-confirm'));
  await user.click(await find('study-results'));
  await find('ratings-table');
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

test('a pack is written, its answers are read, and two sets of them are asked about', async () => {
  const { bridge, user } = await begin();
  location.hash = '#/rate/1';
  await user.click(await find('study-pack-R1'));
  expect(text(await find('pack-written-secret'))).toBe('K7QM-2F9X-R4TD-8WNB-Z3HP');
  expect(text(get('pack-written'))).toContain('0123 4567 89ab cdef 0123');
  await user.click(get('pack-written-close'));
  expect(document.body.textContent).not.toContain('K7QM');
  await user.click(get('study-answers'));
  await expect.poll(() => text(get('study-raters'))).toContain('revision 3');
  bridge.picked = '/home/ada/S--R1-2.duoanswers';
  await user.click(get('study-answers'));
  expect(text(await find('pack-conflict'))).toContain('4 scores are in both, 3 of them different');
  await user.click(get('keep-first'));
  await expect.poll(() => query('pack-conflict')).toBeNull();
  expect(text(get('toasts'))).toContain(t.rate.pack.keptFirst);
  bridge.picked = '/home/ada/S--R9.duoanswers';
  await user.click(get('study-answers'));
  await expect.poll(() => text(get('toasts'))).toContain('not on the roster');
});

test('the pack of another Duologue is opened with its secret, rated and saved', async () => {
  const { bridge, user } = await open('#/rate');
  await user.click(await find('pack-open-other'));
  await user.type(await find('pack-file'), '/home/ada/S--R2.duopack.html');
  await user.click(get('pack-file-open'));
  await expect.poll(() => text(get('toasts'))).toContain('is not a rating pack');
  const { ciphertext, ...header } = golden;
  bridge.pack = { name: 'S--R2', header, ciphertext };
  await user.click(get('pack-file-open'));
  await user.type(await find('pack-secret'), 'nothing');
  await user.click(get('pack-open'));
  expect((await find('error-card')).dataset['code']).toBe('wrong_secret_or_changed');
  await user.clear(get('pack-secret'));
  await user.type(get('pack-secret'), '040g 2081 040g 2081 040g');
  await user.click(get('pack-open'));
  await user.click(await find('rate-guideline-read'));
  await user.click(await find('check-0-true'));
  await user.click(await ready('rate-check-done'));
  await find('rate-item');
  await user.keyboard('3');
  await expect.poll(() => text(get('pack-state'))).toBe(t.rate.pack.kept);
  const saved: [string, string][] = [];
  bridge.saveText = async (name, content) => {
    saved.push([name, content]);
    return `/home/ada/${name}`;
  };
  await user.click(get('pack-save'));
  await expect.poll(() => text(get('pack-state'))).toBe(t.rate.pack.allSaved);
  expect(saved[0]?.[0]).toBe('S--R2.duoanswers');
  expect(JSON.parse(saved[0]?.[1] ?? '')).toMatchObject({
    format: 'duologue.answers',
    rater: 'R2',
    revision: 1,
  });
});

test('what is disputed is looked at after the study, and a score is settled with a reason', async () => {
  const { user } = await begin();
  location.hash = '#/rate/1/disputed';
  await find('load-retry');
  location.hash = '#/rate/1';
  await user.click(await find('study-close'));
  await user.type(await find('study-reason'), 'enough');
  await user.click(get('study-confirm'));
  await user.click(await find('study-disputed'));
  expect(text(await find('disputed-list'))).toContain(t.rate.disputed.reasons.spread);
  await user.click(get('disputed-why-flag'));
  expect(query('disputed-1000')).toBeNull();
  await user.click(get('disputed-why-any'));
  (document.activeElement as HTMLElement | null)?.blur();
  await user.keyboard('j');
  expect(get('disputed-1001').getAttribute('aria-current')).toBe('true');
  await user.click(get('disputed-settle'));
  await user.type(await find('settle-score'), '7');
  await user.type(get('settle-reason'), 'the appointment is invented');
  expect((get('settle-keep') as HTMLButtonElement).disabled).toBe(true);
  await user.clear(get('settle-score'));
  await user.type(get('settle-score'), '2');
  await user.click(get('settle-keep'));
  expect(text(await find('disputed-settled'))).toContain('2');
  expect(text(get('disputed-count'))).toContain('1 of');
});

test('an audit is offered with the results, shows one dialogue at a time, and counts guesses', async () => {
  const { user, bridge } = await open('#/results/run-0001');
  await user.click(await find('plan-audit'));
  expect((await find('study-kind-dialogues')).querySelector('input')?.checked).toBe(true);
  expect((await find('study-source-dpo_separate')).matches(':checked')).toBe(true);
  expect(query('study-mode-pair')).toBeNull();
  await user.type(get('study-raters-names'), 'Ada');
  await user.click(get('study-source-dpo_separate'));
  expect(text(get('study-create'))).toBe(t.rate.badSources);
  await user.click(get('study-source-dpo_separate'));
  await user.type(get('study-items'), '6');
  await user.click(await ready('study-create'));
  await user.click(await find('study-start'));
  expect(text(await find('studies'))).toContain(t.rate.kinds.dialogues);
  expect(bridge.studyList[0]?.request.systems).toEqual([
    { system: null, synthesizer: null, label: t.rate.real },
    { system: null, synthesizer: 'dpo_separate', label: t.synthesizer.dpo_separate },
  ]);
  // Whoever finds a dialogue in the data set knows that it is real.
  const test = (await bridge.examples('support-desk', 0, 10)).rows.find((row) => row.split === 'test');
  expect([test?.turns, test?.references]).toEqual([[], []]);
  await user.click(await find('study-open-1'));
  await user.click(await find('rate-begin-R1'));
  await user.click(await find('rate-guideline-read'));
  await user.click(await find('check-0-true'));
  await user.click(await ready('rate-check-done'));
  await find('rate-item');
  expect(query('rate-summary')).toBeNull();
  expect(document.querySelectorAll('.turns li').length).toBeGreaterThan(1);
  expect([text(get('rate-progress')), active()]).toEqual(['0 of 12 rated', 'criterion-speaker_consistency']);
  for (const word of [t.synthesizer.dpo_separate, 'dpo_separate', t.rate.real])
    expect(document.documentElement.outerHTML).not.toContain(word);
  // The guess has four points.
  await user.keyboard('5435');
  expect(value('origin')).toBe('');
  await user.keyboard('3{Enter}');
  await expect.poll(key).toBe('1.0');
  location.hash = '#/rate/1';
  await user.click(await find('study-close'));
  await user.type(await find('study-reason'), 'enough');
  await user.click(get('study-confirm'));
  await user.click(await find('study-results'));
  expect(text(await find('guesses'))).toContain(t.synthesizer.dpo_separate);
  expect(text(get('guesses-sentences'))).toContain('told apart in 60 %');
  const head = text(get('ratings-table'));
  expect(head).toContain(t.criterion.coherence);
  expect(head).not.toContain(t.criterion.origin);
  expect(text(get('ratings-agreement'))).toContain(t.criterion.origin);
});

test('a criterion of one’s own is written in one language or both, and raters are asked for it', async () => {
  const { user, bridge } = await open('#/rate');
  await user.click(await find('criterion-remove-redundancy'));
  await user.click(await find('criterion-add'));
  const keep = () => get('criterion-keep') as HTMLButtonElement;
  expect([keep().disabled, text(get('criterion-lack'))]).toEqual([true, t.rate.own.lack.words]);
  await user.type(get('criterion-name-de'), 'Empathie');
  await user.type(get('criterion-question-de'), 'Klingt sie warm?');
  await user.type(get('criterion-anchors-de'), 'Kalt{Enter}Mal so, mal so{Enter}Warm');
  expect(text(get('criterion-lack'))).toBe('');
  await user.type(get('criterion-name-en'), 'Empathy');
  expect(keep().disabled).toBe(true);
  await user.clear(get('criterion-name-en'));
  await user.click(keep());
  expect(text(get('study-criteria'))).toContain('3 points');
  await user.click(get('criterion-up-empathie'));
  await user.click(get('criterion-edit-fluency'));
  await user.click(get('criterion-best-first'));
  await user.click(keep());
  await user.type(get('study-raters-names'), 'Ada');
  await user.type(get('study-items'), '6');
  await user.click(await ready('study-create'));
  await user.click(await find('study-start'));
  await user.click(await find('study-open-1'));
  const asked = bridge.studyList[0]?.request.criteria ?? [];
  expect(asked.map((one) => [one.key, one.higher_is_better])).toEqual([
    ['faithfulness', true],
    ['informativeness', true],
    ['empathie', true],
    ['fluency', false],
  ]);
  await user.click(await find('rate-begin-R1'));
  await user.click(await find('rate-guideline-read'));
  await user.click(await find('check-0-true'));
  await user.click(await ready('rate-check-done'));
  await find('rate-item');
  expect(text(get('criterion-empathie'))).toContain('Mal so, mal so');
  expect(get('criterion-empathie').getAttribute('lang')).toBe('de');
});
