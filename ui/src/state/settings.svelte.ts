// How the window looks and what it may say, as the user chose; kept in the workspace.
import { bridge } from '../bridge';
import { asLanguage, language, type Language } from '../text';
import { attempt } from './toasts.svelte';

export type Theme = 'system' | 'light' | 'dark';
export const themes: Theme[] = ['system', 'light', 'dark'];

/** Whether the system may tell that a run has ended. */
export type Notices = 'unasked' | 'on' | 'off';

class Settings {
  theme: Theme = $state('system');
  notices: Notices = $state('unasked');
  /** Steps of the way that leave nothing in the workspace to tell that they were taken. */
  steps: string[] = $state([]);

  /** Reads what was chosen before. */
  async load(): Promise<void> {
    this.applyLanguage(asLanguage(await bridge.setting('language')));
    const theme = await bridge.setting('theme');
    this.applyTheme(theme === 'light' || theme === 'dark' ? theme : 'system');
    this.steps = ((await bridge.setting('steps')) ?? '').split(' ').filter((step) => step !== '');
    const notices = await bridge.setting('notices');
    this.notices = notices === 'on' || notices === 'off' ? notices : 'unasked';
  }

  /** Notes that a step of the way was taken. */
  async ticked(step: string): Promise<void> {
    if (this.steps.includes(step)) return;
    this.steps = [...this.steps, step];
    await attempt(() => bridge.setSetting('steps', this.steps.join(' ')));
  }

  applyTheme(theme: Theme): void {
    this.theme = theme;
    if (theme === 'system') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = theme;
  }

  applyLanguage(next: Language): void {
    language.now = next;
    document.documentElement.lang = next;
  }

  /** Chooses colours and keeps the choice. */
  async chooseTheme(theme: Theme): Promise<void> {
    this.applyTheme(theme);
    await attempt(() => bridge.setSetting('theme', theme));
  }

  /** Chooses a language and keeps the choice. */
  async chooseLanguage(next: Language): Promise<void> {
    this.applyLanguage(next);
    await attempt(() => bridge.setSetting('language', next));
  }

  /** Chooses whether the system tells that a run has ended, and keeps the choice. */
  async chooseNotices(next: Notices): Promise<void> {
    this.notices = next;
    await attempt(() => bridge.setSetting('notices', next));
  }
}

export const settings = new Settings();
