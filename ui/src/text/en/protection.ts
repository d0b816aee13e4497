// Words of the protected workspace: what Settings says about it, the offer after the first import, and the
// lock screen.
export const protection = {
  protection: {
    title: 'Protection',
    plain: 'This workspace is not protected: whoever gets the folder can read your conversations.',
    protected:
      'This workspace is protected: its database, adapters, checkpoints and logs are encrypted. Names of runs, sizes and times are not.',
    opens: (ways: string) => `It is opened by ${ways}.`,
    ways: { passphrase: 'a passphrase', recovery: 'the recovery key', keychain: 'the keychain' },
    and: ' or ',
    passphrase: 'Passphrase',
    passphraseHint:
      'At least 8 characters. Four or five words that nobody would put together are a good one.',
    again: 'The same again',
    differ: 'The two are not the same.',
    protect: 'Protect this workspace',
    protectHint:
      'This encrypts everything, which takes a few seconds. The old files are overwritten once; on SSDs and in backups that promises nothing. The files that you imported stay where they are, unprotected.',
    change: 'Change the passphrase',
    changed: 'The passphrase was changed.',
    recovery: 'New recovery key',
    lock: 'Lock now',
    unprotect: 'Remove the protection',
    unprotectHint: 'Afterwards whoever gets the folder can read your conversations.',
    backup: 'Back up…',
    backupHint:
      'Writes the workspace as one file, encrypted if it is protected. Downloaded models are left out.',
    recoveryTitle: 'Your recovery key',
    recoveryText:
      'It opens the workspace if the passphrase is lost, and is shown only this once. Write it down and keep it away from this computer.',
    lastGroup: 'Type its last group',
    lastGroupHint: 'So that it is not only on this screen.',
    done: 'I have written it down',
    idle: 'Lock after no input for',
    minutes: (n: number) => `${n} minutes`,
    never: 'Never',
    offerTitle: 'Protect these conversations?',
    offerText:
      'They are in the workspace now, readable by whoever gets the folder. Encrypting takes a few seconds; a passphrase opens it from then on.',
    offerNow: 'Protect this workspace…',
    offerLater: 'Not now',
  },
  lockScreen: {
    title: 'This workspace is locked',
    lead: 'Its conversations are encrypted. A run in progress goes on.',
    secret: 'Passphrase or recovery key',
    unlock: 'Unlock',
    another: 'Open another workspace…',
  },
};
