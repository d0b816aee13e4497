// Names, removals, workspaces and what demos leave, without a window.
import type {
  Dataset,
  DemoCorrection,
  DemoEvidence,
  DemoPair,
  DemoVote,
  DemoWriter,
  Devices,
  Hanging,
  Kept,
  Label,
  Model,
  RecentWorkspace,
  Removing,
  RunSummary,
} from './index';
import { refuse } from './fake_import';
import { WORKSPACE } from './fake_protection';
import { FakeStudies } from './fake_study';

const counted = (what: Hanging['what'], count: number, names: string[] = []): Hanging => ({
  what,
  count,
  bytes: ['adapters', 'files', 'log'].includes(what) ? 9.1e6 * count : null,
  names,
});

const dialogueHash = (dialogue: string) => `sha of ${String(dialogue.trim().length)}`;

export class FakeEveryday extends FakeStudies {
  datasetList: Dataset[] = [];
  modelList: Model[] = [];
  runList: RunSummary[] = [];
  recent: RecentWorkspace[] = [
    { folder: WORKSPACE, here: true, gone: false },
    { folder: '/home/ada/clinic', here: false, gone: false },
    { folder: '/media/stick/calls', here: false, gone: true },
  ];
  awake = true;
  found: Devices = {
    cards: [
      {
        device: 'cuda:0',
        name: 'NVIDIA RTX 2000',
        compute_capability: '8.9',
        memory_bytes: 16e9,
        memory_free_bytes: 14.2e9,
      },
    ],
    no_card: null,
  };
  votes: DemoVote[] = [];
  corrections: DemoCorrection[] = [];

  async recentWorkspaces() {
    return structuredClone(this.recent);
  }
  async forgetWorkspace(folder: string) {
    this.recent = this.recent.filter((each) => each.folder !== folder);
  }
  async setLabel(thing: Kept, key: string, label: Label) {
    const run = this.runList.find((each) => each.id === key);
    const model = this.modelList.find((each) => each.path === key);
    const dataset = this.datasetList.find((each) => each.name === key);
    if (thing === 'run' && run) run.label = label;
    if (thing === 'model' && model) model.label = label;
    if (thing === 'dataset' && dataset) {
      const other = this.datasetList.find((each) => each.name === label.name && each !== dataset);
      if (other) refuse({ code: 'name_taken', args: { thing: 'data set', name: label.name } });
      for (const each of this.runList) if (each.dataset === key) each.dataset = label.name || key;
      Object.assign(dataset, { name: label.name || key, note: label.note });
    }
    return null;
  }
  async whatGoes(thing: Kept, key: string): Promise<Removing> {
    const runs = this.runList.filter((run) => run.dataset === key).map((run) => run.id);
    const dataset = this.datasetList.find((each) => each.name === key);
    const by: Record<Kept, Pick<Removing, 'goes' | 'stays' | 'blocked_by'>> = {
      run: {
        goes: [counted('items', 512), counted('adapters', 3), counted('log', 1), counted('votes', 2)],
        stays: [counted('shared_adapters', 1)],
        blocked_by: [],
      },
      dataset: {
        goes: [counted('examples', dataset?.n ?? 0), counted('imports', 1)],
        stays: [],
        blocked_by: runs.length > 0 ? [counted('runs', runs.length, runs)] : [],
      },
      model: { goes: [counted('files', 1)], stays: [counted('runs', 1, ['run-0001'])], blocked_by: [] },
    };
    return { thing, key, ...by[thing] };
  }
  async deleteRun(run: string) {
    this.runList = this.runList.filter((each) => each.id !== run);
    return null;
  }
  async deleteDataset(dataset: string) {
    this.datasetList = this.datasetList.filter((each) => each.name !== dataset);
    return null;
  }
  async stayAwake(wanted: boolean) {
    this.awake = wanted;
    return null;
  }
  async devices() {
    return this.found;
  }
  async keepVote(dialogue: string, vote: DemoVote) {
    this.votes.push({ ...vote, dialogue_sha256: dialogueHash(dialogue), at_ms: 1 });
    return null;
  }
  async keepCorrection(dialogue: string, correction: DemoCorrection) {
    this.corrections.push({ ...correction, dialogue_sha256: dialogueHash(dialogue), at_ms: 1 });
    return null;
  }
  async demoEvidence(): Promise<DemoEvidence> {
    const { votes, corrections } = structuredClone({ votes: this.votes, corrections: this.corrections });
    const same = (one: DemoWriter, other: DemoWriter) => JSON.stringify(one) === JSON.stringify(other);
    const pairs: DemoPair[] = [];
    for (const { left, right, choice } of votes) {
      const known = pairs.find(
        ({ first, second }) =>
          (same(first, left) && same(second, right)) || (same(first, right) && same(second, left)),
      );
      const pair = known ?? {
        first: left,
        second: right,
        first_wins: 0,
        second_wins: 0,
        ties: 0,
        dialogues: 1,
        rate: null,
      };
      if (!known) pairs.push(pair);
      if (choice === 'neither') pair.ties += 1;
      else if (same(pair.first, choice === 'left' ? left : right)) pair.first_wins += 1;
      else pair.second_wins += 1;
      const decided = pair.first_wins + pair.second_wins;
      // Not Wilson's: the window shows what it is given.
      pair.rate = decided === 0 ? null : { mean: pair.first_wins / decided, low: 0.2, high: 0.9 };
    }
    const meters = corrections.map(({ writer, words, words_changed, ms }) => ({
      writer,
      summaries: 1,
      changed_of_100: (100 * words_changed) / Math.max(1, words),
      seconds: ms / 1000,
    }));
    return { votes, corrections, pairs, meters };
  }
  async demoTable() {
    return `kind\n${this.votes.map(() => 'vote\n').join('')}`;
  }
  async clearDemo() {
    this.votes = [];
    this.corrections = [];
    return null;
  }
  async readDialogues(places: string[]) {
    const dialogue = (name: string) => ({
      name,
      text: 'Ada: Is the van free?\nBen: From noon.',
      reference: 'The van is free from noon.',
    });
    return {
      dialogues: places.flatMap((_, at) => [
        dialogue(`calls ${String(at + 1)}a`),
        dialogue(`calls ${String(at + 1)}b`),
      ]),
      unread: [],
    };
  }
}
