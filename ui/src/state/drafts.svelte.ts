// What a screen holds while the user looks at another: what was typed, chosen and computed there. It lives as long as the
// window, by the place that it belongs to (`import`, `demo`, `data/NAME`, `run/ID`); a window has one workspace.

class Drafts {
  #kept: Record<string, object> = {};

  /** What is held for a place; created if nothing is held yet. Reading it follows its changes. */
  of<Kept extends object>(place: string, begin: () => Kept): Kept {
    const kept = this.#kept[place];
    // One place is always asked for with one type.
    if (kept) return kept as Kept;
    const draft: Kept = $state(begin());
    this.#kept[place] = draft;
    return draft;
  }

  /** Whether something is held for a place. */
  has(place: string): boolean {
    return Object.hasOwn(this.#kept, place);
  }

  /** Forgets a place: what was typed there is stored, or thrown away by the user. */
  drop(place: string): void {
    Reflect.deleteProperty(this.#kept, place);
  }

  /** Forgets everything; the page is being reconnected. */
  reset(): void {
    this.#kept = {};
  }
}

export const drafts = new Drafts();
