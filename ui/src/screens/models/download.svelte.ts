// The download in progress. It goes on when the user looks at another screen, so it does not live in one.
import { app, asError } from '../../app.svelte';
import type { AppError, CatalogueModel, DownloadEvent } from '../../bridge';
import { t } from '../../text';

class Download {
  model: CatalogueModel | undefined = $state();
  at: Extract<DownloadEvent, { event: 'download' }> | undefined = $state();
  /** Models that were stopped on the way; what is here of them stays. */
  paused: string[] = $state([]);
  error: AppError | undefined = $state();

  async fetch(model: CatalogueModel): Promise<void> {
    this.model = model;
    this.at = undefined;
    this.error = undefined;
    this.paused = this.paused.filter((one) => one !== model.hub_id);
    try {
      await app.bridge.downloadModel(model.hub_id, (event) => void this.#take(model, event));
    } catch (thrown) {
      this.error = asError(thrown);
    }
    this.model = undefined;
    app.info = await app.bridge.info();
  }

  async #take(model: CatalogueModel, event: DownloadEvent): Promise<void> {
    if (event.event === 'download') this.at = event;
    else if (event.event === 'paused') this.paused.push(model.hub_id);
    else
      await app.attempt(async () => {
        await app.bridge.addModel(event.path);
        app.say(t.models.downloaded(model.name));
      });
  }
}

export const download = new Download();
