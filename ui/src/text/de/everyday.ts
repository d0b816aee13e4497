// Namen, Notizen, Löschen, Arbeitsbereiche, wo gerechnet wird, und dass der Rechner wach bleibt.
import type { everyday as english } from '../en/everyday';

const many = (n: string, one: string, more: string) => `${n} ${n === '1' ? one : more}`;

export const everyday: typeof english = {
  label: {
    edit: 'Name, Notiz …',
    title: {
      run: 'Name und Notiz dieses Laufs',
      dataset: 'Name und Notiz dieses Datensatzes',
      model: 'Name und Notiz dieses Modells',
    },
    name: 'Name',
    nameHint: (usual) => `Leer: Es heißt wieder „${usual}“.`,
    datasetHint: 'Dateien und Befehle nennen ihn bei diesem Namen.',
    note: 'Notiz',
    noteHint: 'Nur für Sie: Notizen verlassen den Rechner weder mit einem Laufbündel noch mit einem Bericht.',
    kept: 'Gesichert.',
  },
  remove: {
    button: 'Löschen …',
    title: (name) => `„${name}“ löschen?`,
    looking: 'Sieht nach, was daran hängt …',
    goes: 'Das geht für immer verloren:',
    nothingElse: 'Sonst hängt nichts daran.',
    stays: 'Das bleibt:',
    blocked: 'Es lässt sich nicht löschen, solange es gebraucht wird von:',
    agree: 'Endgültig löschen',
    done: (name) => `„${name}“ ist gelöscht.`,
    what: {
      examples: (n) => many(n, 'Beispiel', 'Beispiele'),
      imports: (n) => many(n, 'Import, aus dem er besteht', 'Importe, aus denen er besteht'),
      items: (n) => many(n, 'Eintrag, den Stufen gemacht haben', 'Einträge, die Stufen gemacht haben'),
      changes: (n) => many(n, 'Änderung von Hand', 'Änderungen von Hand'),
      adapters: (n) => many(n, 'Adapter', 'Adapter'),
      shared_adapters: (n) =>
        many(n, 'Adapter, den auch ein anderer Lauf hat', 'Adapter, die auch andere Läufe haben'),
      checkpoints: () => 'die Zwischenstände einer unfertigen Stufe',
      log: () => 'sein Protokoll',
      label: () => 'Name und Notiz',
      files: () => 'die Dateien des Modells',
      runs: (n) => many(n, 'Lauf', 'Läufe'),
      studies: (n) => many(n, 'Bewertungsstudie', 'Bewertungsstudien'),
      experiments: (n) => many(n, 'Platz in einem Experiment', 'Plätze in Experimenten'),
      votes: (n) => many(n, 'Stimme aus der Vorführung', 'Stimmen aus der Vorführung'),
      corrections: (n) =>
        many(
          n,
          'in der Vorführung korrigierte Zusammenfassung',
          'in der Vorführung korrigierte Zusammenfassungen',
        ),
    },
    runsStay:
      'Diese Läufe lassen sich lesen, aber ohne das Modell weder fortsetzen noch zum Zusammenfassen nutzen:',
  },
  workspaces: {
    title: 'Arbeitsbereiche',
    note: 'Jeder enthält ein eigenes Projekt: Datensätze, Läufe, Bewertungen. Ein laufender Lauf läuft weiter, wenn Sie wechseln.',
    list: 'Zuletzt geöffnete Arbeitsbereiche',
    here: 'Jetzt geöffnet',
    gone: 'Zurzeit nicht da',
    open: 'Öffnen',
    openLabel: (folder) => `${folder} öffnen`,
    forget: 'Von der Liste nehmen',
    forgetLabel: (folder) => `${folder} von der Liste nehmen`,
    another: 'Anderen öffnen oder anlegen …',
  },
  device: {
    label: 'Wo gerechnet wird',
    cpu: 'Prozessor',
    card: (name, place) => `${name} (${place})`,
    free: (free, all) => `${free} von ${all} frei`,
    noCard:
      'Hier kann nur der Prozessor rechnen. Eine Karte braucht ein dafür gebautes Programm und ihren Treiber.',
  },
  awake: {
    label: 'Den Rechner wach halten, während ein Lauf arbeitet',
    hint: 'Für Läufe über Nacht. Der Bildschirm darf dunkel werden; ein zugeklappter Laptop schläft trotzdem ein. Das gilt ab dem nächsten Lauf.',
    on: 'Ja',
    off: 'Nein',
    held: 'Der Rechner bleibt wach, während dieser Lauf arbeitet.',
    notHeld:
      'Der Rechner kann einschlafen: Dieses System wurde nicht gefragt oder hat abgelehnt. Seine Energieeinstellungen entscheiden.',
    allowed: 'Der Rechner darf einschlafen, während dieser Lauf arbeitet, wie Sie es gewählt haben.',
    change: 'Ändern',
  },
};
