import { expect, test } from 'vitest';
import { results } from '../../bridge/fake_data';
import { language } from '../../text';
import { find, get, open, text } from '../../testing';
import { verdict } from './verdict';

test('the table shows systems with intervals and the difference with p', async () => {
  await open('#/results/run-0001');
  const row = (await find('results-table')).querySelector<HTMLElement>('[data-system="mrds_separate"]');
  expect(row && text(row)).toContain('31.2');
  expect(row && text(row)).toContain('+0.8 to +4.4, p = 0.012');
  expect(text(get('synthesizers-table'))).toContain('93 %');
  expect(text(get('verdict'))).toContain('does better');
});

test('the verdict claims nothing where the interval holds zero', () => {
  const found = results('r');
  const main = found.results.find((row) => row.system === 'mrds_separate');
  if (!main?.vs_sft_real) throw new Error('no comparison');
  main.vs_sft_real = { diff: -0.01, lo: -0.03, hi: 0.01, p: 0.4 };
  expect(verdict(found)).toContain('No evidence of a difference');
  main.vs_sft_real = { diff: -0.04, lo: -0.06, hi: -0.02, p: 0.001 };
  expect(verdict(found)).toContain('falls behind');
  main.vs_sft_real = null;
  expect(verdict(found)).toBeUndefined();
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
  expect(text(get('verdict'))).toContain('+0,8 bis +4,4');
  language.now = 'en';
});
