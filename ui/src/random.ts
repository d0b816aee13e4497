// Random numbers that are the same each time.

/** The items in an order that a seed draws (each taken from those that are left, numbers by mulberry32). */
export function shuffled<Item>(items: readonly Item[], seed: number): Item[] {
  const order = [...items];
  let state = seed >>> 0;
  const below = (bound: number) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * bound);
  };
  for (let left = order.length; left > 0; left -= 1) order.push(...order.splice(below(left), 1));
  return order;
}
