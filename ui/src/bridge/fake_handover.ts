// What the fake bridge hands over: every form of what a run made, with sizes, and a run that comes in.
import type {
  Deliverable,
  DatasetForm,
  Exported,
  GgufType,
  Offered,
  Problem,
  ReportForm,
  RunSummary,
} from './bindings';

const adapters: Exported[] = ['synthesizer', 'summarizer'];
const numbers: [GgufType, number][] = [
  ['f16', 269e6],
  ['q8_0', 143e6],
  ['q4_k_m', 82e6],
];
const tables: DatasetForm[] = ['jsonl', 'json', 'csv', 'tsv'];
const reports: ReportForm[] = ['html', 'md', 'json'];

/** What a run offers; one that is not finished has no model yet, and people may be rating its texts. */
export function offeredBy(run: RunSummary, isBlind: boolean): Offered[] {
  const { id } = run;
  const finished = run.stages.every((stage) => stage.status === 'done' || stage.status === 'reused');
  const untrained: Problem | null = finished
    ? null
    : {
        code: 'wrong_state',
        args: { case: 'not_trained', run: id, role: 'mrds_separate', stage: 'summarizer' },
      };
  const blinded: Problem | null = isBlind ? { code: 'blinded', args: { studies: ['Set'] } } : null;
  const offer = (
    deliverable: Deliverable,
    name: string,
    bytes: number | null,
    refused: Problem | null,
  ): Offered => ({ deliverable, name, bytes, refused });
  return [
    ...adapters.flatMap((adapter) => [
      offer({ kind: 'peft', adapter }, `${id}-${adapter}`, 9.8e6, untrained),
      offer({ kind: 'merged', adapter }, `${id}-${adapter}-merged`, 269e6, untrained),
      ...numbers.map(([gguf_type, bytes]) =>
        offer({ kind: 'gguf', adapter, gguf_type }, `${id}-${adapter}-${gguf_type}`, bytes, untrained),
      ),
      offer({ kind: 'gguf_adapter', adapter }, `${id}-${adapter}-gguf`, 9.8e6, untrained),
    ]),
    ...tables.map((form) => offer({ kind: 'dataset', form }, `${run.dataset}.${form}`, 182_000, blinded)),
    offer({ kind: 'recipe' }, `${id}-recipe.toml`, 14_200, null),
    offer({ kind: 'bundle' }, `${id}-bundle`, 31.2e6, blinded),
    ...reports.map((form) => offer({ kind: 'report', form }, `${id}-report.${form}`, null, blinded)),
  ];
}

/** The steps of an export, in order. */
export function stepsOf({ kind }: Deliverable) {
  if (kind === 'bundle') return ['audit', 'write'] as const;
  if (kind === 'dataset' || kind === 'recipe' || kind === 'report') return ['write'] as const;
  if (kind === 'gguf_adapter') return ['audit', 'load', 'write'] as const;
  return ['audit', 'load', 'write', 'replay'] as const;
}

/** The result of the comparison with the app; `null` if nothing is computed with what was written. */
export function replayOf({ kind }: Deliverable) {
  if (kind !== 'peft' && kind !== 'merged' && kind !== 'gguf') return null;
  return {
    items: 8,
    max_logp_diff: 0.00031,
    max_logp_diff_per_token: 0.00001,
    tolerance_per_token: 0.0001,
    equal: true,
  };
}
