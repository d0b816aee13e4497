import { expect, test } from 'vitest';
import { find, get, open, query, text } from '../../testing';
import { language, t } from '../../text';
import { pasted } from './dropped';

test('a file is checked before it is imported', async () => {
  const { bridge, user } = await open('#/data');
  expect(text(await find('import-check'))).toBe('Name a file first');
  await user.type(get('import-path'), '/home/ada/notes.jsonl');
  expect((get('import-name') as HTMLInputElement).value).toBe('notes');
  await user.click(get('import-check'));
  expect(text(await find('import-read'))).toBe('60');
  expect(bridge.datasetList.map((one) => one.name)).not.toContain('notes');
  await user.click(get('import-confirm'));
  await find('dataset-notes');
  expect(query('import-preview')).toBeNull();
});

test('bad rows are listed and stay out only when the user says so', async () => {
  const { bridge, user } = await open('#/data');
  await user.type(await find('import-path'), '/home/ada/bad.csv');
  await user.click(get('import-check'));
  expect(text(await find('import-issues'))).toContain('The summary is empty.');
  expect((get('import-confirm') as HTMLButtonElement).disabled).toBe(true);
  bridge.mended = true;
  await user.click(get('import-again'));
  await expect.poll(() => query('import-issues')).toBeNull();
  bridge.mended = false;
  await user.clear(get('import-path'));
  await user.type(get('import-path'), '/home/ada/bad.csv');
  await user.click(get('import-check'));
  await user.click(await find('import-skip-bad'));
  expect(text(get('import-confirm'))).toBe('Import 58 examples');
  await user.click(get('import-confirm'));
  await find('dataset-bad');
  expect(bridge.datasetList[0]?.n).toBe(58);
});

test('a missing file says what happened and what to do', async () => {
  const { user } = await open('#/data');
  await user.type(await find('import-path'), '/home/ada/missing.csv');
  await user.click(get('import-check'));
  expect(text(await find('error-card'))).toContain('Check the name and the folder.');
  expect(get('error-card').dataset['code']).toBe('not_found');
  expect(text(get('error-card'))).not.toContain('not_found');
});

test('changing the path takes the preview away', async () => {
  const { user } = await open('#/data');
  await user.type(await find('import-path'), '/home/ada/notes.jsonl');
  await user.click(get('import-check'));
  await find('import-preview');
  await user.type(get('import-path'), '2');
  expect(query('import-preview')).toBeNull();
});

test('only the examples in sight are in the page, and the arrows move the choice', async () => {
  const { user } = await open('#/data');
  await user.click(await find('dataset-open-support-desk'));
  expect(text(await find('examples-total'))).toBe('148 examples');
  await expect.poll(() => get('examples').children.length).toBeGreaterThan(5);
  expect(get('examples').children.length).toBeLessThan(40);
  get('examples').focus();
  await user.keyboard('{ArrowDown}');
  await expect.poll(() => text(get('example'))).toContain('ex-0002');
  await user.keyboard('{End}');
  await expect.poll(() => text(get('example'))).toContain('ex-0148');
});

test('a role chosen for a column is tried at once; without a summary nothing can be imported', async () => {
  const { user } = await open('#/data');
  await user.type(await find('import-path'), '/home/ada/notes.jsonl');
  await user.click(get('import-check'));
  await user.selectOptions(await find('role-summary'), 'none');
  expect(text(get('import-banner'))).toContain('Needs mapping');
  expect((get('import-confirm') as HTMLButtonElement).disabled).toBe(true);
  await user.selectOptions(get('role-topic'), 'summary');
  await expect.poll(() => text(get('import-banner'))).toContain('Detected');
  expect((get('role-topic') as HTMLSelectElement).value).toBe('summary');
});

test('a pasted table is kept as a file and checked', async () => {
  const { bridge } = await open('#/data');
  await find('import-path');
  const clipboardData = new DataTransfer();
  clipboardData.setData('text', 'dialogue\tsummary\nA: Hi.\tThey greet.');
  document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true }));
  await find('import-preview');
  expect(bridge.kept.map((one) => one.name)).toEqual(['pasted.tsv']);
  expect((get('import-name') as HTMLInputElement).value).toBe('pasted');
});

test.for([
  { content: 'dialogue,summary\nA: Hi.,They greet.', ending: 'csv' },
  { content: 'Ann: Hi.\nBo: Hi.\nSummary: They greet.', ending: 'txt' },
  { content: 'WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ann>Hi.', ending: 'txt' },
  { content: '1\n00:00:01,000 --> 00:00:02,000\nAnn: Hi.', ending: 'txt' },
])('a pasted text ends as it reads: $content', ({ content, ending }) => {
  expect(pasted(content, 'pasted').name).toBe(`pasted.${ending}`);
});

test('duplicates across splits are listed', async () => {
  const { user } = await open('#/data');
  await user.type(await find('import-path'), '/home/ada/leak.jsonl');
  await user.click(get('import-check'));
  expect(text(await find('import-leaks'))).toContain('row-7 equals row-52');
});

test('doubts are named with their way out; removing them can be undone', async () => {
  const { user } = await open('#/data/support-desk');
  await user.click(await find('doubts-check'));
  await find('doubt-duplicate');
  await user.click(get('doubt-unknown_name'));
  expect(text(get('doubts'))).toContain('“Robert” is in the summary but not in the dialogue.');
  await user.click(get('doubt-duplicate'));
  expect(text(get('doubts'))).toContain('The same dialogue as number 1.');
  await user.click(get('doubts-remove-all'));
  await expect.poll(() => text(get('examples-total'))).toBe('145 examples');
  await user.keyboard('{Control>}z{/Control}');
  await expect.poll(() => text(get('examples-total'))).toBe('148 examples');
  expect(query('pair-undo')).toBeNull();
});

test('pairs longer than a context are named once a model is chosen, and the choice is kept', async () => {
  const { bridge, user } = await open('#/data/support-desk');
  await user.click(await find('doubts-check'));
  expect(text(await find('doubts-context'))).toContain('No model chosen');
  expect(query('doubt-too_long')).toBeNull();
  await user.selectOptions(get('doubts-model'), '/home/ada/models/dialog-7m');
  await user.click(await find('doubt-too_long'));
  expect(text(get('doubts'))).toContain('2210 tokens with its summary');
  expect(text(get('doubts-context'))).toContain('counted with this model’s own tokenizer');
  expect(bridge.settings['doubt_model']).toBe('/home/ada/models/dialog-7m');
});

test('the preview shows the cells as they stand in the file', async () => {
  const { user } = await open('#/data');
  await user.type(await find('import-path'), '/home/ada/notes.jsonl');
  await user.click(get('import-check'));
  const cells = (await find('import-cells')).querySelector('tbody tr');
  expect(cells?.querySelectorAll('td').length).toBe(4);
  expect(text(cells as HTMLElement)).toContain('Moving house');
});

/** Takes the last change back, as soon as it is made. */
async function undo(user: Awaited<ReturnType<typeof open>>['user']) {
  await expect.poll(() => (query('pair-undo') as HTMLButtonElement | null)?.disabled).toBe(false);
  await user.click(get('pair-undo'));
}

test('a pair is edited, added and removed, each with its undo', async () => {
  const { bridge, user } = await open('#/data/support-desk');
  await find('example');
  await user.keyboard('e');
  const summary = await find('pair-summary');
  await user.clear(summary);
  expect(text(get('pair-save'))).toBe('Write a summary');
  await user.type(summary, 'A van.');
  await user.click(get('pair-save'));
  await expect.poll(() => text(get('example'))).toContain('A van.');
  expect(text(get('example'))).toContain('Edited');
  await undo(user);
  await expect.poll(() => text(get('example'))).toContain('Imported');
  await user.click(get('pair-new'));
  await user.click(await find('pair-dialogue'));
  await user.paste('Ada: Friday?\nBen: Friday.');
  await user.type(get('pair-summary'), 'They meet.');
  await user.click(get('pair-save'));
  await expect.poll(() => text(get('examples-total'))).toBe('149 examples');
  const [made] = (await bridge.examples('support-desk', 148, 1)).rows;
  expect(made?.turns).toEqual([
    { speaker: 'Ada', text: 'Friday?' },
    { speaker: 'Ben', text: 'Friday.' },
  ]);
  await undo(user);
  await expect.poll(() => text(get('examples-total'))).toBe('148 examples');
});

test('the pairs are exported in the form that is chosen', async () => {
  const { bridge, user } = await open('#/data/support-desk');
  await user.click(await find('pairs-export'));
  await user.click(await find('format-csv'));
  await user.click(get('export-save'));
  await expect.poll(() => bridge.saved[0]?.name).toBe('support-desk.csv');
});

test('a German window says in German how rows came into their splits', async () => {
  const { user } = await open('#/data');
  language.now = 'de';
  await user.type(await find('import-path'), '/home/ada/notes.jsonl');
  await user.click(get('import-check'));
  expect(text(await find('import-preview'))).toContain('gezogen mit Startwert 0');
  language.now = 'en';
});

test('a list that cannot be fetched says why, and is asked for again', async () => {
  const { bridge, user } = await open('#/settings');
  const { datasets } = bridge;
  const failure = { code: 'disk_full', args: { file: 'duologue.db', room: null } };
  bridge.datasets = () => Promise.reject(failure);
  await user.click(get('nav-data'));
  expect(text(await find('error-card'))).toContain('Try again');
  bridge.datasets = datasets;
  await user.click(get('load-retry'));
  await find('datasets');
  expect(query('error-card')).toBeNull();
});

test('the form of an import and its check stay while another screen is looked at', async () => {
  const { user } = await open('#/data');
  await user.type(await find('import-path'), '/home/ada/notes.jsonl');
  await user.click(get('import-check'));
  await find('import-preview');
  await user.click(get('nav-models'));
  await user.click(get('nav-data'));
  expect(((await find('import-path')) as HTMLInputElement).value).toBe('/home/ada/notes.jsonl');
  expect((get('import-name') as HTMLInputElement).value).toBe('notes');
  get('import-preview');
});

test('one bad row is one row', async () => {
  const { bridge, user } = await open('#/data');
  const { inspect } = bridge;
  bridge.inspect = async (request) => ({ ...(await inspect.call(bridge, request)), bad_rows: 1 });
  await user.type(await find('import-path'), '/home/ada/bad.csv');
  await user.click(get('import-check'));
  await find('import-skip-bad');
  expect(text(get('import-preview'))).toContain('Leave the 1 problem row out');
});

/** Checks a file whose first rows are changed. */
async function checked(change: (turns: { speaker: string; text: string }[]) => typeof turns, imported = 60) {
  const opened = await open('#/data');
  const { inspect } = opened.bridge;
  opened.bridge.inspect = async (request) => {
    const report = await inspect.call(opened.bridge, request);
    const sample = report.sample.map((row) => ({ ...row, turns: change(row.turns) }));
    return { ...report, sample, imported };
  };
  await opened.user.type(await find('import-path'), '/home/ada/notes.jsonl');
  await opened.user.click(get('import-check'));
  return text(await find('import-banner'));
}

test('where nobody is named the preview is amber and says what to do', async () => {
  expect(await checked((turns) => turns.map((turn) => ({ ...turn, speaker: '' })))).toContain(
    'no turn says who speaks. Name the speakers under “Speakers”',
  );
  expect(get('import-banner').classList.contains('check')).toBe(true);
});

test('one person alone is warned of', async () => {
  expect(await checked((turns) => turns.map((turn) => ({ ...turn, speaker: 'Ada' })))).toContain(
    'only one person speaks',
  );
});

test('a tiny set is warned of', async () => {
  expect(await checked((turns) => turns, 3)).toContain('3 examples are too few');
});

test('a dialogue that goes on beyond the preview says so', async () => {
  await checked((turns) => [...turns, ...turns]);
  const marks = [...get('import-preview').querySelectorAll<HTMLElement>('[data-testid=import-cut]')];
  expect(marks.map(text)).toEqual([
    '… and 7 more turns, which are not shown here',
    '… and 9 more turns, which are not shown here',
  ]);
});

test('a dialogue without a summary has a box that saves as one types', async () => {
  const { bridge, user } = await open('#/data/support-desk');
  await find('example');
  const [first] = (await bridge.examples('support-desk', 0, 1)).rows;
  if (!first) throw new Error('no pair');
  await bridge.editExample('support-desk', { ...first, references: [] });
  await user.click(get('nav-home'));
  location.hash = '#/data/support-desk';
  await user.type(await find('summary-box'), 'Mara has a van.');
  const kept = async () => (await bridge.examples('support-desk', 0, 1)).rows[0]?.references;
  await expect.poll(kept, { timeout: 3000 }).toEqual(['Mara has a van.']);
  await user.type(get('summary-box'), ' Theo brings tape.');
  await user.click(get('nav-home'));
  await expect.poll(kept).toEqual(['Mara has a van. Theo brings tape.']);
});

test('a pair that is being typed survives a stray key and another screen', async () => {
  const { user } = await open('#/data/support-desk');
  await user.click(await find('pair-new'));
  await user.type(await find('pair-summary'), 'They meet.');
  get('pair-editor').querySelector<HTMLButtonElement>('.close')?.click();
  await user.click(get('nav-home'));
  location.hash = '#/data/support-desk';
  await user.click(await find('pair-new'));
  expect(((await find('pair-summary')) as HTMLTextAreaElement).value).toBe('They meet.');
  await user.click(get('pair-cancel'));
  await user.click(await find('pair-new'));
  expect(((await find('pair-summary')) as HTMLTextAreaElement).value).toBe('');
});

test('what was changed can still be undone after another screen', async () => {
  const { user } = await open('#/data/support-desk');
  await user.click(await find('pair-remove'));
  await expect.poll(() => text(get('examples-total'))).toBe('147 examples');
  await user.click(get('nav-home'));
  location.hash = '#/data/support-desk';
  await find('pair-undo');
  await undo(user);
  await expect.poll(() => text(get('examples-total'))).toBe('148 examples');
});

test('dialogues without a summary are kept where the user wants to write them', async () => {
  const { bridge, user } = await open('#/data');
  await user.type(await find('import-path'), '/home/ada/bad.csv');
  await user.click(get('import-check'));
  const asked: boolean[] = [];
  const { inspect } = bridge;
  bridge.inspect = async (request) => {
    asked.push(request.keep_unsummarised);
    return { ...(await inspect.call(bridge, request)), bad_rows: 0, unsummarised: 1 };
  };
  await user.click(await find('import-keep-open'));
  await expect.poll(() => asked).toEqual([true]);
  expect((get('import-keep-open') as HTMLInputElement).checked).toBe(true);
});

test('a file of dialogues alone is kept where the user says which column holds them', async () => {
  const { bridge, user } = await open('#/data');
  await user.type(await find('import-path'), '/home/ada/notes.jsonl');
  await user.click(get('import-check'));
  await user.selectOptions(await find('role-summary'), 'none');
  expect(text(get('import-banner'))).toContain('Needs mapping');
  const asked: [string, boolean][] = [];
  const { inspect } = bridge;
  bridge.inspect = async (request) => {
    asked.push([request.map, request.keep_unsummarised]);
    return inspect.call(bridge, request);
  };
  await user.click(await find('import-keep-open'));
  await expect.poll(() => asked).toHaveLength(1);
  const [map, keeps] = asked[0] ?? [];
  expect(keeps).toBe(true);
  expect(map).toContain('dialogue=dialogue');
  expect(map).not.toContain('summary=');
});

test('references of a running study are held back, and the page says why', async () => {
  const { bridge, user } = await open('#/data');
  const study = {
    run: 'run-0001',
    name: 'S',
    kind: 'summaries' as const,
    mode: 'criteria' as const,
    criteria: null,
    systems: [],
    raters: ['Ada'],
    dialogues: 6,
    shared: null,
    seed: 1,
    repeats: 0,
    margin: 0.25,
    delta: 0.3,
  };
  await bridge.createStudy(study);
  await user.click(await find('dataset-open-support-desk'));
  await find('examples-total');
  get('examples').focus();
  await user.keyboard('{ArrowDown}{ArrowDown}{ArrowDown}{ArrowDown}');
  expect(text(await find('example-in-study'))).toBe(t.data.inStudyWhy);
  expect([query('pair-edit'), query('summary-box')]).toEqual([null, null]);
  expect(text(get('examples'))).toContain(t.data.inStudy);
  await user.click(get('pairs-export'));
  expect(text(await find('export-held-back'))).toContain('pairs are in a running study');
  await bridge.closeStudy('1');
  const { rows } = await bridge.examples('support-desk', 4, 1);
  expect(rows[0]?.references).toHaveLength(1);
});
