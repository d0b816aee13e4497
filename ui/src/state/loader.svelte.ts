// Something that a screen fetches: its value, whether it is on its way, what went wrong, and a way to retry.
import type { AppError } from '../bridge';
import { asError } from './error';
import { Latest } from './latest';

export class Loader<Value, Asked extends unknown[] = []> {
  /** The latest answer; it stays while the next is on its way, and when that fails. */
  value: Value | undefined = $state.raw();
  error: AppError | undefined = $state();
  busy = $state(false);
  readonly #fetch: (...asked: Asked) => Promise<Value>;
  readonly #latest = new Latest();
  #asked: Asked | undefined;

  constructor(fetch: (...asked: Asked) => Promise<Value>) {
    this.#fetch = fetch;
  }

  /** Fetches; an answer that comes after a newer question is dropped. Never rejects. */
  async load(...asked: Asked): Promise<void> {
    const current = this.#latest.ask();
    this.#asked = asked;
    this.busy = true;
    try {
      const value = await this.#fetch(...asked);
      if (!current()) return;
      this.value = value;
      this.error = undefined;
    } catch (thrown) {
      if (current()) this.error = asError(thrown);
    }
    if (current()) this.busy = false;
  }

  /** Asks the same again. */
  async retry(): Promise<void> {
    if (this.#asked) await this.load(...this.#asked);
  }

  /** Forgets what is here and what is on its way. */
  clear(): void {
    this.#latest.ask();
    this.value = undefined;
    this.error = undefined;
    this.busy = false;
  }
}
