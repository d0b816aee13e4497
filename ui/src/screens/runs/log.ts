// Lines of a log in words.
import type { LogLine } from '../../bridge';
import { count, number } from '../../format';
import { errorText, named, t } from '../../text';
import { taskName } from './curves';

const order = ['detail', 'info', 'warning', 'error'];

/** Whether a line matters as much as a level or more. */
export const atLeast = (line: LogLine, level: string): boolean =>
  order.indexOf(line.level) >= order.indexOf(level);

/** A line as a sentence of the window's language; what the engine or the model wrote stays as it is. */
export function sentence(line: LogLine): string {
  const status = named(t.status, line.text) ?? line.text;
  switch (line.event) {
    case 'run_started':
      return t.log.begins;
    case 'stage':
      return status;
    case 'step':
      return t.log.step(
        taskName(line.text),
        count(line.step ?? 0),
        count(line.total_steps ?? 0),
        line.loss === null ? '' : number(line.loss, 3),
      );
    case 'sample':
      return t.log.sample(line.text);
    case 'result':
      return t.log.ended(status);
    case 'error': {
      const { message, fix } = line.error ? errorText(line.error) : { message: line.text, fix: '' };
      return `${message} ${fix}`.trim();
    }
    default:
      return line.text;
  }
}
