// How a table of a language words what can go wrong: one entry for each code of the engine, with that code's arguments.
// A code or an argument that is missing in a language does not type-check.
import type {
  ExampleKind,
  Lack,
  Price,
  Problem,
  Remark,
  RowFault,
  SettingShape,
  SplitRule,
  Thing,
} from '../bridge';

export interface Words {
  /** What happened and what it means. */
  message: string;
  /** What to do next; empty where nothing can be done. */
  fix: string;
}

type Code = Problem['code'];

export type Args<C extends Code> =
  Extract<Problem, { code: C }> extends { args: infer Given } ? Given : undefined;

export type ErrorWords = { [C in Code]: (args: Args<C>) => Words };

type RowCode = RowFault['code'];
type RowArgs<C extends RowCode> =
  Extract<RowFault, { code: C }> extends { args: infer Given } ? Given : undefined;

/** How a language words what is wrong with a row. */
export interface RowWords {
  /** What to do about a missing summary of a row that is kept without one. */
  waits: string;
  /** How many others it applies to. */
  more: (count: number) => string;
  faults: { [C in RowCode]: (args: RowArgs<C>) => { reason: string; fix: string } };
}

/** The words for a fault. The table has an entry for each code with that code's arguments, which TypeScript
 * cannot follow through the union. */
export function rowWords(rows: RowWords, fault: RowFault): { reason: string; fix: string } {
  const say = rows.faults[fault.code] as (args: unknown) => { reason: string; fix: string };
  return say('args' in fault ? fault.args : undefined);
}

/** Everything that the engine says in codes with arguments, in one language. */
export interface ProblemWords {
  errors: ErrorWords;
  rows: RowWords;
  lack: (lack: Lack) => string;
  prices: Record<Price, string>;
  /** What a setting takes, as the object of a sentence. */
  shape: (shape: SettingShape) => string;
  remark: (remark: Remark) => string;
  splitRule: (rule: SplitRule) => string;
}

export type Things = Record<Thing, string>;
export type Kinds = Record<ExampleKind, string>;
