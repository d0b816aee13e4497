// A class of time for a whole run on a model, before anything is planned: the plan of a run measures, this only tells
// minutes from days. Work grows with the weights and shrinks with the threads.

export type TimeClass = 'minutes' | 'hour' | 'hours' | 'day' | 'days';

/**
 * Seconds of a whole run of the recommended size for each weight, on one thread: about nine minutes on two threads for the
 * seven million weights of the model that comes with Duologue, whose recipe is about a third of the recommended one.
 */
const SECONDS_FOR_A_WEIGHT = 4.5e-4;

export function timeClass(parameters: number, threads: number): TimeClass {
  const hours = (parameters * SECONDS_FOR_A_WEIGHT) / Math.max(1, threads) / 3600;
  if (hours < 0.75) return 'minutes';
  if (hours < 2) return 'hour';
  if (hours < 12) return 'hours';
  return hours < 36 ? 'day' : 'days';
}
