// Was die Maschine in einer Datei, in einem Plan und an der Aufteilung von Zeilen findet, nach Code und Werten.
import type { DateOrder, Encoding } from '../../bridge';
import type { ProblemWords } from '../problem';
import { errors, kinds, shape } from './errors';
import { names } from './names';
import { rows } from './rows';

const languages = new Intl.DisplayNames('de', { type: 'language' });
const encodings: Record<Encoding, string> = {
  'utf-8': 'UTF-8',
  'utf-16-le': 'UTF-16',
  'utf-16-be': 'UTF-16 (Big-Endian)',
  'utf-32-le': 'UTF-32',
  'utf-32-be': 'UTF-32 (Big-Endian)',
  cp1252: 'Windows-1252',
  cp1250: 'Windows-1250',
  cp1254: 'Windows-1254',
  'iso8859-15': 'ISO 8859-15',
  'mac-roman': 'Mac Roman',
};
const orders: Record<DateOrder, string> = {
  day_first: 'dem Tag zuerst',
  month_first: 'dem Monat zuerst',
  year_first: 'dem Jahr zuerst',
};
const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1).replace('.', ',')} GB`;

export const problems: ProblemWords = {
  errors,
  shape,
  rows,
  lack: (lack) => {
    switch (lack.case) {
      case 'examples':
        return `${kinds[lack.kind]}: Das Rezept verlangt ${lack.need}, der Datensatz hat ${lack.have}`;
      case 'speakers':
        return `Dialoge, in denen zwei sprechen: ${lack.several} von ${lack.dialogues}; prüfen Sie unter „Daten“, ob richtig gelesen wurde, wer spricht`;
      case 'summaries':
        return `Zusammenfassungen, aus denen sich lernen lässt: Von ${lack.dialogues} sind ${lack.empty} leer und ${lack.long} länger als ihr Dialog; prüfen Sie unter „Daten“, welche Spalte als Zusammenfassung gelesen wurde`;
      case 'model':
        return `Das Modell ${lack.hub_id} ist nicht auf diesem Rechner; unter „Modelle“ lässt es sich laden`;
      case 'memory':
        return `Arbeitsspeicher: ${gigabytes(lack.need_bytes)} werden gebraucht, ${gigabytes(lack.free_bytes)} sind frei`;
      case 'setting':
        return `die Einstellung ${lack.field}, die diese Version noch nicht hat`;
      case 'time':
        return `Zeit: Das Wenigste, was sich verlangen lässt, dauert etwa ${Math.ceil(lack.need_s / 60)} Minuten, es sind ${Math.floor(lack.within_s / 60)}`;
      case 'disk':
        return `Platz auf der Platte: ${gigabytes(lack.need_bytes)} werden gebraucht, ${gigabytes(lack.free_bytes)} sind frei`;
    }
  },
  prices: {
    recompute: 'Bit für Bit dieselben Ergebnisse; Trainings dauern etwa 1,3-mal so lang.',
    rounding: 'Bis auf Rundung dieselben Ergebnisse; etwas langsamer.',
    eight_bits: 'Die Gewichte des Basismodells werden auf 8 Bit gerundet; die Zeit ist nicht gemessen.',
    four_bits:
      'Die Gewichte des Basismodells werden auf 4,5 Bit gerundet, Texte können schlechter werden; die Zeit ist nicht gemessen.',
    short_dialogues: 'Längere Dialoge werden nie geschrieben.',
    fewer_examples: 'So viele Paare, wie der Datensatz hat.',
    smaller_model: 'Ein kleineres Modell, mit schlichteren Texten.',
  },
  remark: (remark) => {
    switch (remark.case) {
      case 'one_split':
        return `Alle Beispiele des Datensatzes gehören zum Teil „${names.split[remark.split]}“. Ein Lauf braucht welche für Training, Validierung und Test: Lesen Sie mehr ein, oder wählen Sie, wofür eine Datei ist.`;
      case 'already_here':
        return `Schon im Datensatz und weggelassen: ${remark.rows}.`;
      case 'renamed':
        return `Unter einer neuen Kennung gespeichert, weil eine andere Zeile ihre hat: ${remark.rows}.`;
      case 'unsummarised':
        return `Dialoge, die auf eine Zusammenfassung warten: ${remark.rows}. Sie bleiben, und kein Lauf liest sie.`;
      case 'encoding_guessed':
        return `Gelesen als ${encodings[remark.encoding]}${remark.sample === null ? '' : `: „${remark.sample}“`}. Stimmt das? (${remark.file})`;
      case 'columns_guessed':
        return `Die Spalten wurden geraten: Dialog „${remark.dialogue}“, ${remark.summaries.length === 0 ? 'keine Zusammenfassung' : `Zusammenfassung „${remark.summaries.join('“, „')}“`} (${remark.file}).`;
      case 'turn_rows':
        return `Jede Zeile wurde als ein Beitrag gelesen: Text „${remark.text}“, Sprecher „${remark.speaker}“${remark.group === null ? '' : `, ein Dialog je „${remark.group}“`} (${remark.file}).`;
      case 'member_read':
        return `Gelesen aus ${remark.file}: ${remark.inside}${remark.members > 1 ? ` und ${remark.members - 1} weitere` : ''}.`;
      case 'sheet_chosen':
        return `Gelesen wurde das Blatt „${remark.sheet}“ mit den Spaltennamen in Zeile ${remark.header_row} (${remark.file}).`;
      case 'sessions_by_gap':
        return `In ${remark.sessions} Dialoge geteilt, wo ${remark.gap_hours} Stunden lang niemand schrieb (${remark.file}).`;
      case 'date_order_guessed':
        return `Daten wurden mit ${orders[remark.order]} gelesen (${remark.file}).`;
      case 'not_english':
        return `Dialoge auf ${languages.of(remark.language) ?? remark.language}: ${remark.dialogues}. ROUGE führt Wörter nach englischen Regeln auf ihren Stamm zurück, seine Zahlen sagen also weniger, und kleine Basismodelle können nur Englisch.`;
    }
  },
  splitRule: (rule) => {
    switch (rule.rule) {
      case 'asked':
        return `Jede Zeile gehört wie verlangt zum Teil „${names.split[rule.split]}“`;
      case 'column':
        return 'nach der Spalte, die den Teil nennt';
      case 'file_names':
        return 'nach den Namen der Dateien; sagt ein Name nichts, dann Training';
      case 'drawn':
        return `${rule.shares.train}/${rule.shares.validation}/${rule.shares.test} auf Training, Validierung und Test verteilt, gezogen mit Startwert ${rule.seed}`;
    }
  },
};
