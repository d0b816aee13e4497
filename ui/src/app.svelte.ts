// The state that all screens share: bridge, route, theme, notices, and what the watcher last said.
import { untrack } from 'svelte';
import type {
  AppError,
  AppInfo,
  Bridge,
  MetricPoint,
  Queue,
  RunLive,
  RunSummary,
  WatchUpdate,
} from './bridge';
import { perFrame } from './frame';
import type { Dropped } from './screens/data/dropped';
import { asLanguage, errorText, language, t, type Language } from './text';

export type Theme = 'system' | 'light' | 'dark';
export const themes: Theme[] = ['system', 'light', 'dark'];

/** Whether the system may tell that a run has ended. */
export type Notices = 'unasked' | 'on' | 'off';

interface Toast {
  id: number;
  text: string;
  fix: string;
  error: boolean;
}

/** Whatever was thrown, as an error that can be shown. */
export function asError(thrown: unknown): AppError {
  if (typeof thrown === 'object' && thrown !== null && 'code' in thrown && 'message' in thrown) {
    const { code, message } = thrown;
    const fix = 'fix' in thrown ? String(thrown.fix) : '';
    return { code: String(code), message: String(message), fix };
  }
  return { code: 'window_unexpected', message: `${t.common.unexpected} ${String(thrown)}`, fix: '' };
}

/** Points by stage with the new ones behind; a new object, since many points are too many to be watched one by one. */
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

class App {
  #bridge: Bridge | undefined;
  info: AppInfo | undefined = $state();
  path: string[] = $state([]);
  theme: Theme = $state('system');
  notices: Notices = $state('unasked');
  toasts: Toast[] = $state([]);
  job: RunSummary | null = $state(null);
  /** The runs that wait behind it. */
  queue: Queue = $state({ runs: [], held: false });
  live: RunLive | null = $state(null);
  /** Points of the watched run, by stage. */
  points: Record<string, MetricPoint[]> = $state.raw({});
  /** Files dropped on the window that the Data screen has not taken yet. */
  dropped: Dropped[] = $state([]);
  /** What the next new run begins with, where another screen suggests it. */
  draft: { dataset: string; model: string; preset: string; seed: string } | null = null;
  #nextToast = 1;
  /** Numbers the watchers. */
  #watching = 0;

  get bridge(): Bridge {
    if (!this.#bridge) throw new Error('the bridge is not open');
    return this.#bridge;
  }

  /** Connects the page; called once at start, and by each test. */
  async open(bridge: Bridge): Promise<void> {
    this.#bridge = bridge;
    this.toasts = [];
    this.job = null;
    this.queue = { runs: [], held: false };
    this.followHash();
    this.info = await bridge.info();
    this.applyLanguage(asLanguage(await bridge.setting('language')));
    const theme = await bridge.setting('theme');
    this.applyTheme(theme === 'light' || theme === 'dark' ? theme : 'system');
    const notices = await bridge.setting('notices');
    this.notices = notices === 'on' || notices === 'off' ? notices : 'unasked';
    await this.watch(null);
  }

  followHash(): void {
    this.path = location.hash
      .replace(/^#\/?/, '')
      .split('/')
      .filter((part) => part !== '')
      .map(decodeURIComponent);
  }

  go(...path: string[]): void {
    location.hash = `/${path.map(encodeURIComponent).join('/')}`;
    this.followHash();
  }

  applyTheme(theme: Theme): void {
    this.theme = theme;
    if (theme === 'system') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = theme;
  }

  applyLanguage(next: Language): void {
    language.now = next;
    document.documentElement.lang = next;
  }

  /** Chooses colours and keeps the choice. */
  async chooseTheme(theme: Theme): Promise<void> {
    this.applyTheme(theme);
    await this.attempt(() => this.bridge.setSetting('theme', theme));
  }

  /** Chooses whether the system tells that a run has ended, and keeps the choice. */
  async chooseNotices(next: Notices): Promise<void> {
    this.notices = next;
    await this.attempt(() => this.bridge.setSetting('notices', next));
  }

  /** Chooses a language and keeps the choice. */
  async chooseLanguage(next: Language): Promise<void> {
    this.applyLanguage(next);
    await this.attempt(() => this.bridge.setSetting('language', next));
  }

  /** Looks at one run (or none); the job at the foot of the navigation is always watched. */
  async watch(run: string | null): Promise<void> {
    this.live = null;
    this.points = {};
    this.#watching += 1;
    const mine = this.#watching;
    // An effect may ask for this; what arrives must not run it again.
    const show = perFrame<WatchUpdate>(merged, (update) => {
      if (mine !== this.#watching || !update.live) return;
      this.live = update.live;
      if (update.reset) this.points = {};
      if (update.points.length > 0) this.points = joined(this.points, update.points);
    });
    const take = (update: WatchUpdate) => {
      // A last word of the watcher before.
      if (mine !== this.#watching) return;
      // That a job has ended is told at once, also where nothing is painted.
      const before = this.job;
      this.job = update.job;
      if (before?.id !== update.job?.id) void this.attempt(() => this.#tellChange(before, update.job));
      this.queue = update.queue;
      if (update.live?.run.id === run) show(update);
    };
    await untrack(() => this.bridge.watch(run, (update) => untrack(() => take(update))));
  }

  /** Says how a job ended, and that the next of the queue has begun. */
  async #tellChange(before: RunSummary | null, after: RunSummary | null): Promise<void> {
    const waited = this.queue.runs.some((one) => one.id === after?.id);
    if (before) await this.#tellEnd(before.id);
    if (after && waited) this.say(t.queue.began(after.dataset));
  }

  /** Says how a job ended; what the user did to it needs no notice. */
  async #tellEnd(id: string): Promise<void> {
    const run = (await this.bridge.runs()).find((one) => one.id === id);
    const text = { done: t.run.ended, failed: t.run.failed, interrupted: t.run.stopped }[run?.status ?? ''];
    if (!run || !text) return;
    const said = text(run.dataset);
    if (run.status === 'done') this.say(said);
    else this.warn(said);
    if (this.notices === 'on') await this.bridge.notify(said);
  }

  say(text: string): void {
    const id = this.#push({ text, fix: '', error: false });
    setTimeout(() => this.dismiss(id), 6000);
  }

  fail(thrown: unknown): void {
    const { message, fix, exact } = errorText(asError(thrown));
    this.#push({ text: message, fix: [fix, exact].filter(Boolean).join(' '), error: true });
  }

  /** Something that needs a look; it stays until it is closed. */
  warn(text: string): void {
    this.#push({ text, fix: '', error: true });
  }

  dismiss(id: number): void {
    this.toasts = this.toasts.filter((toast) => toast.id !== id);
  }

  /** Runs an action of the page; what goes wrong becomes a notice. */
  async attempt(action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (thrown) {
      this.fail(thrown);
    }
  }

  #push(toast: Omit<Toast, 'id'>): number {
    const id = this.#nextToast++;
    // The same words again take the place of those that are still there.
    const others = this.toasts.filter((one) => one.text !== toast.text);
    this.toasts = [...others, { id, ...toast }];
    return id;
  }
}

export const app = new App();
