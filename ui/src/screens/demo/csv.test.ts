import { expect, test } from 'vitest';
import { csv } from './csv';

test('cells with commas, quotes and line breaks are quoted', () => {
  expect(
    csv([
      ['a', 'b'],
      ['x, y', 'say "hi"\nnow'],
    ]),
  ).toBe('a,b\r\n"x, y","say ""hi""\nnow"\r\n');
});
