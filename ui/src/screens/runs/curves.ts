// The curves of a stage, by training and by unit. A training of two stages is one: its second stage continues where the first ended, and the hand-over from synthetic to real pairs is marked.
import type { MetricPoint } from '../../bridge';
import type { Mark, Point, Series } from '../../components/line_chart';
import { count } from '../../format';
import { named, t } from '../../text';

export interface ChartGroup {
  /** Stable word of the unit. */
  unit: string;
  name: string;
  series: Series[];
}

/** One training with its charts, the first being the one people look at first. */
export interface Training {
  task: string;
  name: string;
  groups: ChartGroup[];
  marks: Mark[];
  /** Points by figure, over both stages. */
  figures: Record<string, Point[]>;
  /** Last step of the first of two stages. */
  handover: number | null;
}

/** The unit of a figure, by TRL's names. */
function unitOf(figure: string): string {
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
      (word) => named(t.synthesizer, word) ?? named(t.system, word) ?? word,
    )
    .replace(/\blr x/g, `${t.run.figures.lr} × `);
}

interface Parts {
  task: string;
  figure: string;
  second: boolean;
}

/** `task/figure`; a figure may have a slash of its own (`rewards/margins`), a task a stage (`… stage 2, …`). */
function parts(series: string): Parts {
  const at = series.search(/(?:rewards\/|logps\/)?[^/]*$/);
  const task = series.slice(0, Math.max(at - 1, 0));
  return {
    task: task.replace(/ stage [12]\b/, ''),
    figure: series.slice(at),
    second: / stage 2\b/.test(task),
  };
}

/** The step with the lowest value. */
export function lowest(points: Point[]): Point | undefined {
  return points.reduce<Point | undefined>(
    (best, point) => (best && best.value <= point.value ? best : point),
    undefined,
  );
}

/** The trainings in order of first appearance. */
export function trainings(points: MetricPoint[]): Training[] {
  const bySeries: Record<string, Point[]> = {};
  for (const { series, step, value } of points) (bySeries[series] ??= []).push({ step, value });
  const split = Object.entries(bySeries).map(([series, line]) => ({ ...parts(series), line }));
  return [...new Set(split.map((part) => part.task))].map((task) => {
    const parts = split.filter((part) => part.task === task);
    const ends = parts.filter((part) => !part.second).map((part) => part.line.at(-1)?.step ?? 0);
    const handover = parts.some((part) => part.second) && ends.length > 0 ? Math.max(...ends) : null;
    const figures: Record<string, Point[]> = {};
    for (const { figure, second, line } of parts) {
      const moved = second ? line.map(({ step, value }) => ({ step: step + (handover ?? 0), value })) : line;
      figures[figure] = [...(figures[figure] ?? []), ...moved];
    }
    return {
      task,
      name: taskName(task),
      groups: groups(figures),
      marks: marks(figures, handover),
      figures,
      handover,
    };
  });
}

function groups(figures: Record<string, Point[]>): ChartGroup[] {
  const units: Record<string, Series[]> = {};
  // In a fixed order: a figure keeps its colour whichever comes first.
  const known = Object.keys(t.run.figures);
  const rank = (figure: string) => (known.includes(figure) ? known.indexOf(figure) : known.length);
  const order = Object.entries(figures).sort(([a], [b]) => rank(a) - rank(b));
  for (const [figure, points] of order)
    (units[unitOf(figure)] ??= []).push({ name: named(t.run.figures, figure) ?? figure, points });
  return Object.entries(units)
    .sort(([a], [b]) => Number(b === 'loss') - Number(a === 'loss'))
    .map(([unit, series]) => ({ unit, name: named(t.run.groups, unit) ?? unit, series }));
}

function marks(figures: Record<string, Point[]>, handover: number | null): Mark[] {
  const best = lowest(figures['validation_ce'] ?? []);
  return [
    ...(handover === null ? [] : [{ step: handover, label: t.run.handover }]),
    ...(best ? [{ step: best.step, label: t.run.best(count(best.step)) }] : []),
  ];
}
