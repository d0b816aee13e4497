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

/** Those whose summaries by the sample's summarizer keep the facts best (docs/demo.md), of both trades. */
const OFFERED = ['broadband-03', 'broadband-06', 'tenants-04', 'tenants-08'];

export const tryOuts: TryOut[] = lines
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as TryOut)
  .filter(({ id }) => OFFERED.includes(id));
