// What the screen tests share: the whole shell on a fake bridge, and elements by their test id.
import { render, screen } from '@testing-library/svelte';
import { expect } from 'vitest';
import userEvent from '@testing-library/user-event';
import { FakeBridge, type FakeOptions } from './bridge/fake';
import App from './App.svelte';
import { openPage } from './state/open';

/** Opens the window at a place (`#/runs/new`) and returns the bridge and the user. */
export async function open(hash: string, options: FakeOptions = {}) {
  location.hash = hash;
  const bridge = new FakeBridge({ tickMs: 20, ...options });
  await openPage(bridge);
  render(App);
  return { bridge, user: userEvent.setup() };
}

export const find = (id: string) => screen.findByTestId(id);
export const get = (id: string) => screen.getByTestId(id);
export const query = (id: string) => screen.queryByTestId(id);

/** A button once it can be clicked; what is planned or fetched first comes by itself. */
export async function ready(id: string): Promise<HTMLButtonElement> {
  const button = (await find(id)) as HTMLButtonElement;
  await expect.poll(() => button.disabled, { timeout: 5000 }).toBe(false);
  return button;
}

/** The text of an element with runs of blanks as one. */
export const text = (element: HTMLElement) => (element.textContent ?? '').replace(/\s+/g, ' ').trim();
