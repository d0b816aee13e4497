// What goes wrong in studies with people, and what to do.
import type { ErrorWords, Words } from '../problem';

const say = (message: string, fix = ''): Words => ({ message, fix });
const list = (items: readonly string[]) => items.join(', ');

export const studyErrors: Pick<
  ErrorWords,
  | 'blinded'
  | 'frozen'
  | 'not_running'
  | 'not_enough_dialogues'
  | 'unknown_rater'
  | 'set_locked'
  | 'study_plan'
  | 'unknown_item'
  | 'not_a_pack'
  | 'newer_format'
  | 'other_study'
  | 'unknown_pack'
  | 'wrong_secret_or_changed'
  | 'rater_mismatch'
  | 'seal_mismatch'
  | 'protocol_changed'
  | 'older_revision'
  | 'pack_conflict'
> = {
  blinded: ({ studies }) =>
    say(
      `Closed while a study is running: people are still rating in ${list(studies)}.`,
      'Wait until everybody has locked, or open the results early under Rate; every result will say so.',
    ),
  frozen: ({ study }) => say(`The plan of “${study}” is frozen.`, 'Plan another study.'),
  not_running: ({ study, state }) =>
    state === 'draft'
      ? say(`“${study}” is a draft: nobody can rate it yet.`, 'Start it under Rate.')
      : say(`“${study}” is closed: nothing in it can change.`, 'Its results are open.'),
  not_enough_dialogues: ({ have, need }) =>
    say(
      `A study needs at least ${need} dialogues that every system has a text for; there are ${have}.`,
      'Choose a run with more test dialogues, or fewer systems.',
    ),
  unknown_rater: ({ rater, known }) =>
    say(`“${rater}” is not on the roster, which names ${list(known)}.`, 'Ask the owner to add you.'),
  set_locked: ({ rater }) => say(`The set of ${rater} is locked.`, 'Its scores are final.'),
  study_plan: ({ field, reason }) => say(`The plan cannot be carried out: “${field}” ${reason}.`),
  unknown_item: ({ step, reason }) => say(`Step ${step + 1}: ${reason}.`, 'Open the set again.'),
  not_a_pack: ({ file, expected }) =>
    expected === 'duologue.pack'
      ? say(`${file} is not a rating pack.`, 'Choose the file that the owner of the study sent.')
      : say(`${file} has no answers to a rating pack.`, 'Choose the file that the rater saved.'),
  newer_format: ({ file }) => say(`${file} was written by a newer Duologue.`, 'Update Duologue.'),
  other_study: ({ file }) =>
    say(`${file} belongs to another study.`, 'Read it into the workspace that wrote the pack.'),
  unknown_pack: ({ file }) =>
    say(
      `${file} answers a pack that this study did not write.`,
      'Read it into the workspace that wrote the pack.',
    ),
  wrong_secret_or_changed: ({ file }) =>
    say(
      `${file} cannot be opened: the secret is wrong, or the file was changed on its way.`,
      'Type the secret again; if it is right, ask for the file once more.',
    ),
  rater_mismatch: ({ found, expected }) =>
    say(`The answers name rater ${found}, but the pack was written for ${expected}.`, 'Nothing was taken.'),
  seal_mismatch: ({ file }) => say(`${file} has a different seal from the study.`, 'Nothing was taken.'),
  protocol_changed: ({ criterion }) =>
    say(
      `The answers have the criterion “${criterion}”, which the study does not have.`,
      'Nothing was taken.',
    ),
  older_revision: ({ found, have }) =>
    say(
      `The answers are revision ${found}, but revision ${have} is here already.`,
      'Ask for the newest file.',
    ),
  pack_conflict: ({ rater, both, different, only_first, only_second }) =>
    say(
      `${rater} has other answers here already: ${both} scores are in both, ${different} of them different; ${only_first} are only here, ${only_second} only in the file.`,
      'Say which answers count.',
    ),
};
