import { screen } from '@testing-library/svelte';
import { expect, test } from 'vitest';
import { shuffled } from '../../random';
import { find, get, open, query, ready, text } from '../../testing';
import { t } from '../../text';

test('a pasted dialogue is summarized as it streams', async () => {
  const { user } = await open('#/demo');
  expect(text(await find('demo-run'))).toBe('Paste a dialogue first');
  await user.click(get('demo-input'));
  await user.paste('Anna: Friday?\nBen: Yes, seven at the usual place.');
  await user.click(get('demo-run'));
  await expect.poll(() => get('demo-output').dataset['state']).toBe('busy');
  await expect.poll(() => get('demo-output').dataset['state']).toBe('done');
  expect(text(get('demo-output'))).toBe('Anna and Ben agree on what happens next.');
  expect(text(get('demo-figures'))).toContain('84 ms');
});

test('a summary is held against what was pasted, sentence by sentence', async () => {
  const { user } = await open('#/demo');
  await user.click(await find('demo-input'));
  await user.paste('Anna: Ben, what happens on Friday?\nBen: No idea.');
  await user.click(get('demo-run'));
  await expect.poll(() => get('demo-output').dataset['state']).toBe('done');
  await user.click(get('backing').querySelector('summary') as HTMLElement);
  expect(text(await find('backed-0'))).toContain('Anna, line 1');
  expect(text(get('backing'))).toContain(t.workbench.backing.noFacts);
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
  const labels = () => [...(get('demo-source') as HTMLSelectElement).options].map((option) => option.text);
  await expect.poll(() => labels()[0]).toContain('Tuned by MRDS');
  expect(labels()[1]).toContain('Base model');
  // The other systems of the run can be asked too; those without a model of their own cannot.
  expect(labels().some((label) => label.startsWith(t.system.sft_real))).toBe(true);
  expect(labels().some((label) => label.startsWith(t.system.zero_shot))).toBe(false);
});

async function two(mode: string) {
  const opened = await open('#/demo');
  const { user } = opened;
  await user.click(await find(`mode-${mode}`));
  await expect.poll(() => (get('demo-second') as HTMLSelectElement).value).toMatch(/^model /);
  await user.click(get('demo-input'));
  await user.paste('Anna: Friday?\nBen: Yes, seven at the usual place.');
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
  const { bridge, user } = await two('blind');
  const panes = () => text(document.querySelector('.panes') as HTMLElement);
  expect(panes()).not.toMatch(/Tuned by MRDS|Base model/);
  (document.activeElement as HTMLElement | null)?.blur();
  await user.keyboard('1');
  expect(panes()).toMatch(/Tuned by MRDS/);
  await expect.poll(() => text(get('votes'))).toContain('1 to 0, 0 for neither, on 1 dialogue.');
  expect(text(get('votes'))).toContain('95 % interval');
  await user.keyboard('2');
  expect(bridge.votes).toHaveLength(1);
  const [vote] = bridge.votes;
  expect([vote?.left.case, vote?.right.case].sort()).toEqual(['base', 'system']);
  expect(vote?.choice).toBe('left');
});

test('a correction is kept with its words and its time', async () => {
  const { bridge, user } = await open('#/demo');
  await user.click(await find('demo-input'));
  await user.paste('Anna: Friday?\nBen: Yes, seven at the usual place.');
  await user.click(get('demo-run'));
  await user.click(await find('correct'));
  await user.clear(get('correct-text'));
  await user.type(get('correct-text'), 'Anna and Ben meet on Friday.');
  await user.click(get('correct-keep'));
  expect(text(await find('correct-said'))).toContain('4 of 8 words changed');
  expect(bridge.corrections).toMatchObject([
    { words: 8, words_changed: 4, after: 'Anna and Ben meet on Friday.', writer: { case: 'system' } },
  ]);
  expect(text(await find('evidence-meter'))).toContain('50 of 100 words changed');
});

async function summarized() {
  const opened = await open('#/demo');
  await opened.user.click(await find('demo-input'));
  await opened.user.paste('Anna: Friday?\nBen: Yes, seven at the usual place then.');
  await opened.user.click(get('demo-run'));
  await expect.poll(() => get('demo-output').dataset['state']).toBe('done');
  return opened;
}

test('dialogue and summary are there again after another screen', async () => {
  const { user } = await summarized();
  await user.click(get('nav-data'));
  await find('import-path');
  await user.click(get('nav-demo'));
  expect(((await find('demo-input')) as HTMLTextAreaElement).value).toContain('Anna: Friday?');
  expect(text(get('demo-output'))).toBe('Anna and Ben agree on what happens next.');
  get('demo-figures');
});

test('a summary on its way is finished while another screen is looked at', async () => {
  const { bridge, user } = await open('#/demo');
  let closed = 0;
  bridge.closeDemo = async () => void (closed += 1);
  await user.click(await find('demo-input'));
  await user.paste('Anna: Friday?\nBen: Yes, seven at the usual place then.');
  await user.click(get('demo-run'));
  await user.click(get('nav-data'));
  expect(closed).toBe(0);
  await expect.poll(() => closed).toBe(1);
  await user.click(get('nav-demo'));
  expect(text(await find('demo-output'))).toBe('Anna and Ben agree on what happens next.');
});

test('votes stay, are saved as a table, and go when they are deleted', async () => {
  const { bridge, user } = await two('blind');
  (document.activeElement as HTMLElement | null)?.blur();
  await user.keyboard('3');
  expect(text(await find('evidence-pair'))).toContain('0 to 0, 1 for neither');
  await user.click(get('nav-home'));
  await user.click(get('nav-demo'));
  expect(text(await find('evidence-pair'))).toContain('1 for neither');
  await user.click(get('evidence-save'));
  await expect.poll(() => bridge.saved.map(({ name }) => name)).toEqual(['demo.csv']);
  await user.click(get('evidence-clear'));
  await user.click(await find('clear-agree'));
  await expect.poll(() => query('evidence-pair')).toBeNull();
  expect(bridge.votes).toEqual([]);
});

test('the sides are drawn from a seed, and the vote keeps it', async () => {
  const { bridge, user } = await two('blind');
  for (let vote = 1; vote <= 6; vote += 1) {
    (document.activeElement as HTMLElement | null)?.blur();
    await user.keyboard('1');
    await expect.poll(() => bridge.votes.length).toBe(vote);
    await user.click(get('demo-run'));
    await expect.poll(() => get('demo-right').dataset['state']).toBe('done');
  }
  for (const { seed, left } of bridge.votes) expect(left.case).toBe(shuffled(['system', 'base'], seed)[0]);
  expect(new Set(bridge.votes.map(({ seed }) => seed)).size).toBe(6);
});

test('the reference can be one of the two, for a dialogue that has one', async () => {
  const { bridge, user } = await open('#/demo');
  await user.click(await find('mode-blind'));
  await user.selectOptions(await find('demo-second'), 'reference');
  await user.click(get('demo-input'));
  await user.paste('Anna: Friday?\nBen: Yes, seven at the usual place.');
  expect(text(get('demo-run'))).toBe(t.demo.needReference);
  await user.click(get('demo-from-test'));
  await user.click(await ready('demo-run'));
  await expect.poll(() => get('demo-right').dataset['state']).toBe('done');
  expect(query('demo-reference')).toBeNull();
  await user.click(get('vote-left'));
  await expect.poll(() => bridge.votes.length).toBe(1);
  expect([bridge.votes[0]?.left.case, bridge.votes[0]?.right.case]).toContain('reference');
});

test('the session is saved with every dialogue and its summaries', async () => {
  const { bridge, user } = await summarized();
  await user.click(await ready('log-save'));
  await expect.poll(() => bridge.saved[0]?.name).toBe('demo-session.jsonl');
  const [line] = (bridge.saved[0]?.text ?? '').split('\n');
  expect(JSON.parse(line ?? '')).toMatchObject({
    dialogue: 'Anna: Friday?\nBen: Yes, seven at the usual place then.',
    summaries: [{ text: 'Anna and Ben agree on what happens next.' }],
    blind: false,
    vote: null,
  });
});

test('a folder of dialogues becomes a table that can be saved', async () => {
  const { bridge, user } = await open('#/demo');
  await user.click(await find('mode-many'));
  expect(text(get('many-run'))).toBe(t.demo.needFiles);
  await user.click(get('many-folder'));
  expect(text(await find('many-found'))).toBe('2 dialogues');
  await user.click(await ready('many-run'));
  await expect
    .poll(() => screen.getAllByTestId('many-summary').map(text))
    .toEqual(['Ada and Ben agree on what happens next.', 'Ada and Ben agree on what happens next.']);
  await user.click(await ready('many-save'));
  await expect.poll(() => bridge.saved[0]?.name).toBe('summaries.csv');
  expect(bridge.saved[0]?.text.split('\r\n')).toHaveLength(4);
  expect(bridge.saved[0]?.text).toContain('The van is free from noon.');
});

test('a changed dialogue marks the summary as one of the dialogue before; an example takes it away', async () => {
  const { user } = await summarized();
  await user.type(get('demo-input'), ' And bring cake.');
  expect(text(get('demo-output-stale'))).toContain('of the previous dialogue');
  for (const gone of ['demo-output-copy', 'demo-output-save', 'demo-figures']) expect(query(gone)).toBeNull();
  await user.click(get('demo-from-test'));
  await expect.poll(() => text(get('demo-output'))).toBe('The summary appears here.');
});

test('what does not look like a conversation is said before it runs', async () => {
  const { bridge, user } = await open('#/demo');
  await user.click(await find('demo-input'));
  await user.paste('fn main() {\n    let x = 1;\n}');
  expect(text(get('demo-doubt'))).toContain('does not look like a conversation');
  expect(text(get('demo-run'))).toBe('Summarize all the same');
  // A remark that comes and goes does not move the button.
  expect(get('demo-run').compareDocumentPosition(get('demo-doubt'))).toBe(Node.DOCUMENT_POSITION_FOLLOWING);
  await user.clear(get('demo-input'));
  await user.paste(
    'Kundin: Mein Paket ist nicht da, und ich warte auf die Sendung.\nBerater: Das tut mir leid.',
  );
  expect(text(get('demo-doubt'))).toContain('It looks like German');
  expect(bridge.settings['steps']).toBeUndefined();
});

test('“Try it” is ticked once something was summarized', async () => {
  const { bridge, user } = await summarized();
  await expect.poll(() => bridge.settings['steps']).toBe('demo');
  await user.click(get('nav-home'));
  expect(text(await find('step-demo'))).toContain('✓');
});

test('a correction that was begun is not lost', async () => {
  const { user } = await summarized();
  await user.click(get('correct'));
  await user.type(get('correct-text'), ' At seven.');
  await user.click(get('nav-home'));
  await user.click(get('nav-demo'));
  expect(((await find('correct-text')) as HTMLTextAreaElement).value).toContain('At seven.');
});

test('test pairs of a running study are not offered', async () => {
  const { bridge, user } = await open('#/demo');
  await bridge.createStudy({
    run: 'run-0001',
    name: 'S',
    kind: 'summaries',
    mode: 'criteria',
    criteria: null,
    systems: [],
    raters: ['Ada'],
    dialogues: 6,
    shared: null,
    seed: 1,
    repeats: 0,
    margin: 0.25,
    delta: 0.3,
  });
  await user.click(await find('demo-from-test'));
  await expect.poll(() => document.body.textContent).toContain(t.demo.allInStudy);
  expect((get('demo-input') as HTMLTextAreaElement).value).toBe('');
});
