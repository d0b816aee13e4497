// A figure of the result table as text, by its unit.
import type { MetricUnit, ResultMetric, SystemResult } from '../../bridge';
import { number, percent, rouge } from '../../format';
import { named, t } from '../../text';

/** A system, with its round if it has several. */
export function nameOf(row: SystemResult): string {
  const name = named(t.system, row.system) ?? row.system;
  return row.round === null ? name : t.results.inRound(name, number(row.round, 0));
}

/** The figure of a system; none if it has none. */
export function figureOf(row: SystemResult, metric: ResultMetric) {
  return row.figures.find((figure) => figure.metric === metric);
}

/** A value in its unit; a dash for none. */
export function shown(value: number | null | undefined, unit: MetricUnit): string {
  if (value === null || value === undefined) return '–';
  switch (unit) {
    case 'points':
      return rouge(value);
    case 'share':
      return percent(value);
    case 'nats_per_token':
    case 'coefficient':
      return number(value, 2);
    case 'words':
    case 'tokens':
    case 'ratio':
    case 'seconds':
      return number(value, 1);
  }
}
