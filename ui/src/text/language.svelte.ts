// Which language the window speaks; whatever reads it follows when it changes.

export type Language = 'en' | 'de';

export const languages: Language[] = ['en', 'de'];

let current: Language = $state('en');

export const language = {
  get now(): Language {
    return current;
  },
  set now(next: Language) {
    current = next;
  },
};

/** A stored word as a language, English where it is none. */
export function asLanguage(stored: string | null): Language {
  return languages.find((one) => one === stored) ?? 'en';
}
