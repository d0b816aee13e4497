// The program, its workspace and the machine, as last asked for.
import { bridge, type AppInfo } from '../bridge';

class Computer {
  info: AppInfo | undefined = $state();

  async load(): Promise<void> {
    this.info = await bridge.appInfo();
  }
}

export const computer = new Computer();
