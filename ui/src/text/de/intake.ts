// Der Blick in die Dateien vor dem Einlesen: wie jede gelesen wurde, was wegblieb, was erraten wurde.
import type { AccountUnit, DropReason, Encoding, FileFormat, Separator } from '../../bridge';
import type { intake as english } from '../en/intake';

const count = (n: number) => n.toLocaleString('de');
const many = (n: number, singular: string, plural: string) => `${count(n)} ${n === 1 ? singular : plural}`;

const read: Record<AccountUnit, (n: number) => string> = {
  row: (n) => `${many(n, 'Zeile', 'Zeilen')} gelesen`,
  message: (n) => `${many(n, 'Nachricht', 'Nachrichten')} gelesen`,
  line: (n) => `${many(n, 'Zeile', 'Zeilen')} gelesen`,
  cue: (n) => `${many(n, 'Untertitel', 'Untertitel')} gelesen`,
  paragraph: (n) => `${many(n, 'Absatz', 'Absätze')} gelesen`,
  mixed: (n) => `${many(n, 'Stück', 'Stücke')} gelesen`,
};

const encodings: Record<Encoding, string> = {
  'utf-8': 'UTF-8',
  'utf-16-le': 'UTF-16 (Little-Endian)',
  'utf-16-be': 'UTF-16 (Big-Endian)',
  'utf-32-le': 'UTF-32 (Little-Endian)',
  'utf-32-be': 'UTF-32 (Big-Endian)',
  cp1252: 'Windows-1252 (Westeuropa)',
  cp1250: 'Windows-1250 (Mitteleuropa)',
  cp1254: 'Windows-1254 (Türkisch)',
  'iso8859-15': 'ISO 8859-15 (Westeuropa, Euro)',
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
  csv_turns: 'CSV, ein Beitrag je Zeile',
  tsv_turns: 'TSV, ein Beitrag je Zeile',
  json_turns: 'JSON, ein Beitrag je Zeile',
  whatsapp_ios: 'WhatsApp (iPhone)',
  whatsapp_android: 'WhatsApp (Android)',
  telegram_json: 'Telegram',
  slack_zip: 'Slack-Export',
  slack_json: 'Slack, ein Tag',
  zoom_chat: 'Zoom-Chat',
  otter_txt: 'Otter',
  google_meet: 'Google Meet',
  chat_txt: 'Kopierter Chat',
  docx_transcript: 'Word-Transkript',
  docx_table: 'Word-Tabelle',
  xlsx: 'Excel',
  xlsx_turns: 'Excel, ein Beitrag je Zeile',
  xls: 'Excel vor 2007',
  xls_turns: 'Excel vor 2007, ein Beitrag je Zeile',
  ods: 'OpenDocument',
  ods_turns: 'OpenDocument, ein Beitrag je Zeile',
};

const separators: Record<Separator, string> = {
  comma: 'Komma ( , )',
  semicolon: 'Semikolon ( ; )',
  tab: 'Tabulator',
  bar: 'senkrechter Strich ( | )',
};

const reasons: Record<DropReason, string> = {
  system: 'Systemmeldungen',
  media: 'Medien',
  deleted: 'gelöscht',
  call: 'Anrufe',
  reaction: 'Reaktionen',
  bot: 'Bots',
  header: 'Überschriften',
  time: 'Zeitangaben',
  footer: 'Fußzeilen',
  tracked_deletion: 'nachverfolgte Löschungen',
  client: 'von der App geschrieben',
  empty: 'leer',
  repeated: 'wiederholte Nachrichten',
};

export const intake: typeof english = {
  intake: {
    turns: 'Was jede Spalte eines Beitrags enthält',
    turnRoles: {
      text: 'Was gesagt wird',
      speaker: 'Wer es sagt',
      group: 'Gespräch',
      summary: 'Zusammenfassung',
    },
    noColumn: 'keine',
    how: 'Wie die Dateien gelesen wurden',
    letters: 'Buchstaben',
    cells: 'Zellen getrennt durch',
    asDetected: 'wie erkannt',
    readAs: (what) => `gelesen als ${what}`,
    right: (sample) => `„${sample}“: richtig?`,
    isRight: 'Ja, das stimmt',
    inside: (member) => `aus „${member}“`,
    sheet: (name) => `Blatt „${name}“`,
    encodings,
    formats,
    banner: 'Erkannt, bitte prüfen, wie die Buchstaben gelesen wurden.',
    turnsBanner: 'Erkannt: Jede Zeile ist ein Beitrag. Bitte prüfen Sie darunter die Spalten.',
    separators,
    reasons,
    gap: 'Chat nach Stunden der Stille teilen',
    gapHint: 'Stunden; 0 teilt nie. Üblich: 8.',
    read,
    outOf: (n) => `${count(n)} weggelassen`,
    merged: (n) => `${count(n)} an den vorigen Beitrag angefügt`,
    skipped: (n) => `${count(n)} in Zeilen, die wegbleiben`,
    allUsed: 'nichts weggelassen',
    at: 'Stelle',
    text: 'Text',
    letBack: (what) => `Wieder aufnehmen: ${what}`,
    dropRepeated: 'Alle wiederholten Nachrichten weglassen',
    takeOut: (what) => `Wieder weglassen: ${what}`,
    more: (n) => `und ${count(n)} weitere`,
    imports: 'Einlesevorgänge',
    importsNote:
      'Rückgängig machen nimmt die Beispiele heraus, die damit kamen; nicht mehr, wenn ein Lauf sie gelesen hat.',
    importsNone:
      'Es ist keines verzeichnet: Diese Beispiele sind von Hand geschrieben oder kamen, bevor verzeichnet wurde.',
    undoImport: 'Einlesen rückgängig machen',
    importUndone: (n) => `${many(n, 'Beispiel', 'Beispiele')} herausgenommen.`,
  },
};
