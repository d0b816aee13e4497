// What a pasted text looks like before a model reads it: a conversation, or something that no summarizer was made for.
// Rules of thumb; the user may still go on.
import { fromText } from '../../dialogue_text';

/** Why a text does not look like a conversation; null if it does. */
export type Doubt = 'code' | 'one_voice' | 'no_names' | 'short' | null;

/** A line of a program or of markup rather than of speech. */
const CODE =
  /[;{}]\s*$|^\s*(#include|import |def |class |function |const |let |var |<\/?[a-z])|=>|\)\s*\{|^\s*[{[<]/;
/** Enough words for something to be summed up. */
const WORDS = 6;

export function doubtOf(text: string): Doubt {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  if (lines.length === 0) return null;
  if (lines.filter((line) => CODE.test(line)).length * 2 > lines.length) return 'code';
  const turns = fromText(text);
  const speakers = new Set(turns.map((turn) => turn.speaker).filter((name) => name !== ''));
  if (speakers.size === 0) return 'no_names';
  if (speakers.size === 1) return 'one_voice';
  const words = turns.flatMap((turn) => turn.text.match(/[\p{L}\p{N}]+/gu) ?? []);
  return words.length < WORDS ? 'short' : null;
}

/** A language or script as a language tag (`de`, `und-Cyrl`); null where it looks like English or cannot be told. */
export function languageOf(text: string): string | null {
  const letters = text.match(/\p{L}/gu) ?? [];
  const other = letters.filter((letter) => !/\p{Script=Latin}/u.test(letter));
  if (other.length * 3 > letters.length) {
    const scripts = other.map(
      (letter) => SCRIPTS.find((script) => new RegExp(`\\p{Script=${script}}`, 'u').test(letter)) ?? 'Zzzz',
    );
    const counted = SCRIPTS.map((script) => scripts.filter((found) => found === script).length);
    const most = Math.max(...counted);
    const script = SCRIPTS[counted.indexOf(most)];
    return most > 0 && script ? `und-${script}` : null;
  }
  const words: string[] = text.toLowerCase().match(/\p{L}+/gu) ?? [];
  const share = (list: string[]) =>
    words.length === 0 ? 0 : words.filter((word) => list.includes(word)).length / words.length;
  const english = share(COMMON.en);
  const best = (['de', 'fr', 'es'] as const)
    .map((language) => ({ language, share: share(COMMON[language]) }))
    .sort((a, b) => b.share - a.share)[0];
  return best && best.share > 0.06 && best.share > english * 1.5 ? best.language : null;
}

/** Scripts by ISO 15924, the commonest of the world's languages. */
const SCRIPTS = ['Cyrl', 'Arab', 'Hani', 'Hira', 'Kana', 'Hang', 'Deva', 'Grek', 'Hebr', 'Thai'];

/** The commonest short words of a language that others lack. */
const COMMON = {
  en: [
    'the',
    'and',
    'is',
    'it',
    'you',
    'to',
    'of',
    'that',
    'for',
    'are',
    'we',
    'i',
    'at',
    'on',
    'have',
    'do',
    'what',
  ],
  de: [
    'der',
    'die',
    'das',
    'und',
    'ist',
    'nicht',
    'ich',
    'wir',
    'ein',
    'eine',
    'es',
    'zu',
    'sie',
    'auf',
    'für',
    'den',
  ],
  fr: [
    'le',
    'la',
    'les',
    'et',
    'est',
    'je',
    'vous',
    'que',
    'un',
    'une',
    'pas',
    'pour',
    'des',
    'nous',
    'il',
    'ce',
  ],
  es: [
    'el',
    'los',
    'las',
    'y',
    'es',
    'que',
    'no',
    'un',
    'una',
    'por',
    'para',
    'con',
    'lo',
    'se',
    'te',
    'está',
  ],
};
