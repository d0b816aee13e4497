// Names, notes, removals, workspaces, where it computes, and keeping the computer awake.

const many = (n: string, one: string, more: string) => `${n} ${n === '1' ? one : more}`;

export const everyday = {
  label: {
    edit: 'Name and note…',
    title: {
      run: 'Name and note of this run',
      dataset: 'Name and note of this data set',
      model: 'Name and note of this model',
    },
    name: 'Name',
    nameHint: (usual: string) => `Empty: it is called “${usual}” again.`,
    datasetHint: 'Files and commands call it by this name.',
    note: 'Note',
    noteHint: 'For you alone: notes leave neither with a run bundle nor with a report.',
    kept: 'Kept.',
  },
  remove: {
    button: 'Delete…',
    title: (name: string) => `Delete “${name}”?`,
    looking: 'Looking for what depends on it…',
    goes: 'This goes for good:',
    nothingElse: 'Nothing else depends on it.',
    stays: 'This stays:',
    blocked: 'It cannot be deleted while it is needed by:',
    agree: 'Delete for good',
    done: (name: string) => `“${name}” is deleted.`,
    /** What hangs on a thing, with how many. */
    what: {
      examples: (n: string) => many(n, 'example', 'examples'),
      imports: (n: string) => many(n, 'import that it was made from', 'imports that it was made from'),
      items: (n: string) => many(n, 'item that stages made', 'items that stages made'),
      changes: (n: string) => many(n, 'change by hand', 'changes by hand'),
      adapters: (n: string) => many(n, 'adapter', 'adapters'),
      shared_adapters: (n: string) =>
        many(n, 'adapter that another run has too', 'adapters that other runs have too'),
      checkpoints: () => 'the checkpoints of an unfinished stage',
      log: () => 'its log',
      label: () => 'its name and note',
      files: () => 'the files of the model',
      runs: (n: string) => many(n, 'run', 'runs'),
      studies: (n: string) => many(n, 'rating study', 'rating studies'),
      experiments: (n: string) => many(n, 'place in an experiment', 'places in experiments'),
      votes: (n: string) => many(n, 'vote of the demo', 'votes of the demo'),
      corrections: (n: string) => many(n, 'summary corrected in the demo', 'summaries corrected in the demo'),
    },
    /** Why what stays loses by it. */
    runsStay: 'These runs can be read, but can neither go on nor summarize without it:',
  },
  workspaces: {
    title: 'Workspaces',
    note: 'Each holds a project of its own: data sets, runs, ratings. A run in progress goes on when you change.',
    list: 'Workspaces that were open recently',
    here: 'Open now',
    gone: 'Not there at the moment',
    open: 'Open',
    openLabel: (folder: string) => `Open ${folder}`,
    forget: 'Take off the list',
    forgetLabel: (folder: string) => `Take ${folder} off the list`,
    another: 'Open or make another…',
  },
  device: {
    label: 'Where to compute',
    cpu: 'Processor',
    card: (name: string, place: string) => `${name} (${place})`,
    free: (free: string, all: string) => `${free} of ${all} free`,
    noCard:
      'Only the processor can compute here. A card needs a program that was built for it, and its driver.',
  },
  awake: {
    label: 'Keep the computer awake while a run works',
    hint: 'For runs overnight. The screen may go dark; closing the lid still sends a laptop to sleep. It applies from the next run on.',
    on: 'Yes',
    off: 'No',
    held: 'The computer stays awake while this run works.',
    notHeld:
      'The computer may fall asleep: this system was not asked, or it refused. Its energy settings decide.',
    allowed: 'The computer may fall asleep while this run works, as you chose.',
    change: 'Change it',
  },
};
