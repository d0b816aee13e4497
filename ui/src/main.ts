// Starts the page: opens the bridge, then shows the shell.
import { mount } from 'svelte';
import './theme/base.css';
import { app } from './app.svelte';
import { openBridge } from './bridge';
import Shell from './Shell.svelte';

const target = document.getElementById('app');
if (target) {
  await app.open(await openBridge());
  mount(Shell, { target });
}
