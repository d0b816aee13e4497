// A cheaper way as the plan words it for the command line (`--set a=1 --set b=2`), as changes of settings.
import type { Change } from '../../bridge';

/** Null if the offer is not only settings (another model). */
export function offered(change: string): Change[] {
  const words = change.split(' ');
  const changes: Change[] = [];
  for (let at = 0; at < words.length; at += 2) {
    const [, key, value] = /^([^=]+)=(.*)$/.exec(words[at + 1] ?? '') ?? [];
    if (words[at] !== '--set' || key === undefined || value === undefined) return [];
    changes.push({ key, value });
  }
  return changes;
}
