// Connects the page to those who answer its commands; called once at the start, and by each test.
import { connect, type Bridge } from '../bridge';
import { computer } from './computer.svelte';
import { jobs } from './jobs.svelte';
import { navigation } from './navigation.svelte';
import { settings } from './settings.svelte';
import { toasts } from './toasts.svelte';

export async function openPage(bridge: Bridge): Promise<void> {
  connect(bridge);
  toasts.list = [];
  jobs.reset();
  navigation.followHash();
  await computer.load();
  await settings.load();
  await jobs.watch(null);
}
