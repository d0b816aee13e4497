// How the window started: with a workspace, to look at one only, or with a problem that the page then shows instead of
// its screens.
import { bridge, type StartState } from '../bridge';
import { asError } from './error';

class Start {
  now: StartState | undefined = $state();

  /** Asks how the window started. Never rejects: a window that cannot even tell has a problem, too. */
  async load(): Promise<void> {
    try {
      this.now = await bridge.startState();
    } catch (thrown) {
      this.fail(thrown);
    }
  }

  /** Something that the screens need could not be loaded. */
  fail(thrown: unknown): void {
    const nowhere = {
      workspace: '',
      copied_at_ms: null,
      readable: false,
      locked: false,
      protected: false,
      read_only: false,
      missing: null,
    };
    this.now = { ...(this.now ?? nowhere), problem: asError(thrown) };
  }
}

export const start = new Start();
