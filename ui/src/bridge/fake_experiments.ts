// Experiments of the bridge without a window: one finished, one under way, and what new ones would take.
import type {
  ExperimentCell,
  ExperimentPlan,
  ExperimentReport,
  ExperimentRequest,
  ExperimentStanding,
  ExperimentSummary,
  PresetExperiment,
} from './index';

const presets: [PresetExperiment['preset'], number, number, string | null][] = [
  ['paper-1-baseline', 5, 1, null],
  ['paper-2-synthesis', 5, 1, null],
  ['joint-separate', 5, 1, null],
  ['loop-worth-it', 5, 5, 'scorer'],
  ['learning-curve', 5, 12, null],
];

export const madePresets: PresetExperiment[] = presets.map(([preset, seeds, arms, unknown]) => ({
  preset,
  seeds,
  arms,
  unknown,
}));

const seeds = [1, 2, 3];

const cell = (seed: number, status: ExperimentCell['status']): ExperimentCell => ({
  arm: 'base',
  dataset: 'support-desk',
  model: 'dialog-7m',
  seed,
  run: `run-000${seed}`,
  status,
  wall_s: 900,
  error: null,
});

/** An experiment with this many of its three cells done. */
function report(name: string, status: ExperimentStanding, done: number): ExperimentReport {
  const complete = done === seeds.length;
  const row = { arm: 'base', dataset: 'support-desk', model: 'dialog-7m', metric: 'rouge1' } as const;
  return {
    experiment: name,
    question: 'What do a few real pairs give?',
    status,
    done,
    spec: `schema = 1\nname = "${name}"\n`,
    arms: [{ name: 'base', settings: [], same_as: null }],
    seeds,
    cells: seeds.map((seed) => cell(seed, seed <= done ? 'done' : seed === done + 1 ? 'running' : 'queued')),
    table: [
      {
        ...row,
        system: 'lead_3',
        mean: 0.313,
        sd: null,
        ci95: [0.3, 0.326],
        by_seed: [0.313],
        seeds: 1,
        items: 819,
      },
      {
        ...row,
        system: 'sft_real',
        mean: 0.364,
        sd: 0.009,
        ci95: [0.34, 0.388],
        by_seed: [0.355, 0.364, 0.373].slice(0, done),
        seeds: done,
        items: 819,
      },
    ],
    comparisons: [
      {
        family: 'main',
        dataset: 'support-desk',
        model: 'dialog-7m',
        metric: 'rouge1',
        of: { system: 'sft_real', arm: 'base' },
        to: { system: 'lead_3', arm: 'base' },
        complete,
        diff: 0.051,
        se: 0.0056,
        ci95: [0.027, 0.075],
        ci90: [0.033, 0.069],
        df: 2.4,
        p: complete ? 0.012 : null,
        p_holm: complete ? 0.024 : null,
        seeds: done,
        items: 819,
        sd_seeds: 0.009,
        by_seed: [0.042, 0.051, 0.06].slice(0, done),
        ci95_bootstrap: [0.036, 0.066],
        p_randomisation: complete ? 0.0001 : null,
        detectable_diff: 0.031,
        seeds_for_1_5: 7,
        margin: 0.01,
        verdict: complete ? 'better' : null,
      },
    ],
    synthesizers: [],
    verdicts: complete
      ? [
          {
            family: 'main',
            comparison: 0,
            code: 'better',
            text: {
              en: 'sft_real beats lead_3 on ROUGE-1: +5.10 points (95 % interval +2.70 to +7.50; 819 dialogues, 3 seeds; adjusted p = 0.024).',
              de: 'sft_real schlägt lead_3 bei ROUGE-1: +5,10 Punkte (95-%-Intervall +2,70 bis +7,50; 819 Dialoge, 3 Startwerte; angepasst p = 0,024).',
            },
            below_lines: false,
          },
        ]
      : [],
    domains: [],
    gain_differences: [],
    curves: [],
    budget: null,
  };
}

export const experimentReports = (): ExperimentReport[] => [
  report('paper-1-baseline', 'done', 3),
  report('joint-separate', 'running', 1),
];

export const summaryOf = (found: ExperimentReport, created_at_ms: number): ExperimentSummary => ({
  experiment: found.experiment,
  question: found.question,
  status: found.status,
  done: found.done,
  cells: found.cells.length,
  created_at_ms,
});

/** A new experiment as it is once its runs are in the queue. */
export const begun = (request: ExperimentRequest): ExperimentReport => ({
  ...report(request.name, 'queued', 0),
  cells: seeds.map((seed) => cell(seed, 'queued')),
  table: [],
  comparisons: [],
});

export const experimentPlan = (request: ExperimentRequest): ExperimentPlan => ({
  experiment: request.name,
  verdict: 'ready',
  missing: [],
  cells: request.seeds,
  runs: request.seeds,
  parts: 3 + 2 * request.seeds,
  parts_shared: 3 * (request.seeds - 1),
  seconds: 2400 * request.seeds,
  disk_bytes: 90e6,
  peak_bytes: 1.9e9,
  detectable_diff: request.seeds > 1 ? 0.022 : null,
  seeds_for_1_5: 7,
  arms: [{ name: 'base', settings: [], same_as: null }],
  cells_detail: [],
  budget:
    request.within === null
      ? null
      : {
          within_s: 3600,
          fits: true,
          seconds: 3000,
          cut: [
            { field: 'lr_search', from: '[0.5, 1.0, 2.0]', to: '[1.0]', saved_s: 5400, price: 3 },
            { field: 'test_items', from: '0', to: '200', saved_s: 900, price: 3 },
          ],
          least_s: 1200,
          detectable_diff: 0.024,
        },
});
