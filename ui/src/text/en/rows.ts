// What is wrong with a row of an imported file and what helps, by code, with the code's arguments.
import type { ValueKind } from '../../bridge';
import type { RowWords } from '../problem';

const say = (reason: string, fix: string) => ({ reason, fix });
const kinds: Record<ValueKind, string> = {
  null: 'empty',
  boolean: 'true or false',
  number: 'a number',
  text: 'a text',
  list: 'a list',
  object: 'an object',
};
const text = 'Write some text into it, or leave the row out.';
const turns = 'Write each turn as “Name: text”.';

export const rows: RowWords = {
  waits: 'The dialogue is kept and waits for a summary. No run reads it until then.',
  more: (count) => `The same goes for ${count} more.`,
  faults: {
    missing_dialogue: (lack) => {
      switch (lack.case) {
        case 'field':
          return say('The row has no dialogue.', text);
        case 'between':
          return say(
            'There is a summary, but no dialogue between this line and the next summary.',
            'Put the turns above or below it.',
          );
        case 'alone':
          return say(
            'By its name this file holds the summary of a transcript, which is not among the files.',
            'Add the transcript, or rename the file if it holds a dialogue itself.',
          );
      }
    },
    missing_summary: (lack) => {
      switch (lack.case) {
        case 'field':
          return say('The row has no summary.', text);
        case 'transcript':
          return say(
            'The dialogue that begins here has no summary.',
            `Write one here, or into the file ${lack.beside} beside it.`,
          );
        case 'beside':
          return say(
            `The file has ${lack.dialogues} dialogues, and ${lack.beside} has ${lack.summaries} summaries.`,
            'Give a summary for each dialogue there, in order, with a line of three hyphens between them.',
          );
      }
    },
    empty_dialogue: () => say('The dialogue is empty.', text),
    empty_summary: () => say('The summary is empty.', text),
    not_text: (value) =>
      value.case === 'turn'
        ? say(`Turn ${value.turn} is ${kinds[value.found]} and has no text.`, turns)
        : value.part === 'dialogue'
          ? say(`The dialogue is ${kinds[value.found]}, not a text or a list of turns.`, turns)
          : say(`The summary is ${kinds[value.found]}, not a text.`, 'Give the summary as a text.'),
    no_speaker: (nameless) => {
      switch (nameless.case) {
        case 'everybody':
          return say('No line says who speaks.', `${turns} Or name the speakers in turn.`);
        case 'turn':
          return say(
            `Turn ${nameless.turn} does not say who speaks; others do.`,
            'Name its speaker, or take the turn out.',
          );
        case 'before':
          return say(
            `“${nameless.text}” comes before the first speaker, and nobody says it.`,
            'It is kept. Take it out, or write the speaker before it.',
          );
      }
    },
    invalid_utf8: (bytes) => {
      switch (bytes.case) {
        case 'row':
          return say(
            `The row is not UTF-8 text (byte ${bytes.offset} of the file).`,
            'Save the file as UTF-8.',
          );
        case 'line':
          return say(
            `Line ${bytes.line} is not UTF-8 text (byte ${bytes.offset} of the file).`,
            'Save the file as UTF-8.',
          );
        case 'beside':
          return say(
            `${bytes.beside} is not UTF-8 text (byte ${bytes.offset} of it).`,
            'Save that file as UTF-8.',
          );
      }
    },
    json: ({ line, column, reason }) =>
      say(
        line === null
          ? `The row is not valid JSON (column ${column}: ${reason}).`
          : `The object that begins here is not valid JSON (line ${line}, column ${column}: ${reason}).`,
        'Correct it: one object on each line.',
      ),
    not_object: ({ found }) =>
      say(
        found === 'object'
          ? 'This is an object without fields.'
          : `This is ${kinds[found]}, not an object with fields.`,
        'Write an object with fields.',
      ),
    ragged_row: ({ cells, columns }) =>
      say(
        `The row has ${cells} cells, the header has ${columns}.`,
        'Give it as many cells as the header, and put text with separators in quotation marks.',
      ),
    open_quote: (quote) =>
      quote.case === 'open'
        ? say(
            'A quotation mark is never closed. The rows below were read without it.',
            'Close it, or write it twice where it belongs to the text.',
          )
        : say(
            'Text follows a closing quotation mark, so the cells cannot be told apart.',
            'Write the quotation mark twice where it belongs to the text.',
          ),
    cue: ({ fault, line, text }) =>
      say(
        {
          times: `The times of line ${line} cannot be read: “${text}”.`,
          no_blank_line: `A cue begins at line ${line} without a blank line before it: “${text}”.`,
          no_time: `The text of line ${line} has no time: “${text}”.`,
          before: `Before the time on line ${line} there are lines that are neither a number nor a name: “${text}”.`,
        }[fault],
        'Write a line with the times and the text below it, and a blank line between cues.',
      ),
    bad_speaker: ({ name }) =>
      say(`“${name}” cannot be a speaker’s name.`, 'Name each speaker with at most 40 characters.'),
    duplicate_id: ({ id, row }) =>
      say(`The id “${id}” is already in row ${row}.`, 'Give each row an id of its own.'),
    split: ({ word }) =>
      say(`“${word}” is not a split.`, 'Write train, validation or test, or choose one split for all rows.'),
    duplicate: (double) =>
      double.case === 'row'
        ? say(
            `The same dialogue is in row ${double.row} of ${double.file}.`,
            'Nothing has to be done: both are kept. Take one out if that was not intended.',
          )
        : say(
            `The same dialogue is in “${double.dataset}” already, as “${double.id}”.`,
            'It is kept and counts twice. Leave the row out if that was not intended.',
          ),
    already_here: ({ id }) =>
      say(`The row is in the data set already, as “${id}”.`, 'Nothing has to be done: it is left out.'),
    unsure_speaker: ({ line, count }) =>
      say(
        count === 1
          ? `“${line}” may name a speaker, or may not.`
          : `${count} lines may name a speaker, or may not. The first is “${line}”.`,
        'It is read as text. Write “Name: text” where somebody speaks.',
      ),
    one_speaker: () =>
      say('Only one person speaks.', 'Check that the speakers were read correctly, or leave the row out.'),
    repeated_message: ({ text, count }) =>
      say(
        `Several people write “${text}”, ${count} times in all.`,
        'If a program wrote it, leave out all such messages with one click above.',
      ),
  },
};
