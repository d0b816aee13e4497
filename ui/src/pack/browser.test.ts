// @vitest-environment node
import { expect, test } from 'vitest';
import { browserName, Opened } from '../../scripts/browser.js';
import { placedPage, readGolden } from '../../scripts/pack.js';

const SECRET = '040g 2081 040g 2081 040g';
const where = browserName ?? 'skipped: no Chromium with chromedriver is installed, and E2E_WEBKIT is not set';

test.skipIf(!browserName)(
  `a pack is rated from disk, without a network (${where})`,
  async () => {
    const pack = readGolden('pack.json').trim().replaceAll('<', '\\u003c');
    const page = placedPage().replace('"duologue-pack-goes-here"', () => pack);
    const opened = await Opened.open('S--R2.duopack.html', page);
    try {
      expect(await opened.run('return [location.protocol, isSecureContext, Boolean(crypto.subtle)]')).toEqual(
        ['file:', true, true],
      );
      await opened.type('pack-secret', SECRET);
      await opened.click('pack-open');
      for (const step of ['rate-guideline-read', 'check-0-true', 'rate-check-done']) await opened.click(step);
      for (let summary = 0; summary < 2; summary += 1) {
        for (const key of ['faithfulness', 'fluency']) await opened.click(`rate-${key}-4`);
        await opened.click('rate-submit');
      }
      const progress = () =>
        opened.run('return document.querySelector("[data-testid=rate-progress]")?.innerText');
      await expect.poll(progress, { timeout: 20_000 }).toBe('1 of 2 rated');
      await opened.run(
        'fetch("https://example.org").then(() => (window.reached = true), () => (window.reached = false))',
      );
      await expect.poll(() => opened.run('return window.reached'), { timeout: 20_000 }).toBe(false);
      if (browserName === 'Chromium') {
        await opened.click('pack-save');
        expect(JSON.parse(await opened.saved('.duoanswers'))).toMatchObject({ rater: 'R2', revision: 1 });
      }
      // Closed and opened again: what was rated is there.
      await opened.reload();
      await opened.type('pack-secret', SECRET);
      await opened.click('pack-open');
      await expect.poll(progress, { timeout: 20_000 }).toBe('1 of 2 rated');
    } finally {
      await opened.close();
    }
  },
  180_000,
);
