// The one way out of the page: the generated commands in the window, an in-memory stand-in in a browser and in tests.
// Only this folder knows Tauri.
import { commands, type AppError } from './bindings';

export { Channel } from '@tauri-apps/api/core';
export type * from './bindings';

/** Every command rejects with an `AppError`: a code with its arguments, worded in `text`. */
export type Bridge = typeof commands;

/** What screens call; `connect` says who answers. */
export let bridge: Bridge = commands;

export function connect(to: Bridge): void {
  bridge = to;
}

/** Inside the window the generated commands; in a browser during development the fake ones. */
export async function openBridge(): Promise<Bridge> {
  if ('__TAURI_INTERNALS__' in globalThis) return commands;
  if (import.meta.env.MODE !== 'production') return (await import('./fake')).fakeBridge(location.search);
  const error: AppError = { code: 'window_missing' };
  throw error;
}
