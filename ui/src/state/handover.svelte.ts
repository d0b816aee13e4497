// What one part of the page leaves for another to take.
import type { Dropped } from '../screens/data/dropped';

interface Draft {
  dataset: string;
  model: string;
  preset: string;
  seed: string;
}

class Handover {
  /** Files dropped on the window; the import takes them. */
  dropped: Dropped[] = $state([]);
  /** What the next new run begins with, where another screen suggests it. */
  draft: Draft | null = null;
}

export const handover = new Handover();
