// The desk of a rater pack: it saves every press as the workspace does (crates/project/src/study/desk.rs),
// with undo back to the lock, and gives a complete snapshot of the answers.
import type {
  AppError,
  Desk,
  DeskChoice,
  DeskPress,
  DeskStep,
  ItemState,
  PackAnswers,
  PackHeader,
  PackItems,
  PackStep,
  SkipReason,
  StudyState,
} from '../bridge';
import type { DeskSource } from '../screens/rate/source';

interface KeptItem {
  scores: Record<string, { v: number; at: number }>;
  state: ItemState | null;
  reason: SkipReason | null;
  note: string;
  flag: boolean;
}

interface KeptStep {
  items: KeptItem[];
  choice: (DeskChoice & { at: number }) | null;
}

interface Time {
  active_ms: number;
  idle_ms: number;
}

/** Everything that was done, as it is saved. */
export interface Kept {
  steps: Record<number, KeptStep>;
  times: Record<number, Time[]>;
  undo: { n: number; before: KeptStep }[];
  checks: PackAnswers['checks'];
  warmup: PackAnswers['warmup'];
  locked: boolean;
}

export const nothing = (): Kept => ({
  steps: {},
  times: {},
  undo: [],
  checks: [],
  warmup: [],
  locked: false,
});

const refuse = (error: AppError): never => {
  throw error;
};

export class PackDesk implements DeskSource {
  /** Answers that were given since they were saved last. */
  unsaved = 0;

  constructor(
    readonly header: PackHeader,
    readonly items: PackItems,
    readonly kept: Kept,
    /** Called after every change. */
    readonly onchange: () => Promise<void>,
  ) {}

  async desk(): Promise<Desk> {
    const { title, kind, mode, guideline, criteria, question, check, warmup } = this.items;
    return {
      study: 0,
      title,
      kind,
      mode,
      slot: this.header.rater,
      name: this.header.rater,
      state: this.kept.locked ? 'locked' : 'active',
      guideline,
      criteria,
      question,
      check,
      warmup,
      introduced: this.#introduced(),
      steps: this.items.steps.map((step) => this.#shown(step)),
      can_undo: this.kept.undo.length > 0,
    };
  }

  async press(_study: string, _rater: string, press: DeskPress): Promise<DeskStep | null> {
    this.#open();
    const { act } = press;
    const at = Date.now();
    if (act.kind === 'check' || act.kind === 'warmup') {
      if (act.kind === 'check') this.kept.checks.push({ place: act.place, answer: act.answer, at });
      else this.kept.warmup.push({ place: act.place, scores: { ...act.scores }, at });
      await this.onchange();
      return null;
    }
    const step = this.#step(press.step);
    const before = structuredClone(this.#kept(step));
    const now = this.#kept(step);
    const item = (place: number) =>
      now.items[place] ??
      refuse({ code: 'unknown_item', args: { step: step.n, reason: 'it has no such summary' } });
    const finished = this.#submitted(step);
    if (finished && act.kind !== 'note' && act.kind !== 'flag')
      refuse({ code: 'unknown_item', args: { step: step.n, reason: 'it is finished; undo opens it again' } });
    if (act.kind === 'submit') this.#submit(step, now);
    else if (act.kind === 'choose') now.choice = act.choice ? { ...act.choice, at } : null;
    else if (act.kind === 'score') {
      const scored = item(act.place);
      scored.state = 'draft';
      scored.reason = null;
      if (act.score === null) Reflect.deleteProperty(scored.scores, act.criterion);
      else scored.scores[act.criterion] = { v: act.score, at };
    } else if (act.kind === 'skip') {
      item(act.place).state = 'skipped';
      item(act.place).reason = act.reason;
    } else {
      const touched = item(act.place);
      touched.state ??= 'draft';
      if (act.kind === 'note') touched.note = act.text.trim();
      else touched.flag = act.flagged;
    }
    this.kept.undo.push({ n: step.n, before });
    this.#spend(step, press);
    this.unsaved += 1;
    await this.onchange();
    return this.#shown(step);
  }

  async undoPress(): Promise<DeskStep | null> {
    this.#open();
    const last = this.kept.undo.pop();
    if (!last) return null;
    this.kept.steps[last.n] = last.before;
    this.unsaved += 1;
    await this.onchange();
    return this.#shown(this.#step(last.n));
  }

  async lockSet(): Promise<StudyState> {
    this.#open();
    const open = this.items.steps.filter((step) => !this.#submitted(step)).length;
    const total = this.items.steps.length;
    if (open > 0) refuse({ code: 'wrong_state', args: { case: 'unrated', open, total } });
    this.kept.locked = true;
    this.unsaved += 1;
    await this.onchange();
    return 'running';
  }

  /** Steps that are finished. */
  done(): number {
    return this.items.steps.filter((step) => this.#submitted(step)).length;
  }

  /** Everything that was answered, with the pack's numbers. */
  answers(): PackAnswers {
    const answers: PackAnswers = {
      ratings: [],
      choices: [],
      items: [],
      checks: this.kept.checks,
      warmup: this.kept.warmup,
    };
    for (const step of this.items.steps) {
      const kept = this.kept.steps[step.n];
      if (!kept) continue;
      const number = (place: number | null) => (place === null ? null : (step.items[place] ?? null));
      step.items.forEach((i, place) => {
        const item = kept.items[place];
        const time = this.kept.times[step.n]?.[place];
        if (!item || (item.state === null && !time)) return;
        answers.items.push({
          n: step.n,
          i,
          state: item.state ?? 'draft',
          reason: item.reason,
          note: item.note,
          flag: item.flag,
          active_ms: time?.active_ms ?? 0,
          idle_ms: time?.idle_ms ?? 0,
        });
        for (const [c, { v, at }] of Object.entries(item.scores))
          answers.ratings.push({ n: step.n, i, c, v, at });
      });
      if (kept.choice)
        answers.choices.push({
          n: step.n,
          best: number(kept.choice.best),
          worst: number(kept.choice.worst),
          at: kept.choice.at,
        });
    }
    return answers;
  }

  #open(): void {
    if (this.kept.locked) refuse({ code: 'set_locked', args: { rater: this.header.rater } });
  }

  #step(n: number): PackStep {
    return (
      this.items.steps.find((step) => step.n === n) ??
      refuse({ code: 'unknown_item', args: { step: n, reason: 'it was not given to this rater' } })
    );
  }

  #kept(step: PackStep): KeptStep {
    return (this.kept.steps[step.n] ??= {
      items: step.items.map(() => ({ scores: {}, state: null, reason: null, note: '', flag: false })),
      choice: null,
    });
  }

  #spend(step: PackStep, { time }: DeskPress): void {
    if (!time) return;
    const times = (this.kept.times[step.n] ??= step.items.map(() => ({ active_ms: 0, idle_ms: 0 })));
    const spent = times[time.place];
    if (!spent) return;
    spent.active_ms += time.active_ms;
    spent.idle_ms += time.idle_ms;
  }

  #submitted(step: PackStep): boolean {
    const kept = this.kept.steps[step.n];
    return kept?.items.every((item) => item.state === 'done' || item.state === 'skipped') ?? false;
  }

  /** Finishing a step needs every score, or the choice. */
  #submit(step: PackStep, now: KeptStep): void {
    const { mode, criteria } = this.items;
    const left = now.items.filter((item) => item.state !== 'skipped');
    const open = left.filter(
      (item) => mode === 'criteria' && criteria.some((criterion) => !item.scores[criterion.key]),
    ).length;
    const chosen =
      mode === 'criteria' ||
      left.length === 0 ||
      (now.choice !== null && (mode === 'pair' || now.choice.worst !== null));
    if (open > 0 || !chosen)
      refuse({
        code: 'wrong_state',
        args: { case: 'unrated', open: Math.max(1, open), total: step.items.length },
      });
    for (const item of left) {
      item.state = 'done';
      item.reason = null;
    }
  }

  #introduced(): boolean {
    const { check, warmup } = this.items;
    const right = new Set(
      this.kept.checks
        .filter(({ place, answer }) => check[place]?.holds === answer)
        .map(({ place }) => place),
    );
    const examples = new Set(this.kept.warmup.map(({ place }) => place));
    const begun = Object.keys(this.kept.steps).length > 0;
    return begun || (right.size >= check.length && examples.size >= (warmup?.items.length ?? 0));
  }

  #shown(step: PackStep): DeskStep {
    const kept = this.kept.steps[step.n];
    const dialogue = this.items.dialogues.find((one) => one.d === step.d);
    const text = (i: number) => this.items.items.find((item) => item.i === i)?.text ?? '';
    return {
      step: step.n,
      turns: (dialogue?.turns ?? []).map(({ s, t }) => ({ speaker: s, text: t })),
      items: step.items.map((i, place) => {
        const item = kept?.items[place];
        const scores = Object.entries(item?.scores ?? {}).map(([key, { v }]) => [key, v] as const);
        return {
          text: text(i),
          scores: Object.fromEntries(scores),
          state: item?.state ?? null,
          reason: item?.reason ?? null,
          note: item?.note ?? '',
          flagged: item?.flag ?? false,
        };
      }),
      choice: kept?.choice ? { best: kept.choice.best, worst: kept.choice.worst } : null,
      submitted: this.#submitted(step),
    };
  }
}
