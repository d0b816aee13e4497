// A German window has no English in it: every screen is read word by word. What people, models and files wrote is marked
// `translate="no"` and left out.
import { expect, test } from 'vitest';
import { brokenStart } from './bridge/fake';
import { find, open } from './testing';
import { language } from './text';

/** Words that no German sentence has. */
const ENGLISH =
  /\b(the|and|of|with|this|that|is|are|was|to|for|from|not found|you|your|which|it|here is|left|step|of the|each|Ctrl|run|model|summary)\b/;

/** The text of a page outside what is marked as somebody's own, and the labels of its controls. */
function sentences(root: Element): string[] {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const found: string[] = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    const marked = parent?.closest('[translate]')?.getAttribute('translate') === 'no';
    const own = parent?.closest('.mono, [lang="en"], option, script, style') !== null;
    if (!marked && !own) found.push((node.textContent ?? '').trim());
  }
  for (const element of root.querySelectorAll('[aria-label], [placeholder]'))
    if (!element.closest('[translate="no"]'))
      found.push(element.getAttribute('aria-label') ?? '', element.getAttribute('placeholder') ?? '');
  return found.filter((text) => text !== '');
}

const places = [
  ...['#/', '#/data', '#/data/support-desk', '#/models', '#/runs', '#/runs/new', '#/runs/run-0001'],
  ...['#/runs/run-0002', '#/runs/run-0003', '#/outputs', '#/outputs/run-0001', '#/rate', '#/results'],
  ...['#/results/run-0001', '#/experiments', '#/experiments/new', '#/experiments/joint-separate'],
  ...['#/demo', '#/export', '#/export/run-0001', '#/settings'],
];

test.each(places)('the German window has no English on %s', async (hash) => {
  for (const empty of [false, true]) {
    await open(hash, { empty });
    await find('connections');
    await new Promise((resolve) => setTimeout(resolve, 60));
    // The search does find such words when the window speaks English.
    expect(sentences(document.body).filter((text) => ENGLISH.test(text)).length).toBeGreaterThan(0);
    language.now = 'de';
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(sentences(document.body).filter((text) => ENGLISH.test(text))).toEqual([]);
    document.body.replaceChildren();
    language.now = 'en';
  }
});

test('nor on the page of a workspace that cannot be opened', async () => {
  await open('#/', { start: brokenStart });
  language.now = 'de';
  await find('start-help');
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(sentences(document.body).filter((text) => ENGLISH.test(text))).toEqual([]);
  language.now = 'en';
});
