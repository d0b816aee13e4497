// The secret of a rater pack and what it encrypts, with the browser's own WebCrypto. The program does the same in
// crates/project/src/study/pack/cipher.rs; tests/golden/pack checks that the two agree.
import type { Kdf } from '../bridge';

type Bytes = Uint8Array<ArrayBuffer>;

/** Crockford's base 32: no character looks like another. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const CHARACTERS = 20;
const NONCE_BYTES = 12;

export interface Keys {
  items: CryptoKey;
  answers: CryptoKey;
}

/** Whether this browser can encrypt here. Some do not for pages from disk. */
export const canEncrypt = (): boolean => (globalThis.crypto as Crypto | undefined)?.subtle !== undefined;

const utf8 = (text: string): Bytes => Uint8Array.from(new TextEncoder().encode(text));

export const toBase64 = (bytes: Uint8Array): string => {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
};

const fromBase64 = (text: string): Bytes => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

export const random = (bytes: number): Bytes => crypto.getRandomValues(new Uint8Array(bytes));

export const hex = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/** A secret as somebody types it: in upper or lower case, with or without blanks and hyphens, O for 0, I and
 * L for 1. */
export function typed(text: string): string | undefined {
  const letters = text.toUpperCase().replace(/[\s-]/g, '').replaceAll('O', '0').replace(/[IL]/g, '1');
  const known = [...letters].every((letter) => ALPHABET.includes(letter));
  return known && letters.length === CHARACTERS ? letters : undefined;
}

/** The two keys of a secret. */
export async function keysOf(secret: string, kdf: Kdf): Promise<Keys> {
  const { subtle } = crypto;
  const password = await subtle.importKey('raw', utf8(secret), 'PBKDF2', false, ['deriveBits']);
  const master = await subtle.deriveBits(
    { name: 'PBKDF2', hash: 'SHA-256', salt: fromBase64(kdf.salt), iterations: kdf.iterations },
    password,
    256,
  );
  const seed = await subtle.importKey('raw', master, 'HKDF', false, ['deriveKey']);
  const key = (purpose: string) =>
    subtle.deriveKey(
      { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0), info: utf8(`duologue/pack/1/${purpose}`) },
      seed,
      { name: 'AES-GCM', length: 256 },
      false,
      ['encrypt', 'decrypt'],
    );
  return { items: await key('items'), answers: await key('answers') };
}

/** The canonical form of a value (RFC 8785) of texts, whole numbers, truth values, lists and objects. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join(',')}}`;
}

/** A new nonce, in base64. */
export const freshNonce = (): string => toBase64(random(NONCE_BYTES));

const algorithm = (nonce: string, header: unknown) => ({
  name: 'AES-GCM',
  iv: fromBase64(nonce),
  additionalData: utf8(canonical(header)),
});

/** A payload as ciphertext, authenticated together with a header. */
export async function encrypt(
  key: CryptoKey,
  nonce: string,
  header: unknown,
  payload: unknown,
): Promise<string> {
  const sealed = await crypto.subtle.encrypt(algorithm(nonce, header), key, utf8(JSON.stringify(payload)));
  return toBase64(new Uint8Array(sealed));
}

/** The payload of a ciphertext; undefined if the key is wrong or anything was changed. */
export async function decrypt<Payload>(
  key: CryptoKey,
  nonce: string,
  header: unknown,
  ciphertext: string,
): Promise<Payload | undefined> {
  try {
    const opened = await crypto.subtle.decrypt(algorithm(nonce, header), key, fromBase64(ciphertext));
    return JSON.parse(new TextDecoder().decode(opened)) as Payload;
  } catch {
    return undefined;
  }
}
