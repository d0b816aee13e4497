// Numbers, sizes and times for people, as the language of the window writes them, whatever the system's locale is.
import { language } from './text';

const locale = () => (language.now === 'de' ? 'de-DE' : 'en-GB');

/** A number with at most three significant decimals, or exactly `digits`. */
export function number(value: number | null | undefined, digits?: number): string {
  if (value === null || value === undefined) return '–';
  const fraction = digits ?? (Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 3);
  const text = value.toLocaleString(locale(), {
    minimumFractionDigits: digits ?? 0,
    maximumFractionDigits: fraction,
  });
  return text.replace('-', '−');
}

/** A whole number. */
export function count(value: number): string {
  return number(value, 0);
}

/** A share of one as a whole percentage. */
export function percent(share: number | null | undefined): string {
  return share === null || share === undefined ? '–' : `${Math.round(share * 100)} %`;
}

/** ROUGE in the papers' way: times one hundred, one decimal. */
export function rouge(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : number(value * 100, 1);
}

/** A difference of ROUGE with its sign. */
export function signedRouge(value: number): string {
  return `${value < 0 ? '−' : '+'}${number(Math.abs(value) * 100, 1)}`;
}

export function pValue(p: number): string {
  return p < 0.001 ? `p < ${number(0.001, 3)}` : `p = ${number(p, 3)}`;
}

/** 1536 → "1.5 kB" (powers of 1000). */
export function bytes(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let at = 0;
  let left = value;
  while (left >= 1000 && at < units.length - 1) {
    left /= 1000;
    at += 1;
  }
  return `${number(left, left >= 100 || at === 0 ? 0 : 1)} ${units[at] ?? ''}`;
}

/** 7_340_000 → "7.3 M". */
export function parameters(value: number): string {
  if (value >= 1e9) return `${number(value / 1e9, 1)} B`;
  if (value >= 1e6) return `${number(value / 1e6, 1)} M`;
  return number(value, 0);
}

/** 75 → "1 min 15 s". */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return '–';
  if (seconds < 10) return `${number(seconds, 1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  return minutes < 60
    ? `${minutes} min ${whole % 60} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** An estimated time as people say it, only as precise as it is known: 2059 → "35 min", 4900 → "1 h 15 min".
 * */
export function about(seconds: number): string {
  const to = (step: number) => Math.max(step, Math.round(seconds / step) * step);
  if (seconds < 55) return `${to(5)} s`;
  const minutes = to(seconds < 600 ? 60 : seconds < 3600 ? 300 : seconds < 3 * 3600 ? 900 : 1800) / 60;
  if (minutes < 60) return `${minutes} min`;
  if (minutes >= 10 * 60) return `${Math.round(minutes / 60)} h`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Words in a row, as the language joins them: "a, b and c". */
export function listed(words: string[]): string {
  return new Intl.ListFormat(locale(), { type: 'conjunction' }).format(words);
}

/** A language tag as the name of its language, or of its script where only that is known (`und-Cyrl`). */
export function languageName(tag: string): string {
  const [language = '', script] = tag.split('-');
  const type = language === 'und' ? 'script' : 'language';
  const code = type === 'script' ? (script ?? '') : tag;
  return new Intl.DisplayNames(locale(), { type, fallback: 'code' }).of(code) ?? tag;
}

/** Milliseconds since 1970 → "3 Nov 2026, 14:05". */
export function dateTime(ms: number): string {
  return new Date(ms).toLocaleString(locale(), {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
  });
}

/** The time of day, to the second. */
export function clock(ms: number): string {
  return new Date(ms).toLocaleTimeString(locale(), { hour: '2-digit', minute: '2-digit', second: '2-digit' });
}

/** The last part of a path, of either kind of slash. */
export function baseName(path: string): string {
  return (
    path
      .replace(/[/\\]+$/, '')
      .split(/[/\\]/)
      .pop() ?? path
  );
}
