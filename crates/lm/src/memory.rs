//! How much memory work with a model takes: everything that is held at once, counted tensor by tensor from the model's
//! configuration alone.
//!
//! These are pure functions of sizes; `docs/plan.md` compares them with the peaks of real processes. The letters are D
//! hidden width, F intermediate width, H heads, K key/value heads, Dh head width, L layers, V vocabulary, R rank.
//! Numbers are f32 (4 bytes) on the processor. On a card they are bf16 (2 bytes), except in adapters and reductions. No
//! card's memory was ever measured: its figures come from counting what each operation holds.

use candle_core::quantized::GgmlDType;
use contract::DeviceChoice;

use crate::files::weights::WIDENED_BYTES;
use crate::infer::{generate, score};
use crate::model::attention::{BLOCK_TOKENS, DEVICE_BLOCK_TOKENS};
use crate::model::device_blocks::BAND_VALUES;
use crate::model::tensors::BlockNorm;
use crate::model::{DecoderConfig, Quantize, Target, block_type};
use crate::ops::DEVICE_LOGITS_PER_CHUNK;
use crate::parallel::share_budget;
use crate::train;

const F32_BYTES: u64 = 4;
/// Copies of the adapter that training holds besides the gradients: the current, the best and the initial adapter, and
/// the optimizer's two moments.
const ADAPTER_COPIES: u64 = 5;
/// Copies that an update adds: flat vectors of the gradient, the clipped gradient, the parameters and the new
/// parameters, and two new moments.
const STEP_COPIES: u64 = 6;

/// Memory that the driver and its libraries take besides tensors, and that is lost between tensors (an allowance).
const CARD_BYTES: u64 = 512 << 20;

/// Memory of the process with its threads before anything is loaded.
const PROCESS_BYTES: u64 = 15 << 20;
/// A tokenizer takes this many times the size of its file: both directions of the vocabulary, the merges, and their
/// JSON while it is read (18 to 21 times for the tokenizers of Llama 2, Llama 3 and Qwen 2.5).
const TOKENIZER_SHARE: u64 = 20;
/// Size of a tokenizer's file for each entry of the vocabulary (31 to 47 bytes for the same three tokenizers).
const TOKENIZER_BYTES_PER_ENTRY: u64 = 40;

/// Which of the two forms of the operations computes: this decides the number type, the sizes of blocks, and how many
/// passes run side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// The processor's own loops, in f32.
    #[default]
    Processor,
    /// candle's operations on a card, in bf16.
    Card,
}

impl Form {
    /// The form that computes on a device.
    pub fn of(device: DeviceChoice) -> Self {
        match device {
            DeviceChoice::Cuda(_) => Self::Card,
            DeviceChoice::Cpu | DeviceChoice::Metal => Self::Processor,
        }
    }

    /// Bytes of one number of an activation.
    const fn number(self) -> u64 {
        match self {
            Self::Processor => F32_BYTES,
            Self::Card => 2,
        }
    }

    /// Query rows whose attention scores are held at once (`model::attention`).
    const fn query_rows(self) -> u64 {
        match self {
            Self::Processor => BLOCK_TOKENS as u64,
            Self::Card => DEVICE_BLOCK_TOKENS as u64,
        }
    }

    /// How many copies of the attention scores, in f32, a forward pass and a backward pass hold.
    const fn score_copies(self) -> (u64, u64) {
        match self {
            Self::Processor => (1, 3),
            Self::Card => (6, 7),
        }
    }

    /// The most logits that training computes at once, and how many copies of them it holds, in f32 (`train::loss`).
    const fn training_logits(self) -> (u64, u64) {
        match self {
            Self::Processor => (train::LOGITS_PER_CHUNK as u64, 1),
            Self::Card => (DEVICE_LOGITS_PER_CHUNK as u64, 5),
        }
    }

    /// The same two numbers for scoring (`infer::score`).
    const fn scoring_logits(self) -> (u64, u64) {
        match self {
            Self::Processor => (score::LOGITS_PER_CHUNK as u64, 1),
            Self::Card => (DEVICE_LOGITS_PER_CHUNK as u64, 3),
        }
    }

    /// Tokens of one pass, and how many passes run at once, within a budget of tokens.
    fn passes(self, budget: usize, threads: usize) -> (usize, usize) {
        match self {
            Self::Processor => share_budget(budget, threads),
            Self::Card => (budget, 1),
        }
    }
}

/// How matrices are held in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// f32, 4 bytes a weight.
    F32,
    /// bf16 or f16, 2 bytes a weight.
    Half,
    /// Blocks of ggml, quantised while the model is loaded.
    Quantized(Quantize),
}

impl Precision {
    /// Bytes of a matrix `[rows, columns]`. This leaves out the rows up to a multiple of 16 that a dense one has
    /// (`model::Panels`), which is none for the models that people use.
    fn matrix_bytes(self, rows: usize, columns: usize) -> u64 {
        let block = match self {
            Self::F32 => GgmlDType::F32,
            Self::Half => GgmlDType::BF16,
            Self::Quantized(quantize) => block_type(quantize, columns).unwrap_or(GgmlDType::BF16),
        };
        rows as u64 * (columns / block.block_size() * block.type_size()) as u64
    }
}

/// Bytes that the weights of a checkpoint take once they are loaded; its files have `stored_bytes`. Dense weights are
/// quantised if asked for, half-precision weights of a small model become f32, and all others stay as they are stored.
pub fn held_bytes(config: &DecoderConfig, stored_bytes: u64, quantize: Quantize) -> u64 {
    let dense = weights_bytes(config, Precision::F32);
    // A half-precision file has half of these bytes and a header; a Q8_0 file has little more than a quarter.
    let float = stored_bytes > dense / 5 * 2;
    let half = float && stored_bytes < dense / 4 * 3;
    match quantize {
        Quantize::None if half && stored_bytes <= WIDENED_BYTES as u64 => dense,
        quantize if float && quantize != Quantize::None => {
            weights_bytes(config, Precision::Quantized(quantize))
        }
        _ => stored_bytes,
    }
}

/// Bytes taken on a card before anything is computed. Dense weights count as bf16, or quantised if asked for; quantised
/// weights count as they are stored. What a product with a packed matrix holds for a moment is included.
pub fn card_bytes(config: &DecoderConfig, stored_bytes: u64, quantize: Quantize) -> u64 {
    let dense = weights_bytes(config, Precision::F32);
    let float = stored_bytes > dense / 5 * 2;
    let weights = match quantize {
        Quantize::None if float => weights_bytes(config, Precision::Half),
        quantize if float => weights_bytes(config, Precision::Quantized(quantize)),
        _ => stored_bytes,
    };
    let packed = !float || quantize != Quantize::None;
    let band = if packed { band_bytes(config) } else { 0 };
    CARD_BYTES + weights + band
}

/// Bytes that a card holds while it multiplies with its largest packed matrix: one band of values, as f32 and as bf16.
fn band_bytes(config: &DecoderConfig) -> u64 {
    let largest = config.hidden_size * config.intermediate_size.max(config.vocab_size);
    largest.min(BAND_VALUES) as u64 * (F32_BYTES + Form::Card.number())
}

/// Bytes of the process without weights: program, threads, and a tokenizer whose file has `tokenizer_bytes` (an
/// allowance; `docs/plan.md` compares it with measured values).
pub fn process_bytes(tokenizer_bytes: u64) -> u64 {
    PROCESS_BYTES + TOKENIZER_SHARE * tokenizer_bytes
}

/// An estimate of the tokenizer's file in bytes, for a model of which only the sizes are known.
pub fn tokenizer_bytes(config: &DecoderConfig) -> u64 {
    TOKENIZER_BYTES_PER_ENTRY * config.vocab_size as u64
}

/// Bytes of all weights: matrices at `precision`, norms and biases in f32. A tied embedding counts once.
pub fn weights_bytes(config: &DecoderConfig, precision: Precision) -> u64 {
    let layer = projections_bytes(config, precision) + norms_bytes(config);
    config.num_hidden_layers as u64 * layer
        + embeddings_bytes(config, precision)
        + config.hidden_size as u64 * F32_BYTES
}

/// Bytes of the seven projections of one block, with their biases.
fn projections_bytes(config: &DecoderConfig, precision: Precision) -> u64 {
    let projection_bytes = |target: Target| {
        let (rows, columns) = config.projection_shape(target);
        let biased = u64::from(config.projection_bias(target));
        precision.matrix_bytes(rows, columns) + biased * rows as u64 * F32_BYTES
    };
    Target::ALL.into_iter().map(projection_bytes).sum()
}

/// Bytes of the norms of one block.
fn norms_bytes(config: &DecoderConfig) -> u64 {
    let values: usize = BlockNorm::of(config).map(|norm| norm.width(config)).sum();
    values as u64 * F32_BYTES
}

/// Bytes of the embedding, and of the head if it is a matrix of its own.
fn embeddings_bytes(config: &DecoderConfig, precision: Precision) -> u64 {
    let matrices = if config.tie_word_embeddings { 1 } else { 2 };
    matrices * precision.matrix_bytes(config.vocab_size, config.hidden_size)
}

/// Bytes of one copy of an adapter on every projection of every block: `4 R (in + out)` for each.
pub fn adapter_bytes(config: &DecoderConfig, rank: usize) -> u64 {
    let pair_bytes = |target: Target| {
        let (rows, columns) = config.projection_shape(target);
        (rank * (rows + columns)) as u64 * F32_BYTES
    };
    config.num_hidden_layers as u64 * Target::ALL.into_iter().map(pair_bytes).sum::<u64>()
}

/// Bytes that one block keeps of one token for its backward pass ([`crate::LayerTape`]), without an adapter:
/// `2D + 2 H Dh + 2 K Dh + 2F` numbers, and 2 D more if norms read the outputs of attention and the MLP.
pub fn tape_bytes_per_token(config: &DecoderConfig, form: Form) -> u64 {
    let (hidden, inner, query, kv) = widths(config);
    let streams = if config.post_norms { 4 } else { 2 };
    form.number() * (streams * hidden + 2 * query + 2 * kv + 2 * inner)
}

/// Bytes of one token's keys and values in all blocks: `2 K Dh L` numbers.
pub fn kv_bytes_per_token(config: &DecoderConfig, form: Form) -> u64 {
    form.number() * 2 * widths(config).3 * config.num_hidden_layers as u64
}

/// The sizes that decide how much memory training adds to the weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Training {
    /// Rank of the adapter (R).
    pub rank: usize,
    /// The recipe's budget of tokens computed at once.
    pub tokens_per_microbatch: usize,
    /// Whether each block keeps only its input, and the backward pass computes the rest again.
    pub recompute: bool,
    /// Tokens of the longest item: an example, or a preference pair with its SFT example.
    pub item_tokens: usize,
    /// Mean number of tokens in an item.
    pub mean_item_tokens: usize,
    /// Tokens of the longest sequence in an item.
    pub sequence_tokens: usize,
    /// Tokens of the longest item that have a loss.
    pub completion_tokens: usize,
    /// Items in the batch of one update.
    pub batch_size: usize,
    /// Threads that compute, on the processor.
    pub threads: usize,
    /// Whether the processor or a card computes; they hold different things.
    pub form: Form,
}

/// Bytes that training adds to the weights: the adapter with its gradients and its optimizer, and for every micro-batch
/// that runs at once the tapes, with either the logits or the widest moment of the backward pass.
pub fn training_bytes(config: &DecoderConfig, training: &Training) -> u64 {
    let update = Update::new(config, training);
    let passing = update.stream_bytes() + update.passes_bytes() + update.waiting_gradients_bytes();
    update.adapter_copies_bytes() + passing.max(update.optimizer_bytes())
}

/// One update of a training: how its batch is cut into micro-batches, and the bytes of each thing that it holds.
struct Update<'a> {
    config: &'a DecoderConfig,
    training: &'a Training,
    /// Micro-batches of the update.
    micro_batches: u64,
    /// How many of them run side by side.
    at_once: u64,
    /// Tokens of the micro-batches that run side by side.
    together: u64,
    /// How many of these tokens have a loss.
    scored: u64,
}

impl<'a> Update<'a> {
    fn new(config: &'a DecoderConfig, training: &'a Training) -> Self {
        let form = training.form;
        let (budget, workers) = form.passes(training.tokens_per_microbatch, training.threads);
        // One item is the longest; the others have the mean length.
        let (longest, mean) = (
            training.item_tokens.max(1),
            training.mean_item_tokens.max(1),
        );
        let per_batch = longest + training.batch_size.saturating_sub(1) * mean;
        // A micro-batch holds only complete items.
        let tokens = (budget.min(per_batch) / mean * mean).max(longest) as u64;
        let micro_batches = per_batch.div_ceil((tokens as usize).max(1)) as u64;
        let at_once = (workers as u64).min(micro_batches);
        // Together, the micro-batches hold no more tokens than the update has.
        let together = (at_once * tokens).min(per_batch as u64).max(tokens);
        let scored = (training.completion_tokens as u64 * together).div_ceil(longest as u64);
        Self {
            config,
            training,
            micro_batches,
            at_once,
            together,
            scored,
        }
    }

    /// Bytes at the widest moment of the passes, which comes in the last block or in an earlier block.
    fn passes_bytes(&self) -> u64 {
        let scores = self.backward_scores_bytes();
        let computed = self
            .logits_bytes()
            .max(self.wanted(self.backward_bytes()) + scores);
        let last = self.tapes_below_last_bytes() + self.wanted(self.tape_bytes()) + computed;
        let earlier = self.tapes_below_earlier_bytes() + self.backward_bytes() + scores;
        last.max(earlier)
    }

    /// Bytes of a block's backward pass without its attention scores: dact, dgate, dup and silu(gate) * up; then x, h,
    /// dh, dmid, dy, and the gradients around attention. In all `4F + 5D + 2 H Dh + 2 K Dh` numbers a token, and D more
    /// if a norm reads the MLP's output, or a factor scales it.
    fn backward_bytes(&self) -> u64 {
        let (hidden, inner, query, kv) = widths(self.config);
        let streams = 5 + u64::from(passes_something(self.config));
        let gradients = 4 * inner + streams * hidden + 2 * query + 2 * kv;
        self.together * (self.number() * gradients + self.between_operations_bytes())
    }

    /// Bytes of a token's intermediate results on a card: in bf16 between the operations of the gate, in f32 between
    /// those of a norm. The processor computes each of the two in one loop.
    fn between_operations_bytes(&self) -> u64 {
        let (hidden, inner, ..) = widths(self.config);
        match self.training.form {
            Form::Processor => 0,
            Form::Card => 4 * self.number() * inner + 6 * F32_BYTES * hidden,
        }
    }

    /// Bytes of the attention scores in the backward passes that run at once.
    fn backward_scores_bytes(&self) -> u64 {
        let (form, tokens) = (self.training.form, self.training.sequence_tokens as u64);
        self.at_once * scores_bytes(self.config, form, tokens, form.score_copies().1)
    }

    /// Bytes of the logits that are held at once, and of three tensors `[scored, D]`: the hidden states with a loss,
    /// their gradients, and what is computed from them.
    fn logits_bytes(&self) -> u64 {
        let (most, copies) = self.training.form.training_logits();
        let logits = (self.scored * self.config.vocab_size as u64).min(self.at_once * most);
        let hidden = self.config.hidden_size as u64;
        logits * copies * F32_BYTES + 3 * self.scored * hidden * self.number()
    }

    /// Bytes that one block keeps of the tokens that are computed at once, including `x Aᵀ` of its projections.
    fn tape_bytes(&self) -> u64 {
        let low = (Target::ALL.len() * self.training.rank) as u64 * self.number();
        self.together * (tape_bytes_per_token(self.config, self.training.form) + low)
    }

    /// Bytes of the residual stream, `[tokens, D]`, for the tokens that are computed at once.
    fn stream_bytes(&self) -> u64 {
        self.together * self.number() * self.config.hidden_size as u64
    }

    /// Bytes that all blocks before the last keep.
    fn tapes_below_last_bytes(&self) -> u64 {
        let kept = if self.training.recompute {
            self.stream_bytes()
        } else {
            self.tape_bytes()
        };
        (self.config.num_hidden_layers as u64 - 1) * kept
    }

    /// Bytes that the blocks before the last keep while the second to last computes its backward pass: if blocks are
    /// recomputed, its whole tape, and only the inputs of the blocks before it.
    fn tapes_below_earlier_bytes(&self) -> u64 {
        let layers = self.config.num_hidden_layers as u64;
        if self.training.recompute {
            layers.saturating_sub(2) * self.stream_bytes() + self.tape_bytes()
        } else {
            self.tapes_below_last_bytes()
        }
    }

    /// Reduces the bytes of all tokens to those of tokens with a loss: the last block is computed for these only.
    fn wanted(&self, bytes: u64) -> u64 {
        bytes * self.scored / self.together
    }

    /// Bytes of the gradients of finished micro-batches, which are one sum; zero if all micro-batches run at once.
    fn waiting_gradients_bytes(&self) -> u64 {
        u64::from(self.micro_batches > self.at_once) * self.adapter_bytes()
    }

    /// Bytes of the adapter's copies that last ([`ADAPTER_COPIES`]); a card also has a bf16 copy, with which it
    /// computes.
    fn adapter_copies_bytes(&self) -> u64 {
        let copies = match self.training.form {
            Form::Processor => ADAPTER_COPIES,
            Form::Card => ADAPTER_COPIES + 1,
        };
        copies * self.adapter_bytes()
    }

    /// Bytes that the optimizer adds during an update ([`STEP_COPIES`]); on a card, results between its operations are
    /// added.
    fn optimizer_bytes(&self) -> u64 {
        let copies = match self.training.form {
            Form::Processor => STEP_COPIES,
            Form::Card => STEP_COPIES + 3,
        };
        copies * self.adapter_bytes()
    }

    fn adapter_bytes(&self) -> u64 {
        adapter_bytes(self.config, self.training.rank)
    }

    /// Bytes of one number of an activation.
    fn number(&self) -> u64 {
        self.training.form.number()
    }
}

/// The sizes that decide how much memory generating adds to the weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Generating {
    /// Sequences that are generated side by side.
    pub batch: usize,
    /// Tokens of the longest prompt.
    pub prompt_tokens: usize,
    /// Mean number of tokens in a prompt.
    pub mean_prompt_tokens: usize,
    /// The most tokens that are generated after a prompt.
    pub new_tokens: usize,
    /// Whether the processor or a card computes.
    pub form: Form,
}

/// Bytes that generating adds to the weights. Some prompts at a time are computed: their keys and values are kept,
/// copied for each prompt, and written to the cache. At the end there is the whole cache (its pages count only once
/// they are written), the logits of a step, and what the heap keeps of the prompts. On a card the whole cache exists
/// from the beginning, and sampled tokens are drawn on the processor.
pub fn generating_bytes(config: &DecoderConfig, generating: &Generating) -> u64 {
    let (batch, longest) = (generating.batch as u64, generating.prompt_tokens as u64);
    let prompts = longest + batch.saturating_sub(1) * generating.mean_prompt_tokens as u64;
    let together = prompts.min((generate::PREFILL_TOKENS as u64).max(longest));
    let form = generating.form;
    let per_token = kv_bytes_per_token(config, form);
    let kept = together * per_token;
    let prefill = forward_bytes(config, form, together, longest);
    if form == Form::Card {
        let cache = batch * (longest + generating.new_tokens as u64) * per_token;
        return cache + kept + prefill.max(card_step_bytes(config, generating));
    }
    let earlier = (prompts - together) * per_token;
    let written = (prompts + batch * generating.new_tokens as u64) * per_token;
    let step = written + drawn_logits_bytes(config, batch) + kept;
    (earlier + kept + prefill.max(kept)).max(step)
}

/// Bytes of a step's logits `[batch, V]`, held three times: as computed, as drawn from, and sorted.
fn drawn_logits_bytes(config: &DecoderConfig, batch: u64) -> u64 {
    3 * batch * config.vocab_size as u64 * F32_BYTES
}

/// Bytes of one step on a card, in which one token of each sequence attends to the whole cache.
fn card_step_bytes(config: &DecoderConfig, generating: &Generating) -> u64 {
    let (form, batch) = (generating.form, generating.batch as u64);
    let capacity = (generating.prompt_tokens + generating.new_tokens) as u64;
    let heads = config.num_attention_heads as u64;
    let scores = form.score_copies().0 * batch * heads * capacity * F32_BYTES;
    forward_bytes(config, form, batch, 1) + scores + drawn_logits_bytes(config, batch)
}

/// Bytes that scoring adds to the weights. The texts have `sequence_tokens` tokens each, and `threads` threads compute
/// at most `tokens` tokens at once.
pub fn scoring_bytes(
    config: &DecoderConfig,
    form: Form,
    tokens: usize,
    sequence_tokens: usize,
    threads: usize,
) -> u64 {
    let (tokens, workers) = form.passes(tokens, threads);
    let tokens = tokens.max(sequence_tokens) as u64;
    let (most, copies) = form.scoring_logits();
    let logits = (tokens * config.vocab_size as u64).min(most) * copies;
    workers as u64
        * (forward_bytes(config, form, tokens, sequence_tokens as u64) + logits * F32_BYTES)
}

/// Bytes at the widest moment of a forward pass without a tape: in the MLP (x, mid, h, gate, up and their product, and
/// one more stream if a norm reads attention's output or a factor scales the MLP's output) or in attention, with the
/// attention scores.
fn forward_bytes(config: &DecoderConfig, form: Form, tokens: u64, sequence_tokens: u64) -> u64 {
    let (hidden, inner, query, kv) = widths(config);
    let streams = 3 + u64::from(passes_something(config));
    let mlp = streams * hidden + 3 * inner;
    let attention = 3 * hidden + 3 * query + 3 * kv;
    tokens * form.number() * mlp.max(attention)
        + scores_bytes(config, form, sequence_tokens, form.score_copies().0)
}

/// Whether the outputs of attention and the MLP pass through a norm or a factor on their way to the residual stream.
fn passes_something(config: &DecoderConfig) -> bool {
    config.post_norms || config.residual_multiplier != 1.0
}

/// Bytes of `copies` copies of the attention scores `[H, rows, tokens]` of one block of query rows in one sequence.
fn scores_bytes(config: &DecoderConfig, form: Form, sequence_tokens: u64, copies: u64) -> u64 {
    let rows = form.query_rows().min(sequence_tokens);
    copies * config.num_attention_heads as u64 * rows * sequence_tokens * F32_BYTES
}

/// The widths (D, F, H Dh, K Dh): numbers per token.
fn widths(config: &DecoderConfig) -> (u64, u64, u64, u64) {
    let head_widths = |heads: usize| (heads * config.head_dim) as u64;
    (
        config.hidden_size as u64,
        config.intermediate_size as u64,
        head_widths(config.num_attention_heads),
        head_widths(config.num_key_value_heads),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_model::tiny;

    #[test]
    fn weights_are_counted_as_they_lie() {
        let decoder = tiny(1);
        let config = &decoder.config;
        let dense: u64 = decoder
            .layers
            .iter()
            .flat_map(|layer| &layer.projections)
            .map(|p| {
                let (rows, columns) = p.weight.shape().unwrap();
                4 * (rows * columns + p.bias.as_ref().map_or(0, |b| b.elem_count())) as u64
            })
            .sum();
        let (vocab, hidden) = (config.vocab_size as u64, config.hidden_size as u64);
        let embeddings = if config.tie_word_embeddings { 1 } else { 2 };
        let norms = 4 * hidden * (2 * config.num_hidden_layers as u64 + 1);
        let whole = weights_bytes(config, Precision::F32);
        assert_eq!(whole, dense + embeddings * 4 * vocab * hidden + norms);
        assert!(weights_bytes(config, Precision::Half) < whole);
    }

    #[test]
    fn a_checkpoint_is_held_as_it_is_loaded() {
        let config = &tiny(1).config;
        let [dense, half] = [Precision::F32, Precision::Half].map(|p| weights_bytes(config, p));
        let quantised = weights_bytes(config, Precision::Quantized(Quantize::Q8_0));
        for stored in [dense, half] {
            assert_eq!(held_bytes(config, stored, Quantize::None), dense);
            assert_eq!(held_bytes(config, stored, Quantize::Q8_0), quantised);
        }
        // A checkpoint that is quantised already stays as it is.
        assert_eq!(held_bytes(config, dense / 4, Quantize::Q8_0), dense / 4);
    }

    #[test]
    fn blocks_of_quantised_rows_have_ggml_s_sizes() {
        // 256 weights: 8 blocks of 34 bytes, or one of 144.
        assert_eq!(
            Precision::Quantized(Quantize::Q8_0).matrix_bytes(2, 256),
            2 * 8 * 34
        );
        assert_eq!(
            Precision::Quantized(Quantize::Q4K).matrix_bytes(2, 256),
            2 * 144
        );
        // Rows whose length is not a multiple of 256 become q8_0.
        assert_eq!(
            Precision::Quantized(Quantize::Q4K).matrix_bytes(1, 96),
            3 * 34
        );
    }

    #[test]
    fn more_of_anything_takes_more() {
        let config = &DecoderConfig {
            num_hidden_layers: 8,
            ..tiny(1).config
        };
        let base = Training {
            rank: 4,
            tokens_per_microbatch: 4096,
            recompute: false,
            item_tokens: 300,
            mean_item_tokens: 300,
            sequence_tokens: 300,
            completion_tokens: 100,
            batch_size: 8,
            threads: 2,
            form: Form::Processor,
        };
        let bytes = |training: Training| training_bytes(config, &training);
        assert!(bytes(Training { rank: 8, ..base }) > bytes(base));
        assert!(
            bytes(Training {
                recompute: true,
                ..base
            }) < bytes(base)
        );
        // Here one micro-batch runs at a time. A smaller budget that still has room for several would change nothing,
        // because each holds one item anyway.
        assert!(
            bytes(Training {
                tokens_per_microbatch: 256,
                ..base
            }) < bytes(base)
        );
        assert!(
            bytes(Training {
                item_tokens: 2000,
                sequence_tokens: 2000,
                ..base
            }) > bytes(base)
        );
        assert!(
            bytes(Training {
                mean_item_tokens: 30,
                ..base
            }) < bytes(base)
        );
        let form = Form::Processor;
        let single = Generating {
            batch: 1,
            prompt_tokens: 50,
            mean_prompt_tokens: 50,
            new_tokens: 100,
            form,
        };
        let eight = Generating { batch: 8, ..single };
        assert!(generating_bytes(config, &eight) > generating_bytes(config, &single));
        let short = Generating {
            mean_prompt_tokens: 20,
            ..eight
        };
        assert!(generating_bytes(config, &short) < generating_bytes(config, &eight));
        let scoring = |tokens, threads| scoring_bytes(config, form, tokens, 100, threads);
        assert!(scoring(4096, 2) > scoring(1024, 2) && scoring(4096, 2) > scoring(4096, 1));
    }

    #[test]
    fn a_card_holds_weights_in_two_bytes_and_more_of_anything_takes_more() {
        let config = &DecoderConfig {
            num_hidden_layers: 8,
            ..tiny(1).config
        };
        let (dense, half) = (
            weights_bytes(config, Precision::F32),
            weights_bytes(config, Precision::Half),
        );
        for stored in [dense, half] {
            assert_eq!(
                card_bytes(config, stored, Quantize::None),
                CARD_BYTES + half
            );
            assert!(card_bytes(config, stored, Quantize::Q8_0) > CARD_BYTES);
        }
        let base = Training {
            rank: 4,
            tokens_per_microbatch: 4096,
            recompute: false,
            item_tokens: 300,
            mean_item_tokens: 300,
            sequence_tokens: 300,
            completion_tokens: 100,
            batch_size: 8,
            threads: 2,
            form: Form::Card,
        };
        let bytes = |training: Training| training_bytes(config, &training);
        assert_eq!(
            bytes(Training {
                threads: 16,
                ..base
            }),
            bytes(base),
            "one pass at a time"
        );
        assert!(
            bytes(Training {
                recompute: true,
                ..base
            }) < bytes(base)
        );
        assert!(
            bytes(Training {
                tokens_per_microbatch: 600,
                ..base
            }) < bytes(base)
        );
        let single = Generating {
            batch: 1,
            prompt_tokens: 50,
            mean_prompt_tokens: 20,
            new_tokens: 100,
            form: Form::Card,
        };
        assert!(
            generating_bytes(config, &Generating { batch: 8, ..single })
                > 4 * 150 * kv_bytes_per_token(config, Form::Card)
        );
        assert!(
            generating_bytes(
                config,
                &Generating {
                    new_tokens: 200,
                    ..single
                }
            ) > generating_bytes(config, &single)
        );
    }

    /// An aim of `docs/gpu.md`: a model of 8B weights, packed in 4 bits, trains on one sequence of 1,024 tokens within
    /// 8 GB.
    #[test]
    fn an_8b_model_in_four_bits_trains_within_8_gb_as_it_is_counted() {
        let config = &crate::model::shape::Shape::B8.config().unwrap();
        let stored = weights_bytes(config, Precision::Half);
        let training = Training {
            rank: 16,
            tokens_per_microbatch: 1024,
            recompute: true,
            item_tokens: 1024,
            mean_item_tokens: 1024,
            sequence_tokens: 1024,
            completion_tokens: 1023,
            batch_size: 1,
            threads: 1,
            form: Form::Card,
        };
        let bytes = card_bytes(config, stored, Quantize::Q4_0) + training_bytes(config, &training);
        assert!(bytes < 8_000_000_000, "{bytes}");
    }
}
