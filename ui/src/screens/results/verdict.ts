// The sentence above the tables. It claims a difference only where the interval excludes zero.
import type { RunResults } from '../../bridge';
import { signedRouge } from '../../format';
import { t } from '../../text';

/** The verdict on the method (separate pairs, else joint) against real-only fine-tuning, where both were run. */
export function verdict(results: RunResults): string | undefined {
  const method =
    results.results.find((row) => row.system === 'mrds_separate') ??
    results.results.find((row) => row.system === 'mrds_joint');
  const versus = method?.vs_sft_real;
  if (!method || !versus) return undefined;
  const interval = t.results.interval(signedRouge(versus.lo), signedRouge(versus.hi));
  const say =
    versus.lo > 0 ? t.results.verdictBetter : versus.hi < 0 ? t.results.verdictWorse : t.results.verdictOpen;
  return say(signedRouge(versus.diff), interval, method.n);
}
