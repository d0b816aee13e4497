// Times that a run or an experiment may take, as the engine reads them.
import { about } from '../../format';
import { t } from '../../text';

const MINUTES = [15, 45, 60, 120, 240, 480, 1440];

export const withinOptions = () => [
  { value: '', label: t.runs.withinAny },
  ...MINUTES.map((minutes) => ({ value: `${minutes}m`, label: about(minutes * 60) })),
];
