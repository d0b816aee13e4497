// Was einem geschützten Arbeitsbereich geschah und was zu tun ist: nach Code.
import type { SlotKind } from '../../bridge';
import type { ErrorWords, Words } from '../problem';

const say = (message: string, fix = ''): Words => ({ message, fix });

const slots: Record<SlotKind, string> = {
  passphrase: 'die Passphrase',
  recovery: 'den Wiederherstellungsschlüssel',
  keychain: 'den Schlüsselbund',
};

export const protectionErrors: Pick<
  ErrorWords,
  | 'key_needed'
  | 'wrong_key'
  | 'not_protected'
  | 'already_protected'
  | 'mixed_workspace'
  | 'workspace_open'
  | 'protect_interrupted'
  | 'damaged'
  | 'short_passphrase'
  | 'last_slot'
  | 'no_cipher'
> = {
  key_needed: ({ file }) =>
    say(
      `${file} ist geschützt und gesperrt.`,
      'Öffnen Sie ihn mit der Passphrase oder dem Wiederherstellungsschlüssel.',
    ),
  wrong_key: ({ file }) =>
    say(
      `Dieser Schlüssel öffnet ${file} nicht.`,
      'Prüfen Sie die Passphrase, und ob sie zu diesem Arbeitsbereich gehört.',
    ),
  not_protected: ({ file }) => say(`${file} ist nicht geschützt und hat keinen Schlüssel.`),
  already_protected: ({ file }) => say(`${file} ist schon geschützt.`),
  mixed_workspace: ({ file }) =>
    say(
      `${file} hat Schlüssel, aber die Datenbank ist nicht verschlüsselt; nichts wurde geändert.`,
      'Stellen Sie den Ordner aus einer Sicherung wieder her: Die Datenbank wurde gegen eine andere getauscht.',
    ),
  workspace_open: ({ file }) =>
    say(
      `${file} ist in einem Fenster oder anderen Prozess offen; nichts wurde geändert.`,
      'Schließen Sie es dort, lassen Sie die Läufe enden oder halten Sie sie an, und versuchen Sie es wieder.',
    ),
  protect_interrupted: ({ file }) =>
    say(
      `Das Schützen von ${file} wurde unterbrochen.`,
      'Öffnen Sie den Arbeitsbereich einmal dort, wo Sie schreiben dürfen; Begonnenes wird beendet oder zurückgenommen.',
    ),
  damaged: ({ file }) =>
    say(
      `${file} lässt sich nicht entschlüsseln: abgeschnitten, verändert oder von anderswo.`,
      'Stellen Sie die Datei aus einer Sicherung wieder her, oder löschen Sie den Lauf und wiederholen Sie ihn.',
    ),
  short_passphrase: ({ least }) =>
    say(
      `Eine Passphrase hat mindestens ${least} Zeichen.`,
      'Wählen Sie vier oder fünf Wörter, die niemand zusammenstellen würde.',
    ),
  last_slot: ({ slot }) =>
    say(
      `Ohne ${slots[slot]} könnte kein Mensch diesen Arbeitsbereich öffnen; nichts wurde entfernt.`,
      'Setzen Sie zuerst eine andere Passphrase oder einen anderen Wiederherstellungsschlüssel.',
    ),
  no_cipher: () =>
    say(
      'Dieser Bau von Duologue kann keinen Arbeitsbereich verschlüsseln.',
      'Nutzen Sie einen anderen Bau oder einen verschlüsselten Datenträger.',
    ),
};
