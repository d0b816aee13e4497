// What can be done from anywhere, and what the palette makes of all actions: those, every run and data set by name.
import { bridge, type Dataset, type RunSummary } from '../bridge';
import { dateTime } from '../format';
import { runName } from '../progress';
import { routes } from '../route';
import type { Action } from '../state/actions.svelte';
import { jobs } from '../state/jobs.svelte';
import { lock } from '../state/lock.svelte';
import { navigation } from '../state/navigation.svelte';
import { settings, themes } from '../state/settings.svelte';
import { start } from '../state/start.svelte';
import { attempt } from '../state/toasts.svelte';
import { language, languages, t } from '../text';

export interface Command {
  id: string;
  /** What kind of thing it is, in a word. */
  kind: string;
  label: string;
  keys: string[];
  act: () => void;
}

/** The actions of the shell. */
export function everywhere(showPalette: () => void, showKeys: () => void): Action[] {
  return [
    { id: 'palette', title: t.keys.palette, keys: ['Ctrl', 'K'], whileTyping: true, run: showPalette },
    {
      id: 'go',
      title: t.keys.screen,
      keys: ['Ctrl', '1 … 9', '0', ','],
      whileTyping: true,
      kind: t.palette.go,
      choices: routes.map(({ name }) => ({ id: name, title: t.nav[name] })),
      run: (which) => {
        const route = routes[which];
        if (route) navigation.go(route.name);
      },
    },
    { id: 'new-run', title: t.palette.newRun, run: () => navigation.go('runs', 'new') },
    { id: 'import', title: t.palette.importFile, run: () => navigation.go('data') },
    {
      id: 'pause',
      title: t.palette.pause,
      when: () => jobs.current !== null,
      run: () => {
        const job = jobs.current;
        if (job) void attempt(() => bridge.controlRun(job.id, 'pause'));
      },
    },
    {
      id: 'lock',
      title: t.protection.lock,
      keys: ['Ctrl', 'L'],
      whileTyping: true,
      when: () => start.now?.protected === true,
      run: () => void attempt(lock),
    },
    { id: 'keys', title: t.palette.keys, keys: ['?'], run: showKeys },
    { id: 'next', title: t.keys.next, keys: ['Tab'] },
    { id: 'dismiss', title: t.keys.dismiss, keys: ['Esc'] },
    ...appearance(),
  ];
}

/** The colours and the languages other than the current ones. */
function appearance(): Action[] {
  const otherThemes = themes.filter((theme) => theme !== settings.theme);
  const otherLanguages = languages.filter((other) => other !== language.now);
  return [
    ...otherThemes.map((theme) => ({
      id: `theme-${theme}`,
      title: t.palette.theme(t.settings.themes[theme]),
      run: () => void settings.chooseTheme(theme),
    })),
    ...otherLanguages.map((other) => ({
      id: `language-${other}`,
      title: t.palette.language(t.settings.languages[other]),
      run: () => void settings.chooseLanguage(other),
    })),
  ];
}

/** An action as the palette offers it: what needs to know which of several keys, or a place on the page, is
 * left out. */
function offered({ id, title, keys = [], choices, kind, run, when, within }: Action): Command[] {
  if (!run || within || when?.() === false) return [];
  const single = keys.filter((key) => key !== 'Ctrl');
  if (choices)
    return choices.map((choice, which) => ({
      id: `${id}-${choice.id}`,
      kind: kind ?? t.palette.act,
      label: choice.title,
      keys: [],
      act: () => run(which),
    }));
  if (single.length > 1 || single[0]?.includes(' … ')) return [];
  return [{ id, kind: kind ?? t.palette.act, label: title, keys, act: () => run(0) }];
}

export function commands(actions: Action[], runs: RunSummary[], datasets: Dataset[]): Command[] {
  return [
    ...actions.filter((action) => action.id !== 'palette').flatMap(offered),
    ...runs.map((run) => ({
      id: `run-${run.id}`,
      kind: t.palette.run,
      label: `${runName(run)} · ${run.model_name} · ${dateTime(run.created_at_ms)}`,
      keys: [],
      act: () => navigation.go('runs', run.id),
    })),
    ...datasets.map((dataset) => ({
      id: `dataset-${dataset.name}`,
      kind: t.palette.dataset,
      label: dataset.name,
      keys: [],
      act: () => navigation.go('data', dataset.name),
    })),
  ];
}

/** Those that contain every word of the query; where a label begins with it comes first. */
export function matching(offers: Command[], query: string): Command[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const text = (command: Command) => `${command.kind} ${command.label}`.toLowerCase();
  const begins = (command: Command) => command.label.toLowerCase().startsWith(words[0] ?? '');
  return offers
    .filter((command) => words.every((word) => text(command).includes(word)))
    .sort((a, b) => Number(begins(b)) - Number(begins(a)));
}
