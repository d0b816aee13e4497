// Worum es bei Studien mit Menschen klemmt, und was zu tun ist.
import type { ErrorWords, Words } from '../problem';

const say = (message: string, fix = ''): Words => ({ message, fix });
const list = (items: readonly string[]) => items.join(', ');

export const studyErrors: Pick<
  ErrorWords,
  | 'blinded'
  | 'frozen'
  | 'not_running'
  | 'not_enough_dialogues'
  | 'unknown_rater'
  | 'set_locked'
  | 'study_plan'
  | 'unknown_item'
  | 'not_a_pack'
  | 'newer_format'
  | 'other_study'
  | 'unknown_pack'
  | 'wrong_secret_or_changed'
  | 'rater_mismatch'
  | 'seal_mismatch'
  | 'protocol_changed'
  | 'older_revision'
  | 'pack_conflict'
> = {
  blinded: ({ studies }) =>
    say(
      `Geschlossen, solange eine Studie läuft: in ${list(studies)} wird noch bewertet.`,
      'Warten Sie, bis alle abgeschlossen haben, oder öffnen Sie die Ergebnisse unter „Bewerten“ vorzeitig; jedes Ergebnis sagt das dann.',
    ),
  frozen: ({ study }) => say(`Der Plan von „${study}“ ist eingefroren.`, 'Planen Sie eine weitere Studie.'),
  not_running: ({ study, state }) =>
    state === 'draft'
      ? say(`„${study}“ ist ein Entwurf: noch kann niemand bewerten.`, 'Starten Sie sie unter „Bewerten“.')
      : say(`„${study}“ ist abgeschlossen: nichts darin kann sich ändern.`, 'Ihre Ergebnisse sind offen.'),
  not_enough_dialogues: ({ have, need }) =>
    say(
      `Eine Studie braucht mindestens ${need} Dialoge, zu denen jedes System einen Text hat; es gibt ${have}.`,
      'Wählen Sie einen Lauf mit mehr Testdialogen oder weniger Systeme.',
    ),
  unknown_rater: ({ rater, known }) =>
    say(`„${rater}“ steht nicht auf der Liste: ${list(known)}.`, 'Bitten Sie darum, aufgenommen zu werden.'),
  set_locked: ({ rater }) => say(`Der Satz von ${rater} ist abgeschlossen.`, 'Seine Noten sind endgültig.'),
  study_plan: ({ field, reason }) => say(`Der Plan ist nicht ausführbar: „${field}“ ${reason}.`),
  unknown_item: ({ step, reason }) =>
    say(`Schritt ${step + 1}: ${reason}.`, 'Öffnen Sie den Satz noch einmal.'),
  not_a_pack: ({ file, expected }) =>
    expected === 'duologue.pack'
      ? say(
          `${file} ist kein Bewertungspaket.`,
          'Wählen Sie die Datei, die der Leiter der Studie geschickt hat.',
        )
      : say(
          `${file} enthält keine Antworten auf ein Bewertungspaket.`,
          'Wählen Sie die Datei, die beim Bewerten gesichert wurde.',
        ),
  newer_format: ({ file }) =>
    say(`${file} stammt von einem neueren Duologue.`, 'Bringen Sie Duologue auf den neuesten Stand.'),
  other_study: ({ file }) =>
    say(`${file} gehört zu einer anderen Studie.`, 'Lesen Sie sie dort ein, wo das Paket geschrieben wurde.'),
  unknown_pack: ({ file }) =>
    say(
      `${file} beantwortet ein Paket, das diese Studie nicht geschrieben hat.`,
      'Lesen Sie sie dort ein, wo das Paket geschrieben wurde.',
    ),
  wrong_secret_or_changed: ({ file }) =>
    say(
      `${file} lässt sich nicht öffnen: das Geheimwort ist falsch, oder die Datei wurde unterwegs verändert.`,
      'Geben Sie das Geheimwort noch einmal ein; wenn es stimmt, bitten Sie noch einmal um die Datei.',
    ),
  rater_mismatch: ({ found, expected }) =>
    say(
      `Die Antworten nennen ${found}, das Paket wurde aber für ${expected} geschrieben.`,
      'Nichts wurde übernommen.',
    ),
  seal_mismatch: ({ file }) =>
    say(`${file} hat ein anderes Siegel als die Studie.`, 'Nichts wurde übernommen.'),
  protocol_changed: ({ criterion }) =>
    say(
      `Die Antworten haben das Merkmal „${criterion}“, das die Studie nicht hat.`,
      'Nichts wurde übernommen.',
    ),
  older_revision: ({ found, have }) =>
    say(
      `Die Antworten sind Speicherstand ${found}, hier ist schon Stand ${have}.`,
      'Bitten Sie um die neueste Datei.',
    ),
  pack_conflict: ({ rater, both, different, only_first, only_second }) =>
    say(
      `Von ${rater} gibt es hier schon andere Antworten: ${both} Noten stehen in beiden, ${different} davon verschieden; ${only_first} nur hier, ${only_second} nur in der Datei.`,
      'Sagen Sie, welche Antworten gelten.',
    ),
};
