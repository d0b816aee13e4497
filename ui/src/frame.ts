// However much comes in, the page changes once a frame: what waits is merged and applied together.

/** A sink for updates. `merge` makes two that wait into one; `apply` gets the result with the next frame. */
export function perFrame<T>(
  merge: (waiting: T, next: T) => T,
  apply: (update: T) => void,
): (next: T) => void {
  let waiting: T | undefined;
  return (next) => {
    if (waiting !== undefined) {
      waiting = merge(waiting, next);
      return;
    }
    waiting = next;
    requestAnimationFrame(() => {
      const update = waiting;
      waiting = undefined;
      if (update !== undefined) apply(update);
    });
  };
}
