// What the tests of the page call (pack.js).
export function page(): Promise<string>;
export function placedPage(): string;
export function readGolden(name: string): string;
export function updateGolden(name: string, text: string): void;
