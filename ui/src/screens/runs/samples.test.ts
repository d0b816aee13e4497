import { expect, test } from 'vitest';
import { follow, type Sample } from './samples';

const seen = (...texts: (string | null)[]) =>
  texts
    .reduce((samples: Sample[], text, step) => follow(samples, step, text), [])
    .map((sample) => `${sample.step} ${sample.text}`);

test('a new text stands first, and the oldest goes', () => {
  expect(seen('a', null, 'a', 'b', 'c', 'd', 'e')).toEqual(['6 e', '5 d', '4 c', '3 b']);
});

test('a text that is being written grows in its place', () => {
  expect(seen('x', 'Ana: Is …', 'Ana: Is the van …', 'Ana: Is the van back?', 'y')).toEqual([
    '4 y',
    '3 Ana: Is the van back?',
    '0 x',
  ]);
  expect(seen('Ana: Is …', 'Bo: No')).toEqual(['1 Bo: No', '0 Ana: Is …']);
  expect(seen('Ana: Is', 'Ana: Is it?')).toEqual(['1 Ana: Is it?', '0 Ana: Is']);
});
