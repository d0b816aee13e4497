// Starts the page: opens the bridge, then shows the shell.
import { mount } from 'svelte';
import './theme/base.css';
import { openBridge } from './bridge';
import Shell from './Shell.svelte';
import { openPage } from './state/open';

const target = document.getElementById('app');
if (target) {
  await openPage(await openBridge());
  mount(Shell, { target });
}
