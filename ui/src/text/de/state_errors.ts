// Was jetzt nicht geht, und was stattdessen zu tun ist.
import type { Args, Words } from '../problem';
import { names } from './names';

const say = (message: string, fix = ''): Words => ({ message, fix });
const list = (items: readonly string[]) => items.join(', ');
const stageName = (stage: keyof typeof names.stage) => `„${names.stage[stage].name}“`;

export function wrongState(args: Args<'wrong_state'>): Words {
  switch (args.case) {
    case 'read_by_run':
      return say(
        `Der Lauf ${args.run} über „${args.dataset}“ ist nicht fertig und liest diese Beispiele.`,
        'Lassen Sie ihn zu Ende gehen, oder brechen Sie ihn ab.',
      );
    case 'import_in_use':
      return say(
        `Der Import ${args.import} von „${args.dataset}“ lässt sich nicht zurücknehmen: ${list(args.runs)} haben seine Beispiele gelesen.`,
        'Ergebnisse nennen die Beispiele, aus denen sie entstanden sind; deshalb bleiben diese.',
      );
    case 'empty_pair':
      return say(
        'Ein Paar braucht einen Dialog und eine Zusammenfassung.',
        'Schreiben Sie beides, oder löschen Sie das Paar.',
      );
    case 'nothing_to_rate':
      return say(
        `Der Lauf ${args.run} hat noch keine Zusammenfassungen zu bewerten.`,
        'Bringen Sie ihn erst zu Ende; die letzte Stufe schreibt sie.',
      );
    case 'no_such_criterion':
      return say(
        `Das Kriterium „${args.criterion}“ gibt es nicht.`,
        `Die Kriterien sind ${list(args.known)}.`,
      );
    case 'unrated':
      return say(
        `${args.open} von ${args.total} Zusammenfassungen sind noch nicht bewertet.`,
        'Bewerten oder überspringen Sie sie zuerst; das Abschließen ist endgültig.',
      );
    case 'none_locked':
      return say(
        'Noch hat niemand seinen Bogen abgeschlossen; so lange bleiben die Systeme verborgen.',
        'Bewerten Sie zu Ende, und schließen Sie den Bogen ab.',
      );
    case 'nothing_to_stop':
      return say(`Der Lauf ${args.run} ist zu Ende: Es gibt nichts anzuhalten.`);
    case 'nothing_to_pause':
      return say(
        `Der Lauf ${args.run} ist gescheitert: Es gibt nichts anzuhalten.`,
        'Seine Seite sagt, warum, und setzt ihn fort.',
      );
    case 'cancelled':
      return say(
        `Der Lauf ${args.run} wurde abgebrochen.`,
        'Auf seiner Seite kann er von einer Stufe Ihrer Wahl an weitergehen.',
      );
    case 'not_trained':
      return say(
        `Im Lauf ${args.run} ist ${args.role} noch nicht trainiert.`,
        `Bringen Sie zuerst die Stufe ${stageName(args.stage)} zu Ende.`,
      );
    case 'stage_unready':
      return say(
        `Die Stufe ${stageName(args.stage)} kann nicht beginnen: Eine Stufe davor ist nicht fertig.`,
        'Setzen Sie den ganzen Lauf fort, damit die unfertigen Stufen zuerst gerechnet werden.',
      );
    case 'examples_changed':
      return say(
        `Die Beispiele von „${args.dataset}“ haben sich geändert, seit der Lauf ${args.run} begann.`,
        'Beginnen Sie einen neuen Lauf; Stufen, die davon nicht abhängen, werden übernommen.',
      );
    case 'stages_reversed':
      return say(
        `Ein Lauf kann nicht von ${stageName(args.from)} bis ${stageName(args.until)} gehen: Die zweite kommt zuerst.`,
        'Wählen Sie eine letzte Stufe, die nach der ersten kommt.',
      );
    case 'adapter_needed':
      return say('Dieses Format enthält einen Adapter, und keiner wurde gewählt; nichts wurde geschrieben.');
    case 'folder_not_empty':
      return say(
        `${args.file} ist nicht leer; nichts wurde geschrieben.`,
        'Wählen Sie einen neuen oder leeren Ordner.',
      );
    case 'not_by_hand':
      return say(
        'Das wird nicht von Hand geändert; es bleibt, wie es ist.',
        'Ein Kandidat oder ein Paar kann verworfen werden. Was im Test geschrieben wurde, ist ein Beleg.',
      );
    case 'empty_item':
      return say(
        'Es gibt keinen Text; der Eintrag bleibt, wie er ist.',
        'Schreiben Sie einen Text, oder verwerfen Sie den Eintrag.',
      );
    case 'last_item':
      return say(
        'Es ist der letzte Eintrag, den eine spätere Stufe lesen könnte; er bleibt.',
        'Ändern Sie ihn stattdessen, oder holen Sie zuerst einen anderen zurück.',
      );
    case 'earlier_run':
      return say(
        `Der Lauf ${args.run} wurde von einer früheren Version gerechnet, die nicht festhielt, woraus jedes Ergebnis gemacht ist. Er kann gelesen, aber nicht geändert werden.`,
        'Rechnen Sie ihn noch einmal: Ein neuer Lauf mit denselben Daten, Modell, Rezept und Startwert ergibt dasselbe.',
      );
    case 'nothing_stale':
      return say(`Nichts im Lauf ${args.run} wurde aus etwas gemacht, das sich seither geändert hat.`);
    case 'not_a_bundle':
      return args.runs === 0
        ? say(
            `In ${args.file} ist kein Laufpaket; nichts wurde übernommen.`,
            'Wählen Sie den Ordner, der als ganzer Lauf geschrieben wurde; darin ist die Datei workspace.sqlite.',
          )
        : say(
            `${args.file} ist ein Arbeitsbereich mit ${args.runs} Läufen, kein Laufpaket; nichts wurde übernommen.`,
            'Öffnen Sie ihn als Arbeitsbereich, und exportieren Sie den gewünschten Lauf als ganzen Lauf.',
          );
    case 'bundle_damaged':
      return say(
        `Das Laufpaket in ${args.file} ist beschädigt: Sein Adapter ${args.role} fehlt oder ist ein anderer. Nichts wurde übernommen.`,
        'Kopieren Sie den ganzen Ordner noch einmal von dort, wo er geschrieben wurde.',
      );
  }
}
