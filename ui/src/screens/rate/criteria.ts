// A criterion while somebody writes it: its points are lines of text, and a language may be left empty.
import type { Criterion, CriterionText } from '../../bridge';

const FEWEST = 2;
const MOST = 10;

export interface WrittenText {
  name: string;
  in_sentence: string;
  question: string;
  /** What each point means, the lowest first, one a line. */
  anchors: string;
}

export interface WrittenCriterion {
  /** Empty for a new one. */
  key: string;
  binary: boolean;
  higher_is_better: boolean;
  na: boolean;
  en: WrittenText;
  de: WrittenText;
}

export type Lack = 'words' | 'points' | 'languages' | 'binary';

const blank = (): WrittenText => ({ name: '', in_sentence: '', question: '', anchors: '' });

export const fresh = (): WrittenCriterion => ({
  key: '',
  binary: false,
  higher_is_better: true,
  na: false,
  en: blank(),
  de: blank(),
});

const opened = (text: CriterionText | null): WrittenText =>
  text ? { ...text, anchors: text.anchors.join('\n') } : blank();

export const edited = ({ key, scale, higher_is_better, na, texts }: Criterion): WrittenCriterion => ({
  key,
  binary: scale.kind === 'binary',
  higher_is_better,
  na,
  en: opened(texts.en),
  de: opened(texts.de),
});

const lines = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

const isBegun = (text: WrittenText): boolean =>
  Object.values(text).some((words: string) => words.trim() !== '');
const isWhole = (text: WrittenText): boolean =>
  text.name.trim() !== '' && text.question.trim() !== '' && lines(text.anchors).length > 0;

/** What a criterion lacks before raters can be asked for it. */
export function lackOf(written: WrittenCriterion): Lack | undefined {
  const begun = [written.en, written.de].filter(isBegun);
  if (begun.length === 0 || !begun.every(isWhole)) return 'words';
  const points = begun.map((text) => lines(text.anchors).length);
  if (new Set(points).size > 1) return 'languages';
  const [count = 0] = points;
  if (written.binary) return count === 2 ? undefined : 'binary';
  return count >= FEWEST && count <= MOST ? undefined : 'points';
}

/** The word under which scores are stored, which no other criterion has. */
function keyFor(name: string, taken: string[]): string {
  const plain = name
    .toLowerCase()
    .normalize('NFKD')
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '');
  const word = plain || 'criterion';
  let key = word;
  for (let number = 2; taken.includes(key); number += 1) key = `${word}_${number}`;
  return key;
}

const said = (text: WrittenText): CriterionText | null =>
  isBegun(text)
    ? {
        name: text.name.trim(),
        in_sentence: text.in_sentence.trim() || text.name.trim(),
        question: text.question.trim(),
        anchors: lines(text.anchors),
      }
    : null;

/** The criterion as a study asks it. */
export function asAsked(written: WrittenCriterion, taken: string[]): Criterion {
  const [en, de] = [said(written.en), said(written.de)];
  const points = (en ?? de)?.anchors.length ?? 0;
  return {
    key: written.key || keyFor((en ?? de)?.name ?? '', taken),
    scale: written.binary ? { kind: 'binary' } : { kind: 'likert', points },
    higher_is_better: written.higher_is_better,
    na: written.na,
    texts: { en, de },
  };
}
