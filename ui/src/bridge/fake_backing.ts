// What supports a summary, as the fake bridge finds it: by whole words, and figures alone.
import { fromText } from '../dialogue_text';
import type { BackedFact, BackedSentence, Backing, SummaryToBack } from './bindings';

const words = (text: string) => new Set(text.toLowerCase().match(/\p{L}{4,}|\d+/gu) ?? []);
const figures = (text: string) => text.match(/\d[\d:.,]*\d|\d/g) ?? [];

export function backing({ dialogue, summary, reference }: SummaryToBack): Backing {
  const turns = fromText(dialogue);
  const sentences = (summary.match(/[^.!?]+[.!?]?/g) ?? []).map((text) => text.trim()).filter(Boolean);
  const backed = sentences.map((text): BackedSentence => {
    const asked = words(text);
    const found = turns.flatMap(({ speaker, text: spoken }, place) => {
      const shared = [...words(`${speaker} ${spoken}`)].filter((word) => asked.has(word)).length;
      const support = shared / Math.max(1, asked.size);
      const number = place + 1;
      return support >= 0.15 ? [{ first: number, last: number, speaker, text: spoken, support }] : [];
    });
    return { text, turns: found.sort((a, b) => b.support - a.support).slice(0, 3) };
  });
  const facts = figures(summary).map((text): BackedFact => ({
    kind: 'number',
    status: dialogue.includes(text) ? 'kept' : 'invented',
    text,
  }));
  const missing = figures(reference ?? '')
    .filter((text) => dialogue.includes(text) && !summary.includes(text))
    .map((text): BackedFact => ({ kind: 'number', status: 'missing', text }));
  return {
    sentences: backed,
    facts: [...facts, ...missing],
    caveat: { en: 'It does not judge meaning.', de: 'Über den Sinn sagt es nichts.' },
  };
}
