import { expect, test } from 'vitest';
import { find, get, open, query, ready, text } from '../../testing';
import { facts } from './machine';

test('an empty workspace offers a file or the sample', async () => {
  const { bridge, user } = await open('#/', { empty: true });
  await user.click(await find('home-sample'));
  await expect.poll(() => bridge.datasetList.map((one) => one.name)).toEqual(['physiotherapy']);
  expect(text(await find('home-sample-card'))).toContain('no download');
  expect(query('home-last')).toBeNull();
});

test('without its base model the sample can be read and rated, and says so', async () => {
  const { bridge, user } = await open('#/', { empty: true });
  bridge.hasBase = false;
  await user.click(await find('home-sample'));
  await find('sample-without');
  expect(query('sample-demo')).toBeNull();
  expect(query('sample-again')).toBeNull();
  await find('sample-results');
});

test('the sample can be run again with what it was made of', async () => {
  const { bridge, user } = await open('#/', { empty: true });
  await user.click(await find('home-sample'));
  await user.click(await find('sample-again'));
  await user.click(await ready('run-start'));
  await expect.poll(() => bridge.started.length).toBe(1);
  expect(bridge.started[0]).toMatchObject({
    dataset: 'physiotherapy',
    model: '/usr/lib/duologue/models/SmolLM2-135M-Instruct',
    preset: 'sample',
    seed: 2,
  });
});

test('otherwise it continues where the user left off', async () => {
  await open('#/');
  expect(text(await find('home-last'))).toContain('support-desk');
  expect(text(get('home-machine'))).toContain('16 threads');
});

test('each part of the machine has a state in words and what it means', async () => {
  const { bridge } = await open('#/');
  const info = await bridge.appInfo();
  const small = { ...info, threads: 2, memory_bytes: 4e9, disk_free_bytes: 2e9, cli_path: null, gpu: null };
  expect(facts(info).map((one) => one.status)).toEqual(['ok', 'ok', 'unused', 'ok', 'ok']);
  expect(facts(small).map((one) => one.status)).toEqual([
    'limited',
    'limited',
    'unused',
    'limited',
    'missing',
  ]);
  const dumb = { ...info, memory_bytes: null, disk_free_bytes: null };
  expect(facts(dumb).map((one) => one.status)).toEqual(['ok', 'unknown', 'unused', 'unknown', 'ok']);
});
