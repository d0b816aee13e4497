// A rater pack that is open: its items, and the answers, which are kept encrypted after every press in the browser's
// storage and saved as a file when the rater says so. The file is the truth: a browser may forget.
import type { AnswersHeader, PackHeader, PackItems } from '../bridge';
import { canEncrypt, decrypt, encrypt, freshNonce, hex, keysOf, random, typed, type Keys } from './cipher';
import { nothing, PackDesk, type Kept } from './desk';

/** The contents of a file. */
export interface Sealed {
  header: PackHeader;
  ciphertext: string;
}

/** Where answers are kept between two visits. */
export type Storage = Pick<globalThis.Storage, 'getItem' | 'setItem'>;

interface Saved {
  branch: string;
  revision: number;
  kept: Kept;
}

interface Stored {
  nonce: string;
  ciphertext: string;
}

export class Pack {
  readonly desk: PackDesk;
  /** The browser keeps answers; otherwise only a saved file does. */
  keeps = true;
  #line: Promise<void> = Promise.resolve();

  private constructor(
    readonly header: PackHeader,
    items: PackItems,
    readonly keys: Keys,
    readonly storage: Storage | undefined,
    readonly saved: Saved,
    found: boolean,
  ) {
    this.desk = new PackDesk(header, items, saved.kept, () => this.#keep());
    // What was kept here and is in no file yet.
    if (found) this.desk.unsaved = 1;
  }

  /** Opens a pack with the secret as it was typed; what its rater did here before is restored. */
  static async open(sealed: Sealed, secret: string, storage: Storage | undefined): Promise<Pack> {
    const { header, ciphertext } = sealed;
    if (!canEncrypt()) throw new Error('no WebCrypto');
    const letters = typed(secret);
    const keys = letters ? await keysOf(letters, header.kdf) : undefined;
    const items = keys && (await decrypt<PackItems>(keys.items, header.cipher.nonce, header, ciphertext));
    if (!keys || !items) {
      const error = { code: 'wrong_secret_or_changed', args: { file: header.rater } } as const;
      throw error;
    }
    const saved = await read(header, keys, storage);
    const fresh = { branch: hex(random(8)), revision: 0, kept: nothing() };
    return new Pack(header, items, keys, storage, saved ?? fresh, saved !== undefined);
  }

  /** The answers as a file; counts as one more save. */
  async file(): Promise<string> {
    this.saved.revision += 1;
    const { header, saved } = this;
    const answers: AnswersHeader = {
      ...header,
      format: 'duologue.answers',
      cipher: { ...header.cipher, nonce: freshNonce() },
      branch: saved.branch,
      revision: saved.revision,
      locked: saved.kept.locked,
      saved_at: Date.now(),
    };
    const payload = this.desk.answers();
    const ciphertext = await encrypt(this.keys.answers, answers.cipher.nonce, answers, payload);
    await this.#keep();
    return JSON.stringify({ ...answers, ciphertext });
  }

  /** One after the other, so that an earlier state never overwrites a later one. */
  #keep(): Promise<void> {
    this.#line = this.#line.then(async () => {
      try {
        if (!this.storage) throw new Error('no storage');
        const nonce = freshNonce();
        const ciphertext = await encrypt(this.keys.answers, nonce, place(this.header), this.saved);
        this.storage.setItem(place(this.header), JSON.stringify({ nonce, ciphertext }));
        this.keeps = true;
      } catch {
        this.keeps = false;
      }
    });
    return this.#line;
  }
}

const place = (header: PackHeader): string => `duologue:${header.pack_id}`;

async function read(
  header: PackHeader,
  keys: Keys,
  storage: Storage | undefined,
): Promise<Saved | undefined> {
  try {
    const text = storage?.getItem(place(header));
    if (!text) return undefined;
    const { nonce, ciphertext } = JSON.parse(text) as Stored;
    return await decrypt<Saved>(keys.answers, nonce, place(header), ciphertext);
  } catch {
    return undefined;
  }
}

/** The browser's storage, where it lets a page from disk use it. */
export function browserStorage(): Storage | undefined {
  try {
    globalThis.localStorage.getItem('duologue');
    return globalThis.localStorage;
  } catch {
    return undefined;
  }
}
