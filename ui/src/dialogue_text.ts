// A dialogue as the text that people write, one turn a line, and back.
import type { Turn } from './bridge';

const LINE = /^([^:\n]{1,40}): (.*)$/;

export const toText = (turns: Turn[]): string =>
  turns.map((turn) => (turn.speaker === '' ? turn.text : `${turn.speaker}: ${turn.text}`)).join('\n');

/** A line that names nobody becomes a turn without speaker. */
export const fromText = (text: string): Turn[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => {
      const [, speaker, words] = LINE.exec(line) ?? [];
      return { speaker: speaker ?? '', text: words ?? line };
    });

/** Whether a text begins like a dialogue. */
export const looksLikeDialogue = (text: string): boolean =>
  text.split('\n', 2).filter((line) => LINE.test(line)).length === 2;
