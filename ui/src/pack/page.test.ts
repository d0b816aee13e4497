// @vitest-environment node
import { expect, test } from 'vitest';
import { page, placedPage } from '../../scripts/pack.js';

test('the page in the program is the one of these sources', async () => {
  const built = await page();
  expect(placedPage() === built, 'run `npm run pack -w ui`').toBe(true);
  expect(built.length).toBeLessThan(300_000);
  // Nothing is fetched, and nothing but what the file has is run.
  expect(built).toMatch(
    /Content-Security-Policy" content="default-src 'none'; script-src 'sha256-[^']+'; style-src/,
  );
  expect(built.match(/<script/g)).toHaveLength(2);
  expect(built).not.toMatch(/<link|<img|@import|url\((?!data:)/);
  expect(built.match(/"duologue-pack-goes-here"/g)).toHaveLength(1);
}, 60_000);
