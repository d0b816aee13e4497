// Every component in every state, for development: `npm run dev`, then /gallery.html. The bundle leaves it
// out.
import { mount } from 'svelte';
import '../theme/base.css';
import { fakeBridge } from '../bridge/fake';
import Gallery from './Gallery.svelte';
import { openPage } from '../state/open';

const target = document.getElementById('app');
if (target) {
  await openPage(fakeBridge(location.search));
  mount(Gallery, { target });
}
