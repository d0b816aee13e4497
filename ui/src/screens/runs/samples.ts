// The last texts of a stage, newest first. One that was still being written when it was shown gives way to what has
// become of it.

export interface Sample {
  step: number;
  text: string;
}

/** How an unfinished text ends; `run_state.rs` puts it there. */
const OPEN = ' …';
const MOST = 4;

const goesOn = (before: string, now: string): boolean =>
  before.endsWith(OPEN) && now.startsWith(before.slice(0, -OPEN.length));

/** The list with what has arrived; the same list if nothing has. */
export function follow(samples: Sample[], step: number, text: string | null): Sample[] {
  const last = samples[0];
  if (!text || text === last?.text) return samples;
  const older = last && goesOn(last.text, text) ? samples.slice(1) : samples;
  return [{ step, text }, ...older].slice(0, MOST);
}
