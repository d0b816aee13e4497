// What stores a rater's work: the workspace, or a rater pack.
import type { Bridge } from '../../bridge';

export type DeskSource = Pick<Bridge, 'desk' | 'press' | 'undoPress' | 'lockSet'>;
