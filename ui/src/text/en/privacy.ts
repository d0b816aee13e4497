// Words of the network: its list of connections and its lock.
import type { ForgetPlace, NetworkOutcome } from '../../bridge';

const outcomes: Record<NetworkOutcome, string> = {
  open: 'End not recorded',
  ok: 'Answered',
  failed: 'Failed',
  refused: 'Refused',
};

const places: Record<ForgetPlace, string> = {
  example: 'Conversations with their summaries',
  import: 'Records of imports, which lose what they took out',
  run: 'Runs that learnt from it, with everything that they made',
  adapter: 'Adapters of these runs',
  trace: 'Logs and unfinished trainings of runs that read it',
  output: 'Texts about it in the tests of other runs',
  study: 'Dialogues in rating studies, which keep their ratings',
  demo: 'Corrected summaries of it and votes about it, which the demo keeps',
  copy: 'Copies of the database; a new one is made',
  inbox: 'Pasted texts that wait for their import',
};

export const privacy = {
  forget: {
    offer: 'Forget…',
    counted: (place: string, n: string) => `${place}: ${n}`,
    title: 'Forget this conversation?',
    lead: 'It is removed for good, with everything that came from it:',
    places,
    runs: 'These runs learnt from it. An adapter cannot unlearn, so they are removed as a whole:',
    again:
      'A run can be made again without it: write its recipe to a file first, under “Export”, and begin a new run with it.',
    exports: 'This left the workspace earlier. Only whoever has it can delete it:',
    act: 'Forget it for good',
    done: 'Forgotten',
    nothingLeft: (size: string) =>
      `The whole workspace was searched afterwards (${size}): no passage of it is left.`,
    left: (size: string) =>
      `The whole workspace was searched afterwards (${size}). Passages of it are still here:`,
    words: (n: string) => `${n} words in a row`,
    open: 'Another program has the workspace open. A part of the database’s log is emptied when that program closes it.',
    notPromised:
      'Not promised: blocks of an SSD, snapshots of the system, backups, the file that you imported from, and what people remember.',
  },
  threats: {
    caption: 'Who might read your conversations, and what stops them',
    who: 'Who',
    holds: 'What holds',
    fails: 'What does not',
    rows: {
      laptop: {
        who: 'Whoever has a lost or stolen laptop',
        holds:
          'Protection, above: nothing but sizes, dates and the number of files can be read, and each guess of the passphrase costs 256 MiB of memory.',
        fails:
          'A weak passphrase, a computer left unlocked, swap and hibernation files. Encrypt the disk as well.',
      },
      account: {
        who: 'Another account on this computer',
        holds: 'Only you can read the folder, and protection encrypts it.',
        fails: 'An administrator, or a program that runs as you while the workspace is open.',
      },
      screen: {
        who: 'Somebody at your screen',
        holds: 'The lock after some minutes without input, and Ctrl L. Names that were replaced at import.',
        fails: 'Photographs of the screen.',
      },
      backup: {
        who: 'A backup, or a cloud folder',
        holds: 'Of a protected workspace they copy encrypted files.',
        fails:
          'An old backup opens with the passphrase of its day: after a leak, renew the key on the command line and delete old backups.',
      },
      file: {
        who: 'A malicious file or model',
        holds: 'No macro and no link is followed, and models are read in formats that carry no code.',
        fails: 'A text that lies: what you import is learnt from.',
      },
      model: {
        who: 'Whoever gets an exported adapter or run',
        holds:
          'What a run gives away is looked at before it leaves, and names can be replaced before training.',
        fails:
          'No test proves that nothing can be extracted. Treat adapters as carefully as the conversations.',
      },
      rater: {
        who: 'Whoever rates summaries elsewhere',
        holds: 'Rating packs are encrypted and hold only the texts to be rated.',
        fails: 'What those texts say.',
      },
      approver: {
        who: 'Whoever has to approve this tool',
        holds: 'The list of connections and the lock, above, with two commands that prove them.',
        fails: 'Our word alone. Check it.',
      },
      laboratory: {
        who: 'A laboratory that has your key',
        holds: 'Forgetting overwrites, empties the database’s log, and searches every byte afterwards.',
        fails: 'Blocks of an SSD, snapshots of the system, your own exports.',
      },
    },
    more: 'The page docs/privacy.md of Duologue says what is stored where and for how long, and how to check each claim in five minutes.',
  },
  network: {
    title: 'Network',
    open: 'Only downloading a model opens connections, and only for the model that you choose.',
    locked: 'The network is locked: downloads are refused, and each attempt is recorded.',
    kernel: 'The system forbids everything else that Duologue starts to open connections.',
    noKernel:
      'This system does not forbid Duologue’s other programs to open connections; Duologue refuses them by itself.',
    lock: 'Lock the network',
    unlock: 'Unlock the network',
    none: 'No connection was opened or refused so far.',
    caption: 'Connections, the newest first',
    when: 'When',
    to: 'To',
    purpose: 'For',
    sent: 'Sent',
    received: 'Received',
    took: 'Took',
    outcome: 'Outcome',
    outcomes,
    save: 'Save as CSV…',
    more: (n: string) => `${n} older ones are in the CSV file.`,
    proof:
      'Check it yourself on Linux: the first command runs Duologue where there is no network; the second lists every address that it asks for.',
    copy: 'Copy',
    copied: 'Copied.',
  },
};
