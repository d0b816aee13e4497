// What the test in a real browser calls (browser.js).
export const browserName: string | undefined;
export class Opened {
  static open(name: string, text: string): Promise<Opened>;
  click(testid: string): Promise<void>;
  type(testid: string, text: string): Promise<void>;
  run(script: string): Promise<unknown>;
  reload(): Promise<void>;
  saved(ending: string): Promise<string>;
  close(): Promise<void>;
}
