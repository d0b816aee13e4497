// The download in progress. It goes on when the user looks at another screen, so it does not live in one.
import { bridge, Channel, type AppError, type CatalogueModel, type DownloadEvent } from '../../bridge';
import { computer } from '../../state/computer.svelte';
import { asError } from '../../state/error';
import { attempt, toasts } from '../../state/toasts.svelte';
import { t } from '../../text';

class Download {
  model: CatalogueModel | undefined = $state();
  at: Extract<DownloadEvent, { event: 'download' }> | undefined = $state();
  /** Models whose download was stopped; what has arrived of them stays. */
  paused: string[] = $state([]);
  error: AppError | undefined = $state();

  async fetch(model: CatalogueModel): Promise<void> {
    this.model = model;
    this.at = undefined;
    this.error = undefined;
    this.paused = this.paused.filter((id) => id !== model.hub_id);
    try {
      const events = new Channel<DownloadEvent>((event) => void this.#take(model, event));
      await bridge.downloadModel(model.hub_id, events);
    } catch (thrown) {
      this.error = asError(thrown);
    }
    this.model = undefined;
    await computer.load();
  }

  async #take(model: CatalogueModel, event: DownloadEvent): Promise<void> {
    if (event.event === 'download') this.at = event;
    else if (event.event === 'paused') this.paused.push(model.hub_id);
    else
      await attempt(async () => {
        await bridge.addModel(event.path);
        toasts.say(() => t.models.downloaded(model.name));
      });
  }
}

export const download = new Download();
