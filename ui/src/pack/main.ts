// Starts the page inside a rater pack: what is to be rated is in the file, encrypted; nothing is fetched.
import { mount } from 'svelte';
import '../theme/base.css';
import type { PackHeader } from '../bridge';
import { asLanguage, language } from '../text';
import PackPage from './PackPage.svelte';

const target = document.getElementById('app');
const data = document.getElementById('duologue-pack')?.textContent;
if (target && data) {
  language.now = asLanguage(document.documentElement.lang);
  const { ciphertext, ...header } = JSON.parse(data) as PackHeader & { ciphertext: string };
  const file = decodeURIComponent(location.pathname.split('/').at(-1) ?? '');
  const name = file.replace(/(\.duopack)?( \(\d+\))?\.html?$/i, '') || header.rater;
  mount(PackPage, { target, props: { sealed: { header, ciphertext }, name } });
}
