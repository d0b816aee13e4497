// Something that a button does: whether it is at work, and what went wrong the last time.
import type { AppError } from '../bridge';
import { asError } from './error';

export class Task {
  busy = $state(false);
  error: AppError | undefined = $state();

  /** Carries it out; never rejects. */
  async run(action: () => Promise<unknown>): Promise<void> {
    this.busy = true;
    this.error = undefined;
    try {
      await action();
    } catch (thrown) {
      this.error = asError(thrown);
    }
    this.busy = false;
  }
}
