// What happened to a protected workspace and what to do, in terms of the window: by code.
import type { SlotKind } from '../../bridge';
import type { ErrorWords, Words } from '../problem';

const say = (message: string, fix = ''): Words => ({ message, fix });

const slots: Record<SlotKind, string> = {
  passphrase: 'the passphrase',
  recovery: 'the recovery key',
  keychain: 'the keychain',
};

export const protectionErrors: Pick<
  ErrorWords,
  | 'key_needed'
  | 'wrong_key'
  | 'not_protected'
  | 'already_protected'
  | 'mixed_workspace'
  | 'workspace_open'
  | 'protect_interrupted'
  | 'damaged'
  | 'short_passphrase'
  | 'last_slot'
  | 'no_cipher'
> = {
  key_needed: ({ file }) =>
    say(`${file} is protected and locked.`, 'Unlock it with its passphrase or its recovery key.'),
  wrong_key: ({ file }) =>
    say(`This key does not open ${file}.`, 'Check the passphrase, and that it belongs to this workspace.'),
  not_protected: ({ file }) => say(`${file} is not protected; it has no key.`),
  already_protected: ({ file }) => say(`${file} is protected already.`),
  mixed_workspace: ({ file }) =>
    say(
      `${file} has keys, but its database is not encrypted; nothing was changed.`,
      'Restore the folder from a backup: its database was replaced by another.',
    ),
  workspace_open: ({ file }) =>
    say(
      `${file} is open in a window or another process; nothing was changed.`,
      'Close it there, let its runs end or pause them, and do it again.',
    ),
  protect_interrupted: ({ file }) =>
    say(
      `Protecting ${file} was interrupted.`,
      'Open it once with permission to write; what was begun is finished or taken back.',
    ),
  damaged: ({ file }) =>
    say(
      `${file} cannot be decrypted: it was cut off, changed or carried here from elsewhere.`,
      'Restore the file from a backup, or delete the run and do it again.',
    ),
  short_passphrase: ({ least }) =>
    say(
      `A passphrase has at least ${least} characters.`,
      'Choose four or five words that nobody would put together.',
    ),
  last_slot: ({ slot }) =>
    say(
      `Without ${slots[slot]} no person could open this workspace; nothing was removed.`,
      'Set another passphrase or recovery key first.',
    ),
  no_cipher: () =>
    say('This build of Duologue cannot encrypt a workspace.', 'Use another build, or an encrypted disk.'),
};
