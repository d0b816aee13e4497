// Was die Maschine in einer Datei, in einem Plan und an der Aufteilung von Zeilen findet, nach Code und Werten.
import type { DateOrder, Encoding } from '../../bridge';
import type { ProblemWords } from '../problem';
import { errors, kinds, rules } from './errors';
import { names } from './names';

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
const text = 'Schreiben Sie einen Text hinein, oder lassen Sie die Zeile weg.';
const turns = 'Schreiben Sie jeden Beitrag als „Name: Text“.';

export const problems: ProblemWords = {
  errors,
  rules,
  issues: {
    missing_dialogue: { reason: 'Der Zeile fehlt der Dialog.', fix: text },
    missing_summary: { reason: 'Der Zeile fehlt die Zusammenfassung.', fix: text },
    empty_dialogue: { reason: 'Der Dialog ist leer.', fix: text },
    empty_summary: { reason: 'Die Zusammenfassung ist leer.', fix: text },
    not_text: { reason: 'Hier steht kein Text, der sich lesen lässt.', fix: turns },
    no_speaker: { reason: 'Ein Beitrag nennt nicht, wer spricht.', fix: turns },
    bad_speaker: { reason: 'Dieser Name taugt nicht für Sprechende.', fix: turns },
    invalid_utf8: { reason: 'Die Zeile ist kein UTF-8-Text.', fix: 'Speichern Sie die Datei in UTF-8.' },
    json: { reason: 'Die Zeile ist kein gültiges JSON.', fix: 'Berichtigen Sie sie: ein Objekt je Zeile.' },
    not_object: { reason: 'Hier steht kein Objekt.', fix: 'Schreiben Sie ein Objekt mit Feldern.' },
    ragged_row: {
      reason: 'Die Zeile hat nicht so viele Zellen wie der Kopf.',
      fix: 'Ergänzen Sie die Zellen.',
    },
    open_quote: { reason: 'Ein Anführungszeichen wird nicht geschlossen.', fix: 'Schließen Sie es.' },
    cue: { reason: 'Ein Untertitel ist nicht lesbar.', fix: 'Berichtigen Sie Zeit und Text.' },
    duplicate_id: { reason: 'Diese Kennung kommt schon vor.', fix: 'Geben Sie jeder Zeile eine eigene.' },
    split: {
      reason: 'Diesen Teil gibt es nicht.',
      fix: 'Schreiben Sie train, validation oder test, oder wählen Sie einen Teil für alle Zeilen.',
    },
    duplicate: {
      reason: 'Derselbe Dialog kommt schon vor.',
      fix: 'Beide bleiben; nehmen Sie einen heraus, wenn es nicht gemeint war.',
    },
    already_here: {
      reason: 'Die Zeile steht schon im Datensatz.',
      fix: 'Es ist nichts zu tun: Sie wird weggelassen.',
    },
    unsure_speaker: {
      reason: 'Eine Zeile nennt vielleicht, wer spricht, vielleicht nicht.',
      fix: 'Sie wird als Text gelesen. Schreiben Sie „Name: Text“, wo jemand spricht.',
    },
    one_speaker: {
      reason: 'Nur eine Person spricht.',
      fix: 'Prüfen Sie, ob richtig gelesen wurde, wer spricht, oder lassen Sie die Zeile weg.',
    },
    repeated_message: {
      reason: 'Mehrere schreiben immer wieder genau dieselbe Nachricht.',
      fix: 'Hat ein Programm sie geschrieben, lassen Sie oben alle solchen mit einem Klick weg.',
    },
  },
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
        return `Die Spalten wurden geraten: Dialog „${remark.dialogue}“, Zusammenfassung „${remark.summaries.join('“, „')}“ (${remark.file}).`;
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
