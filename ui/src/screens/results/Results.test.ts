import { expect, test } from 'vitest';
import { results } from '../../bridge/fake_data';
import { language } from '../../text';
import { find, get, open, text } from '../../testing';

test('the table shows systems with intervals and the difference with p', async () => {
  await open('#/results/run-0001');
  const row = (await find('results-table')).querySelector<HTMLElement>('[data-system="mrds_separate"]');
  expect(row && text(row)).toContain('31.2');
  expect(row && text(row)).toContain('+0.8 to +4.4, p = 0.012');
  expect(text(get('synthesizers-table'))).toContain('93 %');
  expect(text(get('verdict'))).toContain('does better');
});

test('lengths and the lines of the conversation come first', async () => {
  await open('#/results/run-0001');
  const table = await find('results-table');
  const systems = [...table.querySelectorAll<HTMLElement>('[data-system]')].map(
    (row) => row.dataset['system'],
  );
  expect(systems.slice(0, 2)).toEqual(['lead_3', 'longest_3']);
  const head = [...table.querySelectorAll('thead th')].map((cell) => text(cell as HTMLElement));
  expect(head.slice(0, 3)).toEqual(['System', 'n', 'Words']);
  expect(head).not.toContain('BERTScore');
  expect(text(get('figure-notes'))).toContain('BERTScore is not measured');
  expect(text(get('figure-notes'))).toContain('A reference has 21.4 words');
  expect(text(get('figure-notes'))).toContain('dates');
});

test('a measuring model brings a column and is named', async () => {
  const found = results('r');
  found.notes.bertscore = 'roberta-large L17, no idf, raw';
  for (const row of found.results)
    row.figures.push({ metric: 'bertscore_f', mean: 0.913, lo: 0.91, hi: 0.92 });
  const { bridge } = await open('#/');
  bridge.results = () => Promise.resolve(found);
  location.hash = '#/results/run-0001';
  await find('results-table');
  await expect.poll(() => text(get('results-table'))).toContain('91.3');
  expect(text(get('figure-notes'))).toContain('BERTScore by roberta-large L17, no idf, raw');
});

test('every figure has a line, its sentence and its better side in both languages', async () => {
  await open('#/results/run-0001');
  await find('results-table');
  const all = get('all-figures');
  expect(all.querySelector('[data-metric=novel2]')).not.toBeNull();
  expect(all.querySelector('[data-metric=bertscore_f]')).toBeNull();
  expect(text(all)).toContain('The share of word pairs that the conversation does not have. Neither more');
  language.now = 'de';
  await expect.poll(() => text(get('all-figures'))).toContain('Neue Wortpaare');
  expect(text(get('all-figures'))).toContain('Weder mehr noch weniger ist besser. Quelle: a paper');
  language.now = 'en';
});

test('what was made up stands beside what is real, and what it gives away', async () => {
  const found = results('r');
  const { bridge } = await open('#/');
  bridge.results = () => Promise.resolve(found);
  location.hash = '#/results/run-0001';
  expect(text(await find('leaks'))).toContain('Its 1545 texts give none of your conversations away.');
  expect(text(get('shape'))).toContain('AUC of 0.83');
  expect(text(get('shape-table'))).toContain('Turns that ask');
  bridge.results = () =>
    Promise.resolve({
      ...found,
      leaks: { verdict: 'stop', n: 1545, leaking: 3, passage_words: 20, longest_words: 31 },
      shapes: [],
    });
  language.now = 'de';
  location.hash = '#/results/run-0002';
  await expect.poll(() => text(get('leaks'))).toContain('3 seiner 1545 Texte wiederholen eine lange Stelle');
  expect(document.querySelector('[data-testid=shape]')).toBeNull();
  language.now = 'en';
});

test('an empty workspace says when results appear', async () => {
  await open('#/results', { empty: true });
  await expect.poll(() => document.body.textContent).toContain('No result yet');
});

test('each term of the tables is explained in a sentence', async () => {
  await open('#/results/run-0001');
  await find('results-table');
  const terms = document.querySelectorAll('[data-testid=terms]');
  expect(terms).toHaveLength(2);
  expect(document.body.textContent).toContain('It counts words, not truth.');
  expect(document.body.textContent).toContain('the lowest learning rate');
});

test('intervals and p are written in German', async () => {
  await open('#/results/run-0001');
  language.now = 'de';
  await expect.poll(() => text(get('results-table'))).toContain('+0,8 bis +4,4, p = 0,012');
  expect(text(get('verdict'))).toContain('MRDS ist besser');
  expect(text(get('verdict'))).toContain('+0,8 bis +4,4');
  language.now = 'en';
});

test('rounds are a table and a chart, with how they ended in a sentence', async () => {
  await open('#/results/run-0001');
  expect(text(await find('rounds'))).toContain('the made-up conversations became alike');
  const rows = [...(await find('rounds-table')).querySelectorAll('tbody tr')];
  expect(rows.map((row) => row.classList.contains('strong'))).toEqual([false, true, false]);
});

test('what the judge is able to see is said beside the tables', async () => {
  await open('#/results/run-0001');
  expect(text(await find('judge'))).toContain('It cannot tell who said what and in what order.');
});

test('a system leads to what it wrote, the weakest first, and a synthesizer to its test dialogues', async () => {
  const { user } = await open('#/results/run-0001');
  await user.click(await find('items-mrds_separate'));
  expect(text(await find('items-found'))).toBe('60 of 120 items');
  expect(get('chip-source-mrds_separate').getAttribute('aria-pressed')).toBe('true');
  expect((get('items-order') as HTMLSelectElement).value).toBe('rouge1');
  await user.click(get('nav-results'));
  await user.click(await find('items-dpo_separate'));
  await expect.poll(() => get('tab-test_dialogues').getAttribute('aria-selected')).toBe('true');
});
