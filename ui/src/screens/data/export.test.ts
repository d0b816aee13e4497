import { expect, test } from 'vitest';
import { example } from '../../bridge/fake_data';
import { exported } from './export';

const pair = {
  ...example(0),
  turns: [
    { speaker: 'Ada', text: 'She said "no", twice.' },
    { speaker: '', text: 'A door.' },
  ],
  references: ['A "no".', 'Second.'],
};

test('JSON keeps every reference, tables the first, and quotes are doubled', () => {
  expect(JSON.parse(exported([pair], 'jsonl'))).toEqual({
    id: 'ex-0001',
    dialogue: 'Ada: She said "no", twice.\nA door.',
    summary: ['A "no".', 'Second.'],
    split: 'train',
  });
  expect(JSON.parse(exported([pair, pair], 'json'))).toHaveLength(2);
  expect(exported([pair], 'csv')).toBe(
    '"id","dialogue","summary","split"\n"ex-0001","Ada: She said ""no"", twice.\nA door.","A ""no"".","train"\n',
  );
  expect(exported([pair], 'tsv').split('\t')).toHaveLength(7);
});
