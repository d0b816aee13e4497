// The page inside a rater pack (src/pack): one file with its script and style in it, and a policy that allows nothing else.
// `npm run pack -w ui` writes it to crates/project/pack/page.html.gz, from where the program takes it; src/pack/page.test.ts
// fails if it was not done again after a change.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { build } from 'vite';

/** A path from the folder of the page's sources. (Vite reads a `new URL` with a pattern in it as an asset.) */
const here = (file) => path.join(path.dirname(fileURLToPath(import.meta.url)), '..', file);

/** Only the words of a desk. */
const slim = {
  name: 'slim',
  enforce: 'pre',
  async resolveId(source, importer) {
    if (!/(^|\/)text$/.test(source) || importer?.includes('/src/pack/text.ts')) return null;
    return here('src/pack/text.ts');
  },
};

const config = {
  root: here('.'),
  configFile: false,
  mode: 'production',
  logLevel: 'warn',
  resolve: { alias: [{ find: /^@fontsource.*$/, replacement: here('src/pack/no_font.css') }] },
  plugins: [slim, svelte({ emitCss: true })],
  build: {
    write: false,
    target: ['safari17', 'chrome120', 'firefox121'],
    cssCodeSplit: false,
    modulePreload: false,
    rollupOptions: {
      input: here('src/pack/main.ts'),
      output: { format: 'iife' },
    },
  },
};

const sha256 = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** The page as a text: the same whoever asks, also a test. */
export async function page() {
  const before = process.env.NODE_ENV;
  process.env.NODE_ENV = 'production';
  const built = await build(config).finally(() => (process.env.NODE_ENV = before));
  const files = (Array.isArray(built) ? built : [built]).flatMap((part) =>
    'output' in part ? part.output : [],
  );
  let script = '';
  let style = '';
  for (const file of files) {
    if (file.type === 'chunk') script += file.code;
    else if (path.extname(file.fileName) === '.css') style += String(file.source);
  }
  // Nothing in the script may end its element.
  script = script.replaceAll('</script', '<\\/script').trim();
  style = style.trim();
  const policy = [
    "default-src 'none'",
    `script-src ${sha256(script)}`,
    `style-src ${sha256(style)}`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Duologue</title>
<style>${style}</style>
</head>
<body>
<div id="app"></div>
<noscript>This page needs JavaScript. / Diese Seite braucht JavaScript.</noscript>
<script type="application/json" id="duologue-pack">"duologue-pack-goes-here"</script>
<script>${script}</script>
</body>
</html>
`;
}

/** Where the program takes it from. */
const placed = here('../crates/project/pack/page.html.gz');

/** The page that the program has. */
export const placedPage = () => gunzipSync(readFileSync(placed)).toString('utf8');

const golden = (name) => here(`../tests/golden/pack/${name}`);

/** A file by which the program and the page are held together. */
export const readGolden = (name) => readFileSync(golden(name), 'utf8');

/** Writes such a file anew, if that was asked for. */
export function updateGolden(name, text) {
  if (process.env.UPDATE_GOLDEN) writeFileSync(golden(name), text);
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  writeFileSync(placed, gzipSync(await page(), { level: 9 }));
