// How far a run is, for every place that shows it.
import type { RunSummary, StageState } from './bridge';
import { duration } from './format';
import { t } from './text';

const finished = (stage: StageState) => stage.status === 'done' || stage.status === 'reused';

/** Whether a run has carried out a stage. */
export const has = (run: RunSummary, name: string): boolean =>
  run.stages.some((stage) => stage.name === name && finished(stage));

export const doneStages = (run: RunSummary): number => run.stages.filter(finished).length;

/** The stage that is at work. */
export const workingStage = (run: RunSummary): StageState | undefined =>
  run.stages.find((stage) => stage.status === 'running');

/** Share of a stage's steps, 0 to 1. After its last step a stage still judges and saves: only one that is done has 1. */
export function stageShare(stage: StageState): number {
  if (finished(stage)) return 1;
  const progress = stage.progress;
  return progress && progress.total_steps > 0 ? Math.min(0.99, progress.step / progress.total_steps) : 0;
}

/** Share of a run, each stage counting the same. */
export function runShare(run: RunSummary): number {
  const sum = run.stages.reduce((total, stage) => total + stageShare(stage), 0);
  return run.stages.length > 0 ? sum / run.stages.length : 0;
}

/** The time a stage still needs, as words; null if it does not say, and honest about the first steps. */
export function timeLeft(stage: StageState): string {
  const progress = stage.progress;
  if (!progress || progress.eta_s === null || progress.eta_s < 1 || stage.status !== 'running') return '';
  return progress.step < Math.max(3, progress.total_steps * 0.03) ? t.run.tooEarly : duration(progress.eta_s);
}
