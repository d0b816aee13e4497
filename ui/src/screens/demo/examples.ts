// Conversations to try a summarizer on, of trades that the sample's was not trained on: they come with Duologue, in
// models/practice.
import lines from '../../../../models/practice/try.jsonl?raw';

/** A conversation that is offered. */
export interface TryOut {
  id: string;
  /** What it is about, in a few words. */
  title: string;
  dialogue: string;
}

/** Those in whose summaries by the sample's summarizer two readers found the fewest wrong facts (docs/demo.md), two of
 * each trade. */
const OFFERED = ['broadband-06', 'broadband-02', 'tenants-10', 'tenants-04'];

export const tryOuts: TryOut[] = lines
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as TryOut)
  .filter(({ id }) => OFFERED.includes(id));
