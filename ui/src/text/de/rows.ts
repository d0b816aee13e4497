// Was an einer eingelesenen Zeile nicht stimmt und was hilft, nach Code mit dessen Angaben.
import type { ValueKind } from '../../bridge';
import type { RowWords } from '../problem';

const say = (reason: string, fix: string) => ({ reason, fix });
const kinds: Record<ValueKind, string> = {
  null: 'leer',
  boolean: 'wahr oder falsch',
  number: 'eine Zahl',
  text: 'ein Text',
  list: 'eine Liste',
  object: 'ein Objekt',
};
const text = 'Tragen Sie einen Text ein, oder lassen Sie die Zeile weg.';
const turns = 'Schreiben Sie jeden Beitrag als „Name: Text“.';

export const rows: RowWords = {
  waits: 'Der Dialog bleibt und wartet auf eine Zusammenfassung. Bis dahin liest ihn kein Lauf.',
  more: (count) => `Dasselbe gilt für ${count} weitere.`,
  faults: {
    missing_dialogue: (lack) => {
      switch (lack.case) {
        case 'field':
          return say('Der Zeile fehlt der Dialog.', text);
        case 'between':
          return say(
            'Hier steht eine Zusammenfassung, aber bis zur nächsten kein Dialog.',
            'Setzen Sie die Beiträge darüber oder darunter.',
          );
        case 'alone':
          return say(
            'Dem Namen nach enthält diese Datei die Zusammenfassung eines Transkripts, das nicht dabei ist.',
            'Nehmen Sie das Transkript dazu, oder benennen Sie die Datei um, wenn sie selbst einen Dialog enthält.',
          );
      }
    },
    missing_summary: (lack) => {
      switch (lack.case) {
        case 'field':
          return say('Der Zeile fehlt die Zusammenfassung.', text);
        case 'transcript':
          return say(
            'Dem Dialog, der hier beginnt, fehlt die Zusammenfassung.',
            `Schreiben Sie hier eine, oder in die Datei ${lack.beside} daneben.`,
          );
        case 'beside':
          return say(
            `Die Datei hat ${lack.dialogues} Dialoge, ${lack.beside} hat ${lack.summaries} Zusammenfassungen.`,
            'Geben Sie dort für jeden Dialog eine, in derselben Reihenfolge, mit einer Zeile aus drei Bindestrichen dazwischen.',
          );
      }
    },
    empty_dialogue: () => say('Der Dialog ist leer.', text),
    empty_summary: () => say('Die Zusammenfassung ist leer.', text),
    not_text: (value) =>
      value.case === 'turn'
        ? say(`Beitrag ${value.turn} ist ${kinds[value.found]}, ohne einen Text.`, turns)
        : value.part === 'dialogue'
          ? say(`Der Dialog ist ${kinds[value.found]}, kein Text und keine Liste von Beiträgen.`, turns)
          : say(
              `Die Zusammenfassung ist ${kinds[value.found]}, kein Text.`,
              'Geben Sie die Zusammenfassung als Text.',
            ),
    no_speaker: (nameless) => {
      switch (nameless.case) {
        case 'everybody':
          return say(
            'Keine Zeile nennt, wer spricht.',
            `${turns} Oder nennen Sie die Sprechenden der Reihe nach.`,
          );
        case 'turn':
          return say(
            `Beitrag ${nameless.turn} nennt nicht, wer spricht; andere tun es.`,
            'Nennen Sie, wer spricht, oder nehmen Sie den Beitrag heraus.',
          );
        case 'before':
          return say(
            `Bevor jemand spricht, steht „${nameless.text}“, was niemand sagt.`,
            'Es bleibt. Nehmen Sie es heraus, oder schreiben Sie davor, wer spricht.',
          );
      }
    },
    invalid_utf8: (bytes) => {
      switch (bytes.case) {
        case 'row':
          return say(
            `Die Zeile ist kein UTF-8-Text (Byte ${bytes.offset} der Datei).`,
            'Speichern Sie die Datei in UTF-8.',
          );
        case 'line':
          return say(
            `Zeile ${bytes.line} ist kein UTF-8-Text (Byte ${bytes.offset} der Datei).`,
            'Speichern Sie die Datei in UTF-8.',
          );
        case 'beside':
          return say(
            `${bytes.beside} ist kein UTF-8-Text (Byte ${bytes.offset} darin).`,
            'Speichern Sie diese Datei in UTF-8.',
          );
      }
    },
    json: ({ line, column }) =>
      say(
        line === null
          ? `Die Zeile ist kein gültiges JSON (Spalte ${column}).`
          : `Das Objekt, das hier beginnt, ist kein gültiges JSON (Zeile ${line}, Spalte ${column}).`,
        'Berichtigen Sie es: ein Objekt je Zeile.',
      ),
    not_object: ({ found }) =>
      say(
        found === 'object'
          ? 'Hier steht ein Objekt ohne Felder.'
          : `Was hier steht, ist ${kinds[found]}, kein Objekt mit Feldern.`,
        'Schreiben Sie ein Objekt mit Feldern.',
      ),
    ragged_row: ({ cells, columns }) =>
      say(
        `Die Zeile hat ${cells} Zellen, der Kopf hat ${columns}.`,
        'Ergänzen Sie die Zellen, und setzen Sie Text mit Trennzeichen in Anführungszeichen.',
      ),
    open_quote: (quote) =>
      quote.case === 'open'
        ? say(
            'Ein Anführungszeichen wird nicht geschlossen. Die Zeilen darunter wurden ohne es gelesen.',
            'Schließen Sie es, oder schreiben Sie es doppelt, wo es zum Text gehört.',
          )
        : say(
            'Hinter einem schließenden Anführungszeichen steht Text; so sind die Zellen nicht zu trennen.',
            'Schreiben Sie das Anführungszeichen doppelt, wo es zum Text gehört.',
          ),
    cue: ({ fault, line, text }) =>
      say(
        {
          times: `Die Zeiten in Zeile ${line} sind nicht lesbar: „${text}“.`,
          no_blank_line: `Vor dem Untertitel in Zeile ${line} fehlt eine Leerzeile: „${text}“.`,
          no_time: `Dem Text in Zeile ${line} fehlt die Zeit: „${text}“.`,
          before: `Vor der Zeit in Zeile ${line} stehen Zeilen, die weder Nummer noch Name sind: „${text}“.`,
        }[fault],
        'Schreiben Sie eine Zeile mit den Zeiten, den Text darunter und eine Leerzeile zwischen Untertiteln.',
      ),
    bad_speaker: ({ name }) =>
      say(
        `„${name}“ taugt nicht als Name für Sprechende.`,
        'Nennen Sie alle Sprechenden mit höchstens 40 Zeichen.',
      ),
    duplicate_id: ({ id, row }) =>
      say(`Die Kennung „${id}“ steht schon in Zeile ${row}.`, 'Geben Sie jeder Zeile eine eigene.'),
    split: ({ word }) =>
      say(
        `Den Teil „${word}“ gibt es nicht.`,
        'Schreiben Sie train, validation oder test, oder wählen Sie einen Teil für alle Zeilen.',
      ),
    duplicate: (double) =>
      double.case === 'row'
        ? say(
            `Derselbe Dialog steht in Zeile ${double.row} von ${double.file}.`,
            'Beide bleiben; nehmen Sie einen heraus, wenn es nicht gemeint war.',
          )
        : say(
            `Derselbe Dialog ist schon in „${double.dataset}“, als „${double.id}“.`,
            'Er bleibt und zählt doppelt. Lassen Sie die Zeile weg, wenn es nicht gemeint war.',
          ),
    already_here: ({ id }) =>
      say(`Die Zeile steht schon im Datensatz, als „${id}“.`, 'Es ist nichts zu tun: Sie wird weggelassen.'),
    unsure_speaker: ({ line, count }) =>
      say(
        count === 1
          ? `„${line}“ nennt vielleicht, wer spricht, vielleicht nicht.`
          : `${count} Zeilen nennen vielleicht, wer spricht, vielleicht nicht. Die erste ist „${line}“.`,
        'Sie wird als Text gelesen. Schreiben Sie „Name: Text“, wo jemand spricht.',
      ),
    one_speaker: () =>
      say(
        'Nur eine Person spricht.',
        'Prüfen Sie, ob richtig gelesen wurde, wer spricht, oder lassen Sie die Zeile weg.',
      ),
    repeated_message: ({ text, count }) =>
      say(
        `Mehrere schreiben „${text}“, insgesamt ${count}-mal.`,
        'Hat ein Programm sie geschrieben, lassen Sie oben alle solchen Nachrichten mit einem Klick weg.',
      ),
  },
};
