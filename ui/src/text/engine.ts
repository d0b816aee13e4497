// What the engine says in codes and keys, in the words of the window's language: errors, faults of a row and what a plan
// lacks by code, settings by key, models by name. Sentences of the engine's own files (settings, models) stay English
// where a language has no words for them.
import type {
  AppError,
  ImportIssue,
  Lack,
  Price,
  Remark,
  RowFault,
  SettingShape,
  SplitRule,
} from '../bridge';
import { catalogue } from './de/catalogue';
import { problems as german } from './de/problems';
import { recipe } from './de/recipe';
import { sources } from './de/sources';
import { problems as english } from './en/problems';
import { language } from './language.svelte';
import { rowWords, type Words } from './problem';

const none = { catalogue: {}, recipe: {}, sources: {} };
const words = { en: none, de: { catalogue, recipe, sources } };
const problems = { en: english, de: german };

function find<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

/** What a setting does. */
export const settingText = (key: string, english: string): string =>
  find<string>(words[language.now].recipe, key) ?? english;

/** Where a setting's default comes from. */
export const sourceText = (english: string): string =>
  find<string>(words[language.now].sources, english) ?? english;

/** Why the catalogue has a model. */
export const whyText = (model: { name: string; why: string }): string =>
  find<string>(words[language.now].catalogue, model.name) ?? model.why;

/** What a setting takes, as the object of a sentence (“a whole number, at least 1 and at most 100”). */
export const shapeText = (shape: SettingShape): string => problems[language.now].shape(shape);

/** What prevents a run. */
export const lackText = (lack: Lack): string => problems[language.now].lack(lack);

/** What a cheaper way costs. */
export const priceText = (price: Price): string => problems[language.now].prices[price];

/** What an import remarks on the data set as a whole. */
export const remarkText = (remark: Remark): string => problems[language.now].remark(remark);

/** How rows came into their splits. */
export const splitText = (rule: SplitRule): string => problems[language.now].splitRule(rule);

/** What happened and what to do; an old error without arguments keeps the words in which it was stored. */
export function errorText(error: AppError): Words {
  if ('message' in error) return { message: error.message, fix: error.fix };
  // The table has an entry for each code with that code's arguments, which TypeScript cannot follow through the union.
  const say = problems[language.now].errors[error.code] as (args: unknown) => Words;
  return say('args' in error ? error.args : undefined);
}

const awaits: RowFault['code'][] = ['missing_summary', 'empty_summary'];

/** What is wrong with a row and what helps. */
export function issueText({ fault, bad, more }: Pick<ImportIssue, 'fault' | 'bad' | 'more'>) {
  const { rows } = problems[language.now];
  const { reason, fix } = rowWords(rows, fault);
  return {
    reason: more > 0 ? `${reason} ${rows.more(more)}` : reason,
    fix: !bad && awaits.includes(fault.code) ? rows.waits : fix,
  };
}
