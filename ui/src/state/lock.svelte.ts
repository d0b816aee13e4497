// Locking a protected workspace: at once, or after some minutes without input.
import { bridge } from '../bridge';
import { openPage } from './open';
import { start } from './start.svelte';
import { attempt } from './toasts.svelte';

/** Minutes without input after which the workspace is locked; 0 is never. */
export const idleChoices = [5, 10, 30, 60, 0];
const USUAL = 10;

/** Starts the page over: what it showed is cleared, and what it may show now is fetched. */
export const reopen = () => openPage(bridge);

/** Forgets the key and everything that the page shows. */
export async function lock(): Promise<void> {
  await bridge.lock();
  await reopen();
}

class Idle {
  minutes = $state(USUAL);
  #last = Date.now();

  /** Reads what was chosen before. */
  async load(): Promise<void> {
    const kept = Number(await bridge.setting('idle_minutes'));
    this.minutes = idleChoices.includes(kept) && (await bridge.setting('idle_minutes')) ? kept : USUAL;
  }

  async choose(minutes: number): Promise<void> {
    this.minutes = minutes;
    await attempt(() => bridge.setSetting('idle_minutes', String(minutes)));
  }

  /** Notes that somebody is there. */
  touch(now = Date.now()): void {
    this.#last = now;
  }

  /** Locks a protected workspace if nobody has been there for long enough. */
  async check(now = Date.now()): Promise<void> {
    if (start.now?.protected !== true || start.now.locked || this.minutes === 0) return;
    if (now - this.#last < this.minutes * 60_000) return;
    this.touch(now);
    await attempt(lock);
  }
}

export const idle = new Idle();
