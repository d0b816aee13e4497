import { expect, test } from 'vitest';

const sources = import.meta.glob<string>('../**/*.svelte', { query: '?raw', import: 'default', eager: true });
const components = import.meta.glob('./*.svelte');

/** The component's name as others import it. */
const fileName = (path: string) => path.replace(/^.*\//, '');
const users = (file: string, within: RegExp) =>
  Object.entries(sources).filter(([path, text]) => within.test(path) && text.includes(`/${file}'`));

test('every component is used by a screen and shown in the gallery', () => {
  const files = Object.keys(components).map(fileName);
  expect(files.length).toBeGreaterThan(15);
  expect(files.filter((file) => users(file, /^(?!.*gallery)/).length === 0)).toEqual([]);
  expect(files.filter((file) => users(file, /gallery/).length === 0)).toEqual([]);
});
