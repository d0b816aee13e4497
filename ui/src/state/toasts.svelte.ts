// The notices at the edge of the window. A notice is worded when it is shown, so that it follows a change of language, and
// one with a cause goes away with it.
import { errorText } from '../text';
import { asError } from './error';

/** A text, or how it is worded in the current language. */
export type Words = string | (() => string);

/** What can be done about a notice. */
export interface Remedy {
  label: () => string;
  act: () => void;
}

interface Toast {
  id: number;
  text: Words;
  fix: Words;
  error: boolean;
  /** What it is about (`run/ID`); it is taken away once that is over. */
  cause: string | undefined;
  remedy: Remedy | undefined;
}

interface About {
  cause?: string;
  remedy?: Remedy;
}

/** How long a notice stays to be read, and how long if it offers an undo. */
const READ_MS = 6000;
const UNDO_MS = 20_000;

export const said = (words: Words): string => (typeof words === 'string' ? words : words());

class Toasts {
  list: Toast[] = $state.raw([]);
  #next = 1;

  /** Something was done; it goes away by itself. */
  say(text: Words, { cause, remedy }: About = {}): void {
    const id = this.#push({ text, fix: '', error: false, cause, remedy });
    setTimeout(() => this.dismiss(id), remedy ? UNDO_MS : READ_MS);
  }

  /** Something that needs a look; it stays until it is closed or its cause has gone. */
  warn(text: Words, { cause, remedy }: About = {}): void {
    this.#push({ text, fix: '', error: true, cause, remedy });
  }

  fail(thrown: unknown): void {
    const error = asError(thrown);
    const text = () => errorText(error).message;
    this.#push({ text, fix: () => errorText(error).fix, error: true, cause: undefined, remedy: undefined });
  }

  dismiss(id: number): void {
    this.list = this.list.filter((toast) => toast.id !== id);
  }

  /** Removes the notices about something that is over. */
  over(cause: string): void {
    if (this.list.some((toast) => toast.cause === cause))
      this.list = this.list.filter((toast) => toast.cause !== cause);
  }

  #push(toast: Omit<Toast, 'id'>): number {
    const id = this.#next++;
    // The same words again take the place of those that are still there, and so does the latest about one cause.
    const others = this.list.filter(
      (other) =>
        said(other.text) !== said(toast.text) && (toast.cause === undefined || other.cause !== toast.cause),
    );
    this.list = [...others, { id, ...toast }];
    return id;
  }
}

export const toasts = new Toasts();

/** Runs an action of the page; what goes wrong becomes a notice. */
export async function attempt(action: () => Promise<unknown>): Promise<void> {
  try {
    await action();
  } catch (thrown) {
    toasts.fail(thrown);
  }
}
