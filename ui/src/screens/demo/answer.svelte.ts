// One summary on its way: what it says so far, its figures, what went wrong.
import { bridge, Channel, type AppError, type DemoChoice, type DemoEvent } from '../../bridge';
import { asError } from '../../state/error';

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
    readonly choice: DemoChoice,
    /** Who writes, for people. */
    readonly label: string,
    readonly tuned: boolean,
  ) {}

  async write(dialogue: string): Promise<void> {
    this.state = 'busy';
    this.dialogue = dialogue;
    const begun = performance.now();
    try {
      const events = new Channel<DemoEvent>((event) => {
        if (event.event === 'token') this.text += event.text;
        else if (event.event === 'summary') {
          this.text = event.summary;
          this.figures = event;
        } else this.error = event;
      });
      await bridge.demo(this.choice, dialogue, events);
      this.totalMs = performance.now() - begun;
    } catch (thrown) {
      this.error = asError(thrown);
    }
    this.state = this.figures ? 'done' : 'idle';
  }
}
