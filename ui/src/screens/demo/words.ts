// How much of a summary a person changed, in words.

const wordsOf = (text: string) => text.split(/\s+/).filter(Boolean);

/** The smallest number of words put in, taken out or replaced (Levenshtein over words). */
export function wordDistance(before: string, after: string): number {
  const [from, to] = [wordsOf(before), wordsOf(after)];
  let row = to.map((_, index) => index + 1);
  row.unshift(0);
  for (const [i, word] of from.entries()) {
    const next = [i + 1];
    for (const [j, other] of to.entries()) {
      const replaced = (row[j] ?? 0) + Number(word !== other);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

export const wordCount = (text: string): number => wordsOf(text).length;
