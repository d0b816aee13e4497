// Die Wörter des geschützten Arbeitsbereichs: in den Einstellungen, im Angebot nach dem ersten Einlesen, auf dem Sperrbild.
export const protection = {
  protection: {
    title: 'Schutz',
    plain: 'Dieser Arbeitsbereich ist nicht geschützt: Wer den Ordner bekommt, kann Ihre Gespräche lesen.',
    protected:
      'Dieser Arbeitsbereich ist geschützt: Datenbank, Adapter, Zwischenstände und Protokolle sind verschlüsselt. Namen von Läufen, Größen und Zeiten sind es nicht.',
    opens: (ways: string) => `Ihn öffnet ${ways}.`,
    ways: {
      passphrase: 'eine Passphrase',
      recovery: 'der Wiederherstellungsschlüssel',
      keychain: 'der Schlüsselbund',
    },
    and: ' oder ',
    passphrase: 'Passphrase',
    passphraseHint:
      'Mindestens 8 Zeichen. Gut sind vier oder fünf Wörter, die niemand zusammenstellen würde.',
    again: 'Noch einmal dieselbe',
    differ: 'Die beiden stimmen nicht überein.',
    protect: 'Diesen Arbeitsbereich schützen',
    protectHint:
      'Damit wird alles verschlüsselt; das dauert einige Sekunden. Die alten Dateien werden einmal überschrieben; auf SSDs und in Sicherungen verspricht das nichts. Woraus Sie eingelesen haben, bleibt ungeschützt, wo es ist.',
    change: 'Passphrase ändern',
    changed: 'Die Passphrase wurde geändert.',
    recovery: 'Neuer Wiederherstellungsschlüssel',
    lock: 'Jetzt sperren',
    unprotect: 'Schutz aufheben',
    unprotectHint: 'Danach kann jeder, der den Ordner bekommt, Ihre Gespräche lesen.',
    backup: 'Sichern…',
    backupHint:
      'Schreibt den Arbeitsbereich als eine Datei, verschlüsselt, wenn er geschützt ist. Heruntergeladene Modelle bleiben draußen.',
    recoveryTitle: 'Ihr Wiederherstellungsschlüssel',
    recoveryText:
      'Er öffnet den Arbeitsbereich, wenn die Passphrase verloren ist, und wird nur dieses eine Mal gezeigt. Schreiben Sie ihn auf, und verwahren Sie ihn nicht bei diesem Rechner.',
    lastGroup: 'Tippen Sie die letzte Gruppe ab',
    lastGroupHint: 'Damit er nicht nur auf diesem Bildschirm steht.',
    done: 'Ich habe ihn aufgeschrieben',
    idle: 'Ohne Eingabe sperren nach',
    minutes: (n: number) => `${n} Minuten`,
    never: 'Nie',
    offerTitle: 'Diese Gespräche schützen?',
    offerText:
      'Sie sind jetzt im Arbeitsbereich, lesbar für jeden, der den Ordner bekommt. Das Verschlüsseln dauert einige Sekunden; danach öffnet eine Passphrase den Arbeitsbereich.',
    offerNow: 'Diesen Arbeitsbereich schützen …',
    offerLater: 'Jetzt nicht',
  },
  lockScreen: {
    title: 'Dieser Arbeitsbereich ist gesperrt',
    lead: 'Seine Gespräche sind verschlüsselt. Ein Lauf, der schon arbeitet, arbeitet weiter.',
    secret: 'Passphrase oder Wiederherstellungsschlüssel',
    unlock: 'Öffnen',
    another: 'Anderen Arbeitsbereich öffnen …',
  },
};
