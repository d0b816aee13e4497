// Plans that are made automatically: the one of the form as it stands, and then, while the machine has
// nothing else to do, the times of the other recipes.
import { bridge, type Preset, type RunRequest } from '../../bridge';
import { Loader } from '../../state/loader.svelte';

/** A pause in choosing and typing after which a plan is made. */
const PAUSE_MS = 600;

/** What a plan is about: all stages, whatever part of them is asked for, and no seed. */
export const planKey = (request: RunRequest): string =>
  JSON.stringify({ ...request, seed: 0, from: null, until: null });

export class Plans {
  readonly made = new Loader(async (wanted: RunRequest, key: string) => {
    const sheet = await bridge.plan(wanted);
    this.#note(wanted, sheet.seconds);
    return { sheet, key };
  });
  /** Seconds of a whole run by data set, model and recipe, where it was planned without changes. */
  #times: Record<string, number> = $state({});
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asked = '';
  #begun = '';

  /** Plans a request, unless that was done or is on its way; it waits while the user is still choosing. */
  want(request: RunRequest | null, others: Preset[]): void {
    const key = request ? planKey(request) : '';
    if (key === this.#asked) return;
    this.#asked = key;
    clearTimeout(this.#timer);
    if (request && key !== this.made.value?.key)
      this.#timer = setTimeout(() => void this.#plan(request, others), PAUSE_MS);
  }

  /** Plans again what is asked for. */
  async again(request: RunRequest): Promise<void> {
    clearTimeout(this.#timer);
    this.#asked = planKey(request);
    await this.#plan(request, []);
  }

  /** Seconds of a recipe as it is, where they are known. */
  seconds(dataset: string, model: string, preset: string): number | undefined {
    return this.#times[`${dataset}\n${model}\n${preset}`];
  }

  async #plan(request: RunRequest, others: Preset[]): Promise<void> {
    const key = planKey(request);
    this.#begun = key;
    await this.made.load(request, key);
    for (const preset of others) {
      const known = this.seconds(request.dataset, request.model, preset) !== undefined;
      // Something else was chosen meanwhile, or nothing can be planned at all.
      if (this.#begun !== key || this.#asked !== key || this.made.error) return;
      if (known || preset === request.preset) continue;
      const other: RunRequest = { ...request, preset, changes: [] };
      try {
        this.#note(other, (await bridge.plan(other)).seconds);
      } catch {
        // That recipe is shown without a time; choosing it says why.
      }
    }
  }

  #note({ dataset, model, preset, changes }: RunRequest, seconds: number): void {
    if (changes.length === 0) this.#times[`${dataset}\n${model}\n${preset}`] = seconds;
  }
}
