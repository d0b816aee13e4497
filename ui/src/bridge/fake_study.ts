// Rating studies of the stand-in bridge: two systems of a run and the human reference, kept blind like the
// real ones.
import type {
  Comparison,
  Criterion,
  Desk,
  DeskItem,
  DeskPress,
  DeskStep,
  Disputed,
  Disputes,
  Keep,
  Merged,
  OpenedPack,
  PackStanding,
  PackWritten,
  RaterState,
  StudyKind,
  StudyProgress,
  StudyRequest,
  StudyResults,
  StudyState,
  StudySummary,
  Synthesizer,
  System,
} from './index';
import { auditCriteria, auditSteps, guesses } from './fake_audit';
import * as data from './fake_data';
import { refuse } from './fake_import';
import { FakeProtection } from './fake_protection';

interface FakeStudy {
  run: string;
  request: StudyRequest;
  summary: StudySummary;
  desks: Desk[];
  undo: { slot: string; step: DeskStep }[];
  packs: Record<string, PackStanding>;
  settled: Record<number, Disputed['adjudicated']>;
}

const criterion = (
  key: string,
  en: [string, string, ...string[]],
  de: [string, string, ...string[]],
): Criterion => {
  const words = ([name, question, ...anchors]: [string, string, ...string[]]) => ({
    name,
    in_sentence: name.toLowerCase(),
    question,
    anchors,
  });
  return {
    key,
    scale: { kind: 'likert', points: 5 },
    higher_is_better: true,
    na: false,
    texts: { en: words(en), de: words(de) },
  };
};

const criteria: Criterion[] = [
  criterion(
    'faithfulness',
    [
      'Faithfulness',
      'Is everything in the summary supported by the dialogue?',
      'Misleading',
      'Serious errors',
      'One minor error',
      'A harmless imprecision',
      'Nothing unsupported',
    ],
    [
      'Treue',
      'Ist alles in der Zusammenfassung durch den Dialog gedeckt?',
      'Irreführend',
      'Schwere Fehler',
      'Ein kleiner Fehler',
      'Eine harmlose Ungenauigkeit',
      'Nichts Ungedecktes',
    ],
  ),
  criterion(
    'informativeness',
    [
      'Informativeness',
      'Does the summary contain what matters in the dialogue?',
      'None of the key points',
      'Few key points',
      'About half',
      'Most key points',
      'All key points',
    ],
    [
      'Gehalt',
      'Enthält sie, worauf es im Dialog ankommt?',
      'Keiner der wichtigen Punkte',
      'Wenige',
      'Etwa die Hälfte',
      'Die meisten',
      'Alle',
    ],
  ),
  criterion(
    'fluency',
    [
      'Fluency',
      'Is it well-formed, natural language?',
      'Hard to understand',
      'Many faults',
      'Some faults',
      'Minor faults',
      'Flawless',
    ],
    [
      'Sprachfluss',
      'Ist es wohlgeformte, natürliche Sprache?',
      'Kaum verständlich',
      'Viele Fehler',
      'Einige Fehler',
      'Kleine Fehler',
      'Fehlerlos',
    ],
  ),
  criterion(
    'redundancy',
    [
      'Repetition',
      'Is it free of repetition?',
      'Mostly repetition',
      'Much is repeated',
      'Some is repeated',
      'Little is repeated',
      'No repetition',
    ],
    [
      'Wiederholung',
      'Ist sie frei von Wiederholung?',
      'Überwiegend Wiederholung',
      'Vieles wiederholt',
      'Einiges',
      'Wenig',
      'Keine',
    ],
  ),
];

const guideline = {
  version: '2',
  sha256: 'ab'.repeat(32),
  text: {
    en: 'Read the whole dialogue before the first summary.\nJudge each criterion by itself.',
    de: 'Lesen Sie den ganzen Dialog vor der ersten Zusammenfassung.\nBeurteilen Sie jedes Merkmal für sich.',
  },
};

const item = (text: string): DeskItem => ({
  text,
  scores: {},
  state: null,
  reason: null,
  note: '',
  flagged: false,
});

/** What the stand-in knows of studies; the bridge is one of these. */
export class FakeStudies extends FakeProtection {
  studyList: FakeStudy[] = [];
  presses: DeskPress[] = [];
  /** What the dialog for opening a file answers. */
  picked: string | null = '/home/ada/S--R1.duoanswers';
  /** The rater pack that is found under any name. */
  pack: OpenedPack | undefined;

  protected isBlind(run: string): boolean {
    return this.studyList.some((kept) => kept.run === run && kept.summary.state === 'running');
  }

  /** Whether people are now telling the test dialogues from made-up ones. */
  protected isAudited(): boolean {
    const isRunning = ({ summary }: FakeStudy) =>
      summary.kind === 'dialogues' && summary.state === 'running' && !summary.opened;
    return this.studyList.some(isRunning);
  }

  /** Whether people are now rating summaries of the test dialogues. */
  protected isAnyBlind(): boolean {
    return this.studyList.some((kept) => kept.summary.state === 'running' && !kept.summary.opened);
  }

  async ratableSystems(run: string): Promise<System[]> {
    return data.results(run).results.map((row) => row.system);
  }
  async auditableSynthesizers(run: string): Promise<Synthesizer[]> {
    return data.results(run).synthesizers.map((row) => row.system);
  }
  async usualCriteria(kind: StudyKind): Promise<Criterion[]> {
    return structuredClone(kind === 'dialogues' ? auditCriteria : criteria);
  }
  async planStudy(request: StudyRequest) {
    const raters = request.raters.length;
    const dialogues = request.dialogues ?? 40;
    if (raters === 0) return { outlook: null };
    const size = 1.5 / Math.sqrt(dialogues);
    const outlook = {
      detectable: size,
      detectable_family: size * 1.2,
      half_width: size * 0.7,
      power_at_delta: 0.6,
      taste_95: 0.62,
      dialogues_needed: 120,
    };
    const [first] = request.mode === 'criteria' ? asked(request) : [];
    const [name, nameDe] = [first?.texts.en?.in_sentence, first?.texts.de?.in_sentence];
    const sentence = {
      en: `With ${dialogues} dialogues and ${raters} raters a true difference of ${size.toFixed(2)} in ${name ?? nameDe ?? 'preference'} is found four times in five.`,
      de: `Mit ${dialogues} Dialogen und ${raters} Personen wird ein wahrer Unterschied von ${size.toFixed(2)} bei ${nameDe ?? name ?? 'Vorliebe'} viermal von fünf gefunden.`,
    };
    return {
      outlook: {
        dialogues,
        raters,
        shared: 12,
        family: 4,
        criteria: { faithfulness: outlook },
        h: 1,
        load: Array.from({ length: raters }, () => dialogues),
        hours: 2.1,
        sentences: { faithfulness: sentence },
      },
    };
  }
  async createStudy(request: StudyRequest): Promise<StudySummary> {
    const study = this.studyList.length + 1;
    const dialogues = request.dialogues ?? 40;
    if (dialogues < 6) refuse({ code: 'not_enough_dialogues', args: { have: dialogues, need: 6 } });
    const summary: StudySummary = {
      study,
      name: request.name,
      kind: request.kind,
      mode: request.mode,
      state: 'running',
      imported: false,
      opened: false,
      raters: request.raters.length,
      locked: 0,
      items: dialogues * request.systems.length,
      ratings: 0,
      skipped: 0,
      protocol_sha256: 'cd'.repeat(32),
      seal: 'ef'.repeat(32),
      created_at_ms: Date.now(),
      runs: [],
    };
    const desks = request.raters.map((name, place) => this.#desk(request, study, name, `R${place + 1}`));
    this.studyList.unshift({ run: request.run, request, summary, desks, undo: [], packs: {}, settled: {} });
    return structuredClone(summary);
  }
  async studies() {
    return this.studyList.map((kept) => structuredClone(kept.summary));
  }
  async desk(study: string, rater: string): Promise<Desk> {
    return structuredClone(this.#rater(study, rater));
  }
  async press(study: string, rater: string, press: DeskPress): Promise<DeskStep | null> {
    const desk = this.#open(study, rater);
    this.presses.push(press);
    desk.state = 'active';
    const { act } = press;
    if (act.kind === 'check' || act.kind === 'warmup') {
      if (act.kind === 'warmup' || desk.check.length === act.place + 1) desk.introduced = true;
      return null;
    }
    const step =
      desk.steps[press.step] ?? refuse({ code: 'unknown_item', args: { step: press.step, reason: '?' } });
    this.#study(study).undo.push({ slot: desk.slot, step: structuredClone(step) });
    desk.can_undo = true;
    if (act.kind === 'submit') {
      step.submitted = true;
      for (const shown of step.items) shown.state ??= 'done';
    } else if (act.kind === 'choose') step.choice = act.choice;
    else {
      const shown = step.items[act.place];
      if (shown && act.kind === 'score') {
        shown.state = 'draft';
        if (act.score === null) Reflect.deleteProperty(shown.scores, act.criterion);
        else shown.scores[act.criterion] = act.score;
      }
      if (shown && act.kind === 'skip') shown.state = 'skipped';
      if (shown && act.kind === 'note') shown.note = act.text;
      if (shown && act.kind === 'flag') shown.flagged = act.flagged;
    }
    if (step.items.every((shown) => shown.state === 'skipped')) step.submitted = true;
    return structuredClone(step);
  }
  async undoPress(study: string, rater: string): Promise<DeskStep | null> {
    const desk = this.#open(study, rater);
    const { undo } = this.#study(study);
    const last = undo.findLastIndex((entry) => entry.slot === desk.slot);
    const entry = undo[last];
    if (!entry) return null;
    undo.splice(last, 1);
    desk.steps[entry.step.step] = entry.step;
    return structuredClone(entry.step);
  }
  async lockSet(study: string, rater: string): Promise<StudyState> {
    const desk = this.#open(study, rater);
    const open = desk.steps.filter((step) => !step.submitted).length;
    if (open > 0) refuse({ code: 'wrong_state', args: { case: 'unrated', open, total: desk.steps.length } });
    return this.#end(study, desk, 'locked');
  }
  async studyProgress(study: string): Promise<StudyProgress> {
    const kept = this.#study(study);
    return {
      study: structuredClone(kept.summary),
      revealed_early_at_ms: null,
      raters: kept.desks.map((desk) => ({
        slot: desk.slot,
        name: desk.name,
        state: desk.state,
        counted: true,
        done: desk.steps.filter((step) => step.submitted).length,
        load: desk.steps.length,
        median_s: desk.state === 'invited' ? null : 31,
        last_at_ms: desk.state === 'invited' ? null : Date.now(),
        pack: kept.packs[desk.slot] ?? null,
      })),
    };
  }
  async pickPackFile(): Promise<string | null> {
    return this.picked;
  }
  async writePack(study: string, rater: string): Promise<PackWritten | null> {
    const desk = this.#open(study, rater);
    const pack_id = `pack-${desk.slot}`;
    this.#study(study).packs[desk.slot] = { pack_id, written_at_ms: Date.now(), merged_revision: null };
    return {
      pack_id,
      file: `/home/ada/S--${desk.slot}.duopack.html`,
      sha256: '0123456789abcdef'.repeat(4),
      bytes: 98_000,
      secret: 'K7QM-2F9X-R4TD-8WNB-Z3HP',
    };
  }
  /** A file whose name ends in `-2` contradicts the stored answers. */
  async readAnswers(study: string, file: string, keep: Keep | null): Promise<Merged> {
    const slot = /R\d+/.exec(file)?.[0] ?? '';
    const desk = this.#open(study, slot);
    const counts = { both: 4, only_first: 0, only_second: 20, different: 3 };
    const conflict = file.includes('-2.') ? counts : null;
    if (conflict && keep === null) refuse({ code: 'pack_conflict', args: { rater: desk.name, ...conflict } });
    const pack = this.#study(study).packs[slot];
    if (!pack) return refuse({ code: 'unknown_pack', args: { file } });
    const base = { branch: 'b1', revision: 3, locked: false, conflict };
    if (keep === 'first') return { ...base, rater: null, new: 0, replaced: 0 };
    pack.merged_revision = 3;
    desk.state = 'active';
    return { ...base, rater: slot, new: 24, replaced: conflict ? 3 : 0 };
  }
  async openPack(file: string): Promise<OpenedPack> {
    return this.pack ?? refuse({ code: 'not_a_pack', args: { file, expected: 'duologue.pack' } });
  }
  async addRater(study: string, name: string) {
    const { desks, request, summary } = this.#study(study);
    desks.push(this.#desk(request, summary.study, name, `R${desks.length + 1}`));
    summary.raters = desks.length;
    return null;
  }
  async withdrawRater(study: string, rater: string): Promise<StudyState> {
    return this.#end(study, this.#open(study, rater), 'withdrawn');
  }
  async closeStudy(study: string): Promise<StudyState> {
    for (const desk of this.#study(study).desks)
      if (desk.state === 'invited' || desk.state === 'active') this.#end(study, desk, 'withdrawn');
    return 'closed';
  }
  async revealStudy(study: string) {
    const kept = this.#study(study);
    kept.summary.opened = true;
    kept.summary.runs = [kept.run];
    return null;
  }
  async deleteStudy(study: string) {
    const kept = this.#study(study);
    this.studyList = this.studyList.filter((other) => other !== kept);
    return null;
  }
  async disputed(study: string): Promise<Disputes> {
    const { summary, request, settled } = this.#study(study);
    if (!summary.opened) refuse({ code: 'blinded', args: { studies: [summary.name] } });
    const row = (index: number, reasons: Disputed['reasons']): Disputed => ({
      item: 1000 + index,
      dialogue: index + 1,
      turns: data.dialogueOf(index),
      text: data.summaryOf(index),
      systems: request.systems.slice(0, 1).map((system) => system.label),
      reasons,
      spread: reasons.includes('spread') ? 3 : 0,
      scores: criteria.map(({ key }) => ({ rater: 'R1', criterion: key, score: 4 })),
      notes: [{ rater: 'R1', note: 'odd' }],
      adjudicated: settled[1000 + index] ?? {},
    });
    return {
      study: summary.name,
      items: summary.items,
      adjudicated: Object.keys(settled).length,
      criteria: criteria.map(({ key }) => [key, 5]),
      rows: [row(0, ['spread', 'metric']), row(1, ['flag'])],
    };
  }
  async adjudicate(study: string, item: number, key: string, score: number, reason: string) {
    const { settled } = this.#study(study);
    settled[item] = { ...settled[item], [key]: { score, reason, at_ms: Date.now() } };
    return this.disputed(study);
  }
  async studyResults(study: string): Promise<StudyResults> {
    const { summary, request } = this.#study(study);
    if (!summary.opened) refuse({ code: 'blinded', args: { studies: [summary.name] } });
    const systems = request.systems.map(key);
    return results(summary, systems, request);
  }

  #desk(request: StudyRequest, study: number, name: string, slot: string): Desk {
    const audit = request.kind === 'dialogues';
    const pair = request.mode === 'pair';
    const count = pair ? 2 : request.systems.length;
    const text = (index: number, place: number) => {
      const words = data.summaryOf(index).split(' ');
      return words.slice(0, Math.max(3, words.length - place * 2)).join(' ');
    };
    const steps = Array.from({ length: request.dialogues ?? 40 }, (_, index): DeskStep => ({
      step: index,
      turns: data.dialogueOf(index),
      items: Array.from({ length: count }, (_unused, place) => item(text(index, place))),
      choice: null,
      submitted: false,
    }));
    return {
      study,
      title: request.name,
      kind: request.kind,
      mode: request.mode,
      slot,
      name,
      state: 'invited',
      guideline,
      criteria: request.mode === 'criteria' ? asked(request) : [],
      question: { en: 'Which would you rather have?', de: 'Welche hätten Sie lieber?' },
      check: [
        {
          text: {
            en: 'The same summary may be shown to me twice.',
            de: 'Dieselbe Zusammenfassung kann mir zweimal gezeigt werden.',
          },
          holds: true,
          why: { en: 'Some dialogues come twice.', de: 'Manche Dialoge kommen zweimal.' },
        },
      ],
      warmup: null,
      introduced: false,
      steps: audit ? auditSteps(request, item) : steps,
      can_undo: false,
    };
  }

  #end(study: string, desk: Desk, state: RaterState): StudyState {
    const kept = this.#study(study);
    desk.state = state;
    kept.summary.locked = kept.desks.filter((other) => other.state === 'locked').length;
    const isOpen = kept.desks.some((other) => other.state === 'invited' || other.state === 'active');
    if (!isOpen) {
      kept.summary.state = 'closed';
      kept.summary.opened = true;
      kept.summary.runs = [kept.run];
    }
    return kept.summary.state;
  }
  #rater(study: string, rater: string): Desk {
    const { desks } = this.#study(study);
    return (
      desks.find((desk) => desk.slot === rater || desk.name === rater) ??
      refuse({ code: 'unknown_rater', args: { rater, known: desks.map((desk) => desk.name) } })
    );
  }
  #open(study: string, rater: string): Desk {
    const desk = this.#rater(study, rater);
    if (desk.state === 'locked' || desk.state === 'withdrawn')
      refuse({ code: 'set_locked', args: { rater: desk.name } });
    return desk;
  }
  #study(id: string): FakeStudy {
    return (
      this.studyList.find((kept) => String(kept.summary.study) === id) ??
      refuse({ code: 'not_found', args: { case: 'thing', thing: 'rating study', key: id } })
    );
  }
}

const asked = (request: StudyRequest): Criterion[] =>
  request.criteria ?? (request.kind === 'dialogues' ? auditCriteria : criteria);

/** The word for a planned system in the study's files. */
const key = ({ system, synthesizer }: StudyRequest['systems'][number], at: number): string =>
  system ?? synthesizer ?? (at === 0 ? 'real' : 'reference');

function results(summary: StudySummary, systems: string[], request: StudyRequest): StudyResults {
  const audit = request.kind === 'dialogues';
  const label = (word: string) => request.systems[systems.indexOf(word)]?.label ?? word;
  const [first = 'a', second = 'b'] = audit ? systems.toReversed() : systems;
  const mean = (place: number, at: number) => 3.1 + place * 0.35 + at * 0.2;
  const comparison = (key: string, at: number): Comparison => ({
    criterion: key,
    a: second,
    b: first,
    test: true,
    dialogues: 40,
    diff: 0.35 - at * 0.1,
    sd: 0.8,
    ci95: [0.05 - at * 0.1, 0.65 - at * 0.1],
    ci90: [0.1 - at * 0.1, 0.6 - at * 0.1],
    ci95_bootstrap: null,
    bootstrap: 'percentile',
    p: 0.01 + at * 0.1,
    by_rater: [{ rater: 'R1', dialogues: 40, diff: 0.35 - at * 0.1, ci95: [0, 0.7] }],
    other_raters: null,
    raters_split: false,
    dialogues_needed: 90,
    p_holm: 0.04 + at * 0.1,
    outcome: at === 0 ? 'better' : 'open',
    settle: { kind: at === 0 ? null : 'more', more: at === 0 ? null : 50 },
    sentence: {
      en: `${label(second)} against ${label(first)} on ${key}: +${(0.35 - at * 0.1).toFixed(2)} points.`,
      de: `${label(second)} gegen ${label(first)} bei ${key}: +${(0.35 - at * 0.1).toFixed(2)} Punkte.`,
    },
  });
  const keys = asked(request).map((entry) => entry.key);
  const of = <T>(value: (key: string, at: number) => T) =>
    Object.fromEntries(keys.map((key, at) => [key, value(key, at)]));
  return {
    study: summary.name,
    kind: request.kind,
    state: summary.state,
    revealed_early: null,
    n: {
      dialogues: 40,
      shared: 40,
      items: summary.items,
      raters: 1,
      withdrawn: 0,
      ratings: 480,
      skipped: 0,
      dropped_blocks: of(() => 0),
    },
    systems: systems.map((system, place) => ({
      system,
      criteria: of((_key, at) => ({
        mean: mean(place, at),
        ci95: [mean(place, at) - 0.3, Math.min(5, mean(place, at) + 0.3)],
        dialogues: 40,
        ratings: 40,
        distribution: [2, 4, 10, 14, 10],
      })),
    })),
    comparisons: keys.filter((word) => word !== 'origin').map(comparison),
    headlines: [
      {
        a: second,
        b: first,
        sentence: {
          en: `${label(second)} against ${label(first)}: better on faithfulness, no evidence on fluency.`,
          de: `${label(second)} gegen ${label(first)}: besser bei Treue, ohne Beleg bei Sprachfluss.`,
        },
      },
    ],
    family: { size: 4, alpha: 0.05, method: 'holm' },
    agreement: of(() => ({
      alpha: 0.41,
      alpha_ci95: [0.3, 0.52],
      ac2: 0.7,
      ac2_se: 0.05,
      items: 40,
      dialogues: 20,
      all_equal: 0.3,
      within_one: 0.83,
      pairs_equal: 0.5,
      word: 'narrow' as const,
    })),
    consistency: { R1: { pairs: 9, equal: 0.6, within_one: 1, mean_abs: 0.4, sd: 0.5 } },
    severity: {},
    drift: {},
    time: { R1: { summaries: 120, median_s: 31 } },
    metrics: audit
      ? {}
      : {
          rouge1: of(() => ({
            pair_accuracy: 0.58,
            ci95: [0.51, 0.65],
            pairs: 120,
            kendall_b: 0.1,
            dialogues: 40,
          })),
        },
    pairs: null,
    best_worst: null,
    guesses: guesses(request),
    seeds: { analysis: 1, resamples: 10_000 },
  };
}
