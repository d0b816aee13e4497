// What the invented run tells about its judge and its rounds, for the page without an engine.
import type { Round, Rounds, Words } from './bindings';

/** The judge on real and damaged dialogues. */
export const judge: Words[] = [
  {
    en: 'The judge is partly able: it sees the topic, but not reliably the content.',
    de: 'Der Prüfer ist teilweise fähig: Er erkennt das Thema, den Inhalt nicht zuverlässig.',
  },
  {
    en: 'It recognises the right conversation in 46 of 50 cases.',
    de: 'Das richtige Gespräch erkennt er in 46 von 50 Fällen.',
  },
  {
    en: 'It cannot tell who said what and in what order.',
    de: 'Er sieht nicht, wer was gesagt hat und in welcher Reihenfolge.',
  },
];

/** Three rounds, of which the second is taken. */
export function rounds(): Rounds {
  const round = (number: number, validation_ce: number, distinct2: number): Round => ({
    system: 'mrds_separate',
    round: number,
    accepted: 380 - 20 * number,
    accepted_rate: 0.95 - 0.05 * number,
    compared: 100,
    distinct2,
    distinct2_ratio: distinct2 / 0.72,
    distinct2_of_shots: distinct2 / 0.74,
    self_bleu4: 0.12 + 0.03 * number,
    self_bleu4_rise: 0.03 * (number - 1),
    self_bleu4_over_shots: 0.03 * number,
    length_ratio: 1.1,
    pair_gap: 0.5 - 0.1 * number,
    pair_gap_ratio: (0.5 - 0.1 * number) / 0.4,
    scorer_ce: 2.2,
    judge_ce: null,
    real_ce_rise: 0.02 * number,
    drift_kl: 0.05 * number,
    copy_rate: 0,
    two_sample_auc: 0.7 + 0.04 * number,
    validation_ce,
    validation_rouge1: 0.36,
    scorer_split: null,
    stop: number === 3 ? 'narrowing' : null,
    warnings: [],
    chosen: number === 2,
  });
  return {
    system: 'mrds_separate',
    asked: 4,
    rounds: [round(1, 2.31, 0.72), round(2, 2.24, 0.66), round(3, 2.26, 0.55)],
    real_ce: 2.35,
    sentences: [
      {
        en: 'Stopped after round 3: the made-up conversations became alike (each shares more with the others than in round 1).',
        de: 'Nach Runde 3 beendet: Die erfundenen Gespräche wurden einander ähnlich (jedes teilt mehr mit den anderen als in Runde 1).',
      },
      {
        en: 'Round 2 is taken: its summarizer is the least surprised by the validation summaries (2.240 nats per token).',
        de: 'Genommen wird Runde 2: Ihr Zusammenfasser ist von den Validierungszusammenfassungen am wenigsten überrascht (2,240 Nat je Token).',
      },
    ],
  };
}
