// The known failure signatures of the method, read off the curves: a number, what it means, what to do.
import type { Point } from '../../components/line_chart';
import { count, number, percent } from '../../format';
import { t } from '../../text';
import { lowest, type Training } from './curves';

/** A value this much above the best one is worse, not noise. */
const WORSE = 1.02;
/** Nats a token above which a model hardly predicts its texts. */
const HIGH_CE = 3.5;
/** Share of well-formed dialogues below which most samples are thrown away. */
const LOW_FORMAT = 0.5;
/** Relative fall of the chosen log-probability that is drift. */
const CHOSEN_FALL = 0.1;

const last = (points: Point[]): Point | undefined => points.at(-1);

/** Sentences about one training; empty if the curves look good. */
export function signs(training: Training): string[] {
  const { figures, handover } = training;
  const ce = figures['validation_ce'] ?? [];
  return [
    handover === null ? rising(ce) : stageTwo(ce, handover),
    highCe(ce),
    chosenFalls(figures['logps/chosen'] ?? []),
    lowFormat(figures['validation_format_rate'] ?? []),
  ].filter((sign) => sign !== undefined);
}

function rising(ce: Point[]): string | undefined {
  const [best, now] = [lowest(ce), last(ce)];
  const after = best ? ce.filter((point) => point.step > best.step).length : 0;
  return best && now && after >= 2 && now.value > best.value * WORSE
    ? t.run.signs.rising(count(best.step), number(best.value, 3), number(now.value, 3))
    : undefined;
}

function stageTwo(ce: Point[], handover: number): string | undefined {
  const first = lowest(ce.filter((point) => point.step <= handover));
  const later = ce.filter((point) => point.step > handover);
  const second = lowest(later);
  return first && second && later.length >= 2 && second.value > first.value * WORSE
    ? t.run.signs.stage2(number(first.value, 3), number(second.value, 3))
    : undefined;
}

function highCe(ce: Point[]): string | undefined {
  const best = lowest(ce);
  return best && ce.length >= 3 && best.value > HIGH_CE
    ? t.run.signs.highCe(number(best.value, 2))
    : undefined;
}

function chosenFalls(chosen: Point[]): string | undefined {
  const [first, now] = [chosen[0], last(chosen)];
  return first && now && chosen.length >= 5 && first.value - now.value > CHOSEN_FALL * Math.abs(first.value)
    ? t.run.signs.chosenFalls(number(first.value, 2), number(now.value, 2))
    : undefined;
}

function lowFormat(rates: Point[]): string | undefined {
  const now = last(rates);
  return now && rates.length >= 2 && now.value < LOW_FORMAT
    ? t.run.signs.lowFormat(percent(now.value))
    : undefined;
}
