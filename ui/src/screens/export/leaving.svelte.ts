// What is being written out. It goes on when the user looks at another screen, so it does not live in one.
import {
  bridge,
  Channel,
  type AppError,
  type Deliverable,
  type ExportStep,
  type HandedOver,
  type HandOver,
  type HandOverEvent,
} from '../../bridge';
import { asError } from '../../state/error';

/** How the last export of a kind ended. */
export type Ending =
  { how: 'written'; written: HandedOver } | { how: 'stopped' } | { how: 'failed'; error: AppError };

/** Kinds that are shown together on the screen, so that each says what became of it. */
export type Place = 'model' | 'dataset' | 'recipe' | 'bundle' | 'report';

export function placeOf({ kind }: Deliverable): Place {
  return kind === 'dataset' || kind === 'recipe' || kind === 'bundle' || kind === 'report' ? kind : 'model';
}

class Leaving {
  /** What is being written, and how much of it is done. */
  current: { request: HandOver; name: string; step: ExportStep | null; stopping: boolean } | undefined =
    $state();
  /** How each place ended last, by run and place. */
  endings: Record<string, { ending: Ending; request: HandOver; name: string }> = $state({});

  /** How the last export of this kind ended. */
  ended(run: string, place: Place) {
    return this.endings[`${run}/${place}`];
  }

  async write(request: HandOver, name: string): Promise<void> {
    const key = `${request.run}/${placeOf(request.deliverable)}`;
    const end = (ending: Ending) => (this.endings[key] = { ending, request, name });
    Reflect.deleteProperty(this.endings, key);
    this.current = { request, name, step: null, stopping: false };
    try {
      const events = new Channel<HandOverEvent>((event) => {
        if (event.event === 'step' && this.current) this.current.step = event.step;
        else if (event.event === 'stopped') end({ how: 'stopped' });
        else if (event.event === 'done') end({ how: 'written', written: event.written });
      });
      await bridge.handOver(request, events);
    } catch (thrown) {
      end({ how: 'failed', error: asError(thrown) });
    }
    this.current = undefined;
  }

  async stop(): Promise<void> {
    if (!this.current) return;
    this.current.stopping = true;
    await bridge.stopHandOver();
  }
}

export const leaving = new Leaving();
