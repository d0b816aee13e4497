// Connects the page to those who answer its commands; called once at the start, and by each test.
import { connect, type Bridge } from '../bridge';
import { asLanguage } from '../text';
import { clock } from './clock.svelte';
import { computer } from './computer.svelte';
import { drafts } from './drafts.svelte';
import { jobs } from './jobs.svelte';
import { navigation } from './navigation.svelte';
import { settings } from './settings.svelte';
import { start } from './start.svelte';
import { toasts } from './toasts.svelte';

/** Never rejects: what goes wrong is shown in the place of the screens. */
export async function openPage(bridge: Bridge): Promise<void> {
  connect(bridge);
  toasts.list = [];
  jobs.reset();
  drafts.reset();
  clock.reset();
  navigation.followHash();
  await start.load();
  if (start.now?.problem) {
    // What the user has chosen is kept in the workspace.
    settings.applyLanguage(asLanguage(globalThis.navigator.language.slice(0, 2)));
    return;
  }
  try {
    await computer.load();
    await settings.load();
    await jobs.watch(null);
  } catch (thrown) {
    start.fail(thrown);
  }
}
