// A bridge without a window: everything in memory, a running job that moves, errors as the real one gives them.
import type {
  AppError,
  ArtifactKind,
  Bridge,
  CatalogueModel,
  Channel,
  Control,
  DemoChoice,
  DatasetForm,
  DemoEvent,
  DoubtFound,
  DownloadEvent,
  Example,
  ExperimentAction,
  ExperimentReport,
  ExperimentRequest,
  ImportReport,
  ImportRequest,
  LicenceText,
  LogPage,
  MetricPoint,
  Model,
  NetworkRow,
  FolderFit,
  ForgetFound,
  ForgetPlan,
  HandAct,
  HandOver,
  HandOverEvent,
  ItemQuery,
  Lineage,
  PastImport,
  Plan,
  StageForecast,
  Queue,
  RunLive,
  RunRequest,
  RunStanding,
  RunSummary,
  StageName,
  StartState,
  SummaryToBack,
  System,
  WatchUpdate,
} from './index';
import { mockIPC } from '@tauri-apps/api/mocks';
import { backing } from './fake_backing';
import * as data from './fake_data';
import { FakeEveryday } from './fake_everyday';
import * as made from './fake_experiments';
import { offeredBy, replayOf, stepsOf } from './fake_handover';
import { refuse, reportOf, forgottenWith } from './fake_import';
import { FakeItems } from './fake_items';
import { lockedStart, WORKSPACE } from './fake_protection';

/** How the stand-in behaves; tests start from an empty workspace or shorten the clock. */
export interface FakeOptions {
  empty?: boolean;
  tickMs?: number;
  /** No run is at work. */
  idle?: boolean;
  /** Only the processor can compute. */
  cardless?: boolean;
  /** The workspace is locked as soon as the window asks for settings. */
  lost?: boolean;
  /** How the window started, if not in the usual way. */
  start?: Partial<StartState>;
  /** The workspace is protected by this passphrase, and unlocked. */
  secret?: string;
  /** The ledger of connections, the newest line first. */
  connections?: NetworkRow[];
}

export class FakeBridge extends FakeEveryday implements Bridge {
  /** Workspaces that the window was asked to restart with. */
  opened: { folder: string; readOnly: boolean }[] = [];
  restored = 0;
  /** Pairs that were forgotten, and where passages of them are said to be left. */
  forgotten: number[] = [];
  stillThere: ForgetFound[] = [];
  #lost: boolean;
  forecasts: StageForecast[][] = [];
  settings: Record<string, string> = {};
  experimentList: ExperimentReport[];
  begun: ExperimentRequest[] = [];
  kept: { name: string; text: string }[] = [];
  handed: HandOver[] = [];
  #items: Record<string, FakeItems> = {};
  /** Runs of a version that did not note what results were made from. */
  earlier: string[] = [];
  /** What runs made gives real conversations away. */
  leaks = false;
  #stopping = false;
  saved: { name: string; text: string }[] = [];
  planned: RunRequest[] = [];
  #pausing = false;
  #made: Record<string, Example[]> = {};
  #nextKey = 100_000;
  #tickMs: number;
  controls: string[] = [];
  notified: string[] = [];
  /** The base model of the sample came along. */
  hasBase = true;
  /** Files that were bad have been mended. */
  mended = false;
  /** How the files were last read. */
  asked: ImportRequest | undefined;
  started: RunRequest[] = [];
  queue: Queue = { runs: [], held: false, keep_awake: true, awake_for: 'run-0003' };
  #control: Record<string, RunLive['control']> = {};
  #points: MetricPoint[] = [];
  #sent = 0;
  #watched: string | null = null;
  #updates: Channel<WatchUpdate> | undefined;
  #step = 61;
  #worked = false;

  constructor(options: FakeOptions = {}) {
    super();
    // A channel registers itself with the window that it expects.
    mockIPC(() => undefined);
    this.#tickMs = options.tickMs ?? 500;
    this.startsAs = options.start ?? {};
    this.secret = options.secret;
    this.connections = options.connections ?? [];
    this.#lost = options.lost === true;
    if (options.cardless) this.found = { cards: [], no_card: 'this machine has no NVIDIA driver' };
    const copy = <T>(list: T[]): T[] => (options.empty ? [] : structuredClone(list));
    this.datasetList = copy(data.datasets);
    this.modelList = copy(data.models);
    this.runList = copy(data.runs);
    this.experimentList = copy(made.experimentReports());
    if (options.idle)
      for (const run of this.runList) if (run.status === 'running') this.#settle(run, 'paused');
    for (let step = 1; step <= this.#step; step += 1) this.#trace(step);
    this.#move();
    setInterval(() => this.#tick(), this.#tickMs);
  }

  async startState(): Promise<StartState> {
    return {
      workspace: WORKSPACE,
      problem: null,
      copied_at_ms: null,
      readable: false,
      locked: false,
      protected: this.secret !== undefined,
      read_only: false,
      missing: null,
      ...this.startsAs,
    };
  }
  async openWorkspace(folder: string, readOnly: boolean) {
    this.opened.push({ folder, readOnly });
    return null;
  }
  async restoreCopy() {
    this.restored += 1;
    return `${WORKSPACE}/workspace.damaged-1.sqlite`;
  }
  async appInfo() {
    return {
      version: '0.1.0',
      workspace: WORKSPACE,
      bundled_model: data.bundledModel.path,
      cli_path: '/usr/bin/duologue',
      cpu: 'AMD Ryzen 7 7840U',
      threads: 16,
      memory_bytes: 33.4e9,
      memory_free_bytes: 21.7e9,
      gpu: 'NVIDIA RTX 2000',
      disk_free_bytes: 214e9,
      connections: this.connections.filter((row) => row.outcome !== 'refused').length,
      network_locked: this.networkLocked,
    };
  }
  async setting(key: string) {
    if (this.#lost) refuse({ code: 'busy', args: { file: `${WORKSPACE}/workspace.sqlite` } });
    return this.settings[key] ?? null;
  }
  async setSetting(key: string, value: string) {
    this.settings[key] = value;
    return null;
  }
  async notify(text: string) {
    this.notified.push(text);
    return null;
  }
  async pickFiles() {
    return ['/home/ada/dialogues.jsonl'];
  }
  async pickFolder() {
    return '/home/ada/models/dialog-20m';
  }

  async keepText(name: string, text: string) {
    this.kept.push({ name, text });
    return `/home/ada/.local/share/duologue/inbox/${name}`;
  }
  async forgetText(file: string) {
    this.kept = this.kept.filter(({ name }) => !file.endsWith(`/${name}`));
  }
  async saveText(name: string, text: string) {
    this.saved.push({ name, text });
    return `/home/ada/${name}`;
  }
  async inspect(request: ImportRequest): Promise<ImportReport> {
    this.asked = request;
    return reportOf(request, this.mended);
  }
  async importFiles(request: ImportRequest) {
    const report = await this.inspect(request);
    if (report.bad_rows > 0 && !request.skip_bad)
      refuse({
        code: 'bad_rows',
        args: {
          count: 2,
          read: 60,
          file: request.files[0] ?? '',
          row: 14,
          field: 'summary',
          fault: { code: 'empty_summary' },
        },
      });
    this.datasetList.unshift({
      name: report.dataset,
      n: report.imported,
      splits: report.splits,
      unsummarised: report.unsummarised,
      created_at_ms: data.now,
      note: '',
    });
    return report;
  }
  async takeSample() {
    const splits = { train: 100, validation: 20, test: 80 };
    this.datasetList.unshift({
      name: 'physiotherapy',
      n: 200,
      splits,
      unsummarised: 0,
      created_at_ms: data.now,
      note: '',
    });
    const model = data.bundledModel;
    const problem = { code: 'no_such_model', args: { file: model.path } } as const;
    this.modelList.push({ ...model, problem: this.hasBase ? null : problem });
    this.runList.push(data.sampleRun());
    return {
      dataset: 'physiotherapy',
      run: 'physiotherapy-1',
      model: model.path,
      has_model: this.hasBase,
      examples: 200,
      known: false,
    };
  }
  async datasets() {
    return structuredClone(this.datasetList);
  }
  async pastImports(dataset: string): Promise<PastImport[]> {
    const found = this.datasetList.find((row) => row.name === dataset);
    if (!found) return [];
    const { n: present, splits: counts, created_at_ms: at_ms } = found;
    return [{ id: 1, at_ms, files: [`/home/ada/${dataset}.jsonl`], counts, present }];
  }
  async undoImport(dataset: string, number: number) {
    const [past] = await this.pastImports(dataset);
    if (past?.id !== number)
      refuse({ code: 'not_found', args: { case: 'thing', thing: 'import', key: String(number) } });
    this.datasetList = this.datasetList.filter((row) => row.name !== dataset);
    return past?.present ?? 0;
  }
  /** The pairs of a data set, made when they are first asked for. */
  #pairs(dataset: string): Example[] {
    const total = this.datasetList.find((row) => row.name === dataset)?.n ?? 0;
    return (this.#made[dataset] ??= Array.from({ length: total }, (_, index) => data.example(index)));
  }
  #count(dataset: string) {
    const found = this.datasetList.find((row) => row.name === dataset);
    if (found) found.n = this.#pairs(dataset).length;
  }
  async examples(dataset: string, offset: number, limit: number) {
    const pairs = this.#pairs(dataset);
    const rows = structuredClone(pairs.slice(offset, offset + limit));
    for (const row of rows)
      if (row.split === 'test' && this.isAnyBlind())
        Object.assign(row, { in_study: true, references: [] }, this.isAudited() ? { turns: [] } : {});
    return { total: pairs.length, rows };
  }
  async doubts(dataset: string): Promise<DoubtFound[]> {
    return this.#pairs(dataset).flatMap((pair, at): DoubtFound[] => {
      const key = pair.key ?? 0;
      const [name] = pair.references[0]?.match(/Robert/) ?? [];
      const found: DoubtFound[] = [];
      if (at >= 6 && at < 9) found.push({ doubt: 'duplicate', at, key, other: at - 6, detail: '100' });
      if (name || at === 1)
        found.push({ doubt: 'unknown_name', at, key, other: null, detail: name ?? 'Robert' });
      return found;
    });
  }
  async tooLong(dataset: string, model: string): Promise<DoubtFound[]> {
    const long = model.includes('7m') ? this.#pairs(dataset).slice(3, 5) : [];
    return long.map((pair, index) => ({
      doubt: 'too_long',
      at: index + 3,
      key: pair.key ?? 0,
      other: null,
      detail: String(2210 + index),
    }));
  }
  async editExample(dataset: string, example: Example) {
    const pairs = this.#pairs(dataset);
    pairs[pairs.findIndex((pair) => pair.key === example.key)] = { ...example };
    return null;
  }
  async writeExample(dataset: string, example: Example) {
    this.#nextKey += 1;
    this.#pairs(dataset).push({ ...example, key: this.#nextKey });
    this.#count(dataset);
    return null;
  }
  async deleteExamples(dataset: string, keys: number[]) {
    this.#made[dataset] = this.#pairs(dataset).filter((pair) => !keys.includes(pair.key ?? -1));
    this.#count(dataset);
    return null;
  }

  async forgetPlan(dataset: string, keys: number[]): Promise<ForgetPlan> {
    const pairs = this.#pairs(dataset).filter((pair) => keys.includes(pair.key ?? -1));
    const runs = this.runList.filter((run) => run.dataset === dataset).slice(0, 1);
    return forgottenWith(dataset, pairs, runs);
  }
  async forgetPairs(dataset: string, keys: number[]) {
    const plan = await this.forgetPlan(dataset, keys);
    this.forgotten.push(...keys);
    await this.deleteExamples(dataset, keys);
    return { plan, verified: { searched_bytes: 48e6, wal_bytes: 0, remaining: this.stillThere } };
  }

  async models() {
    return structuredClone(this.modelList);
  }
  async addModel(path: string) {
    if (path.includes('missing'))
      refuse({
        code: 'file_not_found',
        args: { case: 'no_config', file: `${path}/config.json`, reason: 'there is no such file' },
      });
    const model = { ...(data.models[0] as Model), path, name: path.split('/').pop() ?? path };
    if (!this.modelList.some((known) => known.path === path)) this.modelList.push(model);
    return model;
  }
  async forgetModel(path: string) {
    this.modelList = this.modelList.filter((model) => model.path !== path);
    return null;
  }

  async verifyModel(path: string) {
    const fine = !path.includes('135M');
    const damaged = fine ? [] : ['model.safetensors'];
    return { id: null, path, parameters: null, damaged, sha256_ok: fine };
  }
  async deleteModel(path: string) {
    await this.forgetModel(path);
    return null;
  }
  async modelFits(paths: string[], device: string): Promise<FolderFit[]> {
    return paths.map((path) => ({
      path,
      memory: null,
      fit: path.includes('7m') || device !== 'cpu' ? 'fits' : 'tight',
      seconds: path.includes('7m') ? 540 : 9000,
    }));
  }
  async catalogue(): Promise<CatalogueModel[]> {
    return structuredClone(data.catalogue);
  }
  async modelLicence(name: string): Promise<LicenceText> {
    const entry = data.catalogue.find((listed) => listed.name === name);
    return data.licence(name, entry?.hub_id ?? '', entry?.licence ?? 'apache-2.0');
  }
  async downloadModel(hubId: string, onEvent: Channel<DownloadEvent>) {
    const entry = data.catalogue.find((listed) => listed.hub_id === hubId);
    if (!entry) return refuse({ code: 'not_on_hub', args: { host: 'huggingface.co', what: hubId } });
    if (entry.gated) refuse({ code: 'gated', args: { host: 'huggingface.co', what: hubId, no_token: null } });
    const total_bytes = entry.download_bytes;
    this.#pausing = false;
    for (let done = 0.1; done <= 1; done += 0.1) {
      await new Promise((resolve) => setTimeout(resolve, this.#tickMs));
      if (this.#pausing) {
        onEvent.onmessage({ event: 'paused' });
        return null;
      }
      onEvent.onmessage({
        event: 'download',
        file: 'model.safetensors',
        done_bytes: done * total_bytes,
        total_bytes,
        bytes_per_s: 21e6,
        eta_s: ((1 - done) * total_bytes) / 21e6,
      });
    }
    const model = await this.addModel(
      `/home/ada/.local/share/duologue/models/${hubId.split('/')[1] ?? hubId}`,
    );
    onEvent.onmessage({ event: 'done', path: model.path });
    return null;
  }
  async pauseDownload() {
    this.#pausing = true;
  }

  async plan(request: RunRequest): Promise<Plan> {
    this.planned.push(structuredClone(request));
    const sheet = structuredClone(data.plan);
    if (request.model.endsWith('SmolLM2-135M') && request.preset !== 'small')
      return { ...sheet, ...data.tooBig };
    return request.within === null ? sheet : { ...sheet, budget: data.budget };
  }
  async recipeFields() {
    return structuredClone(data.recipe);
  }
  async runs() {
    return structuredClone(this.runList);
  }
  async startRun(request: RunRequest, queue: boolean, forecast: StageForecast[]) {
    this.started.push(request);
    this.forecasts.push(forecast);
    const waits = queue && (this.queue.held || this.#running() !== undefined);
    const id = `run-${String(this.runList.length + 1).padStart(4, '0')}`;
    this.runList.unshift({
      id,
      status: waits ? 'queued' : 'running',
      dataset: request.dataset,
      model_name: request.model.split('/').pop() ?? request.model,
      created_at_ms: data.now,
      seed: request.seed,
      stages: data.stages(0, waits ? 'waiting' : 'running').map((stage) => ({
        ...stage,
        forecast_s: forecast.find((planned) => planned.name === stage.name)?.seconds ?? null,
      })),
      systems: ['sft_real', 'mrds_separate'],
      label: { name: '', note: '' },
      headline_rouge1: null,
    });
    if (waits) {
      this.#enqueue(id, request.from, request.until);
      return id;
    }
    this.#step = 0;
    this.#points = [];
    this.#sent = 0;
    return id;
  }
  async resumeRun(run: string, from: StageName | null, until: StageName | null, queue: boolean) {
    this.controls.push(`${queue ? 'queue' : 'resume'} ${run} ${from ?? ''}..${until ?? ''}`);
    const row = this.#run(run);
    if (queue) {
      row.status = 'queued';
      this.#enqueue(run, from, until);
      return null;
    }
    row.status = 'running';
    const stage =
      row.stages.find((row) => row.name === from) ?? row.stages.find((row) => row.status !== 'done');
    if (stage) stage.status = 'running';
    this.#push();
    return null;
  }
  async addSystems(run: string, systems: System[], queue: boolean) {
    this.controls.push(`add ${run} ${systems.join(',')}${queue ? ' queue' : ''}`);
    const row = this.#run(run);
    row.systems = [...row.systems, ...systems];
    if (queue) this.#enqueue(run, null, null);
    row.status = queue ? 'queued' : 'running';
    this.#push();
    return null;
  }
  async controlRun(run: string, action: Control) {
    this.controls.push(`${action} ${run}`);
    this.#control[run] = action;
    this.#push();
    return null;
  }
  #enqueue(id: string, from: StageName | null, until: StageName | null) {
    const { dataset, model_name, seed } = this.#run(id);
    this.queue.runs.push({ id, dataset, model_name, seed, from, until });
    this.#push();
  }
  async moveQueued(run: string, to: number) {
    const [row] = this.queue.runs.splice(
      this.queue.runs.findIndex((waiting) => waiting.id === run),
      1,
    );
    if (row) this.queue.runs.splice(to, 0, row);
    this.#push();
    return null;
  }
  async removeQueued(run: string) {
    this.queue.runs = this.queue.runs.filter((waiting) => waiting.id !== run);
    this.runList = this.runList.filter((row) => row.id !== run);
    this.#push();
    return null;
  }
  async holdQueue(held: boolean) {
    this.queue.held = held;
    this.#next();
    this.#push();
    return null;
  }
  /** Starts the next run of the queue if none is running. */
  #next() {
    if (this.queue.held || this.#running()) return;
    const next = this.runList.find((row) => row.id === this.queue.runs[0]?.id);
    if (!next) return;
    this.queue.runs.shift();
    next.status = 'running';
    const [stage] = next.stages;
    if (stage) stage.status = 'running';
  }
  async runLog(run: string, offset: number): Promise<LogPage> {
    const lines = data.log(this.#run(run));
    return { lines: lines.slice(offset), next: lines.length, cut: false, more: false };
  }
  async experiments() {
    return this.experimentList.map((found) => made.summaryOf(found, data.now));
  }
  async experiment(name: string) {
    const found = this.experimentList.find((found) => found.experiment === name);
    if (!found) return refuse({ code: 'not_found', args: { case: 'thing', thing: 'experiment', key: name } });
    return structuredClone(found);
  }
  async experimentPresets() {
    return structuredClone(made.madePresets);
  }
  async planExperiment(request: ExperimentRequest) {
    return made.experimentPlan(request);
  }
  async startExperiment(request: ExperimentRequest) {
    this.begun.push(request);
    this.experimentList.unshift(made.begun(request));
    return null;
  }
  async steerExperiment(name: string, action: ExperimentAction) {
    this.controls.push(`${action} ${name}`);
    const found = this.experimentList.find((found) => found.experiment === name);
    if (action === 'delete') this.experimentList = this.experimentList.filter((other) => other !== found);
    else if (found) {
      const standings = { resume: 'queued', pause: 'paused', cancel: 'cancelled' } as const;
      found.status = standings[action];
    }
    return null;
  }
  async results(run: string) {
    this.#run(run);
    return data.results(run);
  }
  async watch(run: string | null, onUpdate: Channel<WatchUpdate>) {
    this.#watched = run;
    this.#updates = onUpdate;
    this.#sent = 0;
    this.#push();
    return null;
  }

  #itemsOf(run: string): FakeItems {
    const row = this.#run(run);
    const stages: Partial<Record<ArtifactKind, StageName>> = {
      topic: 'topics',
      summary: 'summaries',
      candidate: 'candidates',
      pair: 'preferences',
      dialogue: 'dialogues',
    };
    const isMade = (kind: ArtifactKind) =>
      row.stages.find(({ name }) => name === (stages[kind] ?? 'evaluate'))?.status === 'done';
    return (this.#items[run] ??= new FakeItems((kind) => (isMade(kind) ? 120 : 0)));
  }
  async findItems(query: ItemQuery) {
    const isBlind = this.isBlind(query.run);
    if (isBlind && query.kind === 'test_dialogue') refuse({ code: 'blinded', args: { studies: ['Set'] } });
    return this.#itemsOf(query.run).find(query, isBlind);
  }
  async items(run: string, keys: number[]) {
    return this.#itemsOf(run).entries(keys);
  }
  async lineage(run: string, key: number): Promise<Lineage> {
    return (
      this.#itemsOf(run).lineage(key) ??
      refuse({ code: 'not_found', args: { case: 'thing', thing: 'artifact', key: String(key) } })
    );
  }
  async backSummary(asked: SummaryToBack) {
    return backing(asked);
  }
  async changeItems(run: string, keys: number[], act: HandAct) {
    const items = this.#itemsOf(run);
    const changed =
      items.change(keys, act) ??
      refuse({ code: 'wrong_state', args: { case: 'not_by_hand', kind: 'output' } });
    return { keys: changed, state: items.state() };
  }
  async undoChange(run: string) {
    const items = this.#itemsOf(run);
    const undone = items.undo();
    return undone && { ...undone, state: items.state() };
  }
  async handState(run: string) {
    return { ...this.#itemsOf(run).state(), read_only: this.earlier.includes(run) };
  }
  async goOnFrom(run: string, queue: boolean) {
    const row = this.#run(run);
    this.controls.push(`go on ${run}${queue ? ' queue' : ''}`);
    const id = `${run}-next`;
    this.runList.unshift({ ...structuredClone(row), id, status: queue ? 'queued' : 'running' });
    return id;
  }

  async offered(run: string) {
    return offeredBy(this.#run(run), this.isBlind(run));
  }
  async handOver(request: HandOver, onEvent: Channel<HandOverEvent>) {
    this.handed.push(structuredClone(request));
    const { run, deliverable, reason } = request;
    this.#stopping = false;
    for (const step of stepsOf(deliverable)) {
      onEvent.onmessage({ event: 'step', step });
      await new Promise((resolve) => setTimeout(resolve, this.#tickMs));
      if (this.#stopping) {
        onEvent.onmessage({ event: 'stopped' });
        return null;
      }
      if (step === 'audit' && this.leaks && reason === null)
        refuse({ code: 'leak', args: { run, copied: 2, identifying: 1, texts: 300 } });
    }
    const found = offeredBy(this.#run(run), false).find(
      (offered) => JSON.stringify(offered.deliverable) === JSON.stringify(deliverable),
    );
    onEvent.onmessage({
      event: 'done',
      written: {
        path: `${request.folder}/${found?.name ?? run}`,
        bytes: found?.bytes ?? 214_000,
        replay: replayOf(deliverable),
      },
    });
    return null;
  }
  async stopHandOver() {
    this.#stopping = true;
  }
  async unpack(folder: string, name: string | null, model: string | null) {
    if (folder.includes('missing'))
      refuse({ code: 'wrong_state', args: { case: 'not_a_bundle', file: folder, runs: 0 } });
    const dataset = name ?? 'clinic-notes';
    if (this.datasetList.some((row) => row.name === dataset))
      refuse({ code: 'name_taken', args: { thing: 'data set', name: dataset } });
    const run = data.sampleRun();
    this.runList.push({ ...run, id: 'clinic-1', dataset });
    return { run: 'clinic-1', dataset, model: 'SmolLM2-135M', model_path: model, examples: 120 };
  }
  async saveDataset(dataset: string, form: DatasetForm) {
    return this.saveText(`${dataset}.${form}`, '');
  }

  async demo(choice: DemoChoice, dialogue: string, onEvent: Channel<DemoEvent>) {
    if (choice.model.includes('missing')) refuse({ code: 'no_such_model', args: { file: choice.model } });
    const speakers = [...new Set(data.turns(dialogue).map((turn) => turn.speaker))].filter(
      (name) => name !== '',
    );
    const summary = `${speakers.join(' and ') || 'They'} agree on what happens next.`;
    for (const word of summary.split(/(?<= )/)) {
      await new Promise((resolve) => setTimeout(resolve, 25));
      onEvent.onmessage({ event: 'token', text: word });
    }
    onEvent.onmessage({
      event: 'summary',
      summary,
      prompt_tokens: Math.round(dialogue.length / 4),
      new_tokens: Math.round(summary.length / 4),
      ttft_ms: 84,
      tokens_per_s: 142,
    });
    return null;
  }
  async closeDemo() {
    return;
  }

  #run(id: string): RunSummary {
    return this.runList.find((run) => run.id === id) ?? refuse({ code: 'no_such_run', args: { run: id } });
  }
  #running() {
    return this.runList.find((run) => run.status === 'running');
  }
  #trace(step: number): void {
    const stage = this.#running()?.stages.find((row) => row.status === 'running')?.name ?? 'align';
    for (const [series, value] of data.traceOf(step))
      this.#points.push({ stage, series: `dpo_separate/${series}`, step, value });
  }
  #move(): void {
    const stage = this.#running()?.stages.find((row) => row.status === 'running');
    if (!stage) return;
    stage.wall_s = this.#step * 0.9;
    stage.progress = {
      task: 'dpo_separate',
      step: this.#step,
      total_steps: 180,
      rss_bytes: 1.4e9 + this.#step * 1e6,
      loss: this.#points.findLast((point) => point.series.endsWith('/loss'))?.value ?? null,
      lr: 1e-5,
      tokens_per_s: 1840 + (this.#step % 9) * 12,
      eta_s: (180 - this.#step) * 0.9,
      sample: data.samples[Math.floor(this.#step / 20) % data.samples.length] ?? null,
    };
  }
  #settle(run: RunSummary, status: RunStanding): void {
    run.status = status;
    for (const stage of run.stages) if (stage.status === 'running') stage.status = 'paused';
  }
  #tick(): void {
    const run = this.#running();
    if (!run) {
      if (!this.#worked) return;
      this.#worked = false;
      this.#next();
      this.#push();
      return;
    }
    const wish = this.#control[run.id];
    if (wish) {
      this.#settle(run, wish === 'pause' ? 'paused' : 'cancelled');
      this.#control[run.id] = null;
    } else if (this.#step < 180) {
      this.#step += 1;
      this.#trace(this.#step);
      this.#move();
    }
    this.#push();
  }
  #push(): void {
    if (this.#running()) this.#worked = true;
    const run = this.runList.find((row) => row.id === this.#watched);
    const atWork = run !== undefined && run.id === this.#running()?.id;
    const reset = this.#sent === 0;
    const points = atWork ? this.#points.slice(this.#sent) : [];
    if (atWork) this.#sent = this.#points.length;
    const failure: AppError = {
      code: 'out_of_memory',
      args: {
        case: 'stage',
        stage: 'candidates',
        smaller: { settings: ['generate_batch_size=8'], price: 'rounding' },
      },
    };
    this.#updates?.onmessage({
      job: structuredClone(this.#running() ?? null),
      queue: structuredClone(this.queue),
      live: run
        ? {
            run: structuredClone(run),
            control: this.#control[run.id] ?? null,
            error: run.status === 'failed' ? failure : null,
          }
        : null,
      reset,
      points: structuredClone(points),
    });
  }
}

/** What a start without a workspace looks like. */
export const brokenStart: Partial<StartState> = {
  problem: { code: 'not_a_workspace', args: { file: `${WORKSPACE}/workspace.sqlite` } },
  copied_at_ms: data.now,
  readable: true,
};

/** The page in a browser: `?empty` begins without data, `?broken` without a workspace, `?idle` without a run at work. */
export function fakeBridge(search: string) {
  const asked = new URLSearchParams(search);
  const bridge = new FakeBridge({
    empty: asked.has('empty'),
    idle: asked.has('idle'),
    start: asked.has('broken')
      ? brokenStart
      : asked.has('locked')
        ? lockedStart
        : asked.has('look')
          ? { read_only: true }
          : {},
  });
  const [theme, language] = [asked.get('theme'), asked.get('language')];
  if (theme) bridge.settings['theme'] = theme;
  if (language) bridge.settings['language'] = language;
  return bridge;
}
