import { expect, test } from 'vitest';
import { asAsked, edited, fresh, lackOf } from './criteria';

const text = (anchors: string) => ({ name: 'Empathie ö', in_sentence: '', question: 'Wie warm?', anchors });

test('a criterion needs one whole language, and the same points in both', () => {
  const written = fresh();
  expect(lackOf(written)).toBe('words');
  written.de = text('Kalt\n\n Warm ');
  expect(lackOf(written)).toBeUndefined();
  written.en.name = 'Empathy';
  expect(lackOf(written)).toBe('words');
  written.en = { ...text('Cold\nSo so\nWarm'), name: 'Empathy' };
  expect(lackOf(written)).toBe('languages');
  written.de.anchors = 'Kalt\nGeht so\nWarm';
  expect(lackOf(written)).toBeUndefined();
  expect(lackOf({ ...written, binary: true })).toBe('binary');
  const many = text(Array.from({ length: 11 }, (_, point) => String(point)).join('\n'));
  expect(lackOf({ ...fresh(), en: many })).toBe('points');
});

test('its key is a word that no other has, and stays when it is edited', () => {
  const written = { ...fresh(), de: text('Kalt\nWarm'), na: true };
  const asked = asAsked(written, ['empathie_o', 'x']);
  expect(asked).toEqual({
    key: 'empathie_o_2',
    scale: { kind: 'likert', points: 2 },
    higher_is_better: true,
    na: true,
    texts: {
      en: null,
      de: { name: 'Empathie ö', in_sentence: 'Empathie ö', question: 'Wie warm?', anchors: ['Kalt', 'Warm'] },
    },
  });
  const again = edited(asked);
  again.binary = true;
  expect(asAsked(again, ['empathie_o_2'])).toMatchObject({ key: 'empathie_o_2', scale: { kind: 'binary' } });
  expect(asAsked({ ...fresh(), en: { ...text('a\nb'), name: '…' } }, []).key).toBe('criterion');
});
