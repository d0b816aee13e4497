// Die Wörter des Netzes: die Liste der Verbindungen und die Sperre.
import type { ForgetPlace, NetworkOutcome } from '../../bridge';

const outcomes: Record<NetworkOutcome, string> = {
  open: 'Ende nicht vermerkt',
  ok: 'Beantwortet',
  failed: 'Gescheitert',
  refused: 'Verweigert',
};

const places: Record<ForgetPlace, string> = {
  example: 'Gespräche mit ihren Zusammenfassungen',
  import: 'Einträge über das Einlesen, die verlieren, was sie herausgenommen hatten',
  run: 'Läufe, die daraus gelernt haben, mit allem, was sie gemacht haben',
  adapter: 'Adapter dieser Läufe',
  trace: 'Protokolle und unfertige Trainings von Läufen, die es gelesen haben',
  output: 'Texte darüber in den Tests anderer Läufe',
  study: 'Dialoge in Bewertungen, die ihre Noten behalten',
  demo: 'Berichtigte Zusammenfassungen davon und Stimmen darüber, die das Vorführen aufhebt',
  copy: 'Kopien der Datenbank; eine neue wird gemacht',
  inbox: 'Eingefügte Texte, die auf ihr Einlesen warten',
};

export const privacy = {
  forget: {
    offer: 'Vergessen…',
    counted: (place: string, n: string) => `${place}: ${n}`,
    title: 'Dieses Gespräch vergessen?',
    lead: 'Es verschwindet endgültig, mit allem, was daraus entstanden ist:',
    places,
    runs: 'Diese Läufe haben daraus gelernt. Ein Adapter kann nichts verlernen, darum verschwinden sie ganz:',
    again:
      'Ein Lauf lässt sich ohne das Gespräch noch einmal machen: Schreiben Sie vorher unter „Exportieren“ sein Rezept in eine Datei, und beginnen Sie damit einen neuen Lauf.',
    exports: 'Das hat den Arbeitsbereich schon verlassen. Löschen kann es nur, wer es hat:',
    act: 'Endgültig vergessen',
    done: 'Vergessen',
    nothingLeft: (size: string) =>
      `Der ganze Arbeitsbereich wurde danach durchsucht (${size}): Keine Stelle davon ist übrig.`,
    left: (size: string) =>
      `Der ganze Arbeitsbereich wurde danach durchsucht (${size}). Stellen davon gibt es noch hier:`,
    words: (n: string) => `${n} Wörter in Folge`,
    open: 'Ein anderes Programm hat den Arbeitsbereich offen. Ein Teil des Protokolls der Datenbank wird geleert, wenn es ihn schließt.',
    notPromised:
      'Nicht versprochen: Blöcke einer SSD, Schnappschüsse des Systems, Sicherungen, die Datei, aus der Sie eingelesen haben, und was Menschen sich merken.',
  },
  threats: {
    caption: 'Wer Ihre Gespräche lesen könnte, und wodurch sie geschützt sind',
    who: 'Wer',
    holds: 'Was hält',
    fails: 'Was nicht hält',
    rows: {
      laptop: {
        who: 'Wer einen verlorenen oder gestohlenen Laptop hat',
        holds:
          'Der Schutz, oben: Nur Größen, Zeiten und die Zahl der Dateien lassen sich lesen, und jeder Versuch mit einer Passphrase kostet 256 MiB Speicher.',
        fails:
          'Eine schwache Passphrase, ein offen gelassener Rechner, Auslagerungsdatei und Ruhezustand. Verschlüsseln Sie auch die Festplatte.',
      },
      account: {
        who: 'Ein anderes Konto dieses Rechners',
        holds: 'Den Ordner können nur Sie lesen, und der Schutz verschlüsselt ihn.',
        fails:
          'Wer den Rechner verwaltet, oder ein Programm, das unter Ihrem Namen läuft, solange der Arbeitsbereich offen ist.',
      },
      screen: {
        who: 'Jemand vor Ihrem Bildschirm',
        holds: 'Die Sperre nach Minuten ohne Eingabe, und Strg L. Namen, die beim Einlesen ersetzt wurden.',
        fails: 'Fotos vom Bildschirm.',
      },
      backup: {
        who: 'Eine Sicherung oder ein Cloud-Ordner',
        holds: 'Von einem geschützten Arbeitsbereich kopieren sie verschlüsselte Dateien.',
        fails:
          'Eine alte Sicherung öffnet sich mit der Passphrase von damals: Erneuern Sie nach einem Leck auf der Befehlszeile den Schlüssel, und löschen Sie alte Sicherungen.',
      },
      file: {
        who: 'Eine bösartige Datei oder ein bösartiges Modell',
        holds:
          'Makros und Verweisen wird nicht gefolgt, und Modelle werden in Formaten gelesen, die keinen Code enthalten.',
        fails: 'Ein Text, der lügt: Was Sie einlesen, wird gelernt.',
      },
      model: {
        who: 'Wer einen exportierten Adapter oder Lauf bekommt',
        holds:
          'Was ein Lauf verrät, wird angesehen, bevor er hinausgeht, und Namen lassen sich vor dem Training ersetzen.',
        fails:
          'Kein Test beweist, dass sich nichts herausholen lässt. Behandeln Sie Adapter so sorgfältig wie die Gespräche.',
      },
      rater: {
        who: 'Wer anderswo Zusammenfassungen bewertet',
        holds: 'Bewertungspakete sind verschlüsselt und enthalten nur die Texte, die bewertet werden.',
        fails: 'Was diese Texte sagen.',
      },
      approver: {
        who: 'Wer dieses Werkzeug freigeben muss',
        holds: 'Die Liste der Verbindungen und die Sperre, oben, mit zwei Befehlen, die sie beweisen.',
        fails: 'Unser Wort allein. Prüfen Sie es.',
      },
      laboratory: {
        who: 'Ein Labor, das Ihren Schlüssel hat',
        holds: 'Vergessen überschreibt, leert das Protokoll der Datenbank und durchsucht danach jedes Byte.',
        fails: 'Blöcke einer SSD, Schnappschüsse des Systems, Ihre eigenen Exporte.',
      },
    },
    more: 'Die Seite docs/privacy.md von Duologue sagt auf Englisch, was wo und wie lange gespeichert wird, und wie sich jede Behauptung in fünf Minuten prüfen lässt.',
  },
  network: {
    title: 'Netz',
    open: 'Nur das Herunterladen eines Modells öffnet Verbindungen, und nur für das Modell, das Sie wählen.',
    locked: 'Das Netz ist gesperrt: Downloads werden verweigert, und jeder Versuch wird vermerkt.',
    kernel: 'Allem anderen, was Duologue startet, verbietet das System Verbindungen.',
    noKernel:
      'Dieses System verbietet den anderen Programmen von Duologue keine Verbindungen; Duologue verweigert sie von sich aus.',
    lock: 'Netz sperren',
    unlock: 'Netz freigeben',
    none: 'Bisher wurde keine Verbindung geöffnet oder verweigert.',
    caption: 'Verbindungen, die neuesten zuerst',
    when: 'Wann',
    to: 'Wohin',
    purpose: 'Wofür',
    sent: 'Gesendet',
    received: 'Empfangen',
    took: 'Dauer',
    outcome: 'Ausgang',
    outcomes,
    save: 'Als CSV speichern…',
    more: (n: string) => `${n} ältere stehen in der CSV-Datei.`,
    proof:
      'Prüfen Sie es selbst unter Linux: Der erste Befehl startet Duologue ohne Netz, der zweite listet jede Adresse auf, die es anspricht.',
    copy: 'Kopieren',
    copied: 'Kopiert.',
  },
};
