// Der Blick in die Dateien vor dem Einlesen: wie jede gelesen wurde, was wegblieb, was erraten wurde.
import type { AccountUnit, DateOrder, DropReason, Encoding, Language, Remark, Separator, Split } from '../../bridge';
import type { intake as english } from '../en/intake';
import { names } from './names';

const list = (items: readonly string[]) => items.join(', ');
const count = (n: number) => n.toLocaleString('de');
const many = (n: number, singular: string, plural: string) => `${count(n)} ${n === 1 ? singular : plural}`;

const units: Record<AccountUnit, [string, string]> = {
  row: ['Zeile', 'Zeilen'],
  message: ['Nachricht', 'Nachrichten'],
  line: ['Zeile', 'Zeilen'],
  cue: ['Untertitel', 'Untertitel'],
  paragraph: ['Absatz', 'Absätze'],
  mixed: ['Stück', 'Stücke'],
};

const encodings: Record<Encoding, string> = {
  'utf-8': 'UTF-8',
  'utf-16-le': 'UTF-16 (Little-Endian)',
  'utf-16-be': 'UTF-16 (Big-Endian)',
  cp1252: 'Windows-1252 (Westeuropa)',
  cp1250: 'Windows-1250 (Mitteleuropa)',
  cp1254: 'Windows-1254 (Türkisch)',
  'iso8859-15': 'ISO 8859-15 (Westeuropa, Euro)',
  'mac-roman': 'Mac Roman',
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
};

const orders: Record<DateOrder, string> = {
  day_first: 'mit dem Tag zuerst',
  month_first: 'mit dem Monat zuerst',
  year_first: 'mit dem Jahr zuerst',
};

const languages: Record<Language, string> = {
  en: 'englisch',
  de: 'deutsch',
  fr: 'französisch',
  es: 'spanisch',
  it: 'italienisch',
};

const splitName = (split: Split) => names.split[split];

function remark(found: Remark): string {
  switch (found.case) {
    case 'encoding_guessed':
      return `Die Datei sagt nicht, wie ihre Buchstaben geschrieben sind; gelesen wurde sie als ${encodings[found.encoding]}.`;
    case 'columns_guessed':
      return `„${found.dialogue}“ gilt als Dialog und ${found.summaries.map((name) => `„${name}“`).join(' und ')} als Zusammenfassung. Ändern Sie es unten, wenn das nicht stimmt.`;
    case 'turn_rows':
      return `Jede Zeile gilt als ein Beitrag: „${found.speaker}“ sagt „${found.text}“${found.group === null ? '' : `, und „${found.group}“ trennt die Gespräche`}. Das ergibt ${many(found.dialogues, 'Gespräch', 'Gespräche')}.`;
    case 'member_read':
      return found.members === 1
        ? `Aus dem Archiv wurde „${found.inside}“ gelesen.`
        : `Aus dem Archiv wurden ${count(found.members)} Dateien gelesen, zuerst „${found.inside}“.`;
    case 'sheet_chosen':
      return `Gelesen wurde das Blatt „${found.sheet}“; seine Spaltennamen stehen in Zeile ${found.header_row}.${found.others.length > 0 ? ` Nicht gelesen: ${list(found.others)}.` : ''}`;
    case 'sessions_by_gap':
      return `Der Chat wurde in ${many(found.sessions, 'Gespräch', 'Gespräche')} geteilt, wo ${many(found.gap_hours, 'Stunde', 'Stunden')} lang niemand schrieb.`;
    case 'date_order_guessed':
      return `Kein Datum zeigt, ob Tag oder Monat vorn steht; gelesen wurden sie ${orders[found.order]}. Das zählt nur dafür, wo der Chat geteilt wird.`;
    case 'one_split':
      return `Alle Beispiele des Datensatzes gehören zu „${splitName(found.split)}“: Ein Lauf braucht welche für Training, Validierung und Test.`;
    case 'already_here':
      return `${many(found.rows, 'Zeile steht', 'Zeilen stehen')} schon im Datensatz und ${found.rows === 1 ? 'bleibt' : 'bleiben'} weg.`;
    case 'renamed':
      return `${many(found.rows, 'Zeile hat', 'Zeilen haben')} eine Kennung, die es schon gibt, und ${found.rows === 1 ? 'bekommt' : 'bekommen'} eine neue.`;
    case 'unsummarised':
      return `${many(found.rows, 'Dialog wartet', 'Dialoge warten')} auf eine Zusammenfassung: behalten, aber in keinem Lauf gelesen.`;
    case 'not_english':
      return `${many(found.dialogues, 'Dialog ist', 'Dialoge sind')} ${languages[found.language]}. ROUGE führt Wörter nach englischen Regeln auf ihren Stamm zurück, seine Zahlen sagen hier also weniger; kleine Basismodelle können nur Englisch.`;
  }
}

export const intake: typeof english = {
  intake: {
    how: 'Wie die Dateien gelesen wurden',
    letters: 'Buchstaben',
    cells: 'Zellen getrennt durch',
    asDetected: 'wie erkannt',
    readAs: (encoding) => `gelesen als ${encodings[encoding]}`,
    right: (sample) => `„${sample}“: richtig?`,
    inside: (member) => `aus „${member}“`,
    sheet: (name) => `Blatt „${name}“`,
    encodings,
    separators,
    reasons,
    gap: 'Chat nach Stunden der Stille teilen',
    gapHint: 'Stunden; 0 teilt nie. Üblich: 8.',
    unsummarised: 'Dialoge ohne Zusammenfassung behalten, um sie später zu schreiben',
    remarks: 'Was für Sie entschieden wurde',
    read: (n, unit) => `${many(n, ...units[unit])} gelesen`,
    outOf: (n) => `${count(n)} weggelassen`,
    merged: (n) => `${count(n)} an den vorigen Beitrag angefügt`,
    skipped: (n) => `${count(n)} in Zeilen, die wegbleiben`,
    allUsed: 'nichts weggelassen',
    showReason: (n, reason) => `${count(n)} ${reasons[reason]}`,
    at: 'Stelle',
    text: 'Text',
    letBack: (reason) => `Wieder aufnehmen: ${reasons[reason]}`,
    takeOut: (reason) => `Wieder weglassen: ${reasons[reason]}`,
    more: (n) => `und ${count(n)} weitere`,
    remark,
  },
};
