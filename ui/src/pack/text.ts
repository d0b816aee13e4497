// The words of the page inside a rater pack: those of the window's text (src/text) that a desk needs. The build of the page
// puts this file in the place of src/text/index.ts.
import type { AppError } from '../bridge';
import { common as commonDe, keys as keysDe } from '../text/de/common';
import { rate as rateDe } from '../text/de/rate';
import { studyErrors as errorsDe } from '../text/de/study_errors';
import { common as commonEn, keys as keysEn } from '../text/en/common';
import { rate as rateEn } from '../text/en/rate';
import { studyErrors as errorsEn } from '../text/en/study_errors';
import { language } from '../text/language.svelte';
import type { Words } from '../text/problem';

export { asLanguage, language, languages, type Language } from '../text/language.svelte';

const en = { common: commonEn, keys: keysEn, rate: rateEn };
const tables = { en, de: { common: commonDe, keys: keysDe, rate: rateDe } };

export const t: typeof en = new Proxy(en, {
  get: (_, room: keyof typeof en) => tables[language.now][room],
});

/** The word for a name that came from elsewhere, if the table has it. */
export function named<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** The words of an error: of a study, or what the browser says. */
export function errorText(error: AppError): Words {
  const errors: Record<string, (args: never) => Words> = language.now === 'de' ? errorsDe : errorsEn;
  const say = named(errors, error.code) as ((args: unknown) => Words) | undefined;
  const args = 'args' in error ? error.args : undefined;
  if (say) return say(args);
  return { message: t.rate.pack.unexpected(error.code), fix: '' };
}
