// Every shortcut, for the list under `?`. What a key does stands in the screen that listens to it.
import type { ScreenName } from './route';
import { t } from './text';

export interface Shortcut {
  keys: string[];
  what: string;
}

export const everywhere = (): Shortcut[] => [
  { keys: ['Ctrl', 'K'], what: t.keys.palette },
  { keys: ['Ctrl', '1 … 9'], what: t.keys.screen },
  { keys: ['?'], what: t.keys.list },
  { keys: ['Tab'], what: t.keys.next },
  { keys: ['Esc'], what: t.keys.dismiss },
];

export function ofScreen(screen: ScreenName): Shortcut[] {
  switch (screen) {
    case 'data':
      return [
        { keys: ['↑', '↓'], what: t.keys.row },
        { keys: ['e', 'Del'], what: t.keys.edit },
        { keys: ['Ctrl', 'Z'], what: t.keys.undo },
      ];
    case 'models':
      return [{ keys: ['←', '→'], what: t.keys.tab }];
    case 'runs':
      return [
        { keys: ['p'], what: t.keys.pause },
        { keys: ['←', '→'], what: t.keys.stage },
      ];
    case 'outputs':
      return [
        { keys: ['j', 'k'], what: t.keys.item },
        { keys: ['←', '→'], what: t.keys.tab },
      ];
    case 'rate':
      return [
        { keys: ['1 … 5'], what: t.keys.score },
        { keys: ['0'], what: t.keys.clear },
        { keys: ['↑', '↓'], what: t.keys.criterion },
        { keys: ['←', '→'], what: t.keys.otherItem },
        { keys: ['s'], what: t.keys.skip },
        { keys: ['Enter'], what: t.keys.submit },
      ];
    case 'demo':
      return [
        { keys: ['Ctrl', 'Enter'], what: t.keys.summarize },
        { keys: ['1', '2', '3'], what: t.keys.vote },
      ];
    default:
      return [];
  }
}
