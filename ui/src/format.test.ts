import { expect, test } from 'vitest';
import {
  about,
  baseName,
  bytes,
  duration,
  listed,
  parameters,
  percent,
  pValue,
  rouge,
  signedRouge,
} from './format';
import { language } from './text';

test('figures read as people write them', () => {
  expect([rouge(0.3121), signedRouge(-0.026), signedRouge(0.0004)]).toEqual(['31.2', '−2.6', '+0.0']);
  expect([bytes(29_400_000), bytes(999), bytes(null)]).toEqual(['29.4 MB', '999 B', '–']);
  expect([duration(3.25), duration(75), duration(3725)]).toEqual(['3.3 s', '1 min 15 s', '1 h 2 min']);
  expect([parameters(134_515_008), parameters(7_345_920)]).toEqual(['134.5 M', '7.3 M']);
  expect([percent(0.934), pValue(0.0001), pValue(0.0123)]).toEqual(['93 %', 'p < 0.001', 'p = 0.012']);
  expect([baseName('/a/b.csv'), baseName('C:\\x\\y\\')]).toEqual(['b.csv', 'y']);
});

test('an estimate is no more exact than it is known', () => {
  expect([2, 22, 59, 75, 599].map(about)).toEqual(['5 s', '20 s', '1 min', '1 min', '10 min']);
  expect([1722, 2059, 3590].map(about)).toEqual(['30 min', '35 min', '1 h']);
  expect([4900, 46_020, 54_000].map(about)).toEqual(['1 h 15 min', '13 h', '15 h']);
});

test('numbers and lists follow the language, within a sign too', () => {
  language.now = 'de';
  expect([pValue(0.0001), listed(['a', 'b', 'c'])]).toEqual(['p < 0,001', 'a, b und c']);
  language.now = 'en';
  expect(listed(['a', 'b', 'c'])).toBe('a, b and c');
});
