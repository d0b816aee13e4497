// The notices at the edge of the window.
import { errorText } from '../text';
import { asError } from './error';

interface Toast {
  id: number;
  text: string;
  fix: string;
  error: boolean;
}

class Toasts {
  list: Toast[] = $state([]);
  #next = 1;

  /** Something was done; it goes away by itself. */
  say(text: string): void {
    const id = this.#push({ text, fix: '', error: false });
    setTimeout(() => this.dismiss(id), 6000);
  }

  /** Something that needs a look; it stays until it is closed. */
  warn(text: string): void {
    this.#push({ text, fix: '', error: true });
  }

  fail(thrown: unknown): void {
    const { message, fix } = errorText(asError(thrown));
    this.#push({ text: message, fix, error: true });
  }

  dismiss(id: number): void {
    this.list = this.list.filter((toast) => toast.id !== id);
  }

  #push(toast: Omit<Toast, 'id'>): number {
    const id = this.#next++;
    // The same words again take the place of those that are still there.
    const others = this.list.filter((other) => other.text !== toast.text);
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
