// The names of closed sets: states, stages, systems, criteria, kinds of items.

const system = {
  zero_shot: 'Base model, no examples',
  in_context: 'Base model, examples in the prompt',
  sft_real: 'Fine-tuned on real only',
  sft_synthetic_ids: 'Iterative synthesis (IDS)',
  fixed_ratio: 'Fixed mix of real and synthetic',
  mrds_joint: 'MRDS, joint pairs',
  mrds_separate: 'MRDS, separate pairs',
};

export const names = {
  status: {
    waiting: 'Waiting',
    created: 'Planned',
    starting: 'Starting',
    interrupted: 'Interrupted',
    running: 'Running',
    pausing: 'Pausing',
    paused: 'Paused',
    cancelled: 'Cancelled',
    failed: 'Failed',
    done: 'Done',
    reused: 'Reused',
    stale: 'Stale',
    locked: 'Locked',
    ok: 'OK',
    limited: 'Limited',
    missing: 'Missing',
    unused: 'Not used',
    unknown: 'Unknown',
    fits: 'Fits',
    tight: 'Tight',
    too_big: 'Too big',
    ready: 'Ready',
    not_ready: 'Not ready',
  },
  stage: {
    topics: { name: 'Topics', what: 'Names the topic of each real summary.' },
    summaries: { name: 'Summaries', what: 'Writes new summaries on those topics and filters them.' },
    synthesizer: { name: 'Synthesizer', what: 'Teaches a LoRA adapter to turn a summary into a dialogue.' },
    candidates: { name: 'Candidates', what: 'Writes several dialogues for each summary.' },
    preferences: {
      name: 'Preferences',
      what: 'Judges the dialogues by format and likelihood and forms pairs.',
    },
    align: { name: 'Align', what: 'Trains the synthesizer on the pairs (DPO with an SFT term).' },
    dialogues: { name: 'Dialogues', what: 'Writes the synthetic dialogues that train the summarizer.' },
    summarizer: { name: 'Summarizer', what: 'Trains on synthetic pairs first, then on the real ones.' },
    evaluate: {
      name: 'Evaluate',
      what: 'Summarizes the held-out test dialogues with every system and scores them.',
    },
  },
  system,
  synthesizer: {
    sft: 'Fine-tuned only',
    sft_constrained: 'Fine-tuned, under a grammar',
    dpo_separate: 'Aligned, separate pairs',
    dpo_joint: 'Aligned, joint pairs',
    ids: 'Iterative synthesis (IDS)',
    rejection: 'Rejection sampling',
  },
  // Questions and anchors come with the rating set: raters read what is stored with it.
  criterion: {
    informativeness: 'Informativeness',
    faithfulness: 'Faithfulness',
    fluency: 'Fluency',
    redundancy: 'Redundancy',
  },
  split: { train: 'Training', validation: 'Validation', test: 'Test' },
  exampleOrigin: { imported: 'Imported', synthetic: 'Synthetic', edited: 'Edited', written: 'Written here' },
};
