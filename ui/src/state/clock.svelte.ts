// The clock of the runs: what the forecast says about a run, as every place of the page shows it. It ticks while nothing new
// comes, and it never goes back: a share that was shown is not taken back, and a time that turns out a little longer waits.
import type { RunSummary } from '../bridge';
import { doneStages, forecast, isRunning, type Forecast } from '../progress';

/** What a clock shows. */
export interface Reading extends Forecast {
  /** Seconds since the worker of a run at work was last heard of. */
  silentS: number;
}

/** What was shown last, and what the worker had said by then. */
interface Mark {
  word: string;
  heardAt: number;
  done: number;
  share: number;
  leftS: number | null;
  stages: Forecast['stages'];
  shownAt: number;
}

/** A time that grew by less than this is not updated: it waits until it is true again. */
const GROWTH = 1.15;
const GROWTH_S = 5;

class Clock {
  #now = $state(performance.now());
  #marks: Record<string, Mark> = {};

  constructor() {
    setInterval(() => this.tick(), 1000);
  }

  /** Advances to a moment, in milliseconds of the page. */
  tick(now = performance.now()): void {
    this.#now = now;
  }

  /** Forgets what was shown; the page is being reconnected. */
  reset(): void {
    this.#marks = {};
    this.tick();
  }

  /** What a run has reached by now. */
  of(run: RunSummary): Reading {
    const now = this.#now;
    const before = this.#marks[run.id];
    const word = run.stages
      .map(({ status, wall_s, progress }) => `${status} ${wall_s} ${progress?.task} ${progress?.step}`)
      .join();
    const heardAt = before?.word === word ? before.heardAt : now;
    const silentS = isRunning(run) ? Math.max(0, now - heardAt) / 1000 : 0;
    const told = forecast(run, silentS);
    const done = doneStages(run);
    // A run that is done again from an earlier stage on has really gone back.
    const kept = before && before.done <= done ? before : undefined;
    const stages = { ...told.stages };
    for (const stage of run.stages) {
      const shown = kept?.stages[stage.name] ?? 0;
      const restarted = stage.status === 'waiting' || stage.status === 'stale';
      if (!restarted) stages[stage.name] = Math.max(shown, stages[stage.name] ?? 0);
    }
    const mark: Mark = {
      word,
      heardAt,
      done,
      share: Math.max(kept?.share ?? 0, told.share),
      leftS: steady(kept, told.leftS, isRunning(run) ? now : (kept?.shownAt ?? now)),
      stages,
      shownAt: now,
    };
    this.#marks[run.id] = mark;
    return { share: mark.share, leftS: mark.leftS, stages, stageLeftS: told.stageLeftS, silentS };
  }
}

/** The time left as it is shown: what was shown before less what has gone by, unless the forecast contradicts
 * it. */
function steady(before: Mark | undefined, leftS: number | null, now: number): number | null {
  if (leftS === null || before?.leftS === undefined || before.leftS === null) return leftS;
  const expected = Math.max(0, before.leftS - (now - before.shownAt) / 1000);
  return leftS > expected && leftS < expected * GROWTH + GROWTH_S ? expected : leftS;
}

export const clock = new Clock();
