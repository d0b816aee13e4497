// The votes between two writers in a sentence, from the view of one of them.
import type { DemoPair, DemoWriter } from '../../bridge';
import { count, percent } from '../../format';
import { t } from '../../text';

/** Whether two writers are one. */
export const isSame = (one: DemoWriter, other: DemoWriter) => JSON.stringify(one) === JSON.stringify(other);

/** The pair of two writers, whichever comes first; none before the first vote about them. */
export const pairOf = (pairs: DemoPair[], one: DemoWriter, other: DemoWriter): DemoPair | undefined =>
  pairs.find(
    ({ first, second }) =>
      (isSame(first, one) && isSame(second, other)) || (isSame(first, other) && isSame(second, one)),
  );

export function standing(pair: DemoPair, from: DemoWriter): string {
  const turned = !isSame(pair.first, from);
  const { first_wins, second_wins } = pair;
  const [wins, losses] = turned ? ([second_wins, first_wins] as const) : ([first_wins, second_wins] as const);
  const score = t.demo.score(count(wins), count(losses), count(pair.ties), count(pair.dialogues));
  if (!pair.rate) return score;
  const { mean, low, high } = pair.rate;
  const [rate, least, most] = turned
    ? ([1 - mean, 1 - high, 1 - low] as const)
    : ([mean, low, high] as const);
  return `${score} ${t.demo.rate(percent(rate), percent(least), percent(most))}`;
}
