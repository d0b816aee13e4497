// What was thrown, as an error that can be shown.
import type { AppError, ErrorCode } from '../bridge';
import { t } from '../text';

export function asError(thrown: unknown): AppError {
  if (typeof thrown === 'object' && thrown !== null && 'code' in thrown && 'message' in thrown) {
    const { code, message } = thrown;
    const fix = 'fix' in thrown ? String(thrown.fix) : '';
    return { code: String(code) as ErrorCode, message: String(message), fix };
  }
  return { code: 'window_unexpected', message: `${t.common.unexpected} ${String(thrown)}`, fix: '' };
}
