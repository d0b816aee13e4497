// Who can write a summary: every trained system of every run, every base model, and the person who wrote the reference.
import type { DemoChoice, DemoWriter, Model, RunSummary, System } from '../../bridge';
import { dateTime } from '../../format';
import { has, modelName, runName } from '../../progress';
import { t } from '../../text';

/** A writer as the lists offer it. */
export interface Writer {
  /** Its value in a list. */
  value: string;
  label: string;
  writer: DemoWriter;
  /** What to ask for; none for the reference, which is there already. */
  choice: Omit<DemoChoice, 'device'> | null;
  /** The data set that it was trained on; none for the others. */
  dataset: string | null;
  /** The model whose weights it writes with. */
  model: string;
}

/** What the method itself trains; it is offered first. */
const MAIN: System = 'mrds_separate';
/** These have no model, or are the base model again. */
const UNTRAINED: readonly System[] = ['lead_3', 'longest_3', 'zero_shot', 'in_context'];

export const REFERENCE = 'reference';

function ofRun(run: RunSummary): Writer[] {
  const place = `${runName(run)}, ${run.model_name}`;
  const when = dateTime(run.created_at_ms);
  const trained = run.systems.filter((system) => !UNTRAINED.includes(system));
  const ordered = [...trained].sort((one, other) => Number(other === MAIN) - Number(one === MAIN));
  return ordered.map((system) => ({
    value: `run ${run.id} ${system}`,
    label: system === MAIN ? t.demo.tunedOf(place, when) : t.demo.systemOf(t.system[system], place, when),
    writer: { case: 'system', run: run.id, system, model: run.model_name },
    choice: { model: '', run: run.id, system },
    dataset: run.dataset,
    model: run.model_name,
  }));
}

const ofModel = (model: Model): Writer => ({
  value: `model ${model.path}`,
  label: t.demo.baseOf(modelName(model)),
  writer: { case: 'base', model: model.name },
  choice: { model: model.path, run: null, system: MAIN },
  dataset: null,
  model: model.name,
});

/** Everybody who can write now, the method's summarizers first. */
export function writersOf(runs: RunSummary[], models: Model[]): Writer[] {
  const systems = runs.filter((run) => has(run, 'summarizer')).flatMap(ofRun);
  const main = (writer: Writer) => writer.writer.case === 'system' && writer.writer.system === MAIN;
  return [
    ...systems.filter(main),
    ...models.filter((model) => model.problem === null).map(ofModel),
    ...systems.filter((writer) => !main(writer)),
  ];
}

/** The summary that the data set has, as one of two. */
export const reference = (): Writer => ({
  value: REFERENCE,
  label: t.demo.referenceWriter,
  writer: { case: 'reference' },
  choice: null,
  dataset: null,
  model: '',
});

/** A writer of a vote or a correction, who may be gone by now. */
export function writerLabel(writer: DemoWriter, runs: RunSummary[]): string {
  if (writer.case === 'reference') return t.demo.referenceWriter;
  if (writer.case === 'base') return writer.model === '' ? t.demo.unknownWriter : t.demo.baseOf(writer.model);
  const run = runs.find((each) => each.id === writer.run);
  return t.demo.writerOf(t.system[writer.system], run ? runName(run) : writer.run);
}
