// One summary in progress: its text so far, its figures, what went wrong.
import { bridge, Channel, type AppError, type DemoEvent } from '../../bridge';
import { asError } from '../../state/error';
import type { Writer } from './writers';

export type Figures = Extract<DemoEvent, { event: 'summary' }>;

export class Answer {
  text = $state('');
  figures: Figures | undefined = $state();
  error: AppError | undefined = $state();
  state: 'idle' | 'waiting' | 'busy' | 'done' = $state('idle');
  totalMs = $state(0);

  /** The summary as a person is correcting it, and since when. */
  draft: string | undefined = $state();
  draftBegun = 0;
  /** What was summarized. */
  dialogue = $state('');

  constructor(
    /** Who writes. */
    readonly by: Writer,
    /** Where it computes. */
    readonly device: string,
  ) {}

  /** Who writes, for people. */
  get label(): string {
    return this.by.label;
  }

  /** Has the summary written; `given` is the one that is there already, if nobody has to write. */
  async write(dialogue: string, given: string): Promise<void> {
    this.state = 'busy';
    this.dialogue = dialogue;
    if (this.by.choice === null) {
      this.text = given;
      this.state = 'done';
      return;
    }
    const begun = performance.now();
    try {
      const events = new Channel<DemoEvent>((event) => {
        if (event.event === 'token') this.text += event.text;
        else if (event.event === 'summary') {
          this.text = event.summary;
          this.figures = event;
        } else this.error = event;
      });
      await bridge.demo({ ...this.by.choice, device: this.device }, dialogue, events);
      this.totalMs = performance.now() - begun;
    } catch (thrown) {
      this.error = asError(thrown);
    }
    this.state = this.figures ? 'done' : 'idle';
  }
}
