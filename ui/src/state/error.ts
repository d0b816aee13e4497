// What was thrown, as an error that can be shown.
import type { AppError } from '../bridge';

export function asError(thrown: unknown): AppError {
  const known = typeof thrown === 'object' && thrown !== null && 'code' in thrown;
  if (known) return thrown as AppError;
  return { code: 'window_unexpected', args: { reason: String(thrown) } };
}
