import { expect, test } from 'vitest';
import { pressed } from './keys';

const event = (key: string, modifiers: KeyboardEventInit = {}) =>
  new KeyboardEvent('keydown', { key, ...modifiers });

test('what is drawn is what is heard, key by key', () => {
  expect(pressed(['e', 'Del'], event('e'))).toBe(0);
  expect(pressed(['e', 'Del'], event('Delete'))).toBe(1);
  expect(pressed(['1 … 5'], event('4'))).toBe(3);
  expect(pressed(['1 … 5'], event('6'))).toBeUndefined();
  expect(pressed(['↑', '↓'], event('ArrowDown'))).toBe(1);
  expect(pressed(['?'], event('?', { shiftKey: true }))).toBe(0);
});

test('control belongs to the keystroke, and no other modifier does', () => {
  expect(pressed(['Ctrl', 'K'], event('k', { ctrlKey: true }))).toBe(0);
  expect(pressed(['Ctrl', 'K'], event('k', { metaKey: true }))).toBe(0);
  expect(pressed(['Ctrl', '1 … 9'], event('3', { ctrlKey: true }))).toBe(2);
  expect(pressed(['Ctrl', 'K'], event('k'))).toBeUndefined();
  expect(pressed(['p'], event('p', { ctrlKey: true }))).toBeUndefined();
  expect(pressed(['p'], event('p', { altKey: true }))).toBeUndefined();
  expect(pressed(['Ctrl', 'Z'], event('z', { ctrlKey: true, shiftKey: true }))).toBeUndefined();
});
