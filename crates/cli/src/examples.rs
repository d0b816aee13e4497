//! Answers with fixed values, for the snapshots of tables and of schemas: one example each, every optional field there.

use std::path::Path;

use contract::{
    Budget, Catalogue, CatalogueLine, CatalogueModel, Cut, Downloaded, FolderFit, FolderFits,
    KnownModel, Lack, Licence, LicenceText, Machine, MethodMemory, Offer, Plan, PlanExamples,
    Price, Proof, Source, StageForecast, StageName, Verdict,
};
use project::report::run::RunReport;
use project::sample::{Bundle, RUN};
use project::session::Session;
use tempfile::TempDir;

use crate::answer::{
    BenchCompare, BenchGenerateRow, BenchGrowthRow, BenchTrain, CompareRow, CompareUnit, Floor,
    NotMeasured, ParityCheck, RuleRate, Score,
};
use crate::args::Compared;

/// A workspace with the sample project, whose run is finished.
pub(crate) struct Sample {
    _folder: TempDir,
    pub(crate) session: Session,
}

impl Sample {
    pub(crate) const RUN: &str = RUN;

    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let session = Session::open(folder.path()).unwrap();
        let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
        let bundle = Bundle::find(Some(models.into()), Path::new("")).unwrap();
        session.take_sample(&bundle).unwrap();
        Self {
            _folder: folder,
            session,
        }
    }

    /// The finished run with everything it found.
    pub(crate) fn shown(&self) -> RunReport {
        let sight = self.session.sight(&Self::RUN.into()).unwrap();
        self.session.show(&sight).unwrap()
    }
}

pub(crate) const MEMORY: MethodMemory = MethodMemory {
    inference_bytes: 400_000_000,
    lora_bytes: 1_300_000_000,
    qlora_bytes: 900_000_000,
    dpo_bytes: 2_100_000_000,
};

pub(crate) fn catalogue() -> Catalogue {
    let model = CatalogueModel {
        name: "small".to_owned(),
        hub_id: "owner/small".to_owned(),
        revision: "main".to_owned(),
        licence: Licence::Apache2,
        gated: false,
        proof: Proof::NotTried,
        why: "Small, and trains in minutes.".to_owned(),
        parameters: 135_000_000,
        context_tokens: 2048,
        download_bytes: 270_000_000,
        memory: MEMORY,
    };
    Catalogue {
        catalogue: vec![CatalogueLine {
            model,
            fit: Some(contract::Fit::TooBig),
            seconds: 9_000.0,
        }],
        memory_free_bytes: Some(1_500_000_000),
    }
}

pub(crate) fn licence_text() -> LicenceText {
    let licence = Licence::Apache2;
    LicenceText {
        name: "small".to_owned(),
        hub_id: "owner/small".to_owned(),
        licence,
        title: licence.title().to_owned(),
        address: licence.address().to_owned(),
        text: "Every word of it.".to_owned(),
    }
}

pub(crate) fn folder_fits() -> FolderFits {
    FolderFits {
        fits: vec![
            FolderFit {
                path: "models/small".to_owned(),
                memory: Some(MEMORY),
                fit: Some(contract::Fit::Fits),
                seconds: Some(300.0),
            },
            FolderFit {
                path: "notes".to_owned(),
                memory: None,
                fit: None,
                seconds: None,
            },
        ],
        memory_free_bytes: Some(8_000_000_000),
    }
}

pub(crate) fn known_model() -> KnownModel {
    KnownModel {
        id: "0a1b".into(),
        name: "small".into(),
        path: "models/owner--small".to_owned(),
        parameters: 135_000_000,
        bytes: 270_000_000,
        added_at_ms: 1_700_000_000_000,
        context_tokens: Some(2048),
        present: true,
        source: Some(Source {
            hub_id: "owner/small".to_owned(),
            revision: "main".to_owned(),
            commit: "c0ffee".to_owned(),
            licence: Some("apache-2.0".to_owned()),
        }),
        runs: vec!["r-1".into()],
    }
}

pub(crate) fn downloaded() -> Downloaded {
    Downloaded {
        model: known_model(),
        received_bytes: 270_000_000,
        connections: 3,
        sha256_ok: true,
    }
}

pub(crate) fn budget() -> Budget {
    Budget {
        within_s: 8400.0,
        fits: true,
        seconds: 7300.0,
        cut: vec![Cut {
            field: "lr_search".to_owned(),
            from: "[0.5, 1.0, 2.0]".to_owned(),
            to: "[1.0]".to_owned(),
            saved_s: 9000.0,
            price: 3.0,
        }],
        least_s: 1500.0,
        detectable_diff: Some(0.0123),
    }
}

pub(crate) fn plan() -> Plan {
    Plan {
        verdict: Verdict::NotReady,
        missing: vec![Lack::Memory {
            need_bytes: 2_100_000_000,
            free_bytes: 2_000_000_000,
        }],
        examples: PlanExamples {
            shots: 70,
            validation: 15,
            test: 15,
            shots_at_most: 100,
            validation_at_most: 100,
            unsummarised: 2,
        },
        parameters: 135_000_000,
        probed: true,
        recompute: true,
        tokens_per_microbatch: 1024,
        generate_batch_size: 8,
        peak_bytes: 2_100_000_000,
        disk_bytes: 50_000_000,
        seconds: 7300.0,
        stages: vec![StageForecast {
            name: StageName::Topics,
            peak_bytes: 900_000_000,
            disk_bytes: 1_000_000,
            seconds: 80.0,
        }],
        systems: vec![contract::SystemCost {
            system: contract::System::SftReal,
            seconds: 300.0,
        }],
        offers: vec![Offer {
            change: contract::OfferChange::Settings {
                settings: vec![contract::Change {
                    key: "generate_batch_size".to_owned(),
                    value: "8".to_owned(),
                }],
            },
            price: Price::Rounding,
            peak_bytes: 1_900_000_000,
            seconds: 200_000.0,
            fits: true,
        }],
        budget: Some(budget()),
        machine: Machine {
            memory_free_bytes: Some(2_000_000_000),
            disk_free_bytes: Some(9_000_000_000),
            threads: 2,
        },
    }
}

pub(crate) fn rule_rate() -> RuleRate {
    RuleRate {
        rate: Some(0.5),
        limit: project::format_rule::Limit::at_least(2.0),
        source: project::format_rule::Source::Calibrated,
        real_reject: 0.01,
    }
}

pub(crate) fn score() -> Score {
    Score {
        p: 0.5,
        r: 0.25,
        f: 1.0 / 3.0,
    }
}

pub(crate) fn bench_train(floor: Floor) -> BenchTrain {
    BenchTrain {
        cpu_s_per_step: 2.5,
        wall_s_per_step: 1.25,
        cpu_s: 12.5,
        tokens: 5120,
        tokens_per_s: 819.2,
        peak_rss_bytes: 700_000_000,
        floor_share: 0.8,
        threads: 2,
        steps: 5,
        loss: 5.5,
        floor,
        peak_device_bytes: Some(900_000_000),
    }
}

pub(crate) const ON_PROCESSOR: Floor = Floor::Processor {
    floor_cpu_s: 2.0,
    gemm_gflop_per_cpu_s: 60.0,
};

pub(crate) const ON_CARD: Floor = Floor::Card {
    floor_s: 1.0,
    gemm_gflop_per_s: 9000.0,
};

pub(crate) fn generate_rows() -> Vec<BenchGenerateRow> {
    vec![BenchGenerateRow {
        batch: 8,
        quant: "q8_0",
        tokens_per_s: 123.456,
        tokens_per_cpu_s: 61.7,
        prefill_tokens_per_cpu_s: 800.0,
        product_share: Some(0.9),
    }]
}

pub(crate) fn parity_checks() -> Vec<ParityCheck> {
    [("matmul", 0.001, true), ("rope", 0.5, false)]
        .map(|(name, off, passed)| ParityCheck {
            name: name.to_owned(),
            off,
            tolerance: 0.01,
            passed,
        })
        .into()
}

pub(crate) fn growth_rows() -> Vec<BenchGrowthRow> {
    vec![BenchGrowthRow {
        what: "tokens of a sequence",
        amount: 512,
        cpu_s: 0.5,
        expected_cpu_s: 0.4,
        peak_rss_bytes: 300_000_000,
        expected_peak_rss_bytes: 290_000_000,
    }]
}

pub(crate) fn pipeline_figures() -> bench::PipelineFigures {
    bench::PipelineFigures {
        stages: vec![bench::StageFigures {
            name: StageName::Topics,
            wall_s: 1.5,
            cpu_s: 2.9,
            tokens: 1000,
            peak_rss_bytes: 300_000_000,
        }],
        wall_s: 1.5,
        cpu_s: 2.9,
        tokens: 1000,
        peak_rss_bytes: 300_000_000,
        shares: [("gemm".to_owned(), 0.75), ("other".to_owned(), 0.25)].into(),
        calls: Vec::new(),
    }
}

pub(crate) fn bench_compare() -> BenchCompare {
    BenchCompare {
        processor: Some("A processor".to_owned()),
        simd: "avx2",
        threads: 1,
        rows: vec![
            CompareRow {
                what: Compared::Train,
                part: None,
                peer: "transformers+peft".to_owned(),
                unit: CompareUnit::CpuS,
                ours: vec![3.9, 4.1],
                theirs: vec![9.2],
                times_as_fast: 2.3,
                ours_peak_rss_bytes: Some(1_070_000_000),
                theirs_peak_rss_bytes: Some(4_400_000_000),
            },
            CompareRow {
                what: Compared::Llama,
                part: Some("q8_0, 8 side by side".to_owned()),
                peer: "llama.cpp".to_owned(),
                unit: CompareUnit::TokensPerCpuS,
                ours: vec![261.0, 249.0],
                theirs: vec![165.0],
                times_as_fast: 1.545,
                ours_peak_rss_bytes: None,
                theirs_peak_rss_bytes: None,
            },
        ],
        not_measured: vec![NotMeasured {
            what: Compared::Dpo,
            reason: "No module named 'trl'".to_owned(),
        }],
    }
}
