import { render, screen } from '@testing-library/svelte';
import { createRawSnippet } from 'svelte';
import { expect, test } from 'vitest';
import Desk from './Desk.svelte';

const children = createRawSnippet(() => ({ render: () => '<p>left</p>' }));
const files = import.meta.glob<string>('../{screens,shell}/**/*.svelte', {
  query: '?raw',
  import: 'default',
  eager: true,
});

test('a desk has two columns, or the left one alone', () => {
  render(Desk, { columns: 'list', 'data-testid': 'list', children });
  render(Desk, { single: true, 'data-testid': 'single', children });
  const tracks = (id: string) => getComputedStyle(screen.getByTestId(id)).gridTemplateColumns;
  expect(screen.getByTestId('list').style.getPropertyValue('--tracks')).toBe(
    'minmax(15rem, 21rem) minmax(0, 1fr)',
  );
  expect(tracks('single')).toBe('minmax(0, 1fr)');
});

test('no screen lays out a desk by itself', () => {
  const texts = Object.entries(files);
  expect(texts.length).toBeGreaterThan(30);
  const desk =
    /grid-template-columns: minmax\([^)]+\) minmax\([^)]+\);\s+gap: var\(--s-5\);\s+align-items: start/;
  expect(texts.filter(([, text]) => desk.test(text)).map(([file]) => file)).toEqual([]);
});
