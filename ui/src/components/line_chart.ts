// The arithmetic of LineChart: scales, round ticks, exponential smoothing, thinning to the pixel.

export interface Point {
  step: number;
  value: number;
}

export interface Series {
  name: string;
  points: Point[];
}

/** A vertical line with a word, such as the best checkpoint. */
export interface Mark {
  step: number;
  label: string;
}

export interface Scale {
  lo: number;
  hi: number;
  of: (value: number) => number;
}

/** With fewer points than this a smoothed line would miss them. */
const ENOUGH_TO_SMOOTH = 20;

/** A linear scale from the range of `values` to `from..to` in pixels; a flat range is widened. */
export function scale(values: number[], from: number, to: number): Scale {
  let lo = Infinity;
  let hi = -Infinity;
  for (const value of values) {
    if (value < lo) lo = value;
    if (value > hi) hi = value;
  }
  if (lo === hi) {
    lo -= 0.5;
    hi += 0.5;
  }
  return { lo, hi, of: (value) => from + ((value - lo) / (hi - lo)) * (to - from) };
}

/** The same on a logarithmic scale; linear if a value has no logarithm. */
export function logScale(values: number[], from: number, to: number): Scale {
  if (values.some((value) => value <= 0)) return scale(values, from, to);
  const logs = scale(values.map(Math.log10), from, to);
  return { lo: 10 ** logs.lo, hi: 10 ** logs.hi, of: (value) => logs.of(Math.log10(value)) };
}

/** About five round numbers within `lo..hi` (steps of 1, 2 or 5 times a power of ten). */
export function ticks(lo: number, hi: number): number[] {
  const rough = (hi - lo) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough) ?? rough;
  const out: number[] = [];
  for (let i = Math.ceil(lo / step); i * step <= hi; i += 1) out.push(Number((i * step).toPrecision(12)));
  return out;
}

/** Exponential moving average with bias correction, weight 0.8 on the past; few points stay as they are. */
export function smooth(points: Point[]): Point[] {
  if (points.length < ENOUGH_TO_SMOOTH) return points;
  let mean = 0;
  let weight = 0;
  return points.map((point) => {
    mean = 0.8 * mean + 0.2 * point.value;
    weight = 0.8 * weight + 0.2;
    return { step: point.step, value: mean / weight };
  });
}

/** The points of the last third of the steps. */
export function lastThird(series: Series[]): Series[] {
  const steps = series.flatMap((line) => line.points.map((point) => point.step));
  const { lo, hi } = scale(steps, 0, 1);
  const from = hi - (hi - lo) / 3;
  return series.map((line) => ({ ...line, points: line.points.filter((point) => point.step >= from) }));
}

/** The point nearest to a step. */
export function nearest(points: Point[], step: number): Point | undefined {
  let best: Point | undefined;
  for (const point of points)
    if (!best || Math.abs(point.step - step) < Math.abs(best.step - step)) best = point;
  return best;
}

/** SVG path through the points, at most one for each horizontal pixel. */
export function path(points: Point[], xs: Scale, ys: Scale): string {
  let last = -Infinity;
  let out = '';
  for (const [index, point] of points.entries()) {
    const x = xs.of(point.step);
    if (x - last < 1 && index !== points.length - 1) continue;
    out += `${out === '' ? 'M' : 'L'}${x.toFixed(1)} ${ys.of(point.value).toFixed(1)}`;
    last = x;
  }
  return out;
}
