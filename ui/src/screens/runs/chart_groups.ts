// Which series share one chart: those of one unit. The first group is the one people look at first.
import type { MetricPoint } from '../../bridge';
import type { Series } from '../../components/line_chart';

export interface ChartGroup {
  name: string;
  series: Series[];
}

/** The unit of a series, by TRL's names. */
function groupOf(series: string): string {
  if (/margin|reward/.test(series) && !/accurac/.test(series)) return 'margins';
  if (/accurac/.test(series)) return 'accuracy';
  if (/logp/.test(series)) return 'log-probability';
  if (/^lr|learning_rate/.test(series)) return 'learning rate';
  if (/loss|ce$|_ce|nll/.test(series)) return 'loss';
  return series.split('/').pop() ?? series;
}

/** Groups in order of first appearance, loss first. */
export function chartGroups(points: MetricPoint[]): ChartGroup[] {
  const groups: Record<string, Record<string, Series>> = {};
  for (const point of points) {
    const group = (groups[groupOf(point.series)] ??= {});
    const series = (group[point.series] ??= { name: point.series, points: [] });
    series.points.push({ step: point.step, value: point.value });
  }
  return Object.entries(groups)
    .map(([name, series]) => ({ name, series: Object.values(series) }))
    .sort((a, b) => Number(b.name === 'loss') - Number(a.name === 'loss'));
}
