//! The recipe: every choice that a run makes, with its default, its meaning and its source.
//!
//! One macro call declares all fields, so that the TOML file, `duologue recipe --print`, the window's form and each
//! part's cache key follow from the same lines. Defaults and their arguments: `docs/method.md`; the values of the
//! paper (Lu et al., arXiv 2502.17328) are used where it states them.

mod changes;
mod earlier;
mod fit;
mod preset;
mod reader;
mod shape;

use std::sync::LazyLock;

use contract::RecipeRule;
use contract::problem::{RecipeFault, RunProblem};
use contract::{
    AdapterDtype, Basis, JudgeAction, LeakGate, Part, Quantize, RoundData, RoundReference, Scorer,
    SettingShape, Synthesizer, System,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use fit::{Available, Typed};
use reader::Reader;

use crate::error::{Error, Result};

/// One field as the command line and the window show it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Field {
    /// Name in the TOML file and after `--set`.
    pub key: &'static str,
    /// Value in this recipe.
    pub value: Value,
    /// Value of the default preset.
    pub default: Value,
    /// What values it takes, for a form that checks them as they are typed.
    #[serde(skip)]
    pub shape: SettingShape,
    /// One sentence on what it does.
    pub doc: String,
    /// What the default rests on.
    pub basis: Basis,
    /// Where the default comes from: its basis and the reason.
    pub source: String,
}

/// What to do with a dialogue that does not fit the model's context. A summary is never cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TooLong {
    /// Name it and start nothing.
    Refuse,
    /// Leave the example out, for every system alike, and count it.
    Drop,
    /// Cut turns off the dialogue's end until it fits.
    CutDialogueEnd,
}

/// How synthetic summaries are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SummaryMethod {
    /// `lora` below one billion parameters, else `prompt`.
    Auto,
    /// The base model with real summaries as style examples.
    Prompt,
    /// An adapter (topic → summary) trained on the shots.
    Lora,
}

/// Which summaries candidates are sampled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CandidateSummaries {
    /// Synthetic summaries only.
    Synthetic,
    /// Real and synthetic training summaries.
    Both,
}

/// Preference loss of the alignment, under the name that TRL gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DpoLoss {
    /// DPO; with label smoothing conservative DPO.
    Sigmoid,
    /// DPO unbiased under wrong labels.
    Robust,
    /// Squared distance to a margin.
    Ipo,
    /// Each dialogue against its own anchor.
    ApoZero,
    /// DPO with log-ratios averaged over tokens.
    SigmoidNorm,
    /// DPO that does not let the chosen dialogue lose probability.
    Dpop,
    /// Average log-probabilities with a target margin, without a reference policy.
    Simpo,
    /// Odds ratio, without a reference policy.
    Orpo,
}

/// How iterative dialogue synthesis writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ids {
    /// Line by line within the format rule, so that what is written keeps it by construction.
    Turns,
    /// The longest valid beginning of a sample is kept and continued.
    Prefix,
}

/// Whose likelihood the SFT term of the alignment raises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SftTarget {
    /// The real dialogue where the summary is real, else the chosen candidate.
    Real,
    /// Always the chosen candidate.
    Chosen,
}

/// Whether trainings keep block inputs only and compute the rest again (gradient checkpointing).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recompute {
    /// Settled when a run is created: `on` where its trainings would not fit in the free memory otherwise, else `off`.
    Auto,
    /// Less memory, more time, the same results bit for bit.
    On,
    /// Everything that the backward pass reads is kept.
    Off,
}

/// What the macro call says about a field.
struct Declared {
    key: &'static str,
    doc: &'static str,
    /// What reads it; nothing for a field that changes no part's result.
    readers: &'static [Reader],
    /// What the default rests on, and why it is what it is.
    basis: Basis,
    reason: &'static str,
}

impl Declared {
    /// Where the default comes from, in words.
    fn source(&self) -> String {
        format!("{}: {}", self.basis, self.reason)
    }
}

macro_rules! recipe {
    ($( $(#[doc = $doc:literal])+ $key:ident: $ty:ty = $default:expr, parts: [$($reader:ident),*], $basis:ident $reason:literal; )+) => {
        /// Every choice of a run. Zero in a learning rate means "by the size of the base model".
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct Recipe { $( $(#[doc = $doc])+ pub $key: $ty, )+ }

        impl Default for Recipe {
            fn default() -> Self { Self { $( $key: $default, )+ } }
        }

        const DOCS: &[Declared] = &[$( Declared {
            key: stringify!($key),
            doc: concat!($($doc),+),
            readers: &[$(Reader::$reader),*],
            basis: Basis::$basis,
            reason: $reason,
        } ),+];
    };
}

recipe! {
    /// Real pairs to learn from, drawn from the training split (nested: 100 is a subset of 300); at most, unless typed.
    shots: usize = 100, parts: [], Paper "100 and 300";
    /// Real pairs that choose checkpoints; drawn from the validation split, else from unused training pairs; at most,
    /// unless typed.
    validation: usize = 100, parts: [], Argued "a large validation set is not few-shot";
    /// Test pairs; 0 takes the whole test split.
    test_items: usize = 0, parts: [], Paper "the full test set";
    /// What to do with a dialogue longer than the context: refuse, drop or cut_dialogue_end.
    too_long: TooLong = TooLong::Refuse, parts: [], Argued "nothing is changed silently";

    /// Instruction before a dialogue that is to be summarized; the same in training, scoring and use.
    prompt_summarize: String = include_str!("../prompts/summarize.txt").into(), parts: [Candidates, Judge, Align, ScoredIds, Summarizer, Outputs, TestDialogues], Argued "one prompt everywhere";
    /// Other instructions that zero_shot may have in its place; the lowest CE of the validation summaries chooses. None: it
    /// has that of all.
    prompt_candidates: Vec<String> = Vec::new(), parts: [ZeroShot], Argued "none: one instruction for every system is the fairer comparison";
    /// Instruction before a summary whose topic is asked.
    prompt_topic: String = include_str!("../prompts/topic.txt").into(), parts: [Topics], Argued "asks for the topic and nothing else";
    /// Instruction before a topic for which a summary is wanted.
    prompt_summary: String = include_str!("../prompts/summary.txt").into(), parts: [Summaries], Argued "asks for a summary and nothing else";
    /// Instruction before a summary for which a dialogue is wanted.
    prompt_dialogue: String = include_str!("../prompts/dialogue.txt").into(), parts: [Synthesizer, Candidates, Align, Dialogues, TestDialogues], Argued "the format the rule asks for";

    /// Real summaries shown as examples when a topic is asked (0 to 3).
    topic_demos: usize = 0, parts: [Topics], Argued "instruct models need none, small ones copy them";
    /// Longest topic.
    topic_max_new_tokens: usize = 16, parts: [Topics], Argued "a phrase of 2 to 5 words";

    /// auto, prompt or lora.
    summary_method: SummaryMethod = SummaryMethod::Auto, parts: [Summaries], Argued "prompting fails below 1 B parameters";
    /// Synthetic summaries for each shot.
    synthetic_per_shot: usize = 10, parts: [Summaries], Argued "stage 1 must be clearly larger than the real set";
    /// Rounds of sampling before fewer summaries are accepted.
    summary_max_rounds: usize = 6, parts: [Summaries], Argued "bounds the time";
    /// Sampling temperature of summaries.
    summary_temperature: f64 = 1.0, parts: [Summaries], Argued "variety";
    /// Nucleus of the sampling of summaries.
    summary_top_p: f64 = 0.95, parts: [Summaries], Argued "SimPO recipe";
    /// Longest summary, in training and in use.
    summary_max_new_tokens: usize = 128, parts: [Summaries, Outputs], Argued "above the longest real summaries";
    /// A summary at least this close (ROUGE-L F) to an earlier or real one is dropped.
    novelty_rouge_l: f64 = 0.7, parts: [Summaries], Argued "Self-Instruct";
    /// Share of real summaries that must name two people before synthetic ones have to.
    name_filter_share: f64 = 0.9, parts: [Summaries], Measured "74 % of SAMSum, 0.1 % of MTS-Dialog";
    /// Real summaries shown as style examples by the prompt method.
    summary_demos: usize = 5, parts: [Summaries], Argued "a few show the style and leave room for variety";

    /// Rank of every adapter.
    lora_rank: usize = 16, parts: [Summaries, Synthesizer, Summarizer], Argued "Zephyr QLoRA recipe; LoRA without regret";
    /// Scale numerator: W x + (alpha / rank) B A x.
    lora_alpha: f64 = 32.0, parts: [Summaries, Synthesizer, Summarizer], Argued "common recipes";
    /// Dropout before A while training supervised.
    lora_dropout: f64 = 0.05, parts: [Summaries, Synthesizer, Summarizer], Argued "common recipes";
    /// Number type in which trained adapters are kept: f32 or bf16, which is half the size; they are rounded before use.
    adapter_dtype: AdapterDtype = AdapterDtype::F32, parts: [Summaries, Synthesizer, Align, Summarizer], Argued "f32 is exact; PEFT reads both";
    /// Supervised learning rate; 0: 1e-3 below 100 M parameters, 5e-4 below 1 B, else 2e-4.
    sft_lr: f64 = 0.0, parts: [Summaries, Synthesizer, Summarizer], Argued "from the paper's 2e-4 to 2e-5";
    /// Sequences in one supervised update.
    sft_batch_size: usize = 8, parts: [Summaries, Synthesizer, Summarizer], Argued "LoRA without regret: below 32";
    /// Most epochs of any supervised training.
    sft_max_epochs: usize = 10, parts: [Summaries, Synthesizer, Summarizer], Argued "early stopping ends it first";
    /// Validation evaluations in an epoch (at least 10 updates apart).
    evals_per_epoch: usize = 4, parts: [Summaries, Synthesizer, Summarizer], Argued "with few pairs the best point may come within an epoch";
    /// Evaluations without a better value that end a supervised training.
    early_stop_evals: u32 = 4, parts: [Summaries, Synthesizer, Summarizer], Argued "an epoch without a gain";
    /// Warm-up as a share of the most updates (never above 10 updates).
    warmup_share: f64 = 0.05, parts: [Summaries, Synthesizer, Summarizer], Argued "common recipes";
    /// Decoupled weight decay.
    weight_decay: f64 = 0.0, parts: [Summaries, Synthesizer, Align, Summarizer], Argued "common for LoRA";
    /// Bound of the gradient norm.
    max_grad_norm: f64 = 1.0, parts: [Summaries, Synthesizer, Align, Summarizer], Argued "common recipes";
    /// Number type of the frozen base model in memory: none, q8_0, q4_0, q4_k or q6_k; adapters stay f32 (QLoRA).
    quantize: Quantize = Quantize::None, parts: [Topics, Summaries, Synthesizer, Candidates, Align, Dialogues, Summarizer, Outputs, TestDialogues], Argued "Dettmers et al. 2023; none is exact";
    /// Tokens computed at once; sets memory, and only rounding of the result.
    tokens_per_microbatch: usize = 4096, parts: [Summaries, Synthesizer, Candidates, Align, ScoredIds, Summarizer, Outputs, TestDialogues], Argued "memory";
    /// Whether trainings compute again what they do not keep: less memory, more time, the same results bit for bit; on,
    /// off, or auto: on where a run would not fit in the free memory otherwise.
    recompute: Recompute = Recompute::Auto, parts: [], Argued "Chen et al. 2016; memory alone";
    /// Sequences generated side by side.
    generate_batch_size: usize = 32, parts: [Topics, Summaries, Candidates, Align, Dialogues, Outputs, TestDialogues], Argued "memory and speed";

    /// Sampled dialogues for each summary (K).
    candidates_per_summary: usize = 8, parts: [Candidates], Argued "SimPO 5, PACE warns of large N";
    /// synthetic or both.
    candidate_summaries: CandidateSummaries = CandidateSummaries::Both, parts: [Candidates], Argued "real and synthetic";
    /// Most synthetic summaries that get candidates; 0 takes all.
    candidate_synthetic_limit: usize = 0, parts: [Candidates], Argued "bounds the time";
    /// Sampling temperature of dialogues.
    dialogue_temperature: f64 = 1.0, parts: [Candidates, Align, Dialogues, TestDialogues], Argued "format rates depend on it";
    /// Nucleus of the sampling of dialogues.
    dialogue_top_p: f64 = 0.95, parts: [Candidates, Align, Dialogues, TestDialogues], Argued "SimPO recipe";
    /// Only this many of the likeliest tokens of a dialogue may be drawn; 0 is off.
    dialogue_top_k: usize = 0, parts: [Candidates, Align, Dialogues, TestDialogues], Argued "Fan et al. 2018; off";
    /// Tokens of a dialogue below this share of the likeliest one's probability are not drawn; 0 is off.
    dialogue_min_p: f64 = 0.0, parts: [Candidates, Align, Dialogues, TestDialogues], Argued "Nguyen et al. 2024; off";
    /// Mass of those tokens of a dialogue whose information is nearest to the expected one; 1 is off.
    dialogue_typical_p: f64 = 1.0, parts: [Candidates, Align, Dialogues, TestDialogues], Argued "Meister et al. 2023; off";
    /// Divides logits of tokens that stand in prompt or dialogue already (negative ones are multiplied); 1 is off.
    dialogue_repetition_penalty: f64 = 1.0, parts: [Candidates, Align, Dialogues, TestDialogues], Argued "Keskar et al. 2019; off";
    /// Longest dialogue; one that does not end before it breaks the format rule.
    dialogue_max_new_tokens: usize = 512, parts: [Candidates, Align, Dialogues, TestDialogues], Argued "above most real chats";

    /// Whose likelihood of the summary chooses between dialogues: base (the base model), tuned (the summarizer as it is
    /// so far; candidates are then written for synthetic summaries alone, because it knows the real ones), model (another
    /// model) or none (format pairs alone).
    scorer: Scorer = Scorer::Base, parts: [Preferences, Scored], Paper "the base model";
    /// Folder of the other model, where that is the scorer, or its name in the workspace.
    scorer_model: String = String::new(), parts: [], Argued "nothing is chosen silently";
    /// Validation pairs on which the judge is tried before pairs are made; 0 leaves that out.
    judge_items: usize = 100, parts: [Judge], Argued "an accuracy of 0.75 is then known to within 0.08";
    /// What follows from a judge that is not able: warn, stop, or adapt (its labels are smoothed or not used).
    judge_action: JudgeAction = JudgeAction::Warn, parts: [Judge, Preferences, Dpo], Argued "it is said and nothing is changed silently";
    /// Smallest gap of a content pair, nats per token.
    min_gap: f64 = 0.1, parts: [Preferences, Judge, ScoredIds], Argued "PACE: scorer noise";
    /// Smallest gap as a share of the pooled spread within a summary.
    min_gap_sd: f64 = 0.5, parts: [Preferences], Argued "a gap within the noise of one summary teaches nothing";
    /// Format pairs made from one summary at most.
    format_pairs_per_summary: usize = 2, parts: [Preferences], Argued "one summary must not outweigh the others";
    /// Largest length difference within a content pair, as a share of the longer.
    length_balance: f64 = 0.3, parts: [Preferences], Argued "Park et al. 2024: length exploitation";
    /// A chosen dialogue that repeats this many words of its summary in a row is refused.
    copy_run_words: usize = 12, parts: [Preferences, Best, Dialogues, TestDialogues], Measured "0.4 % of real pairs";
    /// A chosen dialogue that contains more than this share of its summary's 3-grams is refused.
    copy_share: f64 = 0.5, parts: [Preferences, Best, Dialogues, TestDialogues], Measured "99 % of real pairs are below";
    /// How often the smaller of the two separate sets may be repeated.
    pair_repeat: usize = 3, parts: [Align], Argued "both sets count alike, and no pair is learnt by heart";

    /// Preference loss: sigmoid, robust, ipo, apo_zero, sigmoid_norm, dpop, simpo or orpo; simpo and orpo do without a
    /// reference policy.
    dpo_loss: DpoLoss = DpoLoss::Sigmoid, parts: [Dpo], Argued "Rafailov et al. 2023; TRL's loss_type";
    /// Beta of the preference loss; per-token losses (sigmoid_norm, simpo) want a larger one, about 2.
    dpo_beta: f64 = 0.1, parts: [Dpo], Argued "Rafailov et al. 2023; TRL";
    /// Assumed share of wrong preferences, at least 0 and below 0.5; read by sigmoid and robust.
    dpo_label_smoothing: f64 = 0.0, parts: [Dpo], Argued "Mitchell 2023; Chowdhury et al. 2024; TRL";
    /// Weight of the penalty on lost probability of the chosen dialogue; read by dpop.
    dpop_lambda: f64 = 50.0, parts: [Dpo], Argued "Pal et al. 2024";
    /// Target margin of the rewards; read by simpo.
    simpo_gamma: f64 = 0.5, parts: [Dpo], Argued "Meng et al. 2024; TRL";
    /// Weight of the SFT term (mean over tokens).
    dpo_sft_weight: f64 = 1.0, parts: [Dpo], Argued "Pang et al. 2024 (Iterative RPO)";
    /// real or chosen.
    dpo_sft_target: SftTarget = SftTarget::Real, parts: [Dpo], Argued "a real dialogue is the better example";
    /// Learning rate of the alignment; 0: 1e-4 below 100 M parameters, 5e-5 below 1 B, else 1e-5.
    dpo_lr: f64 = 0.0, parts: [Align], Argued "TRL: about 1e-5 for adapters";
    /// Pairs in one update.
    dpo_batch_size: usize = 16, parts: [Align], Argued "16 to 32";
    /// Passes over the pairs.
    dpo_epochs: usize = 2, parts: [Align], Argued "1 to 3";
    /// Warm-up as a share of all updates.
    dpo_warmup_share: f64 = 0.1, parts: [Align], Argued "common recipes";
    /// Checkpoints compared at the end of the alignment.
    dpo_checkpoints: usize = 4, parts: [Align], Argued "each costs samples";
    /// Dialogues sampled for each validation summary when a checkpoint is judged.
    checkpoint_samples: usize = 3, parts: [Align], Argued "less noise than one sample at three times its price";
    /// Validation summaries used to judge a checkpoint; 0 takes all.
    checkpoint_summaries: usize = 0, parts: [Align], Argued "bounds the time";
    /// A checkpoint may win while its format rate is at most this far below the best.
    checkpoint_format_slack: f64 = 0.05, parts: [Align], Argued "about the noise of a format rate on a hundred samples";

    /// What is done with a made-up dialogue that gives a real conversation away: mark (it is counted), drop or off.
    leak_gate: LeakGate = LeakGate::Mark, parts: [Preferences, Best, Dialogues], Argued "runs stay as they were; export asks";
    /// Samples tried for each synthetic summary before it is dropped.
    dialogue_tries: usize = 4, parts: [Tries], Argued "1 / 0.92 tries on average in the paper";
    /// turns (line by line, well-formed by construction) or prefix (the longest valid beginning is continued).
    ids: Ids = Ids::Turns, parts: [Ids], Argued "what is written keeps the format by construction";
    /// Whether iterative synthesis by turns draws a line again that lowers the summary's score by more than min_gap.
    ids_score: bool = false, parts: [Ids], Argued "off: it costs a scoring pass for each line";
    /// Corrections of iterative dialogue synthesis before it ends or gives up.
    ids_max_iterations: usize = 20, parts: [Ids], Argued "enough to go back from anywhere, and an end";
    /// Samples of rejection sampling before it gives up.
    rejection_max_tries: usize = 20, parts: [Rejection], Argued "equal to IDS";

    /// Learning rates tried by every trained summarizer, times the stage's rate; validation CE chooses.
    lr_search: Vec<f64> = vec![0.5, 1.0, 2.0], parts: [Summarizer], Argued "equal search for all: under-tuned SFT is a false gain";
    /// Stage 1 ends when the plateau schedule first reaches this rate; 0 means a tenth of sft_lr.
    stage1_stop_lr: f64 = 0.0, parts: [TwoStage], Paper "2.0e-5";
    /// Whether that rate moves with a searched learning rate, so that one reduction ends stage 1 at every rate.
    stage1_stop_scaled: bool = true, parts: [TwoStage], Argued "the paper has one rate";
    /// Factor of a plateau reduction in stage 1.
    stage1_factor: f64 = 0.1, parts: [TwoStage], Argued "torch ReduceLROnPlateau; fits the paper's 2e-4 to 2e-5";
    /// Factor of a plateau reduction in stage 2 and in real-only training.
    stage2_factor: f64 = 0.5, parts: [Summarizer], Argued "small sets need finer steps than stage 1";
    /// Reductions that end stage 2 and real-only training.
    stage2_reductions: u32 = 2, parts: [Summarizer], Argued "a second rate, then the end";
    /// Evaluations without progress before a reduction.
    plateau_patience: u32 = 2, parts: [Summarizer], Argued "small sets";
    /// Relative progress that counts.
    plateau_threshold: f64 = 1e-4, parts: [Summarizer], Argued "torch ReduceLROnPlateau";
    /// Synthetic pairs for each real one in fixed-ratio mixing.
    fixed_ratio_synthetic: usize = 1, parts: [Mixed], Argued "1:1";

    /// How often the loop is carried out at most: new summaries, candidates by the synthesizer so far, pairs, alignment,
    /// dialogues, summarizer.
    rounds: u32 = 1, parts: [], Paper "one";
    /// sft (later rounds are held to the supervised synthesizer) or last (to the one that they begin with).
    round_reference: RoundReference = RoundReference::Sft, parts: [RoundAlign], Argued "RLHFlow: a reference that moves is unstable";
    /// accumulate (a round's summarizer learns from the dialogues of every round so far) or replace (from its own alone).
    round_data: RoundData = RoundData::Accumulate, parts: [RoundSummarizer], Argued "arXiv 2404.01413: replacing collapses";
    /// Nats per token by which a round must lower the validation CE to count as a gain.
    round_min_gain: f64 = 0.005, parts: [], Argued "below it a gain is not worth a round";
    /// Rounds without a gain that end the loop.
    round_patience: u32 = 1, parts: [], Argued "a round costs as much as a run";

    /// Whether every synthesizer gives the same number of synthetic pairs, that of the one with the fewest.
    match_synthetic: bool = true, parts: [], Argued "a better format rate must not buy more data";

    /// Summarizers to compare.
    systems: Vec<System> = SYSTEMS.to_vec(), parts: [], Paper "its tables";
    /// Synthesizers to compare on the test summaries; none: those that come with what the systems learn from.
    synthesizers: Vec<Synthesizer> = Vec::new(), parts: [], Paper "its tables; nothing is trained for them alone";
    /// Real examples in the prompt of in-context summarization, as far as they fit.
    icl_examples: usize = 5, parts: [InContext], Argued "as many as usually fit into the context";
    /// Test summaries on which synthesizers are compared; 0 takes all.
    synthesizer_items: usize = 0, parts: [TestDialogues], Argued "bounds the time";
    /// Resamples of every bootstrap interval.
    bootstrap: usize = 10000, parts: [], Argued "docs/method.md";
}

/// What is compared unless somebody chooses: the lines that cost nothing, and the paper's tables.
const SYSTEMS: [System; 9] = [
    System::Lead3,
    System::Longest3,
    System::ZeroShot,
    System::InContext,
    System::SftReal,
    System::SftSyntheticIds,
    System::FixedRatioIds,
    System::MrdsJoint,
    System::MrdsSeparate,
];

/// Learning rates of base models of a size, where a recipe leaves them to the size.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    /// The models have fewer weights than this.
    pub below: u64,
    /// Learning rate of supervised trainings.
    pub sft_lr: f64,
    /// Learning rate of the alignment.
    pub dpo_lr: f64,
    /// What the rates rest on.
    pub basis: Basis,
    /// Why; for a measured row, with what was measured.
    pub reason: &'static str,
}

/// The rates by size, the smallest models first. The sentences of `sft_lr` and `dpo_lr` name them, and a test compares.
pub const RATES: [Rates; 3] = [
    Rates {
        below: 100_000_000,
        sft_lr: 1e-3,
        dpo_lr: 1e-4,
        basis: Basis::Argued,
        reason: "adapters of small models bear higher rates",
    },
    Rates {
        below: 1_000_000_000,
        sft_lr: 5e-4,
        dpo_lr: 5e-5,
        basis: Basis::Argued,
        reason: "between the two others",
    },
    Rates {
        below: u64::MAX,
        sft_lr: 2e-4,
        dpo_lr: 1e-5,
        basis: Basis::Paper,
        reason: "2e-4 for supervised training; the alignment's is TRL's for adapters",
    },
];

impl Rates {
    /// The rates for a model with this many weights.
    fn of(parameters: u64) -> Self {
        let [small, middle, large] = RATES;
        let fits = |rates: &Self| parameters < rates.below;
        [small, middle].into_iter().find(fits).unwrap_or(large)
    }
}

/// Fields that runs of earlier versions do not have: while they are off, a part's key is the same as without them.
const LATER: [&str; 12] = [
    "scorer",
    "judge_action",
    "leak_gate",
    "stage1_stop_scaled",
    "ids",
    "ids_score",
    "prompt_candidates",
    "adapter_dtype",
    "dialogue_top_k",
    "dialogue_min_p",
    "dialogue_typical_p",
    "dialogue_repetition_penalty",
];

/// The values of the default recipe; every key of every part asks for them.
static DEFAULTS: LazyLock<Map<String, Value>> =
    LazyLock::new(|| Recipe::default().to_map().unwrap_or_default());

impl Recipe {
    /// Reads a TOML file's text.
    pub fn from_toml(text: &str) -> Result<Self> {
        let mut table: toml::Table =
            toml::from_str(text).map_err(|error| unreadable(error.message()))?;
        earlier::translate(&mut table);
        let recipe = Self::from_table(&table)?;
        recipe.check_finite()?;
        Ok(recipe)
    }

    /// Reads fields with their values; those that are absent have their defaults.
    fn from_table(table: &toml::Table) -> Result<Self> {
        let error = match table.clone().try_into() {
            Ok(recipe) => return Ok(recipe),
            Err(error) => error,
        };
        if let Some(field) = table.keys().find(|field| !Self::has_field(field)) {
            return Err(RunProblem::Recipe(RecipeFault::UnknownField {
                field: contract::excerpt(field),
            })
            .into());
        }
        // Tried alone, a field shows that it is the wrong one.
        let is_wrong = |(field, value): &(&String, &toml::Value)| {
            let single = toml::Table::from_iter([((*field).clone(), (*value).clone())]);
            single.try_into::<Self>().is_err()
        };
        Err(match table.iter().find(is_wrong) {
            Some((field, value)) => shape::refusal(field, &plain(value)),
            None => unreadable(error.message()),
        })
    }

    /// The recipe as TOML, each field under its explanation.
    pub fn to_toml(&self) -> Result<String> {
        let plain = toml::to_string(self).map_err(unreadable)?;
        let mut out = String::new();
        for line in plain.lines() {
            let key = line.split_once(" = ").map_or("", |(key, _)| key);
            if let Some(declared) = DOCS.iter().find(|declared| declared.key == key) {
                out.push_str(&format!("#{} [{}]\n", declared.doc, declared.source()));
            }
            out.push_str(line);
            out.push('\n');
        }
        Ok(out)
    }

    /// Sets one field from `key=value` (TOML value; a bare word is a string; commas make a list, but of instructions).
    pub fn set(&mut self, assignment: &str) -> Result<()> {
        let (key, text) = assignment.split_once('=').ok_or_else(|| {
            RunProblem::Recipe(RecipeFault::Assignment {
                text: contract::excerpt(assignment),
            })
        })?;
        let (key, text) = (key.trim(), text.trim());
        let mut table = toml::Table::try_from(&*self).map_err(unreadable)?;
        let old = table.get(key).ok_or_else(|| {
            RunProblem::Recipe(RecipeFault::UnknownField {
                field: contract::excerpt(key),
            })
        })?;
        let value = match key {
            // An instruction may have commas.
            "prompt_candidates" if !text.starts_with('[') => {
                toml::Value::Array(vec![toml::Value::String(text.to_owned())])
            }
            _ => parse_value(text, old),
        };
        table.insert(key.to_owned(), value);
        let changed = Self::from_table(&table)?;
        changed.validate()?;
        *self = changed;
        Ok(())
    }

    /// Fills the learning rates that depend on the size of the base model, and checks the ranges.
    pub fn resolve(mut self, parameters: u64) -> Result<Self> {
        let rates = Rates::of(parameters);
        if self.sft_lr == 0.0 {
            self.sft_lr = rates.sft_lr;
        }
        if self.dpo_lr == 0.0 {
            self.dpo_lr = rates.dpo_lr;
        }
        if self.stage1_stop_lr == 0.0 {
            self.stage1_stop_lr = 0.1 * self.sft_lr;
        }
        if self.summary_method == SummaryMethod::Auto {
            let small = parameters < 1_000_000_000;
            self.summary_method = if small {
                SummaryMethod::Lora
            } else {
                SummaryMethod::Prompt
            };
        }
        if self.scorer == Scorer::Tuned {
            // It learnt the real summaries with their dialogues, so of theirs it prefers what it remembers.
            self.candidate_summaries = CandidateSummaries::Synthetic;
        }
        self.validate()?;
        // These checks depend on two fields, so they wait until all are set.
        if self.scorer == Scorer::Model && self.scorer_model.is_empty() {
            refuse("scorer_model", RecipeRule::NamesScorer)?;
        }
        let is_mixed = |system: &System| system.updates_of().is_some();
        if self.sft_batch_size < 2 && self.systems.iter().any(is_mixed) {
            refuse("sft_batch_size", RecipeRule::TwoForFixedRatio)?;
        }
        Ok(self)
    }

    /// Every field with value, default, sentence and source.
    pub fn fields(&self) -> Result<Vec<Field>> {
        let (mut values, mut defaults) = (self.to_map()?, Self::default().to_map()?);
        let take = |map: &mut Map<String, Value>, key: &str| map.remove(key).unwrap_or(Value::Null);
        Ok(DOCS
            .iter()
            .map(|declared| Field {
                key: declared.key,
                value: take(&mut values, declared.key),
                shape: shape::of(declared.key, defaults.get(declared.key)),
                default: take(&mut defaults, declared.key),
                doc: declared.doc.trim().to_owned(),
                basis: declared.basis,
                source: declared.source(),
            })
            .collect())
    }

    /// The fields that a part's result depends on, for its cache key.
    pub fn of_part(&self, part: Part) -> Result<Value> {
        let mut map = self.to_map()?;
        let mut readers = Reader::of(part).to_vec();
        if self.ids_score && readers.contains(&Reader::Ids) {
            readers.push(Reader::ScoredIds);
        }
        let is_scored = [Reader::Candidates, Reader::Judge]
            .iter()
            .any(|reader| readers.contains(reader));
        if is_scored && matches!(self.scorer, Scorer::Tuned | Scorer::Model) {
            readers.push(Reader::Scored);
        }
        map.retain(|key, value| {
            let off = LATER.contains(&key.as_str()) && DEFAULTS.get(key) == Some(value);
            let is_read = |declared: &Declared| {
                let mut parts = declared.readers.iter();
                declared.key == key.as_str() && parts.any(|reader| readers.contains(reader))
            };
            !off && DOCS.iter().any(is_read)
        });
        Ok(Value::Object(map))
    }

    fn to_map(&self) -> Result<Map<String, Value>> {
        match serde_json::to_value(self) {
            Ok(Value::Object(map)) => Ok(map),
            Ok(_) => Ok(Map::new()),
            Err(error) => Err(unreadable(error)),
        }
    }

    /// Checks the range of every number, and what fields ask of each other.
    pub fn validate(&self) -> Result<()> {
        let table = toml::Table::try_from(self).map_err(unreadable)?;
        for (field, value) in &table {
            shape::check(field, value)?;
        }
        if self.lr_search.is_empty() {
            return refuse("lr_search", RecipeRule::PositiveFactors);
        }
        if self.systems.is_empty() && self.synthesizers.is_empty() {
            return refuse("systems", RecipeRule::Compared);
        }
        let is_smoothed = self.dpo_label_smoothing > 0.0;
        if is_smoothed && !matches!(self.dpo_loss, DpoLoss::Sigmoid | DpoLoss::Robust) {
            return refuse("dpo_label_smoothing", RecipeRule::SigmoidOrRobust);
        }
        Ok(())
    }

    /// Refuses NaN and infinity in any field: JSON would store them as null. Recipes of runs are checked for nothing
    /// else: the ranges were different in their day.
    fn check_finite(&self) -> Result<()> {
        fn is_finite(value: &toml::Value) -> bool {
            match value {
                toml::Value::Float(number) => number.is_finite(),
                toml::Value::Array(items) => items.iter().all(is_finite),
                _ => true,
            }
        }
        let table = toml::Table::try_from(self).map_err(unreadable)?;
        match table.iter().find(|(_, value)| !is_finite(value)) {
            Some((field, value)) => Err(shape::refusal(field, &plain(value))),
            None => Ok(()),
        }
    }
}

/// A value as somebody types it: a text without its quotation marks.
fn plain(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

/// The error of a recipe that cannot be read or written.
fn unreadable(reason: impl std::fmt::Display) -> Error {
    RunProblem::Recipe(RecipeFault::Unreadable {
        reason: reason.to_string(),
    })
    .into()
}

fn refuse(field: &str, rule: RecipeRule) -> Result<()> {
    Err(RunProblem::Recipe(RecipeFault::Rule {
        field: field.to_owned(),
        rule,
    })
    .into())
}

fn parse_value(text: &str, old: &toml::Value) -> toml::Value {
    if let toml::Value::Array(_) = old
        && !text.starts_with('[')
    {
        let element = |part: &str| parse_scalar(part.trim());
        return toml::Value::Array(
            text.split(',')
                .filter(|part| !part.trim().is_empty())
                .map(element)
                .collect(),
        );
    }
    match (parse_scalar(text), old) {
        (toml::Value::Integer(number), toml::Value::Float(_)) => toml::Value::Float(number as f64),
        (value, _) => value,
    }
}

fn parse_scalar(text: &str) -> toml::Value {
    let parsed = toml::from_str::<toml::Table>(&format!("value = {text}"));
    let value = parsed.ok().and_then(|mut table| table.remove("value"));
    value.unwrap_or_else(|| toml::Value::String(text.to_owned()))
}

#[cfg(test)]
mod defaults;
#[cfg(test)]
mod tests;
