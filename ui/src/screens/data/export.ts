// A data set as a file: every pair in the form that the import reads.
import type { Example } from '../../bridge';
import { toText } from '../../dialogue_text';

export const formats = ['jsonl', 'json', 'csv', 'tsv'] as const;
export type Format = (typeof formats)[number];

const HEAD = ['id', 'dialogue', 'summary', 'split'];

/** A field as RFC 4180 has it; tabs and line breaks cannot be told from separators otherwise. */
const quoted = (field: string) => `"${field.replaceAll('"', '""')}"`;

const record = (pair: Example) => {
  const [first = '', ...more] = pair.references;
  return {
    id: pair.id,
    dialogue: toText(pair.turns),
    summary: more.length === 0 ? first : pair.references,
    split: pair.split,
  };
};

/** One line a pair in tables; only the first reference has a column there. */
export function exported(pairs: Example[], format: Format): string {
  if (format === 'json') return JSON.stringify(pairs.map(record), null, 1);
  if (format === 'jsonl') return pairs.map((pair) => `${JSON.stringify(record(pair))}\n`).join('');
  const separator = format === 'csv' ? ',' : '\t';
  const rows = pairs.map((pair) => [pair.id, toText(pair.turns), pair.references[0] ?? '', pair.split]);
  return [HEAD, ...rows].map((row) => `${row.map(quoted).join(separator)}\n`).join('');
}
