// The real bridge: the generated commands, with their results unwrapped. The only file that knows Tauri beside the
// generated one.
import { Channel } from '@tauri-apps/api/core';
import { commands, type AppError, type DemoEvent, type DownloadEvent, type WatchUpdate } from './bindings';
import type { Bridge } from './index';

type Result<T> = { status: 'ok'; data: T } | { status: 'error'; error: AppError };

/** The value, or the error thrown. */
async function unwrap<T>(result: Promise<Result<T>>): Promise<T> {
  const settled = await result;
  if (settled.status === 'error') throw settled.error;
  return settled.data;
}

/** As `unwrap`, for commands that answer nothing. */
async function done(result: Promise<Result<null>>): Promise<void> {
  await unwrap(result);
}

export function tauriBridge(): Bridge {
  return {
    info: () => commands.appInfo(),
    setting: (key) => unwrap(commands.setting(key)),
    setSetting: (key, value) => done(commands.setSetting(key, value)),
    notify: (text) => done(commands.notify(text)),
    pickFiles: () => commands.pickFiles(),
    pickFolder: () => commands.pickFolder(),
    keepText: (name, text) => unwrap(commands.keepText(name, text)),
    saveText: (name, text) => unwrap(commands.saveText(name, text)),
    inspect: (request) => unwrap(commands.inspect(request)),
    importFiles: (request) => unwrap(commands.importFiles(request)),
    takeSample: () => unwrap(commands.takeSample()),
    datasets: () => unwrap(commands.datasets()),
    examples: (dataset, offset, limit) => unwrap(commands.examples(dataset, offset, limit)),
    doubts: (dataset) => unwrap(commands.doubts(dataset)),
    tooLong: (dataset, model) => unwrap(commands.tooLong(dataset, model)),
    editExample: (dataset, example) => done(commands.editExample(dataset, example)),
    writeExample: (dataset, example) => done(commands.writeExample(dataset, example)),
    deleteExamples: (dataset, keys) => done(commands.deleteExamples(dataset, keys)),
    models: () => unwrap(commands.models()),
    addModel: (path) => unwrap(commands.addModel(path)),
    forgetModel: (path) => done(commands.forgetModel(path)),
    verifyModel: (path) => unwrap(commands.verifyModel(path)),
    deleteModel: (path) => done(commands.deleteModel(path)),
    modelFits: (paths) => unwrap(commands.modelFits(paths)),
    catalogue: () => unwrap(commands.catalogue()),
    downloadModel: (hubId, onEvent) => {
      const channel = new Channel<DownloadEvent>();
      channel.onmessage = onEvent;
      return done(commands.downloadModel(hubId, channel));
    },
    pauseDownload: async () => {
      await commands.pauseDownload();
    },
    recipeFields: (preset) => unwrap(commands.recipeFields(preset)),
    plan: (request) => unwrap(commands.plan(request)),
    runs: () => unwrap(commands.runs()),
    startRun: (request, queue) => unwrap(commands.startRun(request, queue)),
    resumeRun: (run, from, until, queue) => done(commands.resumeRun(run, from, until, queue)),
    controlRun: (run, action) => done(commands.controlRun(run, action)),
    moveQueued: (run, to) => done(commands.moveQueued(run, to)),
    removeQueued: (run) => done(commands.removeQueued(run)),
    holdQueue: (held) => done(commands.holdQueue(held)),
    runLog: (run, offset) => unwrap(commands.runLog(run, offset)),
    results: (run) => unwrap(commands.results(run)),
    watch: (run, onUpdate) => {
      const channel = new Channel<WatchUpdate>();
      channel.onmessage = onUpdate;
      return done(commands.watch(run, channel));
    },
    items: (run, stage, offset, limit) => unwrap(commands.items(run, stage, offset, limit)),
    createStudy: (request) => unwrap(commands.createStudy(request)),
    studies: () => unwrap(commands.studies()),
    ratingQueue: (study, rater) => unwrap(commands.ratingQueue(study, rater)),
    rate: (press) => done(commands.rate(press)),
    skipItem: (study, rater, itemKey) => done(commands.skipItem(study, rater, itemKey)),
    lockStudy: (study, rater) => done(commands.lockStudy(study, rater)),
    studyResults: (study) => unwrap(commands.studyResults(study)),
    demo: (choice, dialogue, onEvent) => {
      const channel = new Channel<DemoEvent>();
      channel.onmessage = onEvent;
      return done(commands.demo(choice, dialogue, channel));
    },
    closeDemo: async () => {
      await commands.closeDemo();
    },
  };
}
