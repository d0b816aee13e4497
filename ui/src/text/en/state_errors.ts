// What cannot be done now, and what to do instead.
import type { Args, Words } from '../problem';
import { names } from './names';

const say = (message: string, fix = ''): Words => ({ message, fix });
const list = (items: readonly string[]) => items.join(', ');
const stageName = (stage: keyof typeof names.stage) => `“${names.stage[stage].name}”`;

export function wrongState(args: Args<'wrong_state'>): Words {
  switch (args.case) {
    case 'read_by_run':
      return say(
        `Run ${args.run} on “${args.dataset}” is not finished and reads these examples.`,
        'Let it finish, or cancel it.',
      );
    case 'import_in_use':
      return say(
        `Import ${args.import} of “${args.dataset}” cannot be undone: ${list(args.runs)} read its examples.`,
        'Results name the examples that they were made from, so these stay.',
      );
    case 'empty_pair':
      return say('A pair needs a dialogue and a summary.', 'Write both, or remove the pair.');
    case 'nothing_to_rate':
      return say(
        `Run ${args.run} has no summaries to rate yet.`,
        'Finish the run first; its last stage writes them.',
      );
    case 'no_such_criterion':
      return say(`There is no criterion “${args.criterion}”.`, `The criteria are ${list(args.known)}.`);
    case 'unrated':
      return say(
        `${args.open} of ${args.total} summaries are not rated yet.`,
        'Rate or skip them first; locking is final.',
      );
    case 'none_locked':
      return say(
        'No rater has locked their set yet, so the systems stay hidden.',
        'Finish rating and lock the set.',
      );
    case 'nothing_to_stop':
      return say(`Run ${args.run} is over: there is nothing to stop.`);
    case 'nothing_to_pause':
      return say(
        `Run ${args.run} has failed: there is nothing to pause.`,
        'Its page says why, and you can resume it there.',
      );
    case 'cancelled':
      return say(`Run ${args.run} was cancelled.`, 'On its page you can go on from a stage of your choice.');
    case 'not_trained':
      return say(
        `Run ${args.run} has no trained ${args.role} yet.`,
        `Finish its stage ${stageName(args.stage)} first.`,
      );
    case 'stage_unready':
      return say(
        `Stage ${stageName(args.stage)} cannot start: a stage before it is unfinished.`,
        'Resume the whole run, so that the unfinished stages are carried out first.',
      );
    case 'examples_changed':
      return say(
        `The examples of “${args.dataset}” have changed since run ${args.run} began.`,
        'Begin a new run; stages that do not depend on the change are taken over.',
      );
    case 'stages_reversed':
      return say(
        `A run cannot go from ${stageName(args.from)} until ${stageName(args.until)}: the second comes first.`,
        'Choose a last stage that comes after the first.',
      );
    case 'adapter_needed':
      return say('This format holds an adapter, and none was chosen; nothing was written.');
    case 'folder_not_empty':
      return say(`${args.file} is not empty; nothing was written.`, 'Choose a new or empty folder.');
    case 'not_by_hand':
      return say(
        'This cannot be changed by hand; it stays as it is.',
        'A candidate or a pair can be rejected. What was written for the test is evidence.',
      );
    case 'empty_item':
      return say('There is no text; the item stays as it is.', 'Write a text, or reject the item.');
    case 'last_item':
      return say(
        'It is the last one that a later stage could read; it stays.',
        'Change it instead, or restore another one first.',
      );
    case 'earlier_run':
      return say(
        `Run ${args.run} was carried out by an earlier version, which did not note what each result was made from. It can be read, not changed.`,
        'Carry it out again: a new run with the same data, model, recipe and seed gives the same.',
      );
    case 'nothing_stale':
      return say(`Nothing in run ${args.run} was made from something that has changed since.`);
    case 'not_a_bundle':
      return args.runs === 0
        ? say(
            `${args.file} holds no run bundle; nothing was taken.`,
            'Choose the folder that was written as a whole run; the file workspace.sqlite is in it.',
          )
        : say(
            `${args.file} is a workspace with ${args.runs} runs, not a run bundle; nothing was taken.`,
            'Open it as a workspace, and export the run that you want as a whole run.',
          );
    case 'bundle_damaged':
      return say(
        `The run bundle in ${args.file} is damaged: its adapter ${args.role} is missing or a different one. Nothing was taken.`,
        'Copy the whole folder again from where it was written.',
      );
  }
}
