// What the engine finds in a file, in a plan and in a division of rows, by code and values.
import type { DateOrder, Encoding } from '../../bridge';
import type { ProblemWords } from '../problem';
import { errors, kinds, shape } from './errors';
import { names } from './names';
import { rows } from './rows';

const languages = new Intl.DisplayNames('en', { type: 'language' });
const encodings: Record<Encoding, string> = {
  'utf-8': 'UTF-8',
  'utf-16-le': 'UTF-16',
  'utf-16-be': 'UTF-16 (big-endian)',
  'utf-32-le': 'UTF-32',
  'utf-32-be': 'UTF-32 (big-endian)',
  cp1252: 'Windows-1252',
  cp1250: 'Windows-1250',
  cp1254: 'Windows-1254',
  'iso8859-15': 'ISO 8859-15',
  'mac-roman': 'Mac Roman',
};
const orders: Record<DateOrder, string> = {
  day_first: 'the day first',
  month_first: 'the month first',
  year_first: 'the year first',
};
const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;

export const problems: ProblemWords = {
  errors,
  shape,
  rows,
  lack: (lack) => {
    switch (lack.case) {
      case 'examples':
        return `${kinds[lack.kind]}: the recipe asks for ${lack.need}, the data set has ${lack.have}`;
      case 'speakers':
        return `dialogues with two speakers: ${lack.several} of ${lack.dialogues} have them; check under Data how the speakers were read`;
      case 'summaries':
        return `summaries to learn from: of ${lack.dialogues}, ${lack.empty} are empty and ${lack.long} are longer than their dialogues; check under Data which column was read as the summary`;
      case 'model':
        return `the model ${lack.hub_id} is not on this computer; download it under Models`;
      case 'memory':
        return `memory: ${gigabytes(lack.need_bytes)} are needed, ${gigabytes(lack.free_bytes)} are free`;
      case 'setting':
        return `the setting ${lack.field}, which this version does not have yet`;
      case 'time':
        return `time: the least that can be asked for takes about ${Math.ceil(lack.need_s / 60)} minutes, but there are only ${Math.floor(lack.within_s / 60)}`;
      case 'disk':
        return `disk space: ${gigabytes(lack.need_bytes)} are needed, ${gigabytes(lack.free_bytes)} are free`;
    }
  },
  prices: {
    recompute: 'The same results bit for bit; trainings take about 1.3 times as long.',
    rounding: 'Same results up to rounding; somewhat slower.',
    eight_bits: 'The base model’s weights are rounded to 8 bits; its time is not measured.',
    four_bits:
      'The base model’s weights are rounded to 4.5 bits, texts may get worse; its time is not measured.',
    short_dialogues: 'Longer dialogues are never written.',
    fewer_examples: 'As many pairs as the data set has.',
    smaller_model: 'A smaller model, with plainer texts.',
  },
  remark: (remark) => {
    switch (remark.case) {
      case 'one_split':
        return `Every example of the data set is in “${names.split[remark.split]}”. A run needs some for training, validation and test: import more, or choose what a file is for.`;
      case 'already_here':
        return `Already in the data set and left out: ${remark.rows}.`;
      case 'renamed':
        return `Stored under a new id, because another row has theirs: ${remark.rows}.`;
      case 'unsummarised':
        return `Dialogues that wait for a summary: ${remark.rows}. They are kept, and no run reads them.`;
      case 'encoding_guessed':
        return `Read as ${encodings[remark.encoding]}${remark.sample === null ? '' : `: “${remark.sample}”`}. Is that right? (${remark.file})`;
      case 'columns_guessed':
        return `The columns were guessed: dialogue “${remark.dialogue}”, ${remark.summaries.length === 0 ? 'no summary' : `summary “${remark.summaries.join('”, “')}”`} (${remark.file}).`;
      case 'turn_rows':
        return `Each row was read as one turn: text “${remark.text}”, speaker “${remark.speaker}”${remark.group === null ? '' : `, one dialogue for each “${remark.group}”`} (${remark.file}).`;
      case 'member_read':
        return `Read from ${remark.file}: ${remark.inside}${remark.members > 1 ? ` and ${remark.members - 1} more` : ''}.`;
      case 'sheet_chosen':
        return `The sheet “${remark.sheet}” was read, with its columns named in row ${remark.header_row} (${remark.file}).`;
      case 'sessions_by_gap':
        return `Divided into ${remark.sessions} dialogues, where nobody wrote for ${remark.gap_hours} hours (${remark.file}).`;
      case 'date_order_guessed':
        return `Dates were read with ${orders[remark.order]} (${remark.file}).`;
      case 'not_english':
        return `Dialogues in ${languages.of(remark.language) ?? remark.language}: ${remark.dialogues}. ROUGE reduces words to their stems by English rules, so its figures say less, and small base models know English only.`;
    }
  },
  splitRule: (rule) => {
    switch (rule.rule) {
      case 'asked':
        return `every row is “${names.split[rule.split]}”, as asked`;
      case 'column':
        return 'by the split column';
      case 'file_names':
        return 'by the files’ names; a file whose name says nothing goes to training';
      case 'drawn':
        return `drawn ${rule.shares.train}/${rule.shares.validation}/${rule.shares.test} into training, validation and test with seed ${rule.seed}`;
    }
  },
};
