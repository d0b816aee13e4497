// What was typed into a plan; it outlives the screen, and other screens can begin one.
import type { Criterion, RatingMode, StudyKind, Synthesizer, System } from '../../bridge';
import { drafts } from '../../state/drafts.svelte';

const PLACE = 'new-study';

export const plan = () =>
  drafts.of(PLACE, () => ({
    run: '',
    name: '',
    kind: 'summaries' as StudyKind,
    mode: 'criteria' as RatingMode,
    chosen: [] as System[],
    sources: [] as Synthesizer[],
    /** An owner's criteria, by what is judged; none for the usual ones. */
    criteria: {} as Partial<Record<StudyKind, Criterion[] | null>>,
    reference: true,
    raters: '',
    dialogues: '',
    shared: '',
    seed: '1',
  }));

export const dropPlan = (): void => drafts.drop(PLACE);

/** Begins the plan of an audit of what a run made up. */
export function planAudit(run: string): void {
  Object.assign(plan(), { run, kind: 'dialogues', sources: [] });
}
