// A value of the recipe as it is typed: whether the setting takes it, said in the window's words with its range.
import type { RecipeRule, SettingShape } from '../../bridge';
import { count, listed } from '../../format';
import { ruleText, t } from '../../text';

/** A number as it is typed and as TOML reads it. */
const NUMBER = /^[+-]?(\d+(\.\d+)?|\.\d+)(e[+-]?\d+)?$/i;

const rules: Record<RecipeRule, (x: number) => boolean> = {
  finite: (x) => Number.isFinite(x),
  at_least_one: (x) => x >= 1,
  positive_factors: (x) => x > 0,
  zero_to_below_one: (x) => x >= 0 && x < 1,
  above_zero_to_one: (x) => x > 0 && x <= 1,
  zero_to_one: (x) => x >= 0 && x <= 1,
  positive: (x) => x > 0,
  not_negative: (x) => x >= 0,
  above_zero: (x) => x > 0,
  zero_to_below_half: (x) => x >= 0 && x < 0.5,
  // These depend on other settings: the plan says so.
  compared: () => true,
  sigmoid_or_robust: () => true,
  two_for_fixed_ratio: () => true,
};

/** The words of a list as it is typed. */
export const parts = (text: string): string[] =>
  text
    .replace(/^\[|\]$/g, '')
    .split(',')
    .map((part) => part.trim().replace(/^"|"$/g, ''))
    .filter((part) => part !== '');

/** What a setting takes, as a sentence. */
export function takes(shape: SettingShape): string {
  switch (shape.kind) {
    case 'whole':
      return t.runs.takes.whole(count(shape.min));
    case 'number':
      return shape.rule ? t.runs.takes.ruled(ruleText(shape.rule)) : t.runs.takes.number;
    case 'numbers':
      return t.runs.takes.numbers;
    case 'word':
      return t.runs.takes.word(listed(shape.words));
    case 'words':
      return t.runs.takes.words(listed(shape.words));
    case 'flag':
      return t.runs.takes.flag;
    case 'text':
      return t.runs.takes.text;
  }
}

/** Whether a setting takes a value. */
export function isTaken(shape: SettingShape, value: string): boolean {
  const text = value.trim();
  const inRule = (rule: RecipeRule | null, number: string) =>
    NUMBER.test(number) && Number.isFinite(Number(number)) && (rule === null || rules[rule](Number(number)));
  switch (shape.kind) {
    case 'whole':
      return /^\d{1,15}$/.test(text) && Number(text) >= shape.min;
    case 'number':
      return inRule(shape.rule, text);
    case 'numbers':
      return parts(text).length > 0 && parts(text).every((part) => inRule(shape.rule, part));
    case 'word':
      return shape.words.includes(text);
    case 'words':
      return parts(text).every((part) => shape.words.includes(part));
    case 'flag':
      return text === 'true' || text === 'false';
    case 'text':
      return text !== '';
  }
}
