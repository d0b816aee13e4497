// The one way out of the page. Screens know this interface; only `tauri.ts` knows Tauri, and `fake.ts` is an
// in-memory stand-in for development in a browser and for tests.
import type {
  AppError,
  AppInfo,
  CatalogueModel,
  Dataset,
  DemoChoice,
  DemoEvent,
  DoubtFound,
  DownloadEvent,
  Example,
  ExamplePage,
  ImportReport,
  ImportRequest,
  ItemPage,
  LogPage,
  Model,
  ModelCheck,
  ModelFit,
  PlanSheet,
  RatingPress,
  RatingQueue,
  RecipeField,
  RunRequest,
  RunResults,
  RunSummary,
  Sample,
  Study,
  StudyRequest,
  StudyResult,
  WatchUpdate,
} from './bindings';

export type * from './bindings';

/** Every method rejects with an `AppError` (code, message, fix). */
export interface Bridge {
  info(): Promise<AppInfo>;
  setting(key: string): Promise<string | null>;
  setSetting(key: string, value: string): Promise<void>;
  /** A notification of the system; none while the user looks at the window. */
  notify(text: string): Promise<void>;
  pickFiles(): Promise<string[]>;
  pickFolder(): Promise<string | null>;

  /** Keeps a pasted or dropped text as a file and returns its path. */
  keepText(name: string, text: string): Promise<string>;
  /** Asks where the text goes and writes it there; null where the user thought better of it. */
  saveText(name: string, text: string): Promise<string | null>;
  inspect(request: ImportRequest): Promise<ImportReport>;
  importFiles(request: ImportRequest): Promise<ImportReport>;
  /** Puts the sample into the workspace: data set, model, finished run. */
  takeSample(): Promise<Sample>;
  datasets(): Promise<Dataset[]>;
  examples(dataset: string, offset: number, limit: number): Promise<ExamplePage>;
  doubts(dataset: string): Promise<DoubtFound[]>;
  /** The examples that are longer than a model's context, counted with its tokenizer. */
  tooLong(dataset: string, model: string): Promise<DoubtFound[]>;
  editExample(dataset: string, example: Example): Promise<void>;
  writeExample(dataset: string, example: Example): Promise<void>;
  deleteExamples(dataset: string, keys: number[]): Promise<void>;

  models(): Promise<Model[]>;
  addModel(path: string): Promise<Model>;
  forgetModel(path: string): Promise<void>;
  verifyModel(path: string): Promise<ModelCheck>;
  /** Deletes a download with its files. */
  deleteModel(path: string): Promise<void>;
  catalogue(): Promise<CatalogueModel[]>;
  /** How a whole run on each compares with the memory that is free now. */
  modelFits(paths: string[]): Promise<ModelFit[]>;
  /** Resolves when the model is here or the download is paused. */
  downloadModel(hubId: string, onEvent: (event: DownloadEvent) => void): Promise<void>;
  pauseDownload(): Promise<void>;

  recipeFields(preset: string): Promise<RecipeField[]>;
  plan(request: RunRequest): Promise<PlanSheet>;
  runs(): Promise<RunSummary[]>;
  /** With `queue` it waits until the run at work has ended; at once where none is. */
  startRun(request: RunRequest, queue: boolean): Promise<string>;
  resumeRun(run: string, from: string | null, until: string | null, queue: boolean): Promise<void>;
  controlRun(run: string, action: 'pause' | 'cancel' | 'discard'): Promise<void>;
  /** Moves a run of the queue; 0 is the next. */
  moveQueued(run: string, to: number): Promise<void>;
  removeQueued(run: string): Promise<void>;
  /** Holds the queue back; or lets it go, and begins the next run where none is at work. */
  holdQueue(held: boolean): Promise<void>;
  /** A piece of the log from `offset` on. */
  runLog(run: string, offset: number): Promise<LogPage>;
  results(run: string): Promise<RunResults>;
  /** At most two messages a second, only on change; a second call replaces the first. */
  watch(run: string | null, onUpdate: (update: WatchUpdate) => void): Promise<void>;

  items(run: string, stage: string, offset: number, limit: number): Promise<ItemPage>;

  createStudy(request: StudyRequest): Promise<Study>;
  studies(): Promise<Study[]>;
  ratingQueue(study: string, rater: string): Promise<RatingQueue>;
  rate(press: RatingPress): Promise<void>;
  skipItem(study: string, rater: string, itemKey: string): Promise<void>;
  lockStudy(study: string, rater: string): Promise<void>;
  studyResults(study: string): Promise<StudyResult[]>;

  demo(choice: DemoChoice, dialogue: string, onEvent: (event: DemoEvent) => void): Promise<void>;
  closeDemo(): Promise<void>;
}

/** Inside the window the real bridge; in a browser during development the fake one. */
export async function openBridge(): Promise<Bridge> {
  if ('__TAURI_INTERNALS__' in globalThis) return (await import('./tauri')).tauriBridge();
  if (import.meta.env.MODE !== 'production') return (await import('./fake')).fakeBridge(location.search);
  const error: AppError = {
    code: 'window_missing',
    message: 'This page runs inside the Duologue window only.',
    fix: 'Start duologue-desktop.',
  };
  throw error;
}
