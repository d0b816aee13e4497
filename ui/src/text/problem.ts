// How a table of a language words what can go wrong: one entry for each code of the engine, with that code's arguments.
// A code or an argument that is missing in a language does not type-check.
import type {
  ExampleKind,
  IssueCode,
  Lack,
  Price,
  Problem,
  RecipeRule,
  Remark,
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

/** Everything that the engine says in codes with arguments, in one language. */
export interface ProblemWords {
  errors: ErrorWords;
  issues: Record<IssueCode, { reason: string; fix: string }>;
  lack: (lack: Lack) => string;
  prices: Record<Price, string>;
  rules: Record<RecipeRule, string>;
  remark: (remark: Remark) => string;
  splitRule: (rule: SplitRule) => string;
}

export type Things = Record<Thing, string>;
export type Kinds = Record<ExampleKind, string>;
