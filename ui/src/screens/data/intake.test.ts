import { expect, test } from 'vitest';
import { find, get, open, query, text } from '../../testing';

async function look(file: string) {
  const page = await open('#/data');
  await page.user.type(await find('import-path'), file);
  await page.user.click(get('import-check'));
  await find('import-preview');
  return page;
}

test('a chat says where each message went, and lets lines back in', async () => {
  const { user } = await look('/home/ada/chat.txt');
  expect(text(get('import-account'))).toContain('412 messages read, 37 left out:');
  expect(text(get('dropped-media'))).toBe('20 media');
  expect(query('dropped-lines')).toBeNull();
  await user.click(get('dropped-system'));
  expect(text(await find('dropped-lines'))).toContain('Mara added Theo');
  await user.click(get('let-back-system'));
  await expect.poll(() => text(get('import-account'))).toContain('28 left out');
  expect(query('dropped-system')).toBeNull();
  await user.click(get('leave-out-system'));
  await expect.poll(() => text(get('import-account'))).toContain('37 left out');
  expect(text(get('import-remarks'))).toContain('8 hours');
});

test('messages that come again and again are left out with one click, and let back in', async () => {
  const { bridge, user } = await look('/home/ada/chat.txt');
  await user.click(get('drop-repeated'));
  await expect.poll(() => text(get('import-account'))).toContain('43 left out');
  expect(bridge.asked?.drop_repeated).toBe(true);
  expect(query('drop-repeated')).toBeNull();
  await user.click(get('dropped-repeated'));
  expect(text(await find('dropped-lines'))).toContain('Mara changed the topic');
  await user.click(get('let-back-repeated'));
  await expect.poll(() => text(get('import-account'))).toContain('37 left out');
  expect(bridge.asked?.language).toBe('en');
});

test('a guessed encoding is shown by a piece of text and can be corrected, and so can the separator', async () => {
  const { user } = await look('/home/ada/latin.csv');
  expect(text(get('import-sample'))).toContain('die Größe der Wohnung');
  expect(text(get('import-banner'))).toContain('how the characters were read');
  await user.selectOptions(get('import-encoding'), 'iso8859-15');
  await expect.poll(() => query('import-sample')).toBeNull();
  expect((get('import-encoding') as HTMLSelectElement).value).toBe('iso8859-15');
  await user.selectOptions(get('import-separator'), 'tab');
  await expect.poll(() => (get('import-separator') as HTMLSelectElement).value).toBe('tab');
});

test('columns of a table with one turn a row can be changed before anything is stored', async () => {
  const { bridge, user } = await look('/home/ada/turns.csv');
  expect((get('turns-speaker') as HTMLSelectElement).value).toBe('topic');
  await user.selectOptions(get('turns-group'), '');
  await expect.poll(() => bridge.asked?.turns).toBe('text=dialogue,speaker=topic,summary=summary');
});

test('an import can be taken back as a whole', async () => {
  const { bridge, user } = await open('#/data/support-desk');
  await user.click(await find('imports-open'));
  await user.click(await find('import-undo-1'));
  await expect.poll(() => bridge.datasetList.some((row) => row.name === 'support-desk')).toBe(false);
});

test('doubts about who speaks turn the banner amber, and say so', async () => {
  await look('/home/ada/doubt.txt');
  expect(get('import-banner').className).toContain('check');
  expect(text(get('import-banner'))).toContain('not certain who speaks');
  expect(text(get('import-issues'))).toContain('one more thing: call back');
});

test('a guess is confirmed with one click before anything is stored', async () => {
  const { bridge, user } = await look('/home/ada/latin.csv');
  expect(get('import-banner').className).toContain('check');
  await user.click(get('import-letters-right'));
  await expect.poll(() => bridge.asked?.encoding).toBe('cp1252');
  await expect.poll(() => text(get('import-banner'))).toContain('Every row can be read');
});

test('guessed columns, and turns in rows, are confirmed in the same way', async () => {
  const { bridge, user } = await look('/home/ada/guess.csv');
  expect(text(get('import-banner'))).toContain('check the columns');
  await user.click(get('import-columns-right'));
  await expect.poll(() => bridge.asked?.map).toBe('dialogue=dialogue,summary=summary');
  await expect.poll(() => text(get('import-banner'))).toContain('Every row can be read');
  await user.clear(get('import-path'));
  await user.type(get('import-path'), '/home/ada/turns.csv');
  await user.click(get('import-check'));
  expect(text(await find('import-banner'))).toContain('each row is one turn');
  await user.click(get('turns-right'));
  await expect.poll(() => text(get('import-banner'))).toContain('Every row can be read');
  expect(bridge.asked?.turns).toBe('text=dialogue,speaker=topic,group=id,summary=summary');
});

test('a file that is no text can be read as a text of another encoding, and back', async () => {
  const { user } = await open('#/data');
  await user.type(await find('import-path'), '/home/ada/photo.txt');
  await user.click(get('import-check'));
  await user.selectOptions(await find('import-encoding'), 'utf-16-le');
  expect(text(await find('import-preview'))).toContain('60');
  await user.selectOptions(get('import-encoding'), '');
  await expect.poll(() => query('import-preview')).toBeNull();
  expect(document.body.textContent).toContain('is not text');
});
