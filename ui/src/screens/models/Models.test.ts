import { expect, test, vi } from 'vitest';
import { find, get, open, query, text } from '../../testing';
import { language } from '../../text';
import { timeClass } from './time';

test('a folder is added and forgotten', async () => {
  const { user } = await open('#/models');
  expect(text(await find('models'))).toContain('134.5 M');
  await user.type(get('model-path'), '/models/tiny');
  await user.click(get('model-add'));
  await user.click(await find('forget-tiny'));
  await expect.poll(() => query('model-tiny')).toBeNull();
});

test('a folder without a model is refused with the way out', async () => {
  const { user } = await open('#/models');
  await user.type(await find('model-path'), '/models/missing');
  await user.click(get('model-add'));
  expect(text(await find('error-card'))).toContain('Choose the folder that holds config.json');
});

test('a model is downloaded with progress, paused, and goes on', async () => {
  const { bridge, user } = await open('#/models');
  await user.click(await find('tab-download'));
  await user.click(await find('download-smollm2-135m-instruct'));
  await find('download-progress');
  expect((get('download-qwen3-0.6b') as HTMLButtonElement).disabled).toBe(true);
  await user.click(get('download-pause'));
  expect(text(await find('download-smollm2-135m-instruct'))).toBe('Resume');
  await user.click(get('download-smollm2-135m-instruct'));
  await expect.poll(() => text(get('toasts'))).toContain('every file matches');
  expect(bridge.modelList.some((one) => one.name === 'SmolLM2-135M-Instruct')).toBe(true);
});

test('a model that cannot be fetched says why', async () => {
  const { user } = await open('#/models');
  await user.click(await find('tab-download'));
  expect(text(await find('download-qwen2.5-7b-instruct'))).toBe('Too big for this computer');
  await user.click(get('download-llama-3.2-1b-instruct'));
  await find('licence-text');
  await user.click(get('licence-read'));
  expect(text(await find('error-card'))).toContain('Accept the licence on https://huggingface.co/');
});

test('the licence of a model can be read, and goes away with the keyboard', async () => {
  const { user } = await open('#/models');
  await user.click(await find('tab-download'));
  await user.click(await find('licence-smollm2-135m-instruct'));
  const licence = await find('licence-text');
  expect(text(licence)).toContain('the text of apache-2.0');
  expect(licence.getAttribute('aria-label')).toBe('Apache License 2.0');
  expect((licence as HTMLElement).tabIndex).toBe(0);
  expect(query('licence-read')).toBeNull();
  await user.click(get('licence-close'));
  await expect.poll(() => query('licence-text')).toBeNull();
});

test('a licence with terms is read once before a download begins', async () => {
  const { bridge, user } = await open('#/models');
  const asked = vi.spyOn(bridge, 'downloadModel');
  await user.click(await find('tab-download'));
  const button = () => text(get('download-llama-3.2-1b-instruct'));
  await find('download-llama-3.2-1b-instruct');
  expect(button()).toBe('Read the licence to download');
  await user.click(get('download-llama-3.2-1b-instruct'));
  await find('licence-text');
  await user.click(get('licence-close'));
  expect(button()).toBe('Read the licence to download');
  await user.click(get('download-llama-3.2-1b-instruct'));
  await find('licence-text');
  expect(asked).not.toHaveBeenCalled();
  await user.click(get('licence-read'));
  expect(asked).toHaveBeenCalledOnce();
  await expect.poll(button).toBe('Download');
});

test('a card says what was proven of its model', async () => {
  const { user } = await open('#/models');
  await user.click(await find('tab-download'));
  expect(text(await find('catalogue-smollm2-135m-instruct'))).toContain('Proven');
  expect(text(get('catalogue-qwen3-0.6b'))).toContain('Not tried here');
  language.now = 'de';
  await expect.poll(() => text(get('catalogue-qwen3-0.6b'))).toContain('Hier nicht erprobt');
  language.now = 'en';
});

test('a model is verified, and a download is deleted only after a question', async () => {
  const { bridge, user } = await open('#/models');
  await user.click(await find('verify-dialog-7m'));
  await expect.poll(() => text(get('toasts'))).toContain('its files are unchanged');
  await user.click(get('verify-SmolLM2-135M'));
  await expect.poll(() => text(get('toasts'))).toContain('model.safetensors');
  await bridge.addModel('/home/ada/.local/share/duologue/models/tiny');
  await user.click(get('nav-home'));
  await user.click(get('nav-models'));
  await user.click(await find('delete-tiny'));
  expect(text(await find('remove-goes'))).toContain('the files of the model');
  expect(text(get('remove-stays'))).toContain('neither go on nor summarize without it: 1 run');
  await user.click(get('remove-agree'));
  await expect.poll(() => query('model-tiny')).toBeNull();
});

test('what a run would take on each model of this computer is said in the list', async () => {
  await open('#/models');
  await expect.poll(async () => text(await find('fit-dialog-7m'))).toContain('Fits');
  expect(text(get('fit-SmolLM2-135M'))).toContain('Tight');
});

test('a German window says in German why a model is in the list', async () => {
  const { user } = await open('#/models');
  language.now = 'de';
  await user.click(await find('tab-download'));
  expect(text(await find('catalogue'))).toContain('seine Lizenz muss im Hub angenommen werden');
  language.now = 'en';
});

test('a model that was forgotten can be brought back, from the notice and from the list', async () => {
  const { user } = await open('#/models');
  await user.click(await find('forget-dialog-7m'));
  await expect.poll(() => query('model-dialog-7m')).toBeNull();
  await user.click(await find('toast-act'));
  await find('model-dialog-7m');
  await user.click(get('forget-dialog-7m'));
  await user.click(await find('bring-back-dialog-7m'));
  await find('model-dialog-7m');
});

test('the model that comes with Duologue is never out of reach', async () => {
  const { bridge, user } = await open('#/models');
  await user.click(await find('bring-back-SmolLM2-135M-Instruct'));
  await expect
    .poll(() => bridge.modelList.some((model) => model.name === 'SmolLM2-135M-Instruct'))
    .toBe(true);
  await expect.poll(() => query('bring-back-SmolLM2-135M-Instruct')).toBeNull();
});

test('beside the memory stands a class of time, and each figure has its label', async () => {
  const { user } = await open('#/models');
  await expect.poll(() => text(get('model-dialog-7m'))).toContain('Time: minutes');
  await user.click(get('tab-download'));
  const entry = text(await find('catalogue-smollm2-135m-instruct'));
  for (const label of ['Parameters', 'Context', 'Licence', 'Time']) expect(entry).toContain(label);
});

test('the class of time is the forecast in words', () => {
  const classes = [60, 3000, 10_000, 100_000, 500_000].map(timeClass);
  expect(classes).toEqual(['minutes', 'hour', 'hours', 'day', 'days']);
});

test('tab and folder stay while another screen is looked at', async () => {
  const { user } = await open('#/models');
  await user.type(await find('model-path'), '/models/half');
  await user.click(get('nav-home'));
  await user.click(get('nav-models'));
  expect(((await find('model-path')) as HTMLInputElement).value).toBe('/models/half');
});
