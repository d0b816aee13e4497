// Was geschehen ist und was zu tun ist, mit den Worten des Fensters: nach Code, mit dessen Angaben. Nie ein Befehl.
import type { Bounds, CertificateFault, IntakeLimit, SettingShape } from '../../bridge';
import { rowWords, type Args, type ErrorWords, type Kinds, type Things, type Words } from '../problem';
import { names } from './names';
import { protectionErrors } from './protection_errors';
import { rows } from './rows';
import { wrongState } from './state_errors';
import { studyErrors } from './study_errors';

const say = (message: string, fix = ''): Words => ({ message, fix });
const list = (items: readonly string[]) => items.join(', ');
const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1).replace('.', ',')} GB`;
const stageName = (stage: keyof typeof names.stage) => `„${names.stage[stage].name}“`;

const again = 'Wählen Sie den Ordner des Modells noch einmal, oder laden Sie es neu.';
const published = 'Nehmen Sie die Dateien genau so, wie sie mit dem Modell veröffentlicht wurden.';
const defect = 'Das ist ein Fehler von Duologue; bitte melden Sie ihn mit diesem Wortlaut.';
const workspace = 'Den Ordner des Arbeitsbereichs nennen die Einstellungen.';
const network =
  'Fragen Sie, wer den Weg dieses Rechners ins Internet eingerichtet hat, starten Sie Duologue dann neu, und laden Sie noch einmal; oder fügen Sie einen Ordner hinzu, der schon hier ist.';
/** Was bei einem Zertifikat zu tun ist, dem nicht getraut wird. */
const certificate: Record<CertificateFault, { what: string; fix: string }> = {
  unknown_issuer: {
    what: 'niemand, dem er traut, hat es unterschrieben',
    fix: 'Wo ein Proxy verschlüsselte Verbindungen öffnet, wie in vielen Büros, muss seine Zertifizierungsstelle auf diesem Rechner installiert sein: Fragen Sie, wer das Netz betreibt. Ohne einen solchen Proxy hört vielleicht jemand mit: Brechen Sie ab.',
  },
  out_of_date: {
    what: 'es gilt heute nicht',
    fix: 'Prüfen Sie das Datum dieses Rechners, und laden Sie noch einmal.',
  },
  other_host: {
    what: 'es gehört einem anderen Rechner',
    fix: 'An seiner Stelle antwortet ein anderer Rechner, etwa eine Anmeldeseite des Netzes: Melden Sie sich dort an, und laden Sie noch einmal.',
  },
  invalid: { what: 'es ist beschädigt', fix: 'Fragen Sie, wer das Netz betreibt.' },
};
const token =
  'Melden Sie sich im Browser beim Hub an, nehmen Sie an, was er verlangt, laden Sie die Dateien dort, und fügen Sie ihren Ordner hier hinzu; oder wählen Sie ein Modell, das frei zu laden ist.';

export const kinds: Kinds = {
  'training examples': 'Beispiele zum Training',
  'validation examples': 'Beispiele zur Validierung',
  'training examples left for validation': 'übrige Beispiele des Trainings zur Validierung',
  'test examples': 'Beispiele zum Test',
  'usable rows': 'brauchbaren Zeilen',
};

const things: Things = {
  'data set': 'Datensatz',
  example: 'Beispiel',
  import: 'Import',
  run: 'Lauf',
  'queued run': 'Lauf in der Warteschlange',
  stage: 'Stufe',
  'finished stage': 'Fertige Stufe',
  artifact: 'Stück',
  model: 'Modell',
  experiment: 'Experiment',
  'rating study': 'Bogen',
  item: 'Zusammenfassung dieses Bogens',
  rater: 'Bewertende',
};

function corrupt(args: Args<'corrupt'>): Words {
  return args.case === 'database'
    ? say(
        `${args.file} ist beschädigt: ${args.reason}.`,
        'Stellen Sie den Ordner des Arbeitsbereichs aus einer Sicherung wieder her.',
      )
    : say(
        `Etwas Gespeichertes (${args.what}) ist nicht lesbar: ${args.reason}.`,
        'Es stammt von einer anderen Version von Duologue: Nehmen Sie diese.',
      );
}

const figure = new Intl.NumberFormat('de-DE', { maximumFractionDigits: 9 });
const range = ({ min, above_min, max, below_max }: Bounds) =>
  `${above_min ? 'größer als' : 'mindestens'} ${figure.format(min)} und ${below_max ? 'kleiner als' : 'höchstens'} ${figure.format(max)}`;

/** Was eine Einstellung nimmt, als Objekt eines Satzes. */
export function shape(takes: SettingShape): string {
  switch (takes.kind) {
    case 'whole':
      return `eine ganze Zahl, ${range(takes.bounds)}`;
    case 'number':
      return `eine Zahl, ${range(takes.bounds)}`;
    case 'numbers':
      return `Zahlen mit Kommas dazwischen, jede ${range(takes.bounds)}`;
    case 'word':
      return `eines dieser Wörter: ${list(takes.words)}`;
    case 'words':
      return `einige dieser Wörter, mit Kommas dazwischen: ${list(takes.words)}`;
    case 'flag':
      return 'das Wort true (ja) oder false (nein)';
    case 'text':
      return 'einen Text';
  }
}

function recipe(args: Args<'recipe'>): Words {
  const fix = 'Berichtigen Sie die Einstellung im Rezept.';
  switch (args.case) {
    case 'unreadable':
      return say(`Das Rezept stimmt nicht: ${args.reason}.`, fix);
    case 'assignment':
      return say(`„${args.text}“ ist keine Einstellung mit einem Wert.`, fix);
    case 'unknown_field':
      return say(`Die Einstellung „${args.field}“ gibt es nicht.`, fix);
    case 'value':
      return say(
        `„${args.value}“ passt nicht zur Einstellung „${args.field}“. Sie nimmt ${shape(args.takes)}.`,
        fix,
      );
    case 'rule':
      return say(`Die Einstellung „${args.field}“ ${rules[args.rule]}.`, fix);
  }
}

function experiment(args: Args<'experiment'>): Words {
  const fix = 'Wählen Sie andere Werte für das Experiment.';
  switch (args.case) {
    case 'unreadable':
      return say(`Das Experiment stimmt nicht: ${args.reason}.`, fix);
    case 'schema':
      return say(`Das Experiment hat die Form ${args.schema}, die diese Version nicht kennt.`, fix);
    case 'empty':
      return say(`„${args.key}“ ist leer.`, fix);
    case 'name':
      return say(
        `„${args.name}“ kann kein Experiment heißen.`,
        'Nehmen Sie Buchstaben, Ziffern, „-“, „_“ und „.“, höchstens 60 Zeichen.',
      );
    case 'both':
      return say(`„${args.key}“ und „${args.other}“ schließen einander aus.`, fix);
    case 'axis':
      return say(`Achse ${args.axis} hat weder einen Namen mit benannten Werten noch ein Feld.`, fix);
    case 'lengths':
      return say('Achsen, die nebeneinander laufen, brauchen gleich viele Werte.', fix);
    case 'time':
      return say(`„${args.text}“ ist keine Zeit.`, 'Schreiben Sie 45m, 8h oder 1h30m.');
    case 'system':
      return say(`Ein Vergleich nennt ${args.system}, das das Experiment nicht hat.`, fix);
    case 'arm':
      return say(`Ein Vergleich nennt ${args.axis} = ${args.label}, das das Experiment nicht hat.`, fix);
    case 'too_many_runs':
      return say(
        `Das Experiment hat ${args.runs} Läufe; erlaubt sind ${args.limit}.`,
        'Wählen Sie weniger Startwerte.',
      );
    case 'not_ready':
      return say(
        `Das Experiment kann nicht beginnen: Es fehlt etwas.`,
        'Der Plan neben dem Formular sagt, was.',
      );
  }
}

const rules: Record<Extract<Args<'recipe'>, { case: 'rule' }>['rule'], string> = {
  positive_factors: 'muss positive Faktoren aufzählen, zum Beispiel 0.5, 1, 2',
  compared: 'muss ein System nennen, oder die Liste der Synthesizer muss einen nennen',
  sigmoid_or_robust: 'wirkt nur auf die Verluste sigmoid und robust; setzen Sie sie auf 0',
  two_for_fixed_ratio:
    'muss für die feste Mischung mindestens 2 sein, denn sie mischt in jedem Stapel echte und künstliche Paare',
  names_scorer: 'muss den Ordner eines Modells nennen, denn ein anderes Modell bewertet',
};

function stalled({ stage, why }: Args<'stalled'>): Words {
  const stopped = `Die Stufe ${stageName(stage)} kommt nicht weiter`;
  switch (why.case) {
    case 'no_topic':
      return say(
        `${stopped}: Das Modell nannte zu keiner Zusammenfassung ein Thema.`,
        'Wählen Sie ein Modell, das Anweisungen folgt, oder setzen Sie im Rezept topic_demos auf 3.',
      );
    case 'no_summary':
      return say(
        `${stopped}: Keine künstliche Zusammenfassung kam durch die Siebe.`,
        'Erhöhen Sie im Rezept summary_max_rounds, summary_max_new_tokens oder novelty_rouge_l.',
      );
    case 'no_dialogue':
      return say(
        `${stopped}: Kein Dialog von „${names.synthesizer[why.synthesizer]}“ genügte der Formregel.`,
        'Erhöhen Sie im Rezept dialogue_tries oder ids_max_iterations, senken Sie dialogue_temperature, oder trainieren Sie länger (sft_max_epochs).',
      );
    case 'no_preference':
      return say(
        `${stopped}: Keine zwei Dialoge einer Zusammenfassung unterscheiden sich genug, um einen vorzuziehen.`,
        'Erhöhen Sie im Rezept candidates_per_summary oder dialogue_temperature, oder senken Sie min_gap.',
      );
    case 'unable_judge':
      return say(
        `${stopped}: Der Prüfer erkennt das richtige Gespräch in nur ${why.right} von ${why.n} Fällen.`,
        'Wählen Sie ein größeres Basismodell, oder setzen Sie im Rezept judge_action auf adapt oder scorer auf none: Dann entsteht kein Paar nach dem Urteil des Prüfers.',
      );
    case 'no_pair':
      return say(
        `${stopped}: Für „${names.synthesizer[why.synthesizer]}“ fehlt jedes Paar, von dem es lernen könnte.`,
        `Erhöhen Sie im Rezept eines neuen Laufs candidates_per_summary, senken Sie min_gap, oder lassen Sie die Systeme weg, die davon lernen; was bisher fertig ist, wird übernommen.`,
      );
  }
}

function outOfMemory(args: Args<'out_of_memory'>): Words {
  if (args.case === 'card')
    return say(
      'Der Speicher der Grafikkarte ist voll.',
      'Schließen Sie andere Programme, die sie nutzen, wählen Sie ein kleineres oder gerundetes Modell, oder rechnen Sie auf dem Prozessor.',
    );
  const message = `Die Stufe ${stageName(args.stage)} hielt an: Der Speicher der Grafikkarte ist voll. Alles Fertige bleibt.`;
  return args.smaller
    ? say(
        message,
        `Schließen Sie andere Programme, die sie nutzen, und setzen Sie fort; oder beginnen Sie den Lauf neu, im Rezept mit ${list(args.smaller.settings)}. Stufen, die das nicht ändert, werden übernommen.`,
      )
    : say(
        message,
        'Schließen Sie andere Programme, die sie nutzen, und setzen Sie fort, oder wählen Sie ein kleineres Modell.',
      );
}

function usage(args: Args<'usage'>): Words {
  switch (args.case) {
    case 'command_line':
      return say(
        `Der Rechenprozess versteht das Fenster nicht: ${args.reason}.`,
        'Fenster und Rechenprozess müssen von derselben Version sein; die Einstellungen nennen beide.',
      );
    case 'window_arguments':
      return say('Das Fenster wurde mit Angaben gestartet, die es nicht kennt.');
    case 'no_dialogue':
      return say('Es gibt keinen Dialog zusammenzufassen.', 'Fügen Sie einen ein.');
    case 'not_stored':
      return say('Dieses Beispiel ist noch nicht gespeichert.', 'Lesen Sie es zuerst ein.');
    case 'no_dataset_name':
      return say('Der Datensatz hat keinen Namen.', 'Geben Sie ihm einen.');
    case 'bad_columns':
      return say(
        `Die Spalten „${args.columns}“ sind nicht lesbar.`,
        'Wählen Sie eine Spalte für den Dialog und eine für die Zusammenfassung.',
      );
  }
}

function folderFault(args: Args<'file_not_found'>): Words {
  switch (args.case) {
    case 'no_config':
      return say(
        `${args.file} ist nicht lesbar: ${args.reason}.`,
        'Wählen Sie den Ordner, der config.json und die Gewichte enthält.',
      );
    case 'no_tokenizer':
      return say(
        `In ${args.file} fehlt tokenizer.json.`,
        'Kopieren Sie tokenizer.json des Modells in den Ordner.',
      );
    case 'no_weights':
      return say(
        `In ${args.file} fehlt eine Datei, die auf .safetensors endet.`,
        'Duologue liest Gewichte nur im Format safetensors.',
      );
  }
}

function modelFile({ file, fault }: Args<'model_file'>): Words {
  const fix = 'Kopieren Sie die Datei noch einmal von ihrer Quelle.';
  switch (fault.case) {
    case 'truncated':
      return say(`${file} ist unbrauchbar: Die Datei ist abgeschnitten.`, fix);
    case 'not_safetensors':
      return say(
        `${file} ist unbrauchbar: Die Datei ist abgeschnitten oder nicht im Format safetensors.`,
        fix,
      );
    case 'unreadable':
      return say(`${file} ist unbrauchbar: ${fault.reason}.`, fix);
  }
}

/** Eine Grenze beim Einlesen, als zweite Hälfte eines Satzes. */
const limits: Record<IntakeLimit, (most: number) => string> = {
  file_bytes: (most) => `höchstens ${most / 2 ** 20} MiB je Datei`,
  members: (most) => `höchstens ${most} Dateien je Archiv`,
  member_bytes: (most) => `höchstens ${most / 2 ** 20} MiB je entpackte Datei`,
  archive_bytes: (most) => `höchstens ${most / 2 ** 20} MiB je entpacktes Archiv`,
  depth: (most) => `höchstens ${most} Ebenen`,
  cell_bytes: (most) => `höchstens ${most / 2 ** 20} MiB je Zelle`,
  turns: (most) => `höchstens ${most} Beiträge je Einlesen`,
  pieces: (most) => `höchstens ${most} so kurze Teile auf einmal`,
  columns: (most) => `höchstens ${most} Spalten je Tabelle`,
  reach: (most) => `höchstens ${most} Zellen, die leeren dazwischen mitgezählt`,
};

export const errors: ErrorWords = {
  // Arbeitsbereich
  newer_workspace: ({ file, needs }) =>
    say(`${file} braucht Duologue ${needs} oder neuer; nichts wurde geändert.`, 'Erneuern Sie Duologue.'),
  not_a_workspace: ({ file }) =>
    say(`${file} gehört einem anderen Programm; die Datei blieb unberührt.`, workspace),
  disk_full: ({ file, room }) =>
    say(
      room
        ? `Für ${file} sind ${gigabytes(room.free_bytes)} frei, ${gigabytes(room.need_bytes)} werden gebraucht.`
        : `Der Datenträger von ${file} ist voll.`,
      'Schaffen Sie Platz, und setzen Sie fort; nichts Fertiges ist verloren.',
    ),
  busy: ({ file }) =>
    say(
      `Ein anderer Prozess hält ${file} fest; nichts wurde geändert.`,
      'Versuchen Sie es gleich noch einmal.',
    ),
  read_only: ({ file }) =>
    say(
      `${file} lässt sich nicht schreiben.`,
      'Prüfen Sie, ob es den Ordner gibt und Sie darin schreiben dürfen.',
    ),
  corrupt,
  io: ({ file, reason }) =>
    say(file ? `${file}: ${reason}.` : `${reason}.`, 'Prüfen Sie Pfad, Rechte und freien Platz.'),
  name_taken: ({ thing, name }) =>
    say(`Der Name „${name}“ ist vergeben (${things[thing]}).`, 'Wählen Sie einen anderen.'),
  no_such_dataset: ({ name, known }) =>
    say(
      `Den Datensatz „${name}“ gibt es nicht.`,
      known.length > 0 ? 'Wählen Sie einen unter Daten.' : 'Lesen Sie unter Daten einen ein.',
    ),
  no_such_run: ({ run }) => say(`Den Lauf ${run} gibt es nicht.`, 'Sehen Sie unter Läufe nach.'),
  in_use: ({ thing, name, by, count }) =>
    say(
      `„${name}“ (${things[thing]}) wird noch gebraucht (${things[by]}: ${count}); nichts wurde gelöscht.`,
      'Löschen Sie zuerst, was darauf aufbaut.',
    ),
  ratings_locked: ({ rater }) =>
    say(`Der Bogen von ${rater} ist abgeschlossen.`, 'Legen Sie einen neuen an, um weiter zu bewerten.'),
  score_out_of_range: ({ score }) =>
    say(`Die Note ${score} gibt es nicht.`, 'Drücken Sie eine Taste von 1 bis 5.'),
  lease_lost: ({ run }) =>
    say(`Ein anderer Prozess hat den Lauf ${run} übernommen und arbeitet daran weiter.`),
  ...protectionErrors,
  database: ({ reason }) => say(`Die Datenbank lehnte eine Abfrage ab: ${reason}.`, defect),
  // Daten
  no_files: () =>
    say('Es wurde keine Datei gewählt.', 'Wählen Sie eine Datei mit Dialogen und Zusammenfassungen.'),
  not_found: (args) =>
    args.case === 'file'
      ? say(`Die Datei ${args.file} gibt es nicht.`, 'Prüfen Sie Namen und Ordner.')
      : say(`Das gibt es nicht: ${things[args.thing]} ${args.key}.`, 'Wählen Sie etwas, das es gibt.'),
  unreadable: (args) =>
    say(
      args.case === 'folder'
        ? `${args.file} ist ein Ordner.`
        : `${args.file} ist nicht lesbar: ${args.reason}.`,
      'Wählen Sie eine Datei, die Sie öffnen dürfen.',
    ),
  unknown_format: ({ file }) =>
    say(
      `${file} hat kein bekanntes Format.`,
      'Gelesen werden JSON, JSONL, CSV, TSV, TXT, Markdown, WebVTT und SRT; jede Zeile mit einem Dialog und seiner Zusammenfassung.',
    ),
  empty: ({ file }) =>
    say(
      `${file} ist leer.`,
      'Prüfen Sie, ob es die richtige Datei ist: Jede Zeile enthält Dialog und Zusammenfassung.',
    ),
  json: ({ file, row, column, reason }) =>
    say(
      `${file} ist in Zeile ${row}, Spalte ${column} kein gültiges JSON: ${reason}.`,
      'Berichtigen Sie die Stelle, oder holen Sie die Datei noch einmal: Vielleicht ist sie abgeschnitten.',
    ),
  invalid_utf8: ({ file, row, utf16 }) =>
    say(
      `${file} ist ab Zeile ${row} kein UTF-8-Text${utf16 ? ' (es sieht nach UTF-16 aus)' : ''}.`,
      'Speichern Sie die Datei in UTF-8 (in einer Tabelle: „CSV UTF-8“).',
    ),
  table: ({ file, row, reason }) =>
    say(
      `${file} ist in Zeile ${row} nicht als Tabelle lesbar: ${reason}.`,
      'Berichtigen Sie die Zeile, oder speichern Sie die Tabelle neu.',
    ),
  unknown_column: ({ file, field, columns }) =>
    say(`${file} hat keine Spalte „${field}“; es gibt ${list(columns)}.`, 'Wählen Sie eine dieser Spalten.'),
  needs_mapping: ({ columns }) =>
    say(
      `Es ist nicht zu erkennen, welche Spalten Dialog und Zusammenfassung enthalten; es gibt ${list(columns)}.`,
      'Wählen Sie beide.',
    ),
  incomplete_map: ({ lacks }) =>
    say(
      lacks === 'dialogue'
        ? 'Für den Dialog ist keine Spalte gewählt.'
        : 'Für die Zusammenfassung ist keine Spalte gewählt.',
      'Wählen Sie eine.',
    ),
  speakers_needed: ({ file, row, field }) =>
    say(
      `${file}, Zeile ${row}: Die Beiträge in „${field}“ nennen keine Sprechenden.`,
      'Nennen Sie die Sprechenden der Reihe nach, mit Komma getrennt; zuerst, wer beginnt.',
    ),
  bad_speakers: ({ given }) =>
    say(
      `„${given}“ nennt keine zwei Sprechenden.`,
      'Nennen Sie mindestens zwei Namen von höchstens 40 Zeichen ohne Doppelpunkt, mit Komma getrennt.',
    ),
  bad_rows: ({ count, read, file, row, fault }) =>
    say(
      `${count} von ${read} Zeilen lassen sich nicht einlesen, die erste ist Zeile ${row} von ${file}: ${rowWords(rows, fault).reason} Nichts wurde eingelesen.`,
      `${rowWords(rows, fault).fix} Die übrigen Zeilen lassen sich ohne sie einlesen.`,
    ),
  leaks: ({ count, id, with: other }) =>
    say(
      `${count} Dialoge stehen in zwei Teilen, der erste ist „${id}“ (auch „${other}“). Nichts wurde eingelesen.`,
      'Nehmen Sie die doppelten heraus.',
    ),
  words_open: ({ count }) =>
    say(
      `${count} Wörter könnten jemanden benennen, und niemand hat es bisher gesagt. Nichts wurde eingelesen.`,
      'Sagen Sie von jedem Wort, ob es eine Person, einen Ort oder eine Firma benennt.',
    ),
  pdf: ({ file }) =>
    say(
      `${file} ist ein PDF: Es enthält gedruckte Seiten, keine Gesprächsbeiträge.`,
      'Bitten Sie um das Transkript als DOCX oder TXT, oder kopieren Sie den Text und fügen Sie ihn hier ein.',
    ),
  rtf: ({ file }) =>
    say(
      `${file} ist Rich Text und wird nicht gelesen.`,
      'Öffnen Sie die Datei in einer Textverarbeitung, und speichern Sie sie als DOCX oder als reinen Text.',
    ),
  old_office: ({ file }) =>
    say(
      `${file} stammt aus Office vor 2007 oder hat ein Passwort.`,
      'Öffnen Sie die Datei in Office oder LibreOffice, entfernen Sie das Passwort, falls es eines gibt, und speichern Sie sie als DOCX oder XLSX.',
    ),
  binary_workbook: ({ file }) =>
    say(
      `${file} ist eine Arbeitsmappe in der Binärform von Excel (XLSB), die nicht gelesen wird.`,
      'Öffnen Sie die Datei in Excel oder LibreOffice, und speichern Sie sie als XLSX.',
    ),
  ratings: ({ file, row, reason }) =>
    say(
      `${file}, Nummer ${row}: ${reason}.`,
      'Berichtigen Sie das in dem Programm, aus dem die Datei stammt, und exportieren Sie sie noch einmal.',
    ),
  binary: ({ file }) =>
    say(
      `${file} ist kein Text: Darin sind Bytes eines Bildes, einer Aufnahme oder eines Programms.`,
      'Wählen Sie die Datei mit den Worten des Gesprächs, zum Beispiel sein Transkript als TXT, DOCX oder VTT.',
    ),
  html: ({ file }) =>
    say(
      `${file} ist eine Webseite (HTML) und wird nicht gelesen.`,
      'Exportieren Sie den Chat noch einmal als JSON oder Text, oder kopieren Sie den Text und fügen Sie ihn hier ein.',
    ),
  too_large: ({ file, limit, most }) =>
    say(
      `${file} ist zu groß: ${limits[limit](most)}.`,
      limit === 'reach'
        ? 'Löschen Sie, was weit von der Tabelle entfernt steht, oder speichern Sie die Arbeitsmappe als XLSX.'
        : limit === 'columns'
          ? 'Prüfen Sie das Trennzeichen, und lassen Sie Spalten weg, die weder Dialog noch Zusammenfassung, Kennung oder Aufteilung enthalten.'
          : limit === 'pieces'
            ? 'Teilen Sie die Datei in Dateien mit höchstens so vielen Zeilen, und lesen Sie sie nacheinander in denselben Datensatz ein.'
            : 'Teilen Sie die Datei, und lesen Sie die Teile nacheinander in denselben Datensatz ein.',
    ),
  archive: ({ file, fault }) => {
    switch (fault.case) {
      case 'broken':
        return say(
          `${file} ist beschädigt oder unvollständig: ${fault.reason}.`,
          'Holen Sie die Datei noch einmal: Vielleicht wurde sie unterwegs abgeschnitten.',
        );
      case 'encrypted':
        return say(
          `${file} ist mit einem Passwort gesperrt.`,
          'Entpacken Sie das Archiv mit dem Passwort, und wählen Sie die Dateien darin.',
        );
      case 'no_conversation':
        return say(
          `${file} enthält keinen bekannten Chat, kein Dokument und keine Tabelle.`,
          'Entpacken Sie das Archiv, und wählen Sie die Datei mit dem Gespräch.',
        );
      case 'several_conversations':
        return say(
          `${file} enthält mehrere Gespräche: ${list(fault.members)}.`,
          'Entpacken Sie das Archiv, und wählen Sie alle: Ein Import nimmt mehrere Dateien.',
        );
    }
  },
  header_not_first: ({ file, first, header }) =>
    say(
      header === null
        ? `Die erste Zeile von ${file} lautet „${first}“ und nennt keine Spalten.`
        : `Die Spaltennamen von ${file} stehen nicht in der ersten Zeile („${first}“), sondern in Zeile ${header}.`,
      'Löschen Sie, was darüber steht: Die erste Zeile muss die Namen der Spalten enthalten.',
    ),
  several_lists: ({ file, lists }) =>
    say(
      `${file} hat mehrere Listen, die die Zeilen sein könnten: ${lists.join(', ')}.`,
      'Benennen Sie die Listen train, validation und test, wenn sie die Teile sind, oder lassen Sie nur eine Liste in der Datei.',
    ),
  // Läufe
  recipe,
  experiment,
  empty_dataset: ({ dataset, lacks }) =>
    say(`Der Datensatz „${dataset}“ hat keine ${kinds[lacks]}.`, 'Lesen Sie eine Datei für diesen Teil ein.'),
  too_few_rows: ({ dataset, kind, have, need, field }) =>
    say(
      `Der Datensatz „${dataset}“ hat zu wenig ${kinds[kind]}: ${have}, das Rezept verlangt ${need}.`,
      have === 0
        ? 'Lesen Sie mehr Beispiele ein, oder lernen Sie aus weniger, damit welche zum Auswählen bleiben.'
        : `Lesen Sie mehr Beispiele ein, oder setzen Sie im Rezept ${field} auf ${have}.`,
    ),
  not_ready: ({ dataset, lack }) =>
    say(
      lack.case === 'speakers'
        ? `Aus „${dataset}“ ist nichts zu lernen: In ${lack.several} von ${lack.dialogues} Dialogen sprechen zwei.`
        : `Aus „${dataset}“ ist nichts zu lernen: Die meisten Zusammenfassungen sind leer oder länger als ihr Dialog.`,
      lack.case === 'speakers'
        ? 'Prüfen Sie unter „Daten“, ob richtig gelesen wurde, wer spricht.'
        : 'Prüfen Sie unter „Daten“, welche Spalte als Zusammenfassung gelesen wurde.',
    ),
  too_long: (args) =>
    args.case === 'text'
      ? say(
          `Der Text braucht ${args.tokens} Tokens, das Modell liest ${args.limit}.`,
          'Kürzen Sie den Text, oder wählen Sie ein Modell mit längerem Kontext.',
        )
      : say(
          `${args.count} Dialoge passen nicht in den Kontext des Modells von ${args.limit} Tokens; der längste ist Beispiel „${args.id}“ mit ${args.tokens}.`,
          'Wählen Sie ein Modell mit längerem Kontext, oder setzen Sie im Rezept too_long auf drop (weglassen) oder cut_dialogue_end (kürzen).',
        ),
  locked: (args) =>
    args.case === 'run'
      ? say(`Am Lauf ${args.run} arbeitet schon Prozess ${args.pid}.`, 'Warten Sie, oder halten Sie ihn an.')
      : say(`Ein anderer Prozess lädt schon nach ${args.file}.`, 'Warten Sie, oder halten Sie ihn an.'),
  interrupted: (args) =>
    args.case === 'run'
      ? say(`Der Lauf ${args.run} wurde unterbrochen; alles Fertige bleibt.`, 'Setzen Sie ihn fort.')
      : args.case === 'download'
        ? say(
            'Das Herunterladen wurde angehalten; was da ist, bleibt.',
            'Laden Sie noch einmal: Es geht dort weiter.',
          )
        : args.case === 'export'
          ? say('Das Exportieren wurde angehalten; nichts wurde geschrieben.', 'Beginnen Sie es noch einmal.')
          : say('Die Arbeit wurde angehalten.', 'Beginnen Sie sie noch einmal.'),
  model_changed: ({ file }) =>
    say(
      `Das Modell in ${file} ist nicht das, mit dem dieser Lauf begann.`,
      'Legen Sie die alten Dateien zurück, oder beginnen Sie einen neuen Lauf mit diesem Modell.',
    ),
  wrong_state: wrongState,
  stalled,
  out_of_memory: outOfMemory,
  ...studyErrors,
  leak: ({ run, copied, identifying, texts }) =>
    say(
      `Was der Lauf „${run}“ erfunden hat, gibt echte Gespräche preis: Von ${texts} Texten wiederholen ${copied} eine lange Stelle, und ${identifying} enthalten, was jemanden erkennen lässt. Nichts wurde geschrieben.`,
      'Beginnen Sie einen Lauf, dessen Rezept solche Texte weglässt (leak_gate = drop), oder lesen Sie die Gespräche mit erfundenen Namen und Nummern ein.',
    ),
  // Modelle
  missing_file: ({ file }) => say(`${file} fehlt: Der Ordner ist nicht vollständig.`, again),
  no_such_model: ({ file }) =>
    say(`In ${file} liegt kein Modell.`, 'Fügen Sie es unter Modelle noch einmal hinzu.'),
  several_models: ({ files }) =>
    say(`In dem Ordner liegen mehrere Modelle: ${list(files)}.`, 'Legen Sie jedes in einen Ordner für sich.'),
  truncated_weights: ({ file, found_bytes, expected_bytes }) =>
    say(`${file} ist unvollständig: ${found_bytes} von ${expected_bytes} Bytes.`, again),
  weights: ({ file, reason }) => say(`Die Gewichte in ${file} sind unbrauchbar: ${reason}.`, again),
  unsupported_architecture: ({ found, supported }) =>
    say(
      `Modelle der Bauart ${found} werden nicht unterstützt, sondern diese: ${supported}.`,
      'Wählen Sie eines aus der Liste der Downloads.',
    ),
  not_in_gguf: ({ what }) =>
    say(`Eine GGUF-Datei kann ${what} nicht so enthalten wie das Modell; nichts wurde geschrieben.`),
  model_config: ({ file, field, reason }) => say(`${file}: „${field}“ ${reason}.`, published),
  vocabulary_mismatch: ({ tokenizer, model }) =>
    say(
      `Der Tokenizer kennt ${tokenizer} Tokens, das Modell nur ${model}: Sie gehören nicht zusammen.`,
      published,
    ),
  tokenizer: ({ file, reason }) => say(`Der Tokenizer ${file} ist unbrauchbar: ${reason}.`, published),
  chat_template: ({ file, reason }) =>
    say(
      `Die Gesprächsvorlage des Modells${file ? ` (${file})` : ''} lehnt die Eingabe ab: ${reason}.`,
      published,
    ),
  adapter: ({ file, reason }) =>
    say(
      `Der Adapter ${file} ist unbrauchbar: ${reason}.`,
      'Wählen Sie den Adapter, der zu diesem Modell trainiert wurde.',
    ),
  checkpoint: ({ file, reason }) =>
    say(`Der Zwischenstand ${file} ist unbrauchbar: ${reason}.`, 'Beginnen Sie die Stufe von vorn.'),
  not_finite: ({ what }) =>
    say(
      `Ein Wert ist keine Zahl mehr (${what}): Die Gewichte sind beschädigt, oder eine Lernrate ist zu hoch.`,
      'Prüfen Sie die Dateien des Modells, oder senken Sie im Rezept sft_lr oder dpo_lr.',
    ),
  setting: ({ field, reason }) =>
    say(`Die Einstellung „${field}“ stimmt nicht: ${reason}.`, 'Berichtigen Sie sie im Rezept.'),
  device: ({ device, reason }) =>
    say(`Auf ${device} lässt sich hier nicht rechnen: ${reason}.`, 'Rechnen Sie auf dem Prozessor.'),
  tensor: ({ reason }) => say(`Eine Rechnung ist gescheitert: ${reason}.`, defect),
  // Herunterladen
  offline: ({ what }) =>
    say(
      `${what} ist nicht auf diesem Rechner, und keine Verbindung darf geöffnet werden.`,
      'Dieser Rechner ist so eingerichtet, dass er keine Verbindung öffnet: Fragen Sie, wer ihn eingerichtet hat, oder fügen Sie einen Ordner hinzu, der schon hier ist.',
    ),
  network_locked: ({ what }) =>
    say(
      `${what} ist nicht auf diesem Rechner, und das Netz dieses Arbeitsbereichs ist gesperrt.`,
      'Geben Sie das Netz unter Einstellungen, Netz frei, oder fügen Sie einen Ordner hinzu, der schon hier ist.',
    ),
  unrecorded: ({ host, reason }) =>
    say(
      `Zu ${host} wurde keine Verbindung geöffnet, weil sie sich nicht in die Liste der Verbindungen eintragen ließ: ${reason}.`,
      'Prüfen Sie, ob auf der Festplatte Platz ist, und versuchen Sie es noch einmal.',
    ),
  bad_id: ({ id, reason }) =>
    say(`„${id}“ bezeichnet kein Modell: ${reason}.`, 'Schreiben Sie es wie im Hub: Besitzer/Name.'),
  bad_endpoint: ({ endpoint }) =>
    say(
      `„${endpoint}“ ist nicht die Adresse eines Hubs.`,
      'Dieser Rechner nennt diese Adresse für den Hub: Fragen Sie, wer ihn eingerichtet hat, oder fügen Sie einen Ordner hinzu, der schon hier ist.',
    ),
  bad_token: () => say('Das Zugangswort enthält Zeichen, die keines hat.', token),
  bad_manifest: ({ file, reason }) =>
    say(
      `${file} sagt nicht, was geladen wurde: ${reason}.`,
      'Löschen Sie diese Datei, und laden Sie das Modell noch einmal: Ganze Dateien werden nicht neu geholt.',
    ),
  unauthorized: ({ host, what, had_token, no_token }) =>
    say(
      `${host} verlangt für ${what} ein Zugangswort${had_token ? ' und lehnte das gesendete ab' : ''}.${asked(no_token)}`,
      token,
    ),
  gated: ({ host, what, no_token }) =>
    say(
      `${host} gibt ${what} diesem Konto nicht: Die Lizenz des Modells muss dort erst angenommen werden.${asked(no_token)}`,
      `Nehmen Sie sie auf https://${host}/${what} an. ${token}`,
    ),
  not_on_hub: ({ host, what }) =>
    say(`${host} hat ${what} nicht.`, 'Prüfen Sie die Schreibweise, oder wählen Sie ein Modell der Liste.'),
  rate_limited: ({ host, retry_after_s }) =>
    say(
      `${host} lässt gerade keine weiteren Anfragen zu.`,
      `Warten Sie ${retry_after_s === null ? 'eine Weile' : `${retry_after_s} Sekunden`}, und laden Sie noch einmal: Es geht dort weiter.`,
    ),
  unreachable: ({ host, reason }) =>
    say(
      `${host} ist nicht zu erreichen: ${reason}.`,
      'Prüfen Sie die Verbindung, und laden Sie noch einmal: Es geht dort weiter.',
    ),
  bad_proxy: ({ variable }) =>
    say(`${variable} in der Umgebung dieses Rechners enthält keine Adresse eines Proxys.`, network),
  proxy_unreachable: ({ proxy, variable, reason }) =>
    say(`Der Proxy ${proxy} (${variable}) ist nicht zu erreichen: ${reason}.`, network),
  proxy_refused: ({ proxy, variable, host, reason }) =>
    say(`Der Proxy ${proxy} (${variable}) lässt keine Verbindung zu ${host} durch: ${reason}.`, network),
  bad_certificates: ({ file, reason }) =>
    say(
      `${file}, von SSL_CERT_FILE genannt, enthält keine Zertifikate, denen zu trauen wäre: ${reason}.`,
      network,
    ),
  untrusted_certificate: ({ host, fault, reason }) =>
    say(
      `Dem Zertifikat von ${host} traut dieser Rechner nicht: ${fault === 'invalid' ? reason : certificate[fault].what}.`,
      certificate[fault].fix,
    ),
  bad_answer: ({ host, reason }) =>
    say(`${host} hat unverständlich geantwortet: ${reason}.`, 'Versuchen Sie es später wieder.'),
  no_weights: ({ id, reason }) =>
    say(`In ${id} liegen keine lesbaren Gewichte: ${reason}.`, 'Wählen Sie ein Modell mit safetensors.'),
  checksum: ({ file }) =>
    say(`${file} kam beschädigt an.`, 'Laden Sie noch einmal: Nur diese Datei wird neu geholt.'),
  // Rechenprozess und Fenster
  usage,
  file: ({ file, row, reason }) =>
    say(
      `${file}${row === null ? '' : `, Zeile ${row}`}: ${reason}.`,
      'Prüfen Sie Namen, Ordner und Inhalt der Datei.',
    ),
  keychain: ({ keychain, reason }) =>
    say(
      `Der Schlüsselbund (${keychain}) ist nicht zu gebrauchen: ${reason}.`,
      'Starten und entsperren Sie ihn, und versuchen Sie es noch einmal.',
    ),
  file_not_found: folderFault,
  model_file: modelFile,
  window_download_busy: () =>
    say('Ein anderes Modell wird gerade geladen.', 'Warten Sie, oder halten Sie es an.'),
  window_export_busy: () =>
    say('Etwas anderes wird gerade geschrieben.', 'Warten Sie darauf, oder halten Sie es zuerst an.'),
  window_lock: ({ file, reason }) =>
    say(
      `${file} lässt sich nicht sperren: ${reason}.`,
      'Prüfen Sie, ob Sie im Ordner des Arbeitsbereichs schreiben dürfen.',
    ),
  window_log: ({ file, reason }) =>
    say(`Das Protokoll ${file} ist nicht lesbar: ${reason}.`, 'Prüfen Sie, ob Sie es öffnen dürfen.'),
  window_no_sample: () =>
    say(
      'Das Modell des Beispiels liegt nicht neben diesem Fenster.',
      'Installieren Sie Duologue neu, oder lesen Sie eine eigene Datei ein.',
    ),
  window_no_worker: () =>
    say(
      'Das Programm „duologue“, das rechnet, liegt nicht neben diesem Fenster.',
      'Die Einstellungen sagen, wo es gesucht wird. Installieren Sie Duologue neu, und öffnen Sie dann das Fenster neu.',
    ),
  window_notification: ({ reason }) =>
    say(
      `Das System zeigt keine Mitteilung: ${reason}.`,
      'Schalten Sie Mitteilungen in den Einstellungen aus.',
    ),
  window_taken: ({ workspace: folder }) =>
    say(
      `Ein anderes Fenster hat den Arbeitsbereich ${folder} offen und antwortet nicht.`,
      'Schließen Sie es, oder beenden Sie seinen Prozess „duologue-desktop“, und versuchen Sie es noch einmal.',
    ),
  window_worker_answer: ({ reason }) =>
    say(
      `Die Antwort des Rechenprozesses ist nicht lesbar: ${reason}.`,
      'Fenster und Rechenprozess müssen von derselben Version sein; die Einstellungen nennen beide.',
    ),
  window_worker_start: ({ reason }) =>
    say(
      `Das Programm „duologue“ ließ sich nicht starten: ${reason}.`,
      'Prüfen Sie die Datei, die die Einstellungen nennen.',
    ),
  window_worker_stopped: ({ logs }) =>
    say(
      'Der Rechenprozess hat ohne Antwort geendet; vielleicht reichte der Speicher nicht.',
      `Versuchen Sie es noch einmal, oder sehen Sie nach in ${logs}.`,
    ),
  window_missing: () => say('Diese Seite läuft nur im Fenster von Duologue.', 'Starten Sie Duologue.'),
  window_unexpected: ({ reason }) => say(`Im Fenster ging etwas Unerwartetes schief. ${reason}`),
  window_workspace: () =>
    say(
      'Kein Ordner für den Arbeitsbereich ist bekannt.',
      'Öffnen Sie einen Ordner, in dem Duologue alles aufbewahren darf.',
    ),
};

function asked(reason: string | null): string {
  return reason === null ? '' : ` Der Schlüsselbund ließ sich nicht fragen: ${reason}.`;
}
