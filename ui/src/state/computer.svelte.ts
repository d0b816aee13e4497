// The program, its workspace and the machine, as last asked for.
import { bridge, type AppInfo, type Devices } from '../bridge';
import { attempt } from './toasts.svelte';

class Computer {
  info: AppInfo | undefined = $state();

  /** What computes besides the processor; it is asked once, since the program has to be started for it. */
  devices: Devices | undefined = $state();
  #asked = false;

  async findDevices(): Promise<void> {
    if (this.#asked) return;
    this.#asked = true;
    await attempt(async () => {
      this.devices = await bridge.devices();
    });
  }

  async load(): Promise<void> {
    this.#asked = false;
    this.devices = undefined;
    this.info = await bridge.appInfo();
  }
}

export const computer = new Computer();
