// Starts the page: opens the bridge, then shows the screens, or why there is no screen to show.
import { mount } from 'svelte';
import './theme/base.css';
import App from './App.svelte';
import { openBridge } from './bridge';
import { openPage } from './state/open';
import { start } from './state/start.svelte';

const target = document.getElementById('app');
if (target) {
  try {
    await openPage(await openBridge());
  } catch (thrown) {
    start.fail(thrown);
  }
  mount(App, { target });
}
