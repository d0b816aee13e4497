// How long a rater works on a summary: time counts as long as signs of life come, and is idle after a while without one.

/** Without a sign of life for a minute and the time that reading takes, a rater is somewhere else. */
export const idleAfterMs = (words: number) => 60_000 + (words / 3) * 1000;

export interface Spent {
  active_ms: number;
  idle_ms: number;
}

export class Stopwatch {
  #last: number;
  #sign: number;
  #spent: Spent = { active_ms: 0, idle_ms: 0 };
  /** How long after the last sign time still counts. */
  limitMs = idleAfterMs(0);

  constructor(nowMs: number) {
    this.#last = nowMs;
    this.#sign = nowMs;
  }

  /** Whether nothing was heard for longer than the limit. */
  isIdle(nowMs: number): boolean {
    return nowMs - this.#sign > this.limitMs;
  }

  /** A key, a click, a turn of the wheel. */
  sign(nowMs: number): void {
    this.#count(nowMs);
    this.#sign = nowMs;
  }

  /** The time spent since this was last called. */
  take(nowMs: number): Spent {
    this.#count(nowMs);
    const spent = this.#spent;
    this.#spent = { active_ms: 0, idle_ms: 0 };
    return { active_ms: Math.round(spent.active_ms), idle_ms: Math.round(spent.idle_ms) };
  }

  #count(nowMs: number): void {
    const passed = Math.max(0, nowMs - this.#last);
    const active = Math.min(passed, Math.max(0, this.#sign + this.limitMs - this.#last));
    this.#spent.active_ms += active;
    this.#spent.idle_ms += passed - active;
    this.#last = nowMs;
  }
}
