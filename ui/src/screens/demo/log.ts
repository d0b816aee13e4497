// What happened in a demo since it was opened, to be saved: the workspace does not keep it.
import type { DemoSide } from '../../bridge';
import type { Answer } from './answer.svelte';

/** A dialogue and what was written about it. */
export interface LogEntry {
  at: string;
  dialogue: string;
  summaries: { writer: string; text: string; seconds: number | null }[];
  /** Whether the writers were hidden, and which was found better then. */
  blind: boolean;
  vote: DemoSide | null;
}

export function entryOf(dialogue: string, answers: Answer[], blind: boolean): LogEntry {
  const summaries = answers.map(({ label, text, totalMs, by }) => ({
    writer: label,
    text,
    seconds: by.choice === null ? null : Math.round(totalMs) / 1000,
  }));
  return { at: new Date().toISOString(), dialogue, summaries, blind, vote: null };
}

/** One object a line. */
export const logText = (entries: LogEntry[]): string =>
  entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
