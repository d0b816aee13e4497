import { expect, test } from 'vitest';
import { Loader } from './loader.svelte';

/** A loader whose answers are given by hand, in any order. */
function slow() {
  const waiting: Record<string, { resolve: (value: string) => void; reject: (thrown: unknown) => void }> = {};
  const loader = new Loader(
    (asked: string) => new Promise<string>((resolve, reject) => (waiting[asked] = { resolve, reject })),
  );
  return { loader, waiting };
}
const failure = { code: 'disk_full', args: { file: 'duologue.db', room: null } };

test('a late answer never takes the place of a newer one', async () => {
  const { loader, waiting } = slow();
  const [first, second] = [loader.load('first'), loader.load('second')];
  waiting['second']?.resolve('newer');
  await second;
  expect([loader.value, loader.busy]).toEqual(['newer', false]);
  waiting['first']?.resolve('older');
  await first;
  expect(loader.value).toBe('newer');
});

test('a late failure is none, and a late answer ends no newer wait', async () => {
  const { loader, waiting } = slow();
  const [first, second] = [loader.load('first'), loader.load('second')];
  waiting['first']?.reject(failure);
  await first;
  expect([loader.error, loader.busy]).toEqual([undefined, true]);
  waiting['second']?.resolve('answer');
  await second;
  expect([loader.value, loader.error, loader.busy]).toEqual(['answer', undefined, false]);
});

test('what failed keeps the answer before, and a retry asks the same', async () => {
  const { loader, waiting } = slow();
  const before = loader.load('list');
  waiting['list']?.resolve('before');
  await before;
  const failing = loader.load('list');
  waiting['list']?.reject(failure);
  await failing;
  expect([loader.value, loader.error?.code, loader.busy]).toEqual(['before', 'disk_full', false]);
  const again = loader.retry();
  waiting['list']?.resolve('after');
  await again;
  expect([loader.value, loader.error]).toEqual(['after', undefined]);
});

test('cleared, it waits for nothing any more', async () => {
  const { loader, waiting } = slow();
  const asked = loader.load('first');
  loader.clear();
  waiting['first']?.resolve('too late');
  await asked;
  expect([loader.value, loader.busy]).toEqual([undefined, false]);
});
