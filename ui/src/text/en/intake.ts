// The look at files before an import: how each was read, what was left out, what was guessed.
import type { AccountUnit, DropReason, Encoding, FileFormat, Separator } from '../../bridge';

const count = (n: number) => n.toLocaleString('en');
const many = (n: number, singular: string, plural: string) => `${count(n)} ${n === 1 ? singular : plural}`;

const read: Record<AccountUnit, (n: number) => string> = {
  row: (n) => `${many(n, 'row', 'rows')} read`,
  message: (n) => `${many(n, 'message', 'messages')} read`,
  line: (n) => `${many(n, 'line', 'lines')} read`,
  cue: (n) => `${many(n, 'caption', 'captions')} read`,
  paragraph: (n) => `${many(n, 'paragraph', 'paragraphs')} read`,
  mixed: (n) => `${many(n, 'piece', 'pieces')} read`,
};

const encodings: Record<Encoding, string> = {
  'utf-8': 'UTF-8',
  'utf-16-le': 'UTF-16 (little-endian)',
  'utf-16-be': 'UTF-16 (big-endian)',
  'utf-32-le': 'UTF-32 (little-endian)',
  'utf-32-be': 'UTF-32 (big-endian)',
  cp1252: 'Windows-1252 (western Europe)',
  cp1250: 'Windows-1250 (central Europe)',
  cp1254: 'Windows-1254 (Turkish)',
  'iso8859-15': 'ISO 8859-15 (western Europe, euro)',
  'mac-roman': 'Mac Roman',
};

const formats: Record<FileFormat, string> = {
  samsum_json: 'SAMSum',
  dialogsum_jsonl: 'DialogSum',
  mts_dialog_csv: 'MTS-Dialog',
  tweetsumm_jsonl: 'TweetSumm',
  primock57_jsonl: 'PriMock57',
  todsum_jsonl: 'TODSum',
  json: 'JSON',
  jsonl: 'JSON Lines',
  csv: 'CSV',
  tsv: 'TSV',
  txt: 'Text',
  md: 'Markdown',
  vtt: 'WebVTT',
  srt: 'SubRip (SRT)',
  csv_turns: 'CSV, one turn a row',
  tsv_turns: 'TSV, one turn a row',
  json_turns: 'JSON, one turn a row',
  whatsapp_ios: 'WhatsApp (iPhone)',
  whatsapp_android: 'WhatsApp (Android)',
  telegram_json: 'Telegram',
  slack_zip: 'Slack export',
  slack_json: 'Slack, one day',
  zoom_chat: 'Zoom chat',
  otter_txt: 'Otter',
  google_meet: 'Google Meet',
  chat_txt: 'Copied chat',
  docx_transcript: 'Word transcript',
  docx_table: 'Word table',
  xlsx: 'Excel',
  xlsx_turns: 'Excel, one turn a row',
  xls: 'Excel before 2007',
  xls_turns: 'Excel before 2007, one turn a row',
  ods: 'OpenDocument',
  ods_turns: 'OpenDocument, one turn a row',
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
  repeated: 'repeated messages',
};

export const intake = {
  intake: {
    turns: 'What each column of a turn holds',
    turnRoles: { text: 'What is said', speaker: 'Who says it', group: 'Conversation', summary: 'Summary' },
    noColumn: 'none',
    how: 'How the files were read',
    letters: 'Characters',
    cells: 'Cells separated by',
    asDetected: 'as detected',
    readAs: (what: string) => `read as ${what}`,
    right: (sample: string) => `“${sample}”: right?`,
    isRight: 'Yes, that is right',
    inside: (member: string) => `from “${member}”`,
    sheet: (name: string) => `sheet “${name}”`,
    encodings,
    formats,
    banner: 'Detected, please check how the characters were read.',
    turnsBanner: 'Detected: each row is one turn. Please check the columns below.',
    separators,
    reasons,
    gap: 'Divide a chat after hours of silence',
    gapHint: 'Hours; 0 never divides. Usual: 8.',
    read,
    outOf: (n: number) => `${count(n)} left out`,
    merged: (n: number) => `${count(n)} joined to the turn before`,
    skipped: (n: number) => `${count(n)} in rows that stay out`,
    allUsed: 'nothing left out',
    at: 'Place',
    text: 'Text',
    letBack: (what: string) => `Let these back in: ${what}`,
    dropRepeated: 'Leave out all repeated messages',
    takeOut: (what: string) => `Leave out again: ${what}`,
    more: (n: number) => `and ${count(n)} more`,
    imports: 'Imports',
    importsNote: 'Undoing an import takes out the examples that came with it, unless a run has read them.',
    importsNone:
      'No import is on record: these examples were written by hand, or came before imports were recorded.',
    undoImport: 'Undo this import',
    importUndone: (n: number) => `${many(n, 'example', 'examples')} taken out.`,
  },
};
