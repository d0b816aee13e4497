// The words of the window in the current language: `t.nav.home`. Reading a word follows a change of language.
import { de } from './de';
import { en } from './en';
import { language } from './language.svelte';

export {
  errorText,
  issueText,
  lackText,
  priceText,
  remarkText,
  shapeText,
  settingText,
  sourceText,
  splitText,
  whyText,
} from './engine';
export { asLanguage, language, languages, type Language } from './language.svelte';

const tables = { en, de };

export const t: typeof en = new Proxy(en, {
  get: (_, room: keyof typeof en) => tables[language.now][room],
});

/** The word for a name that came from elsewhere, if the table has it. */
export function named<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
