// What the palette offers: every screen, every action without a form, every run and data set by name.
import { app, themes } from '../app.svelte';
import type { Dataset, RunSummary } from '../bridge';
import { dateTime } from '../format';
import { routes } from '../route';
import { language, languages, t } from '../text';

export interface Command {
  id: string;
  /** What kind of thing it is, in a word. */
  kind: string;
  label: string;
  act: () => void;
}

export function commands(runs: RunSummary[], datasets: Dataset[], showKeys: () => void): Command[] {
  const act = (id: string, label: string, action: () => void): Command => ({
    id,
    kind: t.palette.act,
    label,
    act: action,
  });
  const job = app.job;
  return [
    ...routes.map((route) => ({
      id: `go-${route.name}`,
      kind: t.palette.go,
      label: t.nav[route.name],
      act: () => app.go(route.name),
    })),
    act('new-run', t.palette.newRun, () => app.go('runs', 'new')),
    act('import', t.palette.importFile, () => app.go('data')),
    ...(job
      ? [
          act('pause', t.palette.pause, () => {
            void app.attempt(() => app.bridge.controlRun(job.id, 'pause'));
          }),
        ]
      : []),
    act('keys', t.palette.keys, showKeys),
    ...themes
      .filter((theme) => theme !== app.theme)
      .map((theme) =>
        act(`theme-${theme}`, t.palette.theme(t.settings.themes[theme]), () => {
          void app.chooseTheme(theme);
        }),
      ),
    ...languages
      .filter((one) => one !== language.now)
      .map((one) =>
        act(`language-${one}`, t.palette.language(t.settings.languages[one]), () => {
          void app.chooseLanguage(one);
        }),
      ),
    ...runs.map((run) => ({
      id: `run-${run.id}`,
      kind: t.palette.run,
      label: `${run.dataset} · ${run.model_name} · ${dateTime(run.created_at_ms)}`,
      act: () => app.go('runs', run.id),
    })),
    ...datasets.map((dataset) => ({
      id: `dataset-${dataset.name}`,
      kind: t.palette.dataset,
      label: dataset.name,
      act: () => app.go('data', dataset.name),
    })),
  ];
}

/** Those that hold every word of the query; where a label begins with it comes first. */
export function matching(all: Command[], query: string): Command[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const text = (command: Command) => `${command.kind} ${command.label}`.toLowerCase();
  const begins = (command: Command) => command.label.toLowerCase().startsWith(words[0] ?? '');
  return all
    .filter((command) => words.every((word) => text(command).includes(word)))
    .sort((a, b) => Number(begins(b)) - Number(begins(a)));
}
