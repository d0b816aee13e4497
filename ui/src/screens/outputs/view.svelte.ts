// What was looked at in a run: which items in which order, those that were fetched, and what is done to them.
import {
  bridge,
  type ArtifactKind,
  type FoundItems,
  type HandAct,
  type HandState,
  type ItemEntry,
  type ItemMark,
  type ItemOrder,
} from '../../bridge';
import { Loader } from '../../state/loader.svelte';

/** Items that are fetched together. */
const PAGE = 40;

/** The tabs, by the stage that makes what they show. */
export const kinds = {
  topics: 'topic',
  summaries: 'summary',
  candidates: 'candidate',
  preferences: 'pair',
  dialogues: 'dialogue',
  evaluate: 'output',
  test_dialogues: 'test_dialogue',
} as const satisfies Record<string, ArtifactKind>;
export type Tab = keyof typeof kinds;

export class View {
  readonly run: string;
  tab: Tab = $state('summaries');
  words = $state('');
  source: string | null = $state(null);
  broken: string | null = $state(null);
  mark: ItemMark | null = $state(null);
  order: ItemOrder = $state('made');
  descending = $state(true);
  /** Place of the item that is looked at. */
  at = $state(0);
  /** What is fetched, by key. */
  entries: Record<number, ItemEntry> = $state.raw({});
  hand: HandState = $state({ stale: [], undoable: 0, read_only: false });
  readonly found = new Loader<FoundItems>(async () => {
    const { run, words, source, broken, mark, order } = this;
    // What was made first comes first; for scores the user chooses which end.
    const descending = order !== 'made' && this.descending;
    const kind = kinds[this.tab];
    return bridge.findItems({ run, kind, words, source, broken, mark, order, descending });
  });
  readonly entryPages = new Loader(async (keys: number[]) => {
    for (const entry of await bridge.items(this.run, keys))
      this.entries = { ...this.entries, [entry.key]: entry };
  });

  constructor(run: string) {
    this.run = run;
  }

  get keys(): number[] {
    return this.found.value?.keys ?? [];
  }

  entry(at: number): ItemEntry | undefined {
    const key = this.keys[at];
    return key === undefined ? undefined : this.entries[key];
  }

  /** The item that is looked at. */
  get entryNow(): ItemEntry | undefined {
    return this.entry(this.at);
  }

  get isFiltered(): boolean {
    return this.words.trim() !== '' || this.source !== null || this.broken !== null || this.mark !== null;
  }

  /** Searches again; the place is kept if it can be. */
  async refresh(): Promise<void> {
    await this.found.load();
    this.at = Math.max(0, Math.min(this.at, this.keys.length - 1));
    await this.fetch(this.at, this.at + 1);
    // While people rate, nobody changes what they rate; what else is stale is still reported.
    this.hand = await bridge.handState(this.run);
  }

  /** Another tab, with filters of its own. */
  async choose(tab: Tab): Promise<void> {
    this.tab = tab;
    this.clear();
    this.order = 'made';
    this.at = 0;
    this.found.clear();
    await this.refresh();
  }

  /** What a figure is made of: a tab with what comes from one source alone, the weakest test summaries first. */
  async open(tab: Tab, source: string | null): Promise<void> {
    this.tab = tab;
    this.clear();
    this.source = source;
    this.order = tab === 'evaluate' ? 'rouge1' : tab === 'test_dialogues' ? 'score' : 'made';
    this.descending = false;
    this.at = 0;
    this.found.clear();
    await this.refresh();
  }

  clear(): void {
    this.words = '';
    this.source = null;
    this.broken = null;
    this.mark = null;
  }

  /** Fetches what comes into sight and is not here. */
  async fetch(first: number, last: number): Promise<void> {
    const from = Math.floor(Math.max(0, first) / PAGE) * PAGE;
    const wanted = this.keys.slice(from, Math.max(last, from + PAGE));
    const missing = wanted.filter((key) => this.entries[key] === undefined);
    if (missing.length > 0) await this.entryPages.load(missing);
  }

  /** Does something to the item that is looked at; it keeps its place in the list. */
  async change(act: HandAct): Promise<void> {
    const { entryNow, at } = this;
    if (!entryNow) return;
    const { keys, state } = await bridge.changeItems(this.run, [entryNow.key], act);
    const [key] = keys;
    if (key === undefined || !this.found.value) return;
    const [entry] = await bridge.items(this.run, [key]);
    if (entry) this.entries = { ...this.entries, [key]: entry };
    this.found.value = {
      ...this.found.value,
      keys: this.keys.map((old, place) => (place === at ? key : old)),
    };
    this.hand = state;
  }

  /** Takes the last change back and shows the item, in its tab. Does nothing if no change is left. */
  async undo(): Promise<boolean> {
    const undone = await bridge.undoChange(this.run);
    if (!undone) return false;
    const tab = Object.entries(kinds).find(([, kind]) => kind === undone.kind)?.[0];
    const known = (Object.keys(kinds) as Tab[]).find((name) => name === tab);
    if (known !== undefined && known !== this.tab) {
      this.tab = known;
      this.clear();
      this.order = 'made';
    }
    await this.refresh();
    const place = this.keys.indexOf(undone.key);
    if (place >= 0) {
      this.at = place;
      await this.fetch(place, place + 1);
    }
    return true;
  }
}
