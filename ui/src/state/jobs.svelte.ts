// What the watcher last said: the run at work, those that wait behind it, and the run that is looked at.
import { untrack } from 'svelte';
import {
  bridge,
  Channel,
  type MetricPoint,
  type Queue,
  type RunLive,
  type RunSummary,
  type WatchUpdate,
} from '../bridge';
import { perFrame } from '../frame';
import { runName } from '../progress';
import { named, t } from '../text';
import { Latest } from './latest';
import { settings } from './settings.svelte';
import { attempt, toasts } from './toasts.svelte';

/** Points by stage with the new ones appended; a new object, since many points are too many to be watched one
 * by one. */
function joined(before: Record<string, MetricPoint[]>, points: MetricPoint[]): Record<string, MetricPoint[]> {
  const after = { ...before };
  for (const stage of new Set(points.map((point) => point.stage)))
    after[stage] = [...(before[stage] ?? []), ...points.filter((point) => point.stage === stage)];
  return after;
}

/** Two messages of a watcher as one. */
function merged(waiting: WatchUpdate, next: WatchUpdate): WatchUpdate {
  if (next.reset) return next;
  for (const point of next.points) waiting.points.push(point);
  return { ...next, reset: waiting.reset, points: waiting.points };
}

/** Nothing waits, as long as the watcher has not said otherwise. */
const NOTHING: Queue = { runs: [], held: false, keep_awake: true, awake_for: null };

class Jobs {
  /** The run at work. */
  current: RunSummary | null = $state(null);
  /** The runs that wait behind it. */
  queue: Queue = $state({ ...NOTHING });
  /** The run that is looked at. */
  live: RunLive | null = $state(null);
  /** Its points, by stage. */
  points: Record<string, MetricPoint[]> = $state.raw({});
  readonly #watchers = new Latest();

  /** Forgets everything; the page is being reconnected. */
  reset(): void {
    this.current = null;
    this.queue = { ...NOTHING };
  }

  /** Looks at one run (or none); the job at the foot of the navigation is always watched. */
  async watch(run: string | null): Promise<void> {
    this.live = null;
    this.points = {};
    const latest = this.#watchers.ask();
    const show = perFrame<WatchUpdate>(merged, (update) => {
      if (!latest() || !update.live) return;
      this.live = update.live;
      if (update.reset) this.points = {};
      if (update.points.length > 0) this.points = joined(this.points, update.points);
    });
    const take = (update: WatchUpdate) => {
      // A late message from the previous watcher.
      if (!latest()) return;
      // The end of a job is reported at once, even if nothing is painted.
      const before = this.current;
      this.current = update.job;
      // A run that is at work again has not stopped.
      if (update.job) toasts.over(`run/${update.job.id}`);
      if (before?.id !== update.job?.id) void attempt(() => this.#tellChange(before, update.job));
      this.queue = update.queue;
      if (update.live?.run.id === run) show(update);
    };
    // An effect may ask for this; what arrives must not run it again.
    const updates = new Channel<WatchUpdate>((update) => untrack(() => take(update)));
    await untrack(() => bridge.watch(run, updates));
  }

  /** Says how a job ended, and that the next of the queue has begun. */
  async #tellChange(before: RunSummary | null, after: RunSummary | null): Promise<void> {
    const waited = this.queue.runs.some((run) => run.id === after?.id);
    if (before) await this.#tellEnd(before.id);
    if (after && waited) toasts.say(() => t.queue.began(runName(after)));
  }

  /** Says how a job ended; what the user did to it needs no notice. */
  async #tellEnd(id: string): Promise<void> {
    const run = (await bridge.runs()).find((row) => row.id === id);
    if (!run) return;
    const endings = () => ({ done: t.run.ended, failed: t.run.failed, interrupted: t.run.stopped });
    if (!named(endings(), run.status)) return;
    const notice = () => named(endings(), run.status)?.(runName(run)) ?? '';
    const cause = `run/${id}`;
    if (run.status === 'done') toasts.say(notice, { cause });
    else toasts.warn(notice, { cause });
    if (settings.notices === 'on') await bridge.notify(notice());
  }
}

export const jobs = new Jobs();
