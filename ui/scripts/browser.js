// Drives a real browser through WebDriver: Debian's Chromium where it is installed, WebKit's MiniBrowser where E2E_WEBKIT
// is set (it needs a display). Tests of the page inside a rater pack use it (src/pack/browser.test.ts).
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';

const found = (...files) => files.find((file) => existsSync(file));

/** The browser that is here, with what starts it; undefined without one. */
function installed() {
  const chromium = found('/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome');
  const chromedriver = found('/usr/bin/chromedriver', '/usr/lib/chromium/chromedriver');
  if (chromium && chromedriver)
    return {
      name: 'Chromium',
      start: (port) => [chromedriver, [`--port=${port}`]],
      capabilities: (folder) => ({
        'goog:chromeOptions': {
          binary: chromium,
          args: ['--headless=new', '--no-sandbox', '--disable-gpu'],
          prefs: { 'download.default_directory': folder },
        },
      }),
    };
  const webkit = found('/usr/bin/WebKitWebDriver');
  const mini = found(
    '/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser',
    '/usr/libexec/webkit2gtk-4.1/MiniBrowser',
  );
  if (process.env.E2E_WEBKIT && webkit && mini)
    return {
      name: 'WebKit',
      start: (port) => ['xvfb-run', ['-a', webkit, `--port=${port}`]],
      capabilities: () => ({ 'webkitgtk:browserOptions': { binary: mini, args: ['--automation'] } }),
    };
  return undefined;
}

const browser = installed();
export const browserName = browser?.name;

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** A page open in the browser, from a file of its own. */
export class Opened {
  #driver;
  #port;
  #session = '';
  #folder;

  /** Opens a text as a file; the browser sees `file:` and nothing else. */
  static async open(name, text) {
    const opened = new Opened();
    await opened.#start(name, text);
    return opened;
  }

  async #start(name, text) {
    this.#folder = mkdtempSync(path.join(tmpdir(), 'duologue-pack-'));
    const file = path.join(this.#folder, name);
    writeFileSync(file, text);
    this.#port = 20_000 + (process.pid % 20_000);
    const [program, args] = browser.start(this.#port);
    this.#driver = spawn(program, args, {
      stdio: 'ignore',
      detached: true,
      env: { ...process.env, WEBKIT_DISABLE_DMABUF_RENDERER: '1' },
    });
    await this.#until(async () => (await this.#ask('GET', '/status')) !== undefined);
    const alwaysMatch = browser.capabilities(this.#folder);
    this.#session = `/session/${(await this.#ask('POST', '/session', { capabilities: { alwaysMatch } })).sessionId}`;
    await this.#ask('POST', `${this.#session}/url`, { url: pathToFileURL(file).href });
  }

  async #ask(method, way, body) {
    const answer = await fetch(`http://127.0.0.1:${this.#port}${way}`, {
      method,
      headers: { 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const { value } = await answer.json();
    if (!answer.ok) throw new Error(`${way}: ${value?.error} ${value?.message}`);
    return value ?? null;
  }

  /** Waits until something is so. */
  async #until(holds) {
    let last;
    for (let tries = 0; tries < 240; tries += 1) {
      try {
        if (await holds()) return;
      } catch (thrown) {
        last = thrown;
      }
      await pause(250);
    }
    throw last ?? new Error('it never was so');
  }

  #find(testid) {
    const value = `[data-testid="${testid}"]`;
    return this.#ask('POST', `${this.#session}/element`, { using: 'css selector', value });
  }

  async #act(testid, what, body) {
    await this.#until(async () => {
      const [element] = Object.values(await this.#find(testid));
      await this.#ask('POST', `${this.#session}/element/${element}/${what}`, body);
      return true;
    });
  }

  click(testid) {
    return this.#act(testid, 'click', {});
  }

  type(testid, text) {
    return this.#act(testid, 'value', { text });
  }

  /** What a script in the page returns. */
  run(script) {
    return this.#ask('POST', `${this.#session}/execute/sync`, { script, args: [] });
  }

  reload() {
    return this.#ask('POST', `${this.#session}/refresh`, {});
  }

  /** The text of what the page saved under an ending, once it is there. */
  async saved(ending) {
    let text = '';
    await this.#until(() => {
      const file = readdirSync(this.#folder).find((name) => name.endsWith(ending));
      if (file) text = readFileSync(path.join(this.#folder, file), 'utf8');
      return text !== '';
    });
    return text;
  }

  async close() {
    try {
      await this.#ask('DELETE', this.#session);
    } catch {
      // A browser that has gone is what was wanted.
    }
    // With its whole group: a virtual display belongs to it.
    if (this.#driver.pid) process.kill(-this.#driver.pid);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
