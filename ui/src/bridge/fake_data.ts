// What the fake bridge knows: dialogues and figures written for this purpose.
import type {
  Budget,
  CatalogueModel,
  Dataset,
  Direction,
  Example,
  Fit,
  Licence,
  LicenceText,
  LogLine,
  LogWord,
  Mean,
  MetricCard,
  MetricUnit,
  Model,
  PartState,
  Plan,
  RecipeField,
  ResultMetric,
  RunResults,
  RunSummary,
  ShapeAudit,
  Spread,
  StageName,
  StageStanding,
  StageState,
  Synthesizer,
  SynthesizerResult,
  System,
  SystemResult,
  Turn,
  Words,
} from './bindings';
import { judge, rounds } from './fake_rounds';

export const stageNames: StageName[] = [
  'topics',
  'summaries',
  'synthesizer',
  'candidates',
  'preferences',
  'align',
  'dialogues',
  'summarizer',
  'evaluate',
];

/** `Name: text` lines as turns. */
export function turns(text: string): Turn[] {
  return text.split('\n').map((line) => {
    const at = line.indexOf(': ');
    return at < 0 ? { speaker: '', text: line } : { speaker: line.slice(0, at), text: line.slice(at + 2) };
  });
}

const pairs: [string, string, string][] = [
  [
    'Moving house',
    'Mara has a van for nine on Saturday. Theo brings tape and coffee.',
    'Mara: The van is booked for nine on Saturday.\nTheo: Nine? I thought we said eleven.\nMara: They only had nine or four left.\nTheo: Fine, nine. Who brings the boxes?\nMara: I have thirty from work. Could you get tape?\nTheo: Tape and coffee. See you at nine.',
  ],
  [
    'A lost key',
    'Ines lost her key and will fetch the spare one from Paul at six.',
    'Ines: I cannot find my key anywhere.\nPaul: Did you look in the blue bag?\nInes: Twice. Do you still have the spare one?\nPaul: Yes, at my desk. I am here until six.\nInes: I will come at six then. Thank you.',
  ],
  [
    'Knee pain',
    'The patient’s knee has hurt since a long run. The doctor advises rest and ice for a week.',
    'Doctor: What brings you in today?\nPatient: My left knee has hurt since Sunday, mostly on the stairs.\nDoctor: Did you fall or twist it?\nPatient: No fall. I ran ten kilometres on Saturday.\nDoctor: Any swelling or locking?\nPatient: A little swelling in the evening.\nDoctor: Rest it for a week, ice in the evening, and come back if it locks.',
  ],
  [
    'A late parcel',
    'The customer’s parcel is held because the house number is missing. It goes out tomorrow before noon.',
    'Customer: My parcel was due on Tuesday and it is Friday now.\nAgent: I am sorry. May I have the order number?\nCustomer: 48213.\nAgent: It is held at the depot because the house number is missing.\nCustomer: It is number 7.\nAgent: Thank you. It goes out tomorrow before noon.',
  ],
  [
    'A birthday present',
    'Lena and Omar will give Ruth a cookbook and share the cost.',
    'Lena: Have you thought of something for Ruth?\nOmar: She keeps talking about that Georgian cookbook.\nLena: The big one? It costs forty.\nOmar: We could share it.\nLena: Deal. I will order it tonight.\nOmar: And I will write the card.',
  ],
  [
    'A missed train',
    'Jon missed the train. Petra will start the meeting without him, and he joins by phone.',
    'Jon: I missed the 8.12 by ten seconds.\nPetra: When is the next one?\nJon: 8.42. I would be there at half past nine.\nPetra: We begin at nine. Join by phone until then?\nJon: Yes. Please start with the budget, I know that part.',
  ],
];

export const topics = pairs.map(([topic]) => topic);

export const at = <T>(list: T[], index: number): T => list[index % list.length] as T;

export const summaryOf = (index: number) => at(pairs, index)[1];
export const dialogueOf = (index: number) => turns(at(pairs, index)[2]);

export function example(index: number): Example {
  return {
    id: `ex-${String(index + 1).padStart(4, '0')}`,
    key: index + 1,
    split: index % 5 === 3 ? 'validation' : index % 5 === 4 ? 'test' : 'train',
    origin: 'imported',
    turns: dialogueOf(index),
    references: [summaryOf(index)],
    in_study: false,
  };
}

/** What the synthesizer writes during alignment. */
export const samples = [
  'Iris: The printer on the second floor is out of paper.\nOtto: There is a box behind the door.\nIris: Found it, thank you.',
  'Lena: Can you take the early shift?\nOmar: Only if I may leave at three.\nLena: Three is fine. I will tell Ruth.',
  'Nora: Is the printer on the second floor working again?\nAli: Since this morning. They changed the drum.\nNora: Good, then I can print the handouts here.\nAli: Take the tray from the left, the right one still jams.',
];

const day = 86_400_000;
export const now = Date.UTC(2026, 10, 20, 9, 30);

export const datasets: Dataset[] = [
  {
    name: 'family-chats',
    n: 320,
    splits: { train: 160, validation: 80, test: 80 },
    unsummarised: 0,
    created_at_ms: now - 3 * day,
    note: '',
  },
  {
    name: 'support-desk',
    n: 148,
    splits: { train: 100, validation: 24, test: 24 },
    unsummarised: 0,
    created_at_ms: now - day,
    note: '',
  },
];

export const models: Model[] = [
  {
    path: '/home/ada/models/dialog-7m',
    name: 'dialog-7m',
    architecture: 'LlamaForCausalLM',
    parameters: 7_345_920,
    bytes: 29_400_000,
    context_tokens: 1024,
    problem: null,
    label: { name: '', note: '' },
  },
  {
    path: '/home/ada/models/SmolLM2-135M',
    name: 'SmolLM2-135M',
    architecture: 'LlamaForCausalLM',
    parameters: 134_515_008,
    bytes: 269_060_000,
    context_tokens: 8192,
    problem: null,
    label: { name: '', note: '' },
  },
];

export const bundledModel: Model = {
  path: '/usr/lib/duologue/models/SmolLM2-135M-Instruct',
  name: 'SmolLM2-135M-Instruct',
  architecture: 'GGUF',
  parameters: 134_515_008,
  bytes: 98_362_432,
  context_tokens: null,
  problem: null,
  label: { name: '', note: '' },
};

const entry = (
  name: string,
  hub_id: string,
  licence: Licence,
  parameters: number,
  context_tokens: number,
  fit: Fit,
  why: string,
): CatalogueModel => ({
  name,
  hub_id,
  licence,
  gated: hub_id.startsWith('meta'),
  has_terms: hub_id.startsWith('meta'),
  proof: name === 'smollm2-135m-instruct' ? 'proven' : 'not_tried',
  why,
  parameters,
  context_tokens,
  download_bytes: parameters * 2,
  fit,
  seconds: parameters / 2e4,
});

/** A licence that is long enough to scroll. */
export const licence = (name: string, hub_id: string, id: Licence): LicenceText => ({
  name,
  hub_id,
  licence: id,
  title: id === 'apache-2.0' ? 'Apache License 2.0' : 'Llama 3.2 Community License Agreement',
  address: 'https://example.org/licence',
  text: Array.from(
    { length: 60 },
    (_, index) => `${index + 1}. An invented clause stands in for the text of ${id}.`,
  ).join('\n\n'),
});

export const catalogue: CatalogueModel[] = [
  entry(
    'smollm2-135m-instruct',
    'HuggingFaceTB/SmolLM2-135M-Instruct',
    'apache-2.0',
    134_515_008,
    8192,
    'fits',
    'The smallest that follows instructions: a first run on any laptop.',
  ),
  entry(
    'qwen3-0.6b',
    'Qwen/Qwen3-0.6B',
    'apache-2.0',
    596_049_920,
    40_960,
    'fits',
    'Small, many languages, long dialogues.',
  ),
  entry(
    'llama-3.2-1b-instruct',
    'meta-llama/Llama-3.2-1B-Instruct',
    'llama3.2',
    1_235_814_400,
    131_072,
    'tight',
    'Widely used and well understood; its licence has to be accepted on the Hub.',
  ),
  entry(
    'qwen2.5-7b-instruct',
    'Qwen/Qwen2.5-7B-Instruct',
    'apache-2.0',
    7_615_616_512,
    32_768,
    'too_big',
    'Strong; for machines with much memory.',
  ),
];

const planSeconds = [4, 21, 96, 240, 1, 410, 180, 620, 150];

export const plan: Plan = {
  verdict: 'ready',
  missing: [],
  examples: {
    shots: 100,
    validation: 24,
    test: 24,
    shots_at_most: 100,
    validation_at_most: 100,
    unsummarised: 0,
  },
  parameters: 7e6,
  tokens_per_microbatch: 2048,
  generate_batch_size: 32,
  probed: true,
  recompute: false,
  peak_bytes: 1.9e9,
  disk_bytes: 92e6,
  seconds: planSeconds.reduce((sum, one) => sum + one, 0),
  stages: stageNames.map((name, index) => ({
    name,
    peak_bytes: 0.6e9 + ((index * 29) % 9) * 0.16e9,
    disk_bytes: [2, 5, 7].includes(index) ? 30e6 : 1e6,
    seconds: planSeconds[index] ?? 0,
  })),
  systems: [
    { system: 'sft_real', seconds: 240 },
    { system: 'mrds_joint', seconds: 900 },
  ],
  offers: [],
  budget: null,
  machine: { memory_free_bytes: 21.7e9, disk_free_bytes: 214e9, threads: 8 },
};

/** What a time made a run give up. */
export const budget: Budget = {
  within_s: 2700,
  fits: true,
  seconds: 2300,
  cut: [
    { field: 'lr_search', from: '[0.5, 1.0, 2.0]', to: '[1.0]', saved_s: 2400, price: 3 },
    { field: 'synthetic_per_shot', from: '10', to: '6', saved_s: 800, price: 2 },
  ],
  least_s: 600,
  detectable_diff: 0.0151,
};

/** What is different if the machine is too small. */
export const tooBig: Partial<Plan> = {
  verdict: 'not_ready',
  missing: [{ case: 'memory', need_bytes: 24.8e9, free_bytes: 21.7e9 }],
  peak_bytes: 24.8e9,
  seconds: 16_200,
  offers: [
    {
      change: {
        case: 'settings',
        settings: [
          { key: 'synthetic_per_shot', value: '2' },
          { key: 'sft_max_epochs', value: '2' },
        ],
      },
      price: 'short_dialogues',
      peak_bytes: 11.2e9,
      seconds: 3400,
      fits: true,
    },
    {
      change: { case: 'model', hub_id: 'HuggingFaceTB/SmolLM2-135M-Instruct' },
      price: 'smaller_model',
      peak_bytes: 18.9e9,
      seconds: 19_800,
      fits: true,
    },
  ],
};

const within = (min: number, max: number) => ({ min, above_min: false, max, below_max: false });
export const recipe: RecipeField[] = [
  {
    key: 'systems',
    shape: { kind: 'words', words: ['zero_shot', 'sft_real', 'mrds_joint', 'mrds_separate'] },
    value: '["sft_real","mrds_separate","zero_shot"]',
    default: '["sft_real","mrds_separate","zero_shot"]',
    doc: 'Summarizers to compare.',
    source: 'paper: its tables',
  },
  {
    key: 'quantize',
    shape: { kind: 'word', words: ['none', 'q8_0', 'q4_k'] },
    value: 'none',
    default: 'none',
    doc: 'Number type of the frozen base model in memory.',
    source: 'QLoRA',
  },
  {
    key: 'seed',
    shape: { kind: 'whole', bounds: within(0, 1_000_000) },
    value: '1',
    default: '1',
    doc: 'Seed of every random number.',
    source: 'our choice',
  },
  {
    key: 'shots',
    shape: { kind: 'whole', bounds: within(1, 1_000_000) },
    value: '100',
    default: '100',
    doc: 'Real examples that training may see.',
    source: 'paper, 4.1',
  },
  {
    key: 'synthesizer.lora.rank',
    shape: { kind: 'whole', bounds: within(1, 1_000_000) },
    value: '16',
    default: '16',
    doc: 'Rank of the adapter.',
    source: 'LoRA',
  },
  {
    key: 'synthesizer.lr',
    shape: { kind: 'number', bounds: within(0, 1) },
    value: '2e-4',
    default: '2e-4',
    doc: 'Peak learning rate.',
    source: 'paper, A',
  },
  {
    key: 'candidates.k',
    shape: { kind: 'whole', bounds: within(1, 1_000_000) },
    value: '4',
    default: '4',
    doc: 'Dialogues written for each summary.',
    source: 'paper, 3.2',
  },
  {
    key: 'candidates.temperature',
    shape: { kind: 'number', bounds: within(0, 1_000) },
    value: '0.9',
    default: '0.9',
    doc: 'Sampling temperature.',
    source: 'paper, 3.2',
  },
  {
    key: 'align.beta',
    shape: { kind: 'number', bounds: { ...within(0, 1_000), above_min: true } },
    value: '0.1',
    default: '0.1',
    doc: 'Strength of the pull to the reference.',
    source: 'DPO',
  },
  {
    key: 'align.sft_weight',
    shape: { kind: 'number', bounds: within(0, 1_000) },
    value: '1.0',
    default: '1.0',
    doc: 'Weight of the SFT term.',
    source: 'paper, 3.3',
  },
  {
    key: 'summarizer.patience',
    shape: { kind: 'whole', bounds: within(0, 1_000_000) },
    value: '3',
    default: '3',
    doc: 'Evaluations without gain.',
    source: 'our choice',
  },
];

/** Stages with the first `done` finished and the next in `status`. */
export function stages(done: number, status?: StageStanding): StageState[] {
  return stageNames.map((name, index): StageState => ({
    name,
    status: index < done ? 'done' : index === done && status ? status : 'waiting',
    wall_s: index < done ? 14 + ((index * 37) % 90) * 2.5 : null,
    forecast_s: done < stageNames.length ? (planSeconds[index] ?? 0) : null,
    progress: null,
    parts: partsOf(name, index < done),
  }));
}

/** What stages with parts make for each system. */
function partsOf(stage: StageName, done: boolean): PartState[] {
  const names: Partial<Record<StageName, string[]>> = {
    align: ['dpo_separate'],
    dialogues: ['dpo_separate'],
    summarizer: ['sft_real', 'mrds_separate'],
    evaluate: ['zero_shot', 'sft_real', 'mrds_separate', 'synthesizer/ids'],
  };
  return (names[stage] ?? []).map((name, index) => ({
    name,
    status: done ? (name === 'zero_shot' ? 'reused' : 'done') : 'waiting',
    wall_s: done ? 8 + 3 * index : null,
    cpu_s: done ? 15 + 6 * index : null,
    n_out: done ? 80 : null,
  }));
}

const systems: System[] = ['zero_shot', 'in_context', 'sft_real', 'mrds_joint', 'mrds_separate'];

export const sampleRun = (): RunSummary => ({
  id: 'physiotherapy-1',
  status: 'done',
  dataset: 'physiotherapy',
  model_name: 'SmolLM2-135M-Instruct',
  created_at_ms: now - 3 * day,
  seed: 1,
  stages: stages(9),
  systems,
  headline_rouge1: 0.6213,
  label: { name: '', note: '' },
});

export const runs: RunSummary[] = [
  {
    id: 'run-0003',
    status: 'running',
    dataset: 'support-desk',
    model_name: 'dialog-7m',
    created_at_ms: now - 0.02 * day,
    seed: 1,
    stages: stages(5, 'running'),
    systems,
    headline_rouge1: null,
    label: { name: '', note: '' },
  },
  {
    id: 'run-0002',
    status: 'failed',
    dataset: 'support-desk',
    model_name: 'SmolLM2-135M',
    created_at_ms: now - 0.4 * day,
    seed: 1,
    stages: stages(3, 'failed'),
    systems,
    headline_rouge1: null,
    label: { name: '', note: '' },
  },
  {
    id: 'run-0001',
    status: 'done',
    dataset: 'family-chats',
    model_name: 'dialog-7m',
    created_at_ms: now - 2 * day,
    seed: 7,
    stages: stages(9),
    systems,
    headline_rouge1: 0.3121,
    label: { name: '', note: '' },
  },
];

function row(
  system: System,
  r1: number,
  r2: number,
  rl: number,
  ce: number | null,
  diff: number | null,
): SystemResult {
  const interval = (mean: number, half: number): Mean => ({ mean, ci95: [mean - half, mean + half] });
  const figure = (metric: ResultMetric, mean: number) => ({ metric, mean, lo: mean * 0.9, hi: mean * 1.1 });
  return {
    system,
    round: null,
    figures: [
      figure('summary_words', 18 + Math.round(r1 * 16)),
      figure('rouge1', r1),
      figure('chrf', r1 * 1.08),
      ...(ce === null ? [] : [figure('reference_ce', ce)]),
      { metric: 'facts_unsupported', mean: 0.4 - r1, lo: null, hi: null },
      { metric: 'novel2', mean: system === 'lead_3' ? 0 : 0.75, lo: null, hi: null },
    ],
    n: 80,
    rouge1: interval(r1, 0.021),
    rouge2: interval(r2, 0.014),
    rouge_l: interval(rl, 0.019),
    reference_ce: ce,
    vs_sft_real:
      diff === null
        ? null
        : { diff, lo: diff - 0.018, hi: diff + 0.018, p: Math.abs(diff) > 0.018 ? 0.012 : 0.41 },
  };
}

function card(
  metric: ResultMetric,
  [unit, direction]: [MetricUnit, Direction],
  label: Words,
  sentence: Words,
): MetricCard {
  return { metric, label, sentence, unit, direction, source: 'a paper', is_main: metric !== 'novel2' };
}

const cards: MetricCard[] = [
  card(
    'summary_words',
    ['words', 'neither'],
    { en: 'Words per summary', de: 'Wörter je Zusammenfassung' },
    { en: 'How long the summaries are.', de: 'Wie lang die Zusammenfassungen sind.' },
  ),
  card(
    'rouge1',
    ['points', 'higher'],
    { en: 'ROUGE-1', de: 'ROUGE-1' },
    {
      en: 'How many words a summary shares with the reference.',
      de: 'Wie viele Wörter eine Zusammenfassung mit der Referenz teilt.',
    },
  ),
  card(
    'chrf',
    ['points', 'higher'],
    { en: 'chrF', de: 'chrF' },
    {
      en: 'How many runs of characters a summary shares with the reference.',
      de: 'Wie viele Zeichenfolgen eine Zusammenfassung mit der Referenz teilt.',
    },
  ),
  card(
    'bertscore_f',
    ['points', 'higher'],
    { en: 'BERTScore', de: 'BERTScore' },
    {
      en: 'How close the words are in meaning to those of the reference.',
      de: 'Wie nah die Wörter denen der Referenz im Sinn sind.',
    },
  ),
  card(
    'reference_ce',
    ['nats_per_token', 'lower'],
    { en: 'Cross-entropy of the gold summary', de: 'Kreuzentropie der Referenz' },
    {
      en: 'How surprised the system is by the reference summary.',
      de: 'Wie sehr die Referenz das System überrascht.',
    },
  ),
  card(
    'facts_unsupported',
    ['share', 'lower'],
    { en: 'Facts not found in the conversation', de: 'Angaben, die nicht im Gespräch stehen' },
    {
      en: 'The share of figures and names that the conversation does not have.',
      de: 'Der Anteil der Zahlen und Namen, die das Gespräch nicht hat.',
    },
  ),
  card(
    'novel2',
    ['share', 'neither'],
    { en: 'New word pairs', de: 'Neue Wortpaare' },
    {
      en: 'The share of word pairs that the conversation does not have.',
      de: 'Der Anteil der Wortpaare, die das Gespräch nicht hat.',
    },
  ),
];

function maker(
  system: Synthesizer,
  rate: number,
  all: number,
  passing: number,
  copy: number,
): SynthesizerResult {
  return {
    system,
    n: 80,
    format_rate: rate,
    format_lo: rate - 0.09,
    format_hi: Math.min(1, rate + 0.06),
    scorer_ce_all: all,
    scorer_ce_passing: passing,
    accepted: Math.round(80 * rate),
    seconds_per_accepted: 0.6 / rate,
    copy_rate: copy,
  };
}

const spread = (mean: number, sd: number): Spread => ({
  mean,
  sd,
  quantiles: [mean - 2 * sd, mean - sd / 2, mean, mean + sd / 2, mean + 2 * sd],
});

const shape: ShapeAudit = {
  source: 'dpo_separate',
  n: 185,
  n_real: 125,
  distributions: [
    { figure: 'turns', real: spread(9.4, 2.9), made_up: spread(7.1, 2.2), d: 0.41 },
    { figure: 'words', real: spread(104.2, 31.5), made_up: spread(88.7, 24.1), d: 0.28 },
    { figure: 'questions', real: spread(0.31, 0.12), made_up: spread(0.27, 0.1), d: 0.12 },
  ],
  near_duplicates: { among: 0.02, shots: 0, validation: 0 },
  two_sample: {
    n: 125,
    auc: 0.83,
    p: 0.005,
    band95: [0.42, 0.58],
    weights: [{ figure: 'log_turns', weight: -1.1 }],
  },
  sentences: [
    {
      en: 'A simple classifier tells the made-up conversations from real ones by their shape with an AUC of 0.83 (0.5 is chance; without a difference it lies between 0.42 and 0.58): the made-up ones have fewer turns. That alone is no fault; a rise from round to round is.',
      de: 'Ein einfacher Klassifikator unterscheidet die erfundenen Gespräche an ihrer Form mit einer AUC von 0,83 von echten (0,5 ist Zufall; ohne Unterschied liegt sie zwischen 0,42 und 0,58): Die erfundenen haben weniger Redebeiträge. Das allein ist kein Fehler; ein Anstieg von Runde zu Runde ist einer.',
    },
    {
      en: 'On average, made-up beside real: turns 7.1 beside 9.4; words 88.7 beside 104.2.',
      de: 'Im Mittel, erfunden neben echt: Redebeiträge 7,1 neben 9,4; Wörter 88,7 neben 104,2.',
    },
  ],
};

export function results(run: string): RunResults {
  return {
    run,
    seed: 7,
    verdict: {
      en: 'MRDS does better than fine-tuning on real data alone: +2.6 ROUGE-1 on 80 test dialogues (95 % interval +0.8 to +4.4). This is one training; another draw may come out differently.',
      de: 'MRDS ist besser als das Training an echten Daten allein: +2,6 ROUGE-1 an 80 Testdialogen (95-%-Intervall +0,8 bis +4,4). Das ist ein einziges Training; eine andere Ziehung kann anders ausfallen.',
    },
    notes: {
      cards,
      reference_words: 21.4,
      bertscore: null,
      facts: {
        en: 'Figures and names found in the conversation. It does not judge meaning: most errors of summaries use the right words wrongly.',
        de: 'Zahlen und Namen, die im Gespräch vorkommen. Die Bedeutung wird nicht beurteilt: Die meisten Fehler in Zusammenfassungen verwenden die richtigen Wörter falsch.',
      },
      greyed: ['date'],
    },
    results: [
      row('lead_3', 0.261, 0.061, 0.196, null, -0.025),
      row('longest_3', 0.249, 0.06, 0.187, null, -0.037),
      row('zero_shot', 0.148, 0.021, 0.119, 3.61, -0.138),
      row('in_context', 0.171, 0.032, 0.138, 3.44, -0.115),
      row('sft_real', 0.286, 0.078, 0.231, 2.71, null),
      row('sft_synthetic_ids', 0.291, 0.08, 0.236, 2.69, 0.005),
      row('fixed_ratio', 0.294, 0.083, 0.239, 2.67, 0.008),
      row('mrds_joint', 0.303, 0.088, 0.247, 2.63, 0.017),
      row('mrds_separate', 0.312, 0.093, 0.255, 2.6, 0.026),
    ],
    detectable_diff: 0.024,
    synthesizers: [
      maker('sft', 0.71, 2.42, 2.31, 0.04),
      maker('dpo_separate', 0.93, 2.18, 2.14, 0.03),
      maker('dpo_joint', 0.89, 2.21, 2.16, 0.03),
      maker('ids', 0.78, 2.33, 2.25, 0.05),
      maker('rejection', 0.96, 2.2, 2.19, 0.04),
    ],
    first_dpo_loss: 0.693_147,
    judge,
    leaks: { verdict: 'clean', n: 1545, leaking: 0, passage_words: 20, longest_words: 10 },
    shapes: [shape],
    rounds: [rounds()],
    pairs: { format: 164, content: 212, joint: 170 },
    stage1_ended_by: 'plateau_lr',
  };
}

/** The first cells of a file, unchanged. */
export function cells(at: number): string[] {
  const one = example(at);
  const text = one.turns.map((turn) => `${turn.speaker}: ${turn.text}`).join('\n');
  return [one.id, text, one.references[0] ?? '', pairs[at % pairs.length]?.[0] ?? ''];
}

const line = (level: LogLine['level'], event: LogWord, stage: StageName | null, text: string): LogLine => ({
  at_ms: now,
  level,
  event,
  stage,
  text,
  step: null,
  total_steps: null,
  loss: null,
  error: null,
});

/** What the worker of a run wrote. */
export function log(run: RunSummary): LogLine[] {
  const lines = [line('info', 'run_started', null, run.id)];
  for (const stage of run.stages.filter((one) => one.status !== 'waiting')) {
    lines.push(line('info', 'stage', stage.name, 'running'));
    for (let step = 1; step <= 12; step += 1)
      lines.push({
        ...line('detail', 'step', stage.name, stage.name === 'align' ? 'dpo_separate' : stage.name),
        step,
        total_steps: 12,
        loss: 1 / step,
      });
    lines.push(line('detail', 'sample', stage.name, samples[0] ?? ''));
    if (stage.status === 'done') lines.push(line('info', 'stage', stage.name, 'done'));
    if (stage.status === 'failed') lines.push(line('error', 'stage', stage.name, 'failed'));
  }
  lines.push({ ...line('warning', 'said', null, 'The disk has 3 GB left.'), at_ms: null });
  if (run.status === 'failed')
    lines.push(
      line('error', 'error', null, 'The stage “Candidates” stopped: the machine ran out of memory.'),
    );
  return lines.map((one, at) => ({ ...one, at_ms: one.at_ms === null ? null : one.at_ms + at * 700 }));
}

/** The points of an alignment's curves at a step. */
export function traceOf(step: number): [series: string, value: number][] {
  const noise = Math.sin(step * 12.9898) * 0.04;
  const points: [string, number][] = [
    ['loss', 0.34 + 0.353 * Math.exp(-step / 40) + noise],
    ['rewards/margins', 1.4 * (1 - Math.exp(-step / 60)) + noise * 2],
    ['rewards/accuracies', 0.5 + 0.42 * (1 - Math.exp(-step / 50))],
    ['logps/chosen', -46 - step * 0.12 + noise * 20],
    ['logps/rejected', -52 - step * 0.22 + noise * 20],
  ];
  if (step % 10 === 0) points.push(['validation_ce', 0.42 + 0.3 * Math.exp(-step / 45)]);
  return points;
}
