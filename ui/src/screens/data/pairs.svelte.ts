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
  /** Whether the pairs are still those that a page was asked of. */
  #current = this.#changes.ask();

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
    toasts.say(t.data.undone);
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

const keys = (pairs: Example[]): number[] => pairs.flatMap((pair) => (pair.key === null ? [] : [pair.key]));
