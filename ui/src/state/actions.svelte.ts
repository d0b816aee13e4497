// The one registry of what can be done without a form: each action once, with its keys, its title and its handler.
// The shell and the screens add theirs while they are there; keys, the list of keys and the palette are read from it.
import { untrack } from 'svelte';
import { pressed, typing } from '../keys';

export interface Action {
  id: string;
  title: string;
  /** As they are drawn: `Ctrl` first where it belongs to each, then every key, or the first and the last (`1 … 9`). */
  keys?: string[];
  /** What the palette offers in its place, one for each key; `kind` is what they are, in a word. */
  choices?: { id: string; title: string }[];
  kind?: string;
  /** Does it; `which` counts the keys or the choices from 0. Where it is missing, the browser does it itself. */
  run?: (which: number) => void;
  /** Whether it can be done now. */
  when?: () => boolean;
  /** Also while a text is being typed. */
  whileTyping?: boolean;
  /** Only for keys inside this element, and not in the palette. */
  within?: () => HTMLElement | undefined;
}

type Scope = 'everywhere' | 'screen';

class Actions {
  #lists: { scope: Scope; list: () => Action[] }[] = $state.raw([]);

  /** The actions that are there now. */
  of(scope: Scope): Action[] {
    return this.#lists.filter((entry) => entry.scope === scope).flatMap((entry) => entry.list());
  }

  /** Adds actions, and returns what takes them away again. */
  add(scope: Scope, list: () => Action[]): () => void {
    const entry = { scope, list };
    this.#lists = [...this.#lists, entry];
    return () => (this.#lists = this.#lists.filter((other) => other !== entry));
  }

  /** Does what a keystroke stands for; a question that is open keeps the screen's keys to itself. */
  press(event: KeyboardEvent): void {
    const asking = document.querySelector('dialog[open]') !== null;
    const heard = asking
      ? this.of('everywhere')
      : [...this.of('screen').toReversed(), ...this.of('everywhere')];
    for (const action of heard) {
      const which = pressed(action.keys ?? [], event);
      if (which === undefined || !action.run || !reaches(action, event.target)) continue;
      event.preventDefault();
      action.run(which);
      return;
    }
  }
}

function reaches({ within, when, whileTyping }: Action, target: EventTarget | null): boolean {
  if (within && !(target instanceof Node && within()?.contains(target) === true)) return false;
  return (whileTyping === true || !typing(target)) && when?.() !== false;
}

export const actions = new Actions();

/** Adds actions for as long as the component that asks is there. */
export function offer(scope: Scope, list: () => Action[]): void {
  $effect(() => untrack(() => actions.add(scope, list)));
}
