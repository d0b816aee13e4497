// The pairs of one data set as the page holds them: pages fetched as they come into sight, changes, and their undo.
import { bridge, type DoubtFound, type Example } from '../../bridge';
import { count } from '../../format';
import { Latest } from '../../state/latest';
import { attempt, toasts } from '../../state/toasts.svelte';
import { t } from '../../text';

/** Rows fetched at once. */
const SIZE = 100;

interface Undo {
  what: string;
  act: () => Promise<unknown>;
}

export class Pairs {
  total = $state(0);
  doubts: DoubtFound[] | undefined = $state();
  /** Folder of the model whose context the pairs are compared with; null if it is empty. */
  model = $state('');
  undos: Undo[] = $state([]);
  #pages: Record<number, Example[]> = $state.raw({});
  #asked: Record<number, true> = {};
  readonly #changes = new Latest();
  /** Whether the pairs are still those of which a page was requested. */
  #current = this.#changes.ask();

  /** Dialogues that had no summary when they came into sight; their box stays while it is written in. */
  #writing: Record<number, true> = {};

  constructor(readonly dataset: string) {
    this.see(0, 1);
  }

  at(index: number): Example | undefined {
    return this.#pages[Math.floor(index / SIZE)]?.[index % SIZE];
  }

  /** Fetches what is in sight and not here yet. */
  see(first: number, last: number): void {
    for (let page = Math.floor(first / SIZE); page * SIZE < last; page += 1) {
      if (this.#asked[page]) continue;
      this.#asked[page] = true;
      const current = this.#current;
      void attempt(async () => {
        const found = await bridge.examples(this.dataset, page * SIZE, SIZE);
        if (!current()) return;
        this.#pages = { ...this.#pages, [page]: found.rows };
        this.total = found.total;
      });
    }
  }

  /** Whether the summary of a pair is being written in its box. */
  isWriting(pair: Example): boolean {
    return pair.key !== null && this.#writing[pair.key] === true;
  }

  /** Keeps the summary of a dialogue that had none, as far as it is typed; an empty one leaves it without. */
  async summarize(pair: Example, summary: string): Promise<void> {
    const { key } = pair;
    if (key === null) return;
    this.#writing[key] = true;
    const written: Example = { ...pair, origin: 'edited', references: summary === '' ? [] : [summary] };
    await bridge.editExample(this.dataset, written);
    const page = Object.entries(this.#pages).find(([, rows]) => rows.some((row) => row.key === key));
    if (!page) return;
    const [number, rows] = page;
    this.#pages = { ...this.#pages, [number]: rows.map((row) => (row.key === key ? written : row)) };
  }

  /** The place of the next dialogue without a summary after a place, cyclically; none if all have one. */
  async nextOpen(behind: number): Promise<number | undefined> {
    const whole = await this.all();
    const order = [...whole.keys()].map((index) => (behind + 1 + index) % whole.length);
    return order.find((index) => waits(whole[index]));
  }

  /** Fetches again what may have changed while another screen was shown. */
  async refresh(): Promise<void> {
    await this.#changed();
  }

  /** Every pair, for an export. */
  async all(): Promise<Example[]> {
    const whole: Example[] = [];
    while (whole.length < this.total) {
      const { rows } = await bridge.examples(this.dataset, whole.length, 1000);
      if (rows.length === 0) break;
      whole.push(...rows);
    }
    return whole;
  }

  async check(): Promise<void> {
    const [found, long] = await Promise.all([
      bridge.doubts(this.dataset),
      this.model === '' ? [] : bridge.tooLong(this.dataset, this.model),
    ]);
    this.doubts = [...found, ...long];
  }

  /** Chooses the model whose context is asked about, for this data set and the next. */
  async choose(model: string): Promise<void> {
    this.model = model;
    await bridge.setSetting('doubt_model', model);
    await this.check();
  }

  /** Writes a new pair or the new texts of one. */
  async save(pair: Example): Promise<void> {
    if (pair.key === null) {
      await bridge.writeExample(this.dataset, pair);
      await this.#changed();
      const last = await this.#fetch(this.total - 1);
      this.#keep(t.data.written, () => bridge.deleteExamples(this.dataset, keys([last])));
      return;
    }
    const before = Object.values(this.#pages)
      .flat()
      .find((shown) => shown.key === pair.key);
    await bridge.editExample(this.dataset, pair);
    await this.#changed();
    if (before) this.#keep(t.data.edited, () => bridge.editExample(this.dataset, before));
  }

  /** Removes pairs by their places; if that is undone, they come back at the end. */
  async remove(places: number[]): Promise<void> {
    const unique = places.filter((place, index) => places.indexOf(place) === index);
    const pairs = await Promise.all(unique.map((place) => this.#fetch(place)));
    await bridge.deleteExamples(this.dataset, keys(pairs));
    await this.#changed();
    this.#keep(t.data.removed(count(pairs.length)), async () => {
      for (const pair of pairs) await bridge.writeExample(this.dataset, pair);
    });
  }

  async undo(): Promise<void> {
    const last = this.undos.at(-1);
    if (!last) return;
    await last.act();
    this.undos = this.undos.slice(0, -1);
    await this.#changed();
    toasts.say(() => t.data.undone);
  }

  #keep(what: string, act: () => Promise<unknown>): void {
    this.undos.push({ what, act });
  }

  async #fetch(place: number): Promise<Example> {
    const [pair] = (await bridge.examples(this.dataset, place, 1)).rows;
    if (!pair) throw new Error(`no example ${place}`);
    return pair;
  }

  /** Forgets the pages, fetches the first and, where doubts are shown, looks again. */
  async #changed(): Promise<void> {
    this.#current = this.#changes.ask();
    const first = await bridge.examples(this.dataset, 0, SIZE);
    this.#pages = { 0: first.rows };
    this.#asked = { 0: true };
    this.total = first.total;
    if (this.doubts) await this.check();
  }
}

/** Whether nobody has summarized the dialogue; people rate no dialogue that waits for a summary. */
export const waits = (pair: Example | undefined): boolean =>
  pair !== undefined && pair.references.length === 0 && !pair.in_study;

const keys = (pairs: Example[]): number[] => pairs.flatMap((pair) => (pair.key === null ? [] : [pair.key]));
