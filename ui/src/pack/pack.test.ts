import { expect, test } from 'vitest';
import type { AnswersHeader, DeskAct, PackAnswers, PackHeader, PackItems } from '../bridge';
import { readGolden, updateGolden } from '../../scripts/pack.js';
import { canonical, decrypt, encrypt, keysOf, toBase64, typed } from './cipher';
import { Pack, type Sealed, type Storage } from './pack';

const SECRET = '040G-2081-040G-2081-040G';

const words = (en: string, de: string) => ({ en, de });

const criterion = (key: string): PackItems['criteria'][number] => {
  const anchors = ['bad', 'poor', 'fair', 'good', 'best'];
  const text = { name: key, in_sentence: key, question: `${key}?`, anchors };
  return {
    key,
    scale: { kind: 'likert', points: 5 },
    higher_is_better: true,
    na: false,
    texts: { en: text, de: text },
  };
};

/** Two dialogues with two summaries each; the fields are in the order in which the program writes them. */
const items: PackItems = {
  title: 'Study',
  language: 'en',
  kind: 'summaries',
  mode: 'criteria',
  question: words('Which?', 'Welche?'),
  guideline: { version: '2', sha256: 'ab', text: words('Read.', 'Lesen Sie.') },
  criteria: [criterion('faithfulness'), criterion('fluency')],
  check: [{ text: words('Twice?', 'Zweimal?'), holds: true, why: words('Some do.', 'Manche.') }],
  warmup: null,
  dialogues: [1, 2].map((d) => ({
    d,
    turns: [
      { s: 'Ada', t: `Shall we meet at ${d}?` },
      { s: 'Ben', t: 'Um sieben – „ja“?' },
    ],
  })),
  items: [1, 2, 3, 4].map((i) => ({ i, d: Math.ceil(i / 2), text: `They meet, says summary ${i}.` })),
  steps: [
    { n: 0, d: 1, items: [1, 2] },
    { n: 1, d: 2, items: [3, 4] },
  ],
};

const header: PackHeader = {
  format: 'duologue.pack',
  version: 1,
  pack_id: 'pack-1',
  study_uid: 'u',
  rater: 'R2',
  seal: 'ef'.repeat(32),
  kdf: { name: 'PBKDF2-HMAC-SHA-256', iterations: 1000, salt: toBase64(new Uint8Array(16).fill(1)) },
  cipher: { name: 'AES-256-GCM', nonce: toBase64(new Uint8Array(12).fill(2)) },
};

function sealed(): Sealed {
  const { ciphertext, ...header } = JSON.parse(readGolden('pack.json')) as PackHeader & {
    ciphertext: string;
  };
  return { header, ciphertext };
}

class Memory implements Storage {
  kept: Record<string, string> = {};
  getItem(key: string) {
    return this.kept[key] ?? null;
  }
  setItem(key: string, value: string) {
    this.kept[key] = value;
  }
}

const press = (pack: Pack, step: number, act: DeskAct) =>
  pack.desk.press('', '', { step, act, time: { place: 0, active_ms: 1000, idle_ms: 10 } });

/** Rates the first dialogue. */
async function rateFirst(pack: Pack) {
  const { steps, criteria } = await pack.desk.desk();
  await press(pack, 0, { kind: 'note', place: 0, text: 'Ünklar – “odd”' });
  await press(pack, 0, { kind: 'flag', place: 0, flagged: true });
  for (let place = 0; place < (steps[0]?.items.length ?? 0); place += 1)
    for (const { key } of criteria) await press(pack, 0, { kind: 'score', place, criterion: key, score: 4 });
  return press(pack, 0, { kind: 'submit' });
}

test('a secret is read as it is heard', () => {
  expect(typed(' ooil 0000 0000-0000\t0001')).toBe('00110000000000000001');
  for (const wrong of ['', '0000', 'UUUU-0000-0000-0000-0000', `${'0'.repeat(21)}`, 'ä'])
    expect(typed(wrong)).toBeUndefined();
});

test('headers have the canonical form that the program authenticates', () => {
  expect(canonical({ b: 1, a: ['é\n', true, null], A: {} })).toBe('{"A":{},"a":["é\\n",true,null],"b":1}');
});

test('a pack has the form that the program reads, and answers are read again', async () => {
  const keys = await keysOf(typed(SECRET) ?? '', header.kdf);
  const ciphertext = await encrypt(keys.items, header.cipher.nonce, header, items);
  updateGolden('pack.json', `${JSON.stringify({ ...header, ciphertext })}\n`);
  expect(sealed()).toEqual({ header, ciphertext });
  const pack = await Pack.open(sealed(), SECRET.toLowerCase(), new Memory());
  const desk = await pack.desk.desk();
  expect([desk.slot, desk.steps.length, desk.introduced, desk.can_undo]).toEqual(['R2', 2, false, false]);
  expect(desk.steps[0]?.turns[0]?.speaker).toBe('Ada');
  expect((await rateFirst(pack))?.submitted).toBe(true);
  updateGolden('answers.duoanswers', await pack.file());
  const { ciphertext: answered, ...saving } = JSON.parse(
    readGolden('answers.duoanswers'),
  ) as AnswersHeader & {
    ciphertext: string;
  };
  const saved = await decrypt<PackAnswers>(pack.keys.answers, saving.cipher.nonce, saving, answered);
  const timeless = (answers: PackAnswers | undefined) =>
    JSON.stringify(answers, (key, value: unknown) => (key === 'at' ? 0 : value));
  expect(timeless(saved)).toBe(timeless(pack.desk.answers()));
  expect([saving.format, saving.revision, saving.locked]).toEqual(['duologue.answers', 1, false]);
});

test('a wrong secret and a changed file are refused', async () => {
  const fine = sealed();
  const wrong: [Sealed, string][] = [
    [fine, SECRET.replace('4', '5')],
    [fine, 'nothing'],
    [{ ...fine, header: { ...fine.header, rater: 'R1' } }, SECRET],
    [{ ...fine, ciphertext: `A${fine.ciphertext.slice(1)}` }, SECRET],
  ];
  for (const [file, secret] of wrong)
    await expect(Pack.open(file, secret, undefined)).rejects.toMatchObject({
      code: 'wrong_secret_or_changed',
    });
});

test('every press is kept, encrypted, and is there again after the page was closed', async () => {
  const memory = new Memory();
  const pack = await Pack.open(sealed(), SECRET, memory);
  await rateFirst(pack);
  await pack.file();
  await press(pack, 1, { kind: 'score', place: 1, criterion: 'fluency', score: 2 });
  const stored = Object.values(memory.kept).join('');
  expect(stored).not.toMatch(/fluency|odd|They meet/);
  const again = await Pack.open(sealed(), SECRET, memory);
  expect(again.desk.answers()).toEqual(pack.desk.answers());
  expect([again.saved.branch, again.saved.revision]).toEqual([pack.saved.branch, 1]);
  const step = await again.desk.undoPress();
  expect([step?.step, step?.items[1]?.scores]).toEqual([1, {}]);
  // Two people who share a pack are told apart.
  const other = await Pack.open(sealed(), SECRET, new Memory());
  expect(other.saved.branch).not.toBe(pack.saved.branch);
});

test('undo goes back to the beginning, and nothing changes after the lock', async () => {
  const pack = await Pack.open(sealed(), SECRET, undefined);
  const before = JSON.stringify((await pack.desk.desk()).steps);
  await rateFirst(pack);
  expect(pack.keeps).toBe(false);
  await expect(pack.desk.lockSet()).rejects.toMatchObject({ args: { case: 'unrated', open: 1, total: 2 } });
  await expect(
    press(pack, 0, { kind: 'score', place: 0, criterion: 'fluency', score: 1 }),
  ).rejects.toMatchObject({ code: 'unknown_item' });
  while ((await pack.desk.undoPress()) !== null) continue;
  const { steps } = await pack.desk.desk();
  expect(JSON.stringify(steps)).toBe(before);
  for (const step of steps) {
    for (let place = 0; place < step.items.length; place += 1)
      await press(pack, step.step, { kind: 'skip', place, reason: 'other' });
  }
  expect(await pack.desk.lockSet()).toBe('running');
  expect(pack.desk.answers().items.every((item) => item.state === 'skipped')).toBe(true);
  await expect(press(pack, 0, { kind: 'note', place: 0, text: 'x' })).rejects.toMatchObject({
    code: 'set_locked',
  });
});
