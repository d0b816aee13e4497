// What the fake bridge made in a run, item by item, with the changes by hand: versions that can be taken back, stages that turn
// stale, filters and orders as the real one has them.
import type {
  ArtifactKind,
  FoundItems,
  HandAct,
  HandState,
  Item,
  ItemCount,
  ItemEntry,
  ItemMark,
  ItemOrder,
  ItemQuery,
  ItemVerdict,
  ItemVersion,
  Lineage,
  StageName,
  Turn,
} from './bindings';
import * as data from './fake_data';

interface Version {
  item: Item;
  verdict: ItemVerdict | null;
  undoes: number | null;
  author: string | null;
}

interface Made {
  kind: ArtifactKind;
  place: number;
  /** Keys of its versions, the oldest first. */
  keys: number[];
  versions: Version[];
}

const stageOf: Partial<Record<ArtifactKind, StageName>> = {
  topic: 'topics',
  summary: 'summaries',
  candidate: 'candidates',
  pair: 'preferences',
  dialogue: 'dialogues',
  output: 'evaluate',
  test_dialogue: 'evaluate',
};
const ordersOf: Partial<Record<ArtifactKind, ItemOrder[]>> = {
  candidate: ['made', 'score'],
  pair: ['made', 'gap'],
  output: ['made', 'rouge1', 'reference_ce', 'tokens'],
  test_dialogue: ['made', 'score', 'tokens'],
};
/** Stages that read what a stage made, directly or not. */
const readers: Partial<Record<StageName, StageName[]>> = {
  topics: ['summaries', 'candidates', 'preferences', 'align', 'dialogues', 'summarizer', 'evaluate'],
  summaries: ['candidates', 'preferences', 'align', 'dialogues', 'summarizer', 'evaluate'],
  candidates: ['preferences', 'align', 'dialogues', 'summarizer', 'evaluate'],
  preferences: ['align', 'dialogues', 'summarizer', 'evaluate'],
  dialogues: ['summarizer', 'evaluate'],
};

const rules = ['two_speakers', 'turn_count', 'turn_length', 'no_repetition'];

/** The `index`-th thing that a stage made. */
function itemOf(stage: string, index: number): Item {
  const id = `${stage}-${index}`;
  const summary = data.summaryOf(index);
  switch (stage) {
    case 'topics':
      return {
        kind: 'topic',
        id,
        example_id: `ex-${String(index + 1).padStart(4, '0')}`,
        topic: data.at(data.topics, index),
      };
    case 'summaries':
      return { kind: 'summary', id, topic: data.at(data.topics, index), text: summary, method: 'lora' };
    case 'candidates': {
      const pass = index % 4 !== 2;
      return {
        kind: 'candidate',
        id,
        summary,
        origin: index % 3 === 0 ? 'real' : 'synthetic',
        turns: pass ? data.dialogueOf(index) : data.dialogueOf(index).slice(0, 1),
        rules: rules.map((rule, at_) => ({ rule, pass: pass || at_ > 1 })),
        pass,
        score: -1.8 - (index % 7) / 10,
      };
    }
    case 'preferences':
      return {
        kind: 'pair',
        id,
        set: index % 2 === 0 ? 'content' : 'format',
        summary,
        chosen: data.dialogueOf(index),
        rejected: data.dialogueOf(index + (index % 2)).slice(0, 2),
        gap: index % 2 === 0 ? 0.42 : null,
        origin: 'synthetic',
      };
    case 'dialogues':
      return { kind: 'dialogue', id, source: 'dpo_separate', summary, turns: data.dialogueOf(index) };
    default:
      return {
        kind: 'output',
        id,
        system: index % 2 === 0 ? 'mrds_separate' : 'sft_real',
        prediction: index % 2 === 0 ? summary : `${summary.split('. ')[0] ?? summary}.`,
        references: [summary],
      };
  }
}

/** A synthesizer's dialogue for a test summary. */
function testDialogue(index: number): Item {
  const pass = index % 4 !== 2;
  return {
    kind: 'test_dialogue',
    id: `ex-${String(index + 1).padStart(4, '0')}`,
    system: index % 2 === 0 ? 'dpo_separate' : 'sft',
    summary: data.summaryOf(index),
    turns: pass ? data.dialogueOf(index) : data.dialogueOf(index).slice(0, 1),
    rules: rules.map((rule, at_) => ({ rule, pass: pass || at_ > 1 })),
    pass,
    score: -1.9 - (index % 7) / 10,
    copies: index % 5 === 4,
  };
}

const textOf = (turns: Turn[]) => turns.map((turn) => `${turn.speaker}: ${turn.text}`).join('\n');

function wordsOf(item: Item): string {
  switch (item.kind) {
    case 'topic':
      return item.topic;
    case 'summary':
      return `${item.topic} ${item.text}`;
    case 'candidate':
    case 'dialogue':
    case 'test_dialogue':
      return `${item.summary} ${textOf(item.turns)}`;
    case 'pair':
      return `${item.summary} ${textOf(item.chosen)} ${textOf(item.rejected)}`;
    case 'output':
      return item.prediction;
  }
}

function sourceOf(item: Item): string | null {
  if (item.kind === 'summary') return item.method;
  if (item.kind === 'candidate') return item.origin;
  if (item.kind === 'pair') return item.set;
  if (item.kind === 'dialogue') return item.source;
  if (item.kind === 'output' || item.kind === 'test_dialogue') return item.system;
  return null;
}

const brokenOf = (item: Item) =>
  item.kind === 'candidate' || item.kind === 'test_dialogue'
    ? item.rules.filter((rule) => !rule.pass).map(({ rule }) => rule)
    : [];

function scoreOf(item: Item, order: ItemOrder): number | null {
  if (order === 'score')
    return item.kind === 'candidate' || item.kind === 'test_dialogue' ? item.score : null;
  if (order === 'gap') return item.kind === 'pair' ? item.gap : null;
  return wordsOf(item).length;
}

const words = (text: string) =>
  text
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean);

function counts(found: string[]): ItemCount[] {
  return [...new Set(found)]
    .sort()
    .map((word) => ({ word, n: found.filter((other) => other === word).length }));
}

/** What a run made, as people look through it. */
export class FakeItems {
  #made: Made[] = [];
  #next = 1;
  #changes: Made[] = [];
  readonly #counts: (kind: ArtifactKind) => number;

  /** `counts` says how many items of a kind the run has. */
  constructor(counts: (kind: ArtifactKind) => number) {
    this.#counts = counts;
  }

  #of(kind: ArtifactKind): Made[] {
    const known = this.#made.filter((made) => made.kind === kind);
    const stage = stageOf[kind];
    if (known.length > 0 || stage === undefined) return known;
    for (let place = 0; place < this.#counts(kind); place += 1) {
      const item = kind === 'test_dialogue' ? testDialogue(place) : itemOf(stage, place);
      const version = { item, verdict: null, undoes: null, author: null };
      this.#made.push({ kind, place, keys: [this.#next++], versions: [version] });
    }
    return this.#made.filter((made) => made.kind === kind);
  }

  #now = (made: Made) => made.versions[made.versions.length - 1] as Version;
  #key = (made: Made) => made.keys[made.keys.length - 1] as number;
  #edited = (made: Made) => JSON.stringify(this.#now(made).item) !== JSON.stringify(made.versions[0]?.item);

  #marks(made: Made): ItemMark[] {
    const { verdict } = this.#now(made);
    const marks: ItemMark[] = verdict === null ? [] : [verdict];
    if (this.#edited(made)) marks.push('edited');
    return marks.length > 0 ? marks : ['untouched'];
  }

  find(
    { kind, words: asked, source, broken, mark, order, descending }: ItemQuery,
    isBlind: boolean,
  ): FoundItems {
    const every = this.#of(kind);
    const holds = (made: Made) => {
      const there = words(wordsOf(this.#now(made).item));
      return words(asked).every((word) => there.some((other) => other.startsWith(word)));
    };
    const found = every.filter(holds);
    if (isBlind && kind === 'output')
      return {
        keys: found.map((made) => -1 - made.place),
        total: every.length,
        sources: [],
        broken: [],
        marks: [],
        orders: ['made'],
      };
    const chosen = found.filter((made) => {
      const { item } = this.#now(made);
      return (
        (source === null || sourceOf(item) === source) &&
        (broken === null || brokenOf(item).includes(broken)) &&
        (mark === null || this.#marks(made).includes(mark))
      );
    });
    if (order !== 'made') {
      const score = (made: Made) =>
        scoreOf(this.#now(made).item, order) ?? (descending ? -Infinity : Infinity);
      chosen.sort((a, b) => (descending ? score(b) - score(a) : score(a) - score(b)));
    }
    return {
      keys: chosen.map(this.#key),
      total: every.length,
      sources: counts(found.flatMap((made) => sourceOf(this.#now(made).item) ?? [])),
      broken: counts(found.flatMap((made) => brokenOf(this.#now(made).item))),
      marks: counts(found.flatMap((made) => this.#marks(made))),
      orders: ordersOf[kind] ?? ['made'],
    };
  }

  entries(keys: number[]): ItemEntry[] {
    return keys.flatMap((key) => {
      if (key < 0) {
        const item = itemOf('evaluate', -1 - key);
        const hidden = item.kind === 'output' ? { ...item, system: null, references: [] } : item;
        return [this.#entry(key, hidden, null)];
      }
      const made = this.#made.find((other) => other.keys.includes(key));
      return made ? [this.#entry(key, this.#now(made).item, made)] : [];
    });
  }

  #entry(key: number, item: Item, made: Made | null): ItemEntry {
    const version = made ? this.#now(made) : null;
    return {
      key,
      number: made?.place ?? 0,
      item: structuredClone(item),
      author: version?.author ?? null,
      changed_at_ms: version?.author ? data.now : null,
      verdict: version?.verdict ?? null,
      edited: made ? this.#edited(made) : false,
      editable: made !== null && ['topic', 'summary', 'dialogue'].includes(item.kind),
      rejectable: made !== null && ['topic', 'summary', 'candidate', 'pair', 'dialogue'].includes(item.kind),
    };
  }

  lineage(key: number): Lineage | undefined {
    const made = this.#made.find((other) => other.keys.includes(key));
    if (!made) return undefined;
    const { item } = this.#now(made);
    const example = data.example(made.place % 12);
    const version = (found: Version, index: number): ItemVersion => ({
      version: index + 1,
      author: found.author,
      at_ms: data.now,
      verdict: found.verdict,
      undoes: found.undoes,
      changed: index > 0 && JSON.stringify(found.item) !== JSON.stringify(made.versions[index - 1]?.item),
    });
    return {
      stage: stageOf[made.kind] ?? 'topics',
      synthesizer:
        item.kind === 'dialogue' ? 'dpo_separate' : item.kind === 'test_dialogue' ? item.system : null,
      system: item.kind === 'output' ? item.system : null,
      from: [
        {
          kind: 'example',
          id: example.id,
          dialogue: textOf(example.turns),
          summary: example.references[0] ?? null,
        },
      ],
      settings: [{ key: 'shots', value: '20' }],
      versions: made.versions.map(version),
    };
  }

  state(): HandState {
    const stale = new Set<StageName>();
    for (const made of this.#made) {
      if (!this.#edited(made) && this.#now(made).verdict !== 'rejected') continue;
      for (const stage of readers[stageOf[made.kind] ?? 'evaluate'] ?? []) stale.add(stage);
    }
    return {
      stale: data.stageNames.filter((stage) => stale.has(stage)),
      undoable: this.#changes.length,
      read_only: false,
    };
  }

  /** `undefined` where it cannot be done to such an item. */
  change(keys: number[], act: HandAct): number[] | undefined {
    const changed: number[] = [];
    for (const key of keys) {
      const made = this.#made.find((other) => other.keys.includes(key));
      const now = made && this.#now(made);
      if (!made || !now) return undefined;
      const item = act.act === 'edit' || act.act === 'flip' ? rewritten(now.item, act) : now.item;
      if (!item || (act.act === 'reject' && !this.#entry(key, item, made).rejectable)) return undefined;
      const verdicts = { accept: 'accepted', reject: 'rejected' } as const;
      const verdict = act.act === 'accept' || act.act === 'reject' ? verdicts[act.act] : null;
      this.#changes.push(made);
      changed.push(this.#enter(made, { item, verdict, undoes: null, author: 'ada' }));
    }
    return changed;
  }

  undo(): { kind: ArtifactKind; key: number } | null {
    const made = this.#changes.pop();
    if (!made) return null;
    const open = made.versions.filter(
      (version, index) =>
        index > 0 && version.undoes === null && !made.versions.some((other) => other.undoes === index + 1),
    );
    const last = open[open.length - 1];
    const at = last ? made.versions.indexOf(last) : 0;
    const before = made.versions[at - 1];
    if (!before) return null;
    return { kind: made.kind, key: this.#enter(made, { ...before, undoes: at + 1, author: 'ada' }) };
  }

  #enter(made: Made, version: Version): number {
    made.versions.push(version);
    made.keys.push(this.#next++);
    return this.#key(made);
  }
}

function rewritten(item: Item, act: HandAct): Item | undefined {
  if (act.act === 'flip')
    return item.kind === 'pair'
      ? { ...item, chosen: item.rejected, rejected: item.chosen, gap: item.gap === null ? null : -item.gap }
      : undefined;
  if (act.act !== 'edit') return item;
  if (item.kind === 'topic') return { ...item, topic: act.text };
  if (item.kind === 'summary') return { ...item, text: act.text };
  if (item.kind === 'dialogue') return { ...item, turns: data.turns(act.text) };
  return undefined;
}
