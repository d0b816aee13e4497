// Was an einer Zeile nicht stimmt und was hilft, nach dem Code; der Wortlaut der Maschine nennt das Einzelne.

interface Words {
  reason: string;
  fix: string;
}

const text = 'Schreiben Sie einen Text hinein, oder lassen Sie die Zeile weg.';
const turns = 'Schreiben Sie jeden Beitrag als „Name: Text“.';

export const issues: Record<string, Words> = {
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
  split: { reason: 'Diesen Teil gibt es nicht.', fix: 'Schreiben Sie train, validation oder test.' },
  duplicate: {
    reason: 'Derselbe Dialog kommt schon vor.',
    fix: 'Beide bleiben; nehmen Sie einen heraus, wenn es nicht gemeint war.',
  },
};
