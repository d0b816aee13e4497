// A rough class of time for a complete run on a model, before anything is planned: the engine's forecast for
// a hundred dialogues on this computer, in words that claim no more than it knows.

export type TimeClass = 'minutes' | 'hour' | 'hours' | 'day' | 'days';

export function timeClass(seconds: number): TimeClass {
  const hours = seconds / 3600;
  if (hours < 0.75) return 'minutes';
  if (hours < 2) return 'hour';
  if (hours < 12) return 'hours';
  return hours < 36 ? 'day' : 'days';
}
