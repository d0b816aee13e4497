import axe from 'axe-core';
import { expect, test } from 'vitest';
import { find, open } from './testing';
import tokens from './theme/tokens.css?raw';
import { settings } from './state/settings.svelte';

// Contrast needs a browser; the journeys check it in the real window, and the tokens are checked below.
const rules = { 'color-contrast': { enabled: false } };

const places = [
  ...['#/', '#/data', '#/data/support-desk', '#/models', '#/runs', '#/runs/new', '#/runs/run-0001'],
  ...['#/runs/run-0002', '#/runs/run-0003', '#/outputs', '#/rate', '#/results', '#/demo', '#/settings'],
  ...[
    '#/experiments',
    '#/experiments/new',
    '#/experiments/paper-1-baseline',
    '#/export',
    '#/export/run-0001',
  ],
];

test.each(places)('axe finds nothing on %s, with data and without, in both languages', async (hash) => {
  for (const empty of [false, true]) {
    await open(hash, { empty });
    await find('connections');
    for (const language of ['en', 'de'] as const) {
      settings.applyLanguage(language);
      await new Promise((resolve) => setTimeout(resolve, 30));
      const found = await axe.run(document.body, { rules });
      expect(
        found.violations.map((violation) => `${violation.id}: ${violation.nodes[0]?.html ?? ''}`),
      ).toEqual([]);
    }
    document.body.replaceChildren();
  }
});

/** WCAG's relative luminance of `#rrggbb`. */
function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5]
    .map((at) => parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

test('text reaches a contrast of 4.5 on every surface that it is set on, in both themes', () => {
  const colour = (name: string, theme: number) => {
    const found = new RegExp(`--${name}: light-dark\\((#[0-9a-f]{6}), (#[0-9a-f]{6})\\)`).exec(tokens);
    return found?.[theme + 1] ?? '';
  };
  const surfaces = ['surface-0', 'surface-1', 'surface-2'];
  const pairs: [string, string[]][] = [
    ['text', [...surfaces, 'surface-3', 'accent-soft', 'warn-soft', 'bad-soft']],
    ['text-2', [...surfaces, 'surface-3', 'accent-soft', 'warn-soft', 'bad-soft']],
    ['text-3', surfaces],
    ['accent', ['surface-0', 'surface-1', 'accent-soft']],
    ['on-accent', ['accent', 'accent-hover']],
    ['good', ['good-soft']],
    ['warn', ['warn-soft', 'surface-1']],
    ['bad', ['bad-soft', 'surface-1']],
    ...[0, 1, 2, 3, 4].map((n): [string, string[]] => [`speaker-${n}`, ['surface-1']]),
  ];
  const low: string[] = [];
  for (const theme of [0, 1])
    for (const [text, grounds] of pairs)
      for (const ground of grounds) {
        const [a, b] = [luminance(colour(text, theme)), luminance(colour(ground, theme))].sort(
          (x, y) => y - x,
        );
        const ratio = ((a ?? 0) + 0.05) / ((b ?? 0) + 0.05);
        if (!(ratio >= 4.5)) low.push(`${text} on ${ground}, theme ${theme}: ${ratio.toFixed(2)}`);
      }
  expect(low).toEqual([]);
});
