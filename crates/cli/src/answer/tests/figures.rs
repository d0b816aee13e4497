//! Answers about a stage and about figures.
#![expect(clippy::too_many_lines, reason = "a snapshot is as long as its answer")]

use super::*;

#[test]
fn a_stage() {
    let answer = Stage {
        run: &"r-1".into(),
        stage: StageName::Dialogues,
        status: StageStanding::Done,
        items: 1,
        output_sha256: Some("0a1b".to_owned()),
        dropped: [("too_long".to_owned(), 1)].into(),
        measures: Measures::Writing([(Synthesizer::Sft, WritingMeasures::new(1.5, 3))].into()),
    };
    assert_snapshot!(schema(&answer), @"
    dropped.too_long: number
    items: number
    measures.sft.accepted: number
    measures.sft.seconds_per_accepted: number
    measures.sft.wall_s: number
    output_sha256: string
    run: string
    stage: string
    status: string
    ");
    let line = ArtifactLine {
        kind: ArtifactKind::Topic,
        part: None,
        item: 0,
        version: 1,
        payload: &json!({"example_id": 1, "topic": "a bill"}),
    };
    assert_snapshot!(schema(&line), @"
    example_id: number
    item: number
    kind: string
    topic: string
    version: number
    ");
}

#[test]
fn a_summary_beside_its_conversation() {
    let backed = project::report::tables::Backed {
        system: contract::System::SftReal,
        id: "1".to_owned(),
        sentences: vec![contract::BackedSentence {
            text: "Ann comes on Monday.".to_owned(),
            turns: vec![contract::SupportingTurns {
                first: 1,
                last: 1,
                speaker: "Ann".to_owned(),
                text: "See you on Monday.".to_owned(),
                support: 0.5,
            }],
        }],
        facts: vec![contract::BackedFact {
            kind: contract::FactKind::Date,
            status: contract::FactStatus::Kept,
            text: "Monday".to_owned(),
        }],
    };
    assert_snapshot!(schema(&SummaryLine::Backing(&backed)), @"
    facts[].kind: string
    facts[].status: string
    facts[].text: string
    id: string
    kind: string
    sentences[].text: string
    sentences[].turns[].first: number
    sentences[].turns[].last: number
    sentences[].turns[].speaker: string
    sentences[].turns[].support: number
    sentences[].turns[].text: string
    system: string
    ");
}

#[test]
fn evaluate() {
    let answer = Evaluated {
        n: 1,
        without_tokens: 0,
        stemmer: true,
        multi: Multi::Best,
        scores: [("rouge1", examples::score())].into(),
    };
    assert_snapshot!(schema(&answer), @"
    multi: string
    n: number
    rouge1.f: number
    rouge1.p: number
    rouge1.r: number
    stemmer: boolean
    without_tokens: number
    ");
    let results = Sample::new().shown().results;
    let answer = EvaluatedRun {
        run: &"r-1".into(),
        seed: 0,
        verdict: RunVerdict::of(&results),
        results,
    };
    assert_snapshot!(schema(&answer), @"
    results[].bleu.mean: number
    results[].chrf++.ci95[]: number
    results[].chrf++.mean: number
    results[].chrf.ci95[]: number
    results[].chrf.mean: number
    results[].compression.ci95[]: number
    results[].compression.mean: number
    results[].coverage.ci95[]: number
    results[].coverage.mean: number
    results[].density.ci95[]: number
    results[].density.mean: number
    results[].distinct1.mean: number
    results[].distinct2.mean: number
    results[].distinct3.mean: number
    results[].distinct4.mean: number
    results[].facts.by_kind.date.changed: number
    results[].facts.by_kind.date.invented: number
    results[].facts.by_kind.date.kept: number
    results[].facts.by_kind.date.missing: number
    results[].facts.by_kind.date.summaries: number
    results[].facts.by_kind.name.changed: number
    results[].facts.by_kind.name.invented: number
    results[].facts.by_kind.name.kept: number
    results[].facts.by_kind.name.missing: number
    results[].facts.by_kind.name.summaries: number
    results[].facts.by_kind.negation.changed: number
    results[].facts.by_kind.negation.invented: number
    results[].facts.by_kind.negation.kept: number
    results[].facts.by_kind.negation.missing: number
    results[].facts.by_kind.negation.summaries: number
    results[].facts.by_kind.number.changed: number
    results[].facts.by_kind.number.invented: number
    results[].facts.by_kind.number.kept: number
    results[].facts.by_kind.number.missing: number
    results[].facts.by_kind.number.summaries: number
    results[].facts.by_kind.quantity.changed: number
    results[].facts.by_kind.quantity.invented: number
    results[].facts.by_kind.quantity.kept: number
    results[].facts.by_kind.quantity.missing: number
    results[].facts.by_kind.quantity.summaries: number
    results[].facts.by_kind.time.changed: number
    results[].facts.by_kind.time.invented: number
    results[].facts.by_kind.time.kept: number
    results[].facts.by_kind.time.missing: number
    results[].facts.by_kind.time.summaries: number
    results[].facts.changed: number
    results[].facts.greyed[]: string
    results[].facts.invented: number
    results[].facts.kept: number
    results[].facts.missing: number
    results[].facts.summaries: number
    results[].facts_changed.mean: number
    results[].facts_invented.mean: number
    results[].facts_kept.mean: number
    results[].facts_missing.mean: number
    results[].facts_unsupported.mean: number
    results[].mean_examples: number
    results[].mean_tokens: null | number
    results[].n: number
    results[].novel1.mean: number
    results[].novel2.mean: number
    results[].novel3.mean: number
    results[].novel4.mean: number
    results[].reference_ce: null
    results[].reference_ce.ci95[]: number
    results[].reference_ce.mean: number
    results[].reference_words: number
    results[].repeat1.mean: number
    results[].repeat2.mean: number
    results[].repeat3.mean: number
    results[].repeat4.mean: number
    results[].rouge1.ci95[]: number
    results[].rouge1.mean: number
    results[].rouge1_best.ci95[]: number
    results[].rouge1_best.mean: number
    results[].rouge1_plain.ci95[]: number
    results[].rouge1_plain.mean: number
    results[].rouge1_precision.ci95[]: number
    results[].rouge1_precision.mean: number
    results[].rouge1_recall.ci95[]: number
    results[].rouge1_recall.mean: number
    results[].rouge2.ci95[]: number
    results[].rouge2.mean: number
    results[].rouge2_best.ci95[]: number
    results[].rouge2_best.mean: number
    results[].rouge2_plain.ci95[]: number
    results[].rouge2_plain.mean: number
    results[].rougeL.ci95[]: number
    results[].rougeL.mean: number
    results[].rougeL_best.ci95[]: number
    results[].rougeL_best.mean: number
    results[].rougeL_plain.ci95[]: number
    results[].rougeL_plain.mean: number
    results[].rougeLsum.ci95[]: number
    results[].rougeLsum.mean: number
    results[].summary_words.ci95[]: number
    results[].summary_words.mean: number
    results[].support_sentences.ci95[]: number
    results[].support_sentences.mean: number
    results[].system: string
    results[].vs_sft_real: empty object
    results[].vs_sft_real.chrf.ci95[]: number
    results[].vs_sft_real.chrf.detectable_diff: number
    results[].vs_sft_real.chrf.diff: number
    results[].vs_sft_real.chrf.p: number
    results[].vs_sft_real.reference_ce.ci95[]: number
    results[].vs_sft_real.reference_ce.detectable_diff: number
    results[].vs_sft_real.reference_ce.diff: number
    results[].vs_sft_real.reference_ce.p: number
    results[].vs_sft_real.rouge1.ci95[]: number
    results[].vs_sft_real.rouge1.detectable_diff: number
    results[].vs_sft_real.rouge1.diff: number
    results[].vs_sft_real.rouge1.p: number
    results[].vs_sft_real.rouge1.p_holm: number
    results[].vs_sft_real.rouge2.ci95[]: number
    results[].vs_sft_real.rouge2.detectable_diff: number
    results[].vs_sft_real.rouge2.diff: number
    results[].vs_sft_real.rouge2.p: number
    results[].vs_sft_real.rougeL.ci95[]: number
    results[].vs_sft_real.rougeL.detectable_diff: number
    results[].vs_sft_real.rougeL.diff: number
    results[].vs_sft_real.rougeL.p: number
    run: string
    seed: number
    verdict.below[]: string
    verdict.outcome: string
    verdict.sentence.de: string
    verdict.sentence.en: string
    verdict.system: string
    ");
}
