// Keys as they are drawn, and the keystrokes that they stand for.

const named: Record<string, string> = {
  '↑': 'ArrowUp',
  '↓': 'ArrowDown',
  '←': 'ArrowLeft',
  '→': 'ArrowRight',
  Del: 'Delete',
  Esc: 'Escape',
};

/** What stands for several keys (`1 … 9`), key by key. */
function spread(key: string): string[] {
  const [first, last] = key.split(' … ').map((end) => end.codePointAt(0) ?? 0);
  if (first === undefined || last === undefined) return [named[key] ?? key];
  return Array.from({ length: last - first + 1 }, (_, index) => String.fromCodePoint(first + index));
}

/** Which of the keys an event is, counted from 0; `Ctrl` in front belongs to each of them, and is ⌘ elsewhere. */
export function pressed(keys: string[], event: KeyboardEvent): number | undefined {
  const control = keys[0] === 'Ctrl';
  if (control !== (event.ctrlKey || event.metaKey) || event.altKey || (control && event.shiftKey)) return;
  const key = control && event.key.length === 1 ? event.key.toUpperCase() : event.key;
  const found = keys
    .slice(control ? 1 : 0)
    .flatMap(spread)
    .indexOf(key);
  return found < 0 ? undefined : found;
}

/** Whether keystrokes go into a text or a choice. */
export function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}
