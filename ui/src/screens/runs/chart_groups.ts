// Which series share one chart: those of one unit. The first group is the one people look at first.
import type { MetricPoint } from '../../bridge';
import type { Series } from '../../components/line_chart';
import { t } from '../../text';

export interface ChartGroup {
  name: string;
  series: Series[];
}

/** The unit of a series, by TRL's names. */
function groupOf(figure: string): string {
  if (/accuracies|rate$/.test(figure)) return 'accuracy';
  if (/^rewards/.test(figure)) return 'margins';
  if (/^logps/.test(figure)) return 'logps';
  if (/loss|ce$/.test(figure)) return 'loss';
  return figure;
}

/** A piece of work as people call it: `mrds_joint stage 1, lr x1` → “MRDS, joint pairs stage 1, learning rate × 1”. */
export function taskName(task: string): string {
  return task
    .replace(
      /\b[a-z]+(?:_[a-z]+)+\b|^sft\b|^ids\b|^rejection\b/g,
      (word) => t.synthesizer[word] ?? t.system[word] ?? word,
    )
    .replace(/\blr x/g, `${t.run.figures['lr'] ?? 'lr'} × `);
}

/** A series as people call it: what is measured, and in which training. */
function seriesName(task: string, figure: string): string {
  const name = t.run.figures[figure] ?? figure;
  return task === '' ? name : `${name} · ${taskName(task)}`;
}

/** Groups in order of first appearance, loss first. */
export function chartGroups(points: MetricPoint[]): ChartGroup[] {
  const groups: Record<string, Record<string, Series>> = {};
  for (const point of points) {
    // `task/figure`; a figure may have a slash of its own (`rewards/margins`).
    const at = point.series.search(/(?:rewards\/|logps\/)?[^/]*$/);
    const [task, figure] = [point.series.slice(0, Math.max(at - 1, 0)), point.series.slice(at)];
    const group = (groups[groupOf(figure)] ??= {});
    const series = (group[point.series] ??= { name: seriesName(task, figure), points: [] });
    series.points.push({ step: point.step, value: point.value });
  }
  return Object.entries(groups)
    .sort(([a], [b]) => Number(b === 'loss') - Number(a === 'loss'))
    .map(([name, series]) => ({ name: t.run.groups[name] ?? name, series: Object.values(series) }));
}
