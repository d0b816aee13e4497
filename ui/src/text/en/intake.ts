// The look at files before an import: how each was read, what was left out, what was guessed.
import type { AccountUnit, DateOrder, DropReason, Encoding, Language, Remark, Separator, Split } from '../../bridge';
import { names } from './names';

const list = (items: readonly string[]) => items.join(', ');
const count = (n: number) => n.toLocaleString('en');
const many = (n: number, singular: string, plural: string) => `${count(n)} ${n === 1 ? singular : plural}`;

const units: Record<AccountUnit, [string, string]> = {
  row: ['row', 'rows'],
  message: ['message', 'messages'],
  line: ['line', 'lines'],
  cue: ['caption', 'captions'],
  paragraph: ['paragraph', 'paragraphs'],
  mixed: ['piece', 'pieces'],
};

const encodings: Record<Encoding, string> = {
  'utf-8': 'UTF-8',
  'utf-16-le': 'UTF-16 (little-endian)',
  'utf-16-be': 'UTF-16 (big-endian)',
  cp1252: 'Windows-1252 (western Europe)',
  cp1250: 'Windows-1250 (central Europe)',
  cp1254: 'Windows-1254 (Turkish)',
  'iso8859-15': 'ISO 8859-15 (western Europe, euro)',
  'mac-roman': 'Mac Roman',
};

const separators: Record<Separator, string> = {
  comma: 'comma ( , )',
  semicolon: 'semicolon ( ; )',
  tab: 'tab',
  bar: 'vertical bar ( | )',
};

const reasons: Record<DropReason, string> = {
  system: 'system',
  media: 'media',
  deleted: 'deleted',
  call: 'calls',
  reaction: 'reactions',
  bot: 'bots',
  header: 'headings',
  time: 'times',
  footer: 'footers',
  tracked_deletion: 'tracked deletions',
  client: 'written by the app',
  empty: 'empty',
};

const orders: Record<DateOrder, string> = {
  day_first: 'day first',
  month_first: 'month first',
  year_first: 'year first',
};

const languages: Record<Language, string> = {
  en: 'English',
  de: 'German',
  fr: 'French',
  es: 'Spanish',
  it: 'Italian',
};

const splitName = (split: Split) => names.split[split];

function remark(found: Remark): string {
  switch (found.case) {
    case 'encoding_guessed':
      return `The file does not say how its letters are written; it was read as ${encodings[found.encoding]}.`;
    case 'columns_guessed':
      return `“${found.dialogue}” was taken for the dialogue and ${found.summaries.map((name) => `“${name}”`).join(' and ')} for the summary. Change it below if that is wrong.`;
    case 'turn_rows':
      return `Each row was taken for one turn: “${found.speaker}” says “${found.text}”${found.group === null ? '' : `, and “${found.group}” tells the conversations apart`}. That makes ${many(found.dialogues, 'conversation', 'conversations')}.`;
    case 'member_read':
      return found.members === 1
        ? `Of the archive, “${found.inside}” was read.`
        : `Of the archive, ${count(found.members)} members were read, the first is “${found.inside}”.`;
    case 'sheet_chosen':
      return `The sheet “${found.sheet}” was read, with its columns named in row ${found.header_row}.${found.others.length > 0 ? ` Not read: ${list(found.others)}.` : ''}`;
    case 'sessions_by_gap':
      return `The chat was divided into ${many(found.sessions, 'conversation', 'conversations')} wherever nobody wrote for ${many(found.gap_hours, 'hour', 'hours')}.`;
    case 'date_order_guessed':
      return `No date shows whether the day or the month stands first; they were read ${orders[found.order]}. This matters only for where the chat is divided.`;
    case 'one_split':
      return `Every example of the data set is “${splitName(found.split)}”: a run needs some for training, validation and test.`;
    case 'already_here':
      return `${many(found.rows, 'row is', 'rows are')} in the data set already and left out.`;
    case 'renamed':
      return `${many(found.rows, 'row has', 'rows have')} an id that another row has; a new one is given.`;
    case 'unsummarised':
      return `${many(found.rows, 'dialogue waits', 'dialogues wait')} for a summary: kept, and read by no run.`;
    case 'not_english':
      return `${many(found.dialogues, 'dialogue is', 'dialogues are')} ${languages[found.language]}. ROUGE reduces words to their stems by English rules, so its figures say less here, and small base models know English only.`;
  }
}

export const intake = {
  intake: {
    how: 'How the files were read',
    letters: 'Letters',
    cells: 'Cells divided by',
    asDetected: 'as detected',
    readAs: (encoding: Encoding) => `read as ${encodings[encoding]}`,
    right: (sample: string) => `“${sample}”: right?`,
    inside: (member: string) => `from “${member}”`,
    sheet: (name: string) => `sheet “${name}”`,
    encodings,
    separators,
    reasons,
    gap: 'Divide a chat after hours of silence',
    gapHint: 'Hours; 0 never divides. Usual: 8.',
    unsummarised: 'Keep dialogues without a summary, to write it later',
    remarks: 'What was decided for you',
    read: (n: number, unit: AccountUnit) => `${many(n, ...units[unit])} read`,
    outOf: (n: number) => `${count(n)} left out`,
    merged: (n: number) => `${count(n)} joined to the turn before`,
    skipped: (n: number) => `${count(n)} in rows that stay out`,
    allUsed: 'nothing left out',
    showReason: (n: number, reason: DropReason) => `${count(n)} ${reasons[reason]}`,
    at: 'Place',
    text: 'Text',
    letBack: (reason: DropReason) => `Let these back in: ${reasons[reason]}`,
    takeOut: (reason: DropReason) => `Leave out again: ${reasons[reason]}`,
    more: (n: number) => `and ${count(n)} more`,
    remark,
  },
};
