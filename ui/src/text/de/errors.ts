// Was geschehen ist und was zu tun ist, nach dem Code eines Fehlers. Zahlen und Namen stehen im Wortlaut der Maschine, der
// darunter gezeigt wird; ein Test hält diese Liste vollständig.

interface Words {
  what: string;
  fix: string;
}

const workspace = 'Den Ordner des Arbeitsbereichs nennen die Einstellungen.';
const folder = 'Wählen Sie den Ordner noch einmal, oder laden Sie das Modell neu.';

export const errors: Record<string, Words> = {
  // Daten
  bad_rows: {
    what: 'Manche Zeilen sind nicht lesbar; nichts wurde eingelesen.',
    fix: 'Berichtigen Sie die Zeilen, oder lesen Sie die übrigen ein.',
  },
  leaks: {
    what: 'Derselbe Dialog steht in zwei Teilen.',
    fix: 'Nehmen Sie die doppelten heraus.',
  },
  empty_dataset: {
    what: 'Im Datensatz fehlen Beispiele, die gebraucht werden.',
    fix: 'Lesen Sie eine Datei für diesen Teil ein.',
  },
  too_few_rows: {
    what: 'Der Datensatz hat weniger Beispiele, als das Rezept verlangt.',
    fix: 'Lesen Sie mehr Beispiele ein, oder verlangen Sie im Rezept weniger.',
  },
  too_long: {
    what: 'Ein Text ist länger als der Kontext des Modells.',
    fix: 'Wählen Sie ein Modell mit längerem Kontext, oder setzen Sie im Rezept too_long auf drop (weglassen) oder cut_dialogue_end (kürzen).',
  },
  no_files: { what: 'Es wurde keine Datei genannt.', fix: 'Nennen Sie eine Datei.' },
  unreadable: { what: 'Die Datei ist nicht lesbar.', fix: 'Prüfen Sie, ob Sie sie öffnen dürfen.' },
  unknown_format: {
    what: 'Die Datei hat kein bekanntes Format.',
    fix: 'Gelesen werden JSON, JSONL, CSV, TSV, TXT, Markdown, WebVTT und SRT.',
  },
  empty: { what: 'Die Datei ist leer.', fix: 'Nennen Sie eine Datei mit Dialogen.' },
  json: { what: 'Die Datei ist kein gültiges JSON.', fix: 'Berichtigen Sie die genannte Stelle.' },
  invalid_utf8: { what: 'Die Datei ist kein UTF-8-Text.', fix: 'Speichern Sie sie in UTF-8.' },
  table: { what: 'Die Tabelle ist nicht lesbar.', fix: 'Speichern Sie sie neu, als CSV oder TSV in UTF-8.' },
  unknown_column: {
    what: 'Eine genannte Spalte gibt es nicht.',
    fix: 'Wählen Sie eine der Spalten der Datei.',
  },
  needs_mapping: {
    what: 'Es ist nicht zu erkennen, welche Spalten Dialog und Zusammenfassung enthalten.',
    fix: 'Ordnen Sie die Spalten zu.',
  },
  incomplete_map: {
    what: 'Der Zuordnung fehlt der Dialog oder die Zusammenfassung.',
    fix: 'Ordnen Sie beide zu.',
  },
  speakers_needed: {
    what: 'Die Dialoge nennen keine Sprechenden.',
    fix: 'Nennen Sie sie der Reihe nach, mit Komma getrennt.',
  },
  bad_speakers: {
    what: 'Diese Namen taugen nicht für Sprechende.',
    fix: 'Nennen Sie mindestens zwei verschiedene Namen.',
  },
  no_such_dataset: { what: 'Diesen Datensatz gibt es nicht.', fix: 'Sehen Sie unter Daten nach.' },
  name_taken: { what: 'Dieser Name ist vergeben.', fix: 'Wählen Sie einen anderen.' },
  file: { what: 'Die Datei kann nicht gebraucht werden.', fix: 'Prüfen Sie Namen und Ordner.' },
  // Läufe
  recipe: { what: 'Das Rezept stimmt nicht.', fix: 'Prüfen Sie die genannte Einstellung.' },
  setting: {
    what: 'Eine Einstellung des Rezepts ist nicht möglich.',
    fix: 'Prüfen Sie die genannte Einstellung.',
  },
  no_such_run: { what: 'Diesen Lauf gibt es nicht.', fix: 'Sehen Sie unter Läufe nach.' },
  locked: { what: 'Ein anderer Prozess arbeitet schon daran.', fix: 'Warten Sie, oder halten Sie ihn an.' },
  lease_lost: { what: 'Ein anderer Prozess hat den Lauf übernommen.', fix: 'Lassen Sie ihn arbeiten.' },
  interrupted: {
    what: 'Die Arbeit wurde unterbrochen; alles Fertige bleibt.',
    fix: 'Setzen Sie den Lauf fort.',
  },
  wrong_state: { what: 'Das geht in diesem Zustand nicht.', fix: 'Der Wortlaut sagt, was fehlt.' },
  stalled: { what: 'Eine Stufe kommt nicht weiter.', fix: 'Der Wortlaut sagt, welche Einstellung hilft.' },
  model_changed: {
    what: 'Das Modell ist nicht mehr das, mit dem dieser Lauf begann.',
    fix: 'Legen Sie die alten Dateien zurück, oder beginnen Sie einen neuen Lauf.',
  },
  not_finite: {
    what: 'Das Training ist entgleist: Der Verlust ist keine Zahl mehr.',
    fix: 'Senken Sie die Lernrate, und setzen Sie den Lauf fort.',
  },
  out_of_memory: {
    what: 'Der Speicher reichte nicht.',
    fix: 'Wählen Sie ein kleineres Modell oder kleinere Stapel; fertige Stufen bleiben.',
  },
  // Modelle
  missing_file: { what: 'Dem Modell fehlt eine Datei.', fix: folder },
  no_such_model: { what: 'Dort liegt kein Modell.', fix: 'Wählen Sie den Ordner, der config.json enthält.' },
  several_models: { what: 'In dem Ordner liegen mehrere Modelle.', fix: 'Nennen Sie die gemeinte Datei.' },
  truncated_weights: { what: 'Die Gewichte sind unvollständig.', fix: folder },
  weights: { what: 'Die Gewichte passen nicht zum Modell.', fix: folder },
  unsupported_architecture: {
    what: 'Modelle dieser Bauart werden nicht unterstützt.',
    fix: 'Wählen Sie eines aus der Liste der Downloads.',
  },
  not_in_gguf: { what: 'Der GGUF-Datei fehlt eine Angabe.', fix: folder },
  model_config: { what: 'Die Beschreibung des Modells (config.json) stimmt nicht.', fix: folder },
  vocabulary_mismatch: { what: 'Tokenizer und Modell gehören nicht zusammen.', fix: folder },
  tokenizer: { what: 'Der Tokenizer des Modells ist nicht lesbar.', fix: folder },
  chat_template: {
    what: 'Die Gesprächsvorlage des Modells lehnt die Eingabe ab.',
    fix: 'Wählen Sie ein anderes Modell.',
  },
  adapter: { what: 'Der Adapter passt nicht zum Modell.', fix: 'Nehmen Sie den Adapter dieses Laufs.' },
  checkpoint: { what: 'Ein Zwischenstand ist nicht lesbar.', fix: 'Beginnen Sie die Stufe neu.' },
  device: { what: 'Dieses Rechenwerk gibt es hier nicht.', fix: 'Rechnen Sie auf dem Prozessor.' },
  tensor: {
    what: 'Eine Rechnung ist gescheitert.',
    fix: 'Setzen Sie den Lauf fort; geschieht es wieder, sehen Sie ins Protokoll.',
  },
  // Herunterladen
  offline: {
    what: 'Ohne Netz wird nichts geladen.',
    fix: 'Verbinden Sie den Rechner, oder nehmen Sie einen Ordner.',
  },
  bad_id: { what: 'So heißt kein Modell.', fix: 'Schreiben Sie Besitzer/Name.' },
  bad_endpoint: { what: 'Die Adresse des Hubs stimmt nicht.', fix: 'Prüfen Sie HF_ENDPOINT.' },
  bad_token: {
    what: 'Das Zugangswort ist unbrauchbar.',
    fix: 'Melden Sie sich neu an: duologue models login.',
  },
  bad_manifest: {
    what: 'Die Liste der Dateien dieses Downloads ist beschädigt.',
    fix: 'Laden Sie das Modell neu.',
  },
  unauthorized: {
    what: 'Der Hub verlangt eine Anmeldung.',
    fix: 'Melden Sie sich an: duologue models login.',
  },
  gated: {
    what: 'Die Lizenz des Modells ist noch nicht angenommen.',
    fix: 'Nehmen Sie sie auf seiner Seite im Hub an.',
  },
  not_on_hub: { what: 'Dieses Modell gibt es im Hub nicht.', fix: 'Prüfen Sie die Schreibweise.' },
  rate_limited: {
    what: 'Der Hub lässt gerade keine weiteren Anfragen zu.',
    fix: 'Versuchen Sie es später wieder.',
  },
  unreachable: {
    what: 'Der Hub ist nicht zu erreichen.',
    fix: 'Prüfen Sie die Verbindung; was da ist, bleibt.',
  },
  bad_answer: { what: 'Der Hub hat unverständlich geantwortet.', fix: 'Versuchen Sie es später wieder.' },
  no_weights: {
    what: 'Dort liegen keine lesbaren Gewichte.',
    fix: 'Wählen Sie ein Modell mit safetensors oder GGUF.',
  },
  checksum: { what: 'Eine Datei kam beschädigt an.', fix: 'Laden Sie sie noch einmal.' },
  keychain: {
    what: 'Der Schlüsselbund des Systems antwortet nicht.',
    fix: 'Entsperren Sie ihn, oder setzen Sie HF_TOKEN.',
  },
  // Arbeitsbereich
  newer_workspace: {
    what: 'Der Arbeitsbereich stammt von einer neueren Version.',
    fix: 'Nehmen Sie diese Version, oder einen anderen Ordner.',
  },
  not_a_workspace: {
    what: 'Die Datenbank gehört einem anderen Programm.',
    fix: 'Wählen Sie einen anderen Ordner.',
  },
  disk_full: {
    what: 'Der Datenträger ist voll.',
    fix: 'Schaffen Sie Platz, und setzen Sie fort; nichts Fertiges ist verloren.',
  },
  busy: { what: 'Der Arbeitsbereich ist gerade beschäftigt.', fix: 'Versuchen Sie es gleich noch einmal.' },
  read_only: { what: 'Im Arbeitsbereich darf nicht geschrieben werden.', fix: workspace },
  corrupt: { what: 'Etwas Gespeichertes ist nicht lesbar.', fix: workspace },
  io: {
    what: 'Eine Datei konnte nicht gelesen oder geschrieben werden.',
    fix: 'Prüfen Sie Pfad, Rechte und freien Platz.',
  },
  not_found: { what: 'Das gibt es nicht.', fix: 'Prüfen Sie Namen und Ordner.' },
  in_use: { what: 'Das wird noch gebraucht.', fix: 'Löschen Sie zuerst, was darauf aufbaut.' },
  ratings_locked: {
    what: 'Dieser Bogen ist abgeschlossen.',
    fix: 'Legen Sie einen neuen an, um weiter zu bewerten.',
  },
  score_out_of_range: { what: 'Diese Note gibt es nicht.', fix: 'Geben Sie 1 bis 5.' },
  database: { what: 'Die Datenbank meldet einen Fehler.', fix: workspace },
  // Das Fenster
  usage: { what: 'So geht es nicht.', fix: 'Der Wortlaut sagt, was fehlt.' },
  window_download_busy: {
    what: 'Ein anderes Modell wird gerade geladen.',
    fix: 'Warten Sie, oder halten Sie es an.',
  },
  window_lock: { what: 'Der Arbeitsbereich kann nicht belegt werden.', fix: workspace },
  window_log: { what: 'Das Protokoll ist nicht lesbar.', fix: 'Prüfen Sie, ob Sie es öffnen dürfen.' },
  window_notification: {
    what: 'Das System zeigt keine Mitteilungen.',
    fix: 'Schalten Sie Mitteilungen in den Einstellungen aus.',
  },
  window_no_worker: {
    what: 'Das Programm „duologue“, das rechnet, fehlt.',
    fix: 'Die Einstellungen sagen, wo es gesucht wird.',
  },
  window_taken: {
    what: 'Ein anderes Fenster hat diesen Arbeitsbereich offen und antwortet nicht.',
    fix: 'Schließen Sie es, und versuchen Sie es noch einmal.',
  },
  window_workspace: {
    what: 'Kein Ordner für den Arbeitsbereich ist bekannt.',
    fix: 'Geben Sie --workspace an.',
  },
  window_worker_answer: {
    what: 'Die Antwort des Rechenprozesses ist nicht lesbar.',
    fix: 'Fenster und Rechenprozess müssen von derselben Version sein.',
  },
  window_worker_start: {
    what: 'Das Programm „duologue“ ließ sich nicht starten.',
    fix: 'Prüfen Sie die Datei, die die Einstellungen nennen.',
  },
  window_worker_stopped: {
    what: 'Der Rechenprozess hat ohne Antwort geendet; vielleicht reichte der Speicher nicht.',
    fix: 'Versuchen Sie es noch einmal, oder sehen Sie ins Protokoll.',
  },
};
