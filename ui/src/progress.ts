// How far a run is and how long it still takes: the one forecast, for every place that shows either. Time is weighed, not
// the number of stages: a stage weighs what the plan gave it, corrected by how long the finished ones really
// took.
import type { Model, RunSummary, StageName, StageState } from './bridge';

const finished = (stage: StageState) => stage.status === 'done' || stage.status === 'reused';

/** A run skips the stages that none of its systems needs. */
const passed = (stage: StageState) => finished(stage) || stage.status === 'unneeded';

/** What people call a run: by its name, or else by its data set. */
export const runName = (run: RunSummary): string => run.label.name || run.dataset;

/** What people call a model: by the name that somebody gave it, or else by its folder. */
export const modelName = (model: Model): string => model.label.name || model.name;

/** Whether a run has carried out a stage. */
export const has = (run: RunSummary, name: string): boolean =>
  run.stages.some((stage) => stage.name === name && finished(stage));

export const doneStages = (run: RunSummary): number => run.stages.filter(passed).length;

/** The stage that is at work. */
export const workingStage = (run: RunSummary): StageState | undefined =>
  run.stages.find((stage) => stage.status === 'running');

/** A worker is at it, or about to be. */
export const isRunning = (run: RunSummary): boolean => ['running', 'starting'].includes(run.status);

/**
 * Shares of the time of an entire run if nobody has planned it: those of the sample's run. They only weigh
 * the stages against each other until the first of them are measured.
 */
const TYPICAL: Record<StageName, number> = {
  topics: 0.01,
  summaries: 0.04,
  synthesizer: 0.1,
  candidates: 0.16,
  preferences: 0.01,
  align: 0.2,
  dialogues: 0.13,
  summarizer: 0.23,
  evaluate: 0.12,
};
/** The plan counts as much as if this share of its time had been measured. */
const BELIEF = 0.1;
/** What a stage that takes longer than planned still needs at least, as a share of what it took. */
const OVERTIME = 0.05;
/** An unfinished run is never shown as done. */
const MOST = 0.99;

export interface Forecast {
  /** Share of the time of the whole run, 0 to 1. */
  share: number;
  /** Seconds until the run is done; null while nothing was planned or measured. */
  leftS: number | null;
  /** The same share for each stage. */
  stages: Partial<Record<StageName, number>>;
  /** Seconds until the stage at work is done. */
  stageLeftS: number | null;
}

/** Seconds that a stage took in this run; what was taken over took none. */
const spent = (stage: StageState, sinceS: number): number =>
  stage.status === 'reused' ? 0 : (stage.wall_s ?? 0) + (stage.status === 'running' ? sinceS : 0);

/** The estimate of the worker for the piece of work at hand, once it rests on more than its first steps. */
function pieceLeftS({ status, progress }: StageState, sinceS: number): number {
  if (!progress || progress.eta_s === null || status !== 'running') return 0;
  return progress.step < Math.max(3, progress.total_steps * 0.03) ? 0 : Math.max(0, progress.eta_s - sinceS);
}

/** Seconds for each unit of weight, measured for stages that are done and taken from the plan otherwise. */
function paceOf(run: RunSummary, weight: (stage: StageState) => number, planned: boolean): number | null {
  const measured = run.stages.filter((stage) => stage.status === 'done' && stage.wall_s !== null);
  const sum = (of: (stage: StageState) => number, stages: StageState[]) =>
    stages.reduce((total, stage) => total + of(stage), 0);
  const prior = planned ? BELIEF * sum(weight, run.stages) : 0;
  const weights = sum(weight, measured) + prior;
  return weights > 0 ? (sum((stage) => stage.wall_s ?? 0, measured) + prior) / weights : null;
}

/** The whole run, `sinceS` seconds after its worker was last heard of. */
export function forecast(run: RunSummary, sinceS = 0): Forecast {
  const planned = run.stages.some((stage) => (stage.forecast_s ?? 0) > 0);
  const weight = (stage: StageState) =>
    stage.status === 'unneeded' ? 0 : planned ? (stage.forecast_s ?? 0) : TYPICAL[stage.name];
  const pace = paceOf(run, weight, planned);
  const stages: Forecast['stages'] = {};
  let [doneS, leftS, stageLeftS]: [number, number, number | null] = [0, 0, null];
  for (const stage of run.stages) {
    const took = spent(stage, sinceS);
    // Without a pace the weights themselves stand for seconds: the share is as good as they are, and no time
    // is shown.
    const expected = weight(stage) * (pace ?? 1);
    const begun = ['running', 'paused', 'failed'].includes(stage.status);
    const left = passed(stage)
      ? 0
      : begun && pace !== null
        ? Math.max(expected - took, pieceLeftS(stage, sinceS), OVERTIME * took)
        : expected;
    stages[stage.name] = passed(stage) ? 1 : begun ? stageShare(stage, took, left, pace) : 0;
    if (stage.status === 'running' && pace !== null) stageLeftS = left;
    doneS += pace === null ? expected * (stages[stage.name] ?? 0) : took;
    leftS += pace === null ? expected * (1 - (stages[stage.name] ?? 0)) : left;
  }
  const share = doneS + leftS > 0 ? doneS / (doneS + leftS) : 0;
  return {
    share: run.status === 'done' ? 1 : Math.min(MOST, share),
    leftS: run.status === 'done' ? 0 : pace === null ? null : leftS,
    stages,
    stageLeftS,
  };
}

/** By time; by steps where there is no time to go by. After its last step a stage still judges and saves. */
function stageShare({ progress }: StageState, took: number, left: number, pace: number | null): number {
  if (pace !== null && took + left > 0) return Math.min(MOST, took / (took + left));
  return progress && progress.total_steps > 0 ? Math.min(MOST, progress.step / progress.total_steps) : 0;
}
