// Tells the answer to the latest question from a late one.

export class Latest {
  #asked = 0;

  /** A new question; the function says whether it is still the latest. */
  ask(): () => boolean {
    this.#asked += 1;
    const number = this.#asked;
    return () => number === this.#asked;
  }
}
