// What happened and what to do, in terms of the window: by code, with the code's arguments. Never a command to type.
import type { Bounds, CertificateFault, IntakeLimit, SettingShape } from '../../bridge';
import { rowWords, type Args, type ErrorWords, type Kinds, type Things, type Words } from '../problem';
import { names } from './names';
import { protectionErrors } from './protection_errors';
import { rows } from './rows';
import { wrongState } from './state_errors';
import { studyErrors } from './study_errors';

const say = (message: string, fix = ''): Words => ({ message, fix });
const list = (items: readonly string[]) => items.join(', ');
const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
const stageName = (stage: keyof typeof names.stage) => `“${names.stage[stage].name}”`;

const again = 'Add the model’s folder again, or download the model once more.';
const published = 'Use the files exactly as they were published with the model.';
const defect = 'This is a defect; please report it with this message.';
const workspace = 'Settings names the folder of the workspace.';
const network =
  'Ask whoever set up this computer’s internet access, then start Duologue and download again; or add a folder that is already here.';
/** What to do about a certificate that is not trusted. */
const certificate: Record<CertificateFault, { what: string; fix: string }> = {
  unknown_issuer: {
    what: 'no trusted authority has signed it',
    fix: 'Where a proxy opens encrypted connections, as in many offices, its certificate authority has to be installed on this computer: ask whoever runs the network. Without such a proxy, somebody else may be listening: do not go on.',
  },
  out_of_date: { what: 'it is not valid today', fix: 'Check this computer’s date and download again.' },
  other_host: {
    what: 'it is another machine’s',
    fix: 'Another machine answers in its place, for instance a sign-in page of the network: sign in and download again.',
  },
  invalid: { what: 'it is damaged', fix: 'Ask whoever runs the network.' },
};
const token =
  'Sign in to the Hub in your browser, accept its terms, download the files there and add their folder here; or choose a model that is free to download.';
const fits = 'Choose a model with a longer context';

export const kinds: Kinds = {
  'training examples': 'training examples',
  'validation examples': 'validation examples',
  'training examples left for validation': 'training examples left for validation',
  'test examples': 'test examples',
  'usable rows': 'usable rows',
};

const things: Things = {
  'data set': 'data set',
  example: 'example',
  import: 'import',
  run: 'run',
  'queued run': 'run in the queue',
  stage: 'stage',
  'finished stage': 'finished stage',
  artifact: 'item',
  model: 'model',
  'rating study': 'rating set',
  item: 'summary of this rating set',
  rater: 'rater',
  experiment: 'experiment',
};

function corrupt(args: Args<'corrupt'>): Words {
  return args.case === 'database'
    ? say(`${args.file} is damaged: ${args.reason}.`, 'Restore the folder of the workspace from a backup.')
    : say(
        `Something stored (${args.what}) cannot be read: ${args.reason}.`,
        'It was written by another version of Duologue: use that version.',
      );
}

const figure = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 9 });
const range = ({ min, above_min, max, below_max }: Bounds) =>
  `${above_min ? 'above' : 'at least'} ${figure.format(min)} and ${below_max ? 'below' : 'at most'} ${figure.format(max)}`;

/** What a setting takes, as the object of a sentence. */
export function shape(takes: SettingShape): string {
  switch (takes.kind) {
    case 'whole':
      return `a whole number, ${range(takes.bounds)}`;
    case 'number':
      return `a number, ${range(takes.bounds)}`;
    case 'numbers':
      return `numbers with commas between, each ${range(takes.bounds)}`;
    case 'word':
      return `one of these words: ${list(takes.words)}`;
    case 'words':
      return `some of these words, with commas between: ${list(takes.words)}`;
    case 'flag':
      return 'the word true or false';
    case 'text':
      return 'text';
  }
}

function recipe(args: Args<'recipe'>): Words {
  const fix = 'Correct the setting under Recipe.';
  switch (args.case) {
    case 'unreadable':
      return say(`The recipe is not valid: ${args.reason}.`, fix);
    case 'assignment':
      return say(`“${args.text}” is not a setting with a value.`, fix);
    case 'unknown_field':
      return say(`There is no setting “${args.field}”.`, fix);
    case 'value':
      return say(
        `“${args.value}” does not fit the setting “${args.field}”. It takes ${shape(args.takes)}.`,
        fix,
      );
    case 'rule':
      return say(`The setting “${args.field}” ${rules[args.rule]}.`, fix);
  }
}

function experiment(args: Args<'experiment'>): Words {
  const fix = 'Choose other values for the experiment.';
  switch (args.case) {
    case 'unreadable':
      return say(`The experiment is not valid: ${args.reason}.`, fix);
    case 'schema':
      return say(`The experiment has the format ${args.schema}, which this version does not know.`, fix);
    case 'empty':
      return say(`“${args.key}” is empty.`, fix);
    case 'name':
      return say(
        `“${args.name}” cannot be the name of an experiment.`,
        'Use letters, digits, “-”, “_” and “.”, 60 characters at most.',
      );
    case 'both':
      return say(`“${args.key}” and “${args.other}” exclude each other.`, fix);
    case 'axis':
      return say(`Axis ${args.axis} has neither a name with labelled values nor a field.`, fix);
    case 'lengths':
      return say('Axes that go side by side need the same number of values.', fix);
    case 'time':
      return say(`“${args.text}” is not a time.`, 'Write it as 45m, 8h or 1h30m.');
    case 'system':
      return say(`A comparison names ${args.system}, which the experiment does not have.`, fix);
    case 'arm':
      return say(`A comparison names ${args.axis} = ${args.label}, which the experiment does not have.`, fix);
    case 'too_many_runs':
      return say(`The experiment has ${args.runs} runs; ${args.limit} are allowed.`, 'Choose fewer seeds.');
    case 'not_ready':
      return say(
        `The experiment cannot start: something is missing.`,
        'The plan beside the form says what it is.',
      );
  }
}

const rules: Record<Extract<Args<'recipe'>, { case: 'rule' }>['rule'], string> = {
  positive_factors: 'must list positive factors, for example 0.5, 1, 2',
  compared: 'must name a system, or the synthesizers have to name one',
  sigmoid_or_robust: 'acts on the losses sigmoid and robust only; set it to 0',
  two_for_fixed_ratio:
    'must be at least 2 for the fixed mix, which puts real and synthetic pairs into every batch',
  names_scorer: 'must name the folder of a model, because another model is the scorer',
};

function stalled({ stage, why }: Args<'stalled'>): Words {
  const stopped = `Stage ${stageName(stage)} cannot go on`;
  switch (why.case) {
    case 'no_topic':
      return say(
        `${stopped}: the model named no topic for any summary.`,
        'Choose a model that follows instructions, or set topic_demos to 3 in the recipe.',
      );
    case 'no_summary':
      return say(
        `${stopped}: no synthetic summary passed the filters.`,
        'Raise summary_max_rounds, summary_max_new_tokens or novelty_rouge_l in the recipe.',
      );
    case 'no_dialogue':
      return say(
        `${stopped}: no dialogue of “${names.synthesizer[why.synthesizer]}” passed the format rule.`,
        'In the recipe, raise dialogue_tries or ids_max_iterations, lower dialogue_temperature, or train longer (sft_max_epochs).',
      );
    case 'no_preference':
      return say(
        `${stopped}: no two dialogues of any summary differ enough to prefer one.`,
        'In the recipe, raise candidates_per_summary or dialogue_temperature, or lower min_gap.',
      );
    case 'unable_judge':
      return say(
        `${stopped}: the judge recognises the right conversation in only ${why.right} of ${why.n} cases.`,
        'Choose a larger base model, or set judge_action to adapt or scorer to none in the recipe: no pairs are then made by what the judge says.',
      );
    case 'no_pair':
      return say(
        `${stopped}: “${names.synthesizer[why.synthesizer]}” has no pair to learn from.`,
        `In the recipe of a new run, raise candidates_per_summary, lower min_gap, or leave out the systems that learn from it; what has been done so far is taken over.`,
      );
  }
}

function outOfMemory(args: Args<'out_of_memory'>): Words {
  if (args.case === 'card')
    return say(
      'The graphics card has no memory left.',
      'Close other programs that use it, choose a smaller or a quantised model, or compute on the processor.',
    );
  const message = `Stage ${stageName(args.stage)} stopped: the graphics card has no memory left. Everything finished before is kept.`;
  return args.smaller
    ? say(
        message,
        `Close other programs that use the card and resume, or begin the run again with ${list(args.smaller.settings)} in the recipe; stages that this does not change are taken over.`,
      )
    : say(message, 'Close other programs that use the card and resume, or choose a smaller model.');
}

function usage(args: Args<'usage'>): Words {
  switch (args.case) {
    case 'command_line':
      return say(
        `The model worker does not understand the window: ${args.reason}.`,
        'Use a window and a worker of the same version; Settings names both.',
      );
    case 'window_arguments':
      return say('The window was started with arguments that it does not know.');
    case 'no_dialogue':
      return say('There is no dialogue to summarize.', 'Paste one.');
    case 'not_stored':
      return say('This example is not stored yet.', 'Import it first.');
    case 'no_dataset_name':
      return say('The data set has no name.', 'Give it a name.');
    case 'bad_columns':
      return say(`The columns “${args.columns}” cannot be read.`, 'Choose a dialogue and a summary column.');
  }
}

function folderFault(args: Args<'file_not_found'>): Words {
  switch (args.case) {
    case 'no_config':
      return say(
        `${args.file} cannot be read: ${args.reason}.`,
        'Choose the folder that holds config.json and the weights.',
      );
    case 'no_tokenizer':
      return say(`${args.file} holds no tokenizer.json.`, 'Copy the model’s tokenizer.json into the folder.');
    case 'no_weights':
      return say(
        `${args.file} holds no .safetensors file.`,
        'Duologue reads weights in safetensors format only.',
      );
  }
}

function modelFile({ file, fault }: Args<'model_file'>): Words {
  const fix = 'Copy the file again from its source.';
  switch (fault.case) {
    case 'truncated':
      return say(`${file} cannot be used: it is cut off.`, fix);
    case 'not_safetensors':
      return say(`${file} cannot be used: it is cut off or not in safetensors format.`, fix);
    case 'unreadable':
      return say(`${file} cannot be used: ${fault.reason}.`, fix);
  }
}

/** A bound on what an import reads, as a sentence's second half. */
const limits: Record<IntakeLimit, (most: number) => string> = {
  file_bytes: (most) => `a file may have at most ${most / 2 ** 20} MiB`,
  members: (most) => `an archive may have at most ${most} members`,
  member_bytes: (most) => `a member of an archive may unpack to ${most / 2 ** 20} MiB`,
  archive_bytes: (most) => `an archive may unpack to ${most / 2 ** 20} MiB`,
  depth: (most) => `elements may be nested ${most} deep`,
  cell_bytes: (most) => `a cell may have at most ${most / 2 ** 20} MiB`,
  turns: (most) => `an import may have at most ${most} turns`,
  pieces: (most) => `at most ${most} pieces as short as these can be read at one time`,
  columns: (most) => `a table may have at most ${most} columns`,
  reach: (most) => `its sheets may span ${most} cells, including the empty ones between`,
};

export const errors: ErrorWords = {
  // The workspace
  newer_workspace: ({ file, needs }) =>
    say(`${file} needs Duologue ${needs} or newer; nothing was changed.`, 'Update Duologue.'),
  not_a_workspace: ({ file }) =>
    say(`${file} is not a Duologue workspace; it was left untouched.`, workspace),
  disk_full: ({ file, room }) =>
    say(
      room
        ? `${file} has ${gigabytes(room.free_bytes)} free, but ${gigabytes(room.need_bytes)} are needed.`
        : `The disk of ${file} is full.`,
      'Free some space and go on; everything finished before is kept.',
    ),
  busy: ({ file }) =>
    say(`${file} is locked by another process; nothing was changed.`, 'Try again in a moment.'),
  read_only: ({ file }) =>
    say(`${file} cannot be written.`, 'Check that the folder exists and that you may write to it.'),
  corrupt,
  io: ({ file, reason }) =>
    say(
      file ? `${file}: ${reason}.` : `${reason}.`,
      'Check that the path exists, that you may use it and that the disk has room.',
    ),
  name_taken: ({ thing, name }) =>
    say(`There is already a ${things[thing]} “${name}”.`, 'Choose another name.'),
  no_such_dataset: ({ name, known }) =>
    say(
      `There is no data set “${name}”.`,
      known.length > 0 ? 'Choose one under Data.' : 'Import one under Data.',
    ),
  no_such_run: ({ run }) => say(`There is no run ${run}.`, 'Choose one under Runs.'),
  in_use: ({ thing, name, by, count }) =>
    say(
      `The ${things[thing]} “${name}” is still used (${things[by]}: ${count}); nothing was removed.`,
      'First remove what uses it.',
    ),
  ratings_locked: ({ rater }) =>
    say(
      `The ratings of ${rater} are locked and can no longer be changed.`,
      'Make a new rating set to rate again.',
    ),
  score_out_of_range: ({ score }) =>
    say(`A score is a whole number from 1 to 5, not ${score}.`, 'Press a key from 1 to 5.'),
  lease_lost: ({ run }) => say(`Run ${run} was taken over by another process, which continues it.`),
  ...protectionErrors,
  database: ({ reason }) => say(`The database refused a query: ${reason}.`, defect),
  // Data
  no_files: () => say('No file was chosen.', 'Choose a file with dialogues and summaries.'),
  not_found: (args) =>
    args.case === 'file'
      ? say(`There is no file ${args.file}.`, 'Check the name and the folder.')
      : say(`There is no such ${things[args.thing]}: ${args.key}.`, 'Choose one of those that exist.'),
  unreadable: (args) =>
    say(
      args.case === 'folder' ? `${args.file} is a folder.` : `${args.file} cannot be read: ${args.reason}.`,
      'Choose a file that you are allowed to read.',
    ),
  unknown_format: ({ file }) =>
    say(
      `${file} is not in a format that Duologue reads.`,
      'Save it as CSV with a header row, as JSON or as JSON Lines, one row with one dialogue and its summary; or as text (.txt) with lines “Name: text” and the summary after “Summary:”.',
    ),
  empty: ({ file }) =>
    say(
      `${file} holds no rows.`,
      'Check that it is the right file: every row holds a dialogue and its summary.',
    ),
  json: ({ file, row, column, reason }) =>
    say(
      `${file} is not valid JSON at line ${row}, column ${column}: ${reason}.`,
      'Correct that place, or get the file again: it may have been cut off.',
    ),
  invalid_utf8: ({ file, row, utf16 }) =>
    say(
      `${file} is not UTF-8 text from line ${row} on${utf16 ? ' (it looks like UTF-16)' : ''}.`,
      'Save the file as UTF-8 (in a spreadsheet: “CSV UTF-8”).',
    ),
  table: ({ file, row, reason }) =>
    say(
      `${file} cannot be read as a table at row ${row}: ${reason}.`,
      'Correct that row, or save the table again from a spreadsheet.',
    ),
  unknown_column: ({ file, field, columns }) =>
    say(`${file} has no column “${field}”; it has ${list(columns)}.`, 'Choose one of these columns.'),
  needs_mapping: ({ columns }) =>
    say(
      `Which columns hold dialogue and summary is not clear; there are ${list(columns)}.`,
      'Choose both columns.',
    ),
  incomplete_map: ({ lacks }) => say(`No column is chosen for the ${lacks}.`, 'Choose one.'),
  speakers_needed: ({ file, row, field }) =>
    say(
      `${file}, row ${row}: the turns in “${field}” do not say who speaks.`,
      'Name the speakers in turn under Speakers, the first turn’s speaker first.',
    ),
  bad_speakers: ({ given }) =>
    say(
      `“${given}” does not name at least two speakers.`,
      'Give two or more names of at most 40 characters without colons, separated by commas.',
    ),
  bad_rows: ({ count, read, file, row, fault }) =>
    say(
      `${count} of ${read} rows cannot be imported; the first is row ${row} of ${file}: ${rowWords(rows, fault).reason} Nothing was imported.`,
      `${rowWords(rows, fault).fix} The other rows can be imported without them.`,
    ),
  leaks: ({ count, id, with: other }) =>
    say(
      `${count} dialogues are in two splits; the first is “${id}” (also “${other}”). Nothing was imported.`,
      'Take the duplicates out.',
    ),
  words_open: ({ count }) =>
    say(
      `${count} words may name somebody, and nobody has said yet whether they do. Nothing was imported.`,
      'Say for each word whether it names a person, a town or a firm.',
    ),
  pdf: ({ file }) =>
    say(
      `${file} is a PDF: it holds printed pages, not turns.`,
      'Ask for the transcript as DOCX or TXT, or copy its text and paste it here.',
    ),
  rtf: ({ file }) =>
    say(
      `${file} is Rich Text, which is not read.`,
      'Open it in a word processor and save it as DOCX or as plain text.',
    ),
  old_office: ({ file }) =>
    say(
      `${file} is a file of Office before 2007, or an Office file with a password.`,
      'Open it in Office or LibreOffice, take the password off if it has one, and save it as DOCX or XLSX.',
    ),
  binary_workbook: ({ file }) =>
    say(
      `${file} is a workbook in Excel’s binary form (XLSB), which is not read.`,
      'Open it in Excel or LibreOffice and save it as XLSX.',
    ),
  ratings: ({ file, row, reason }) =>
    say(
      `${file}, item ${row}: ${reason}.`,
      'Correct it in the program that it came from, and export it once more.',
    ),
  binary: ({ file }) =>
    say(
      `${file} is not text: it holds bytes of a picture, a recording or a program.`,
      'Choose the file with the conversation’s words, for instance its transcript as TXT, DOCX or VTT.',
    ),
  html: ({ file }) =>
    say(
      `${file} is a web page (HTML), which is not read.`,
      'Export the chat once more as JSON or text, or copy its text and paste it here.',
    ),
  too_large: ({ file, limit, most }) =>
    say(
      `${file} is too large to be read: ${limits[limit](most)}.`,
      limit === 'reach'
        ? 'Delete what stands far from the table, or save the workbook as XLSX.'
        : limit === 'columns'
          ? 'Check the separator, and leave out columns other than dialogue, summary, id and split.'
          : limit === 'pieces'
            ? 'Divide it into files of at most that many rows, and import them one after the other into the same data set.'
            : 'Divide it into several files and import them one after the other into the same data set.',
    ),
  archive: ({ file, fault }) => {
    switch (fault.case) {
      case 'broken':
        return say(
          `${file} is damaged or not complete: ${fault.reason}.`,
          'Get the file again: it may have been cut off on its way.',
        );
      case 'encrypted':
        return say(
          `${file} is locked with a password.`,
          'Unpack it with its password, and choose the files inside.',
        );
      case 'no_conversation':
        return say(
          `${file} holds no chat, document or workbook that is known.`,
          'Unpack it, and choose the file with the conversation.',
        );
      case 'several_conversations':
        return say(
          `${file} holds several conversations: ${list(fault.members)}.`,
          'Unpack it, and choose all of them: one import takes several files.',
        );
    }
  },
  header_not_first: ({ file, first, header }) =>
    say(
      header === null
        ? `The first line of ${file} reads “${first}” and is not a header with the names of columns.`
        : `The header of ${file} is not on its first line, which reads “${first}”, but on line ${header}.`,
      'Take out the lines above the header: the first line has to hold the names of the columns.',
    ),
  several_lists: ({ file, lists }) =>
    say(
      `${file} has several lists that could be its rows: ${lists.join(', ')}.`,
      'Name the lists train, validation and test if they are the splits, or keep one list in the file.',
    ),
  // Runs
  recipe,
  experiment,
  empty_dataset: ({ dataset, lacks }) =>
    say(`The data set “${dataset}” has no ${kinds[lacks]}.`, 'Import a file for that split.'),
  too_few_rows: ({ dataset, kind, have, need, field }) =>
    say(
      `The data set “${dataset}” has ${have} ${kinds[kind]}, but the recipe asks for ${need}.`,
      have === 0
        ? 'Import more examples, or learn from fewer, so that some are left for validation.'
        : `Import more examples, or set ${field} to ${have} in the recipe.`,
    ),
  not_ready: ({ dataset, lack }) =>
    say(
      lack.case === 'speakers'
        ? `There is nothing to learn from “${dataset}”: only ${lack.several} of ${lack.dialogues} dialogues have two speakers.`
        : `There is nothing to learn from “${dataset}”: most of its summaries are empty or longer than their dialogues.`,
      lack.case === 'speakers'
        ? 'Check under Data how the speakers were read.'
        : 'Check under Data which column was read as the summary.',
    ),
  too_long: (args) =>
    args.case === 'text'
      ? say(
          `The text needs ${args.tokens} tokens, but the model can read ${args.limit}.`,
          `Shorten the text. ${fits} otherwise.`,
        )
      : say(
          `${args.count} dialogues do not fit the model’s context of ${args.limit} tokens; the longest is example “${args.id}” with ${args.tokens}.`,
          `${fits}, or set too_long in the recipe to drop (leaves them out) or cut_dialogue_end (shortens them).`,
        ),
  locked: (args) =>
    args.case === 'run'
      ? say(`Run ${args.run} is being worked on by process ${args.pid}.`, 'Wait for it, or pause it.')
      : say(`Another process is downloading into ${args.file}.`, 'Wait for it, or stop it.'),
  interrupted: (args) =>
    args.case === 'run'
      ? say(`Run ${args.run} was interrupted; everything finished is kept.`, 'Resume it.')
      : args.case === 'download'
        ? say(
            'The download was stopped; what has arrived is kept.',
            'Download it again: it goes on from there.',
          )
        : args.case === 'export'
          ? say('The export was stopped; nothing was written.', 'Begin it again.')
          : say('The work was stopped.', 'Begin it again.'),
  model_changed: ({ file }) =>
    say(
      `The model in ${file} is not the one that this run began with.`,
      'Put the original files back, or begin a new run with this model.',
    ),
  wrong_state: wrongState,
  stalled,
  out_of_memory: outOfMemory,
  ...studyErrors,
  leak: ({ run, copied, identifying, texts }) =>
    say(
      `What run “${run}” made gives real conversations away: of ${texts} texts ${copied} repeat a long passage and ${identifying} contain something that identifies somebody. Nothing was written.`,
      'Start a run whose recipe leaves such texts out (leak_gate = drop), or import the conversations with invented names and numbers.',
    ),
  // Models
  missing_file: ({ file }) => say(`${file} is missing: the folder is not complete.`, again),
  no_such_model: ({ file }) => say(`There is no model at ${file}.`, 'Add it again under Models.'),
  several_models: ({ files }) =>
    say(`The folder holds several models: ${list(files)}.`, 'Put each into a folder of its own.'),
  truncated_weights: ({ file, found_bytes, expected_bytes }) =>
    say(`${file} is incomplete: it has ${found_bytes} of ${expected_bytes} bytes.`, again),
  weights: ({ file, reason }) => say(`The weights in ${file} cannot be used: ${reason}.`, again),
  unsupported_architecture: ({ found, supported }) =>
    say(
      `Models of type ${found} are not supported. These are: ${supported}.`,
      'Choose a model from the list of downloads.',
    ),
  not_in_gguf: ({ what }) => say(`A GGUF file cannot hold ${what} as the model has it; nothing was written.`),
  model_config: ({ file, field, reason }) => say(`${file}: “${field}” ${reason}.`, published),
  vocabulary_mismatch: ({ tokenizer, model }) =>
    say(
      `The tokenizer knows ${tokenizer} tokens but the model only ${model}: they do not belong together.`,
      published,
    ),
  tokenizer: ({ file, reason }) => say(`The tokenizer ${file} cannot be used: ${reason}.`, published),
  chat_template: ({ file, reason }) =>
    say(
      `The model’s chat template${file ? ` (${file})` : ''} cannot render this conversation: ${reason}.`,
      published,
    ),
  adapter: ({ file, reason }) =>
    say(
      `The adapter ${file} cannot be used: ${reason}.`,
      'Choose the adapter that was trained on this model.',
    ),
  checkpoint: ({ file, reason }) =>
    say(
      `The saved training state ${file} cannot be used: ${reason}.`,
      'Run the stage again from its beginning.',
    ),
  not_finite: ({ what }) =>
    say(
      `A number is not finite (${what}): the weights are damaged, or a learning rate is too high.`,
      'Check the model’s files, or lower sft_lr or dpo_lr in the recipe.',
    ),
  setting: ({ field, reason }) =>
    say(`The setting “${field}” ${reason}.`, 'Correct the setting under Recipe.'),
  device: ({ device, reason }) =>
    say(`The device ${device} cannot be used: ${reason}.`, 'Compute on the processor.'),
  tensor: ({ reason }) => say(`A computation failed: ${reason}.`, defect),
  // The Hub
  offline: ({ what }) =>
    say(
      `${what} is not on this computer, and no connection may be opened.`,
      'This computer is set up to open no connections: ask whoever set it up, or add a folder that is already here.',
    ),
  network_locked: ({ what }) =>
    say(
      `${what} is not on this computer, and the network of this workspace is locked.`,
      'Unlock the network under Settings, Network, or add a folder that is already here.',
    ),
  unrecorded: ({ host, reason }) =>
    say(
      `No connection to ${host} was opened, because it could not be entered in the list of connections: ${reason}.`,
      'Check that the disk has room, and try again.',
    ),
  bad_id: ({ id, reason }) =>
    say(`“${id}” is not the id of a model: ${reason}.`, 'Give it as it is written on the Hub: owner/name.'),
  bad_endpoint: ({ endpoint }) =>
    say(
      `“${endpoint}” is not the address of a Hub.`,
      'This computer names that address for the Hub: ask whoever set it up, or add a folder that is already here.',
    ),
  bad_token: () => say('The token holds blanks or characters that no token has.', token),
  bad_manifest: ({ file, reason }) =>
    say(
      `${file} does not say what was downloaded: ${reason}.`,
      'Delete this file and download the model again: files that are whole are not fetched anew.',
    ),
  unauthorized: ({ host, what, had_token, no_token }) =>
    say(
      `${host} wants a token for ${what}${had_token ? ', and refused the one that was sent' : ''}.${asked(no_token)}`,
      token,
    ),
  gated: ({ host, what, no_token }) =>
    say(
      `${host} does not give ${what} to this account: the model’s licence has to be accepted there first.${asked(no_token)}`,
      `Accept the licence on https://${host}/${what}. ${token}`,
    ),
  not_on_hub: ({ host, what }) =>
    say(`${host} has no ${what}.`, 'Check the spelling, or choose one from the list.'),
  rate_limited: ({ host, retry_after_s }) =>
    say(
      `${host} is not answering for now: too many requests.`,
      `Wait ${retry_after_s === null ? 'a while' : `${retry_after_s} seconds`} and download again: it goes on from there.`,
    ),
  unreachable: ({ host, reason }) =>
    say(
      `${host} cannot be reached: ${reason}.`,
      'Check the connection and download again: it goes on from where it stopped.',
    ),
  bad_proxy: ({ variable }) =>
    say(`${variable} in this computer’s environment does not hold the address of a proxy.`, network),
  proxy_unreachable: ({ proxy, variable, reason }) =>
    say(`The proxy ${proxy} (${variable}) cannot be reached: ${reason}.`, network),
  proxy_refused: ({ proxy, variable, host, reason }) =>
    say(`The proxy ${proxy} (${variable}) does not let a connection to ${host} through: ${reason}.`, network),
  bad_certificates: ({ file, reason }) =>
    say(`${file}, which SSL_CERT_FILE names, gives no certificates to trust: ${reason}.`, network),
  untrusted_certificate: ({ host, fault, reason }) =>
    say(
      `The certificate of ${host} is not trusted on this computer: ${fault === 'invalid' ? reason : certificate[fault].what}.`,
      certificate[fault].fix,
    ),
  bad_answer: ({ host, reason }) =>
    say(`${host} answered something unexpected: ${reason}.`, 'Try again later.'),
  no_weights: ({ id, reason }) =>
    say(`${id} holds no weights that can be used: ${reason}.`, 'Choose a model with .safetensors files.'),
  checksum: ({ file }) => say(`${file} arrived damaged.`, 'Download again: only this file is fetched anew.'),
  // The worker and the window
  usage,
  file: ({ file, row, reason }) =>
    say(
      `${file}${row === null ? '' : `, line ${row}`}: ${reason}.`,
      'Check the name, the folder and what the file holds.',
    ),
  keychain: ({ keychain, reason }) =>
    say(`${keychain} cannot be used: ${reason}.`, 'Start and unlock it, then try again.'),
  file_not_found: folderFault,
  model_file: modelFile,
  window_download_busy: () => say('Another model is being downloaded.', 'Wait for it, or pause it first.'),
  window_export_busy: () => say('Something else is being written out.', 'Wait for it, or stop it first.'),
  window_lock: ({ file, reason }) =>
    say(`${file} cannot be locked: ${reason}.`, 'Check that the folder of the workspace can be written to.'),
  window_log: ({ file, reason }) =>
    say(`The log ${file} cannot be read: ${reason}.`, 'Check that you are allowed to read it.'),
  window_no_sample: () =>
    say(
      'The sample’s model was not found beside this window.',
      'Install Duologue again, or import a file of your own.',
    ),
  window_no_worker: () =>
    say(
      'The program “duologue”, which does the model work, was not found beside this window.',
      'Settings says where it is looked for. Install Duologue again, then start the window again.',
    ),
  window_notification: ({ reason }) =>
    say(`The system shows no notification: ${reason}.`, 'Switch notifications off in Settings.'),
  window_taken: ({ workspace: folder }) =>
    say(
      `Another Duologue window has ${folder} open and does not answer.`,
      'Close that window, or end its process “duologue-desktop”, and start again.',
    ),
  window_worker_answer: ({ reason }) =>
    say(
      `The worker’s answer cannot be read: ${reason}.`,
      'Use a window and a worker of the same version; Settings names both.',
    ),
  window_worker_start: ({ reason }) =>
    say(
      `The program “duologue” could not be started: ${reason}.`,
      'Check that the file under Settings, Model worker, may be executed.',
    ),
  window_worker_stopped: ({ logs }) =>
    say(
      'The model worker stopped without an answer; it may have run out of memory.',
      `Try again, or look into ${logs}.`,
    ),
  window_missing: () => say('This page runs inside the Duologue window only.', 'Start Duologue.'),
  window_unexpected: ({ reason }) => say(`Something unexpected went wrong in the window. ${reason}`),
  window_workspace: () =>
    say('No folder for the workspace is known.', 'Open a folder in which Duologue may keep everything.'),
};

function asked(reason: string | null): string {
  return reason === null ? '' : ` The keychain could not be asked: ${reason}.`;
}
