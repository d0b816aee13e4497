// The words of a criterion in the language of the window; where they are missing, the other language's.
import type { Criterion, Words } from '../../bridge';
import { language, type Language } from '../../text';

export interface Spoken {
  lang: Language;
  name: string;
  question: string;
  anchors: string[];
}

export function spoken(criterion: Criterion): Spoken {
  const order: Language[] = language.now === 'de' ? ['de', 'en'] : ['en', 'de'];
  for (const lang of order) {
    const words = criterion.texts[lang];
    if (words) return { lang, name: words.name, question: words.question, anchors: words.anchors };
  }
  return { lang: language.now, name: criterion.key, question: '', anchors: [] };
}

export const points = (criterion: Criterion): number =>
  criterion.scale.kind === 'likert' ? criterion.scale.points : 2;

/** A text in the language of the window. */
export const inWords = (words: Words): string => words[language.now];
