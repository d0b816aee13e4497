//! Memory that a model takes, computed from its configuration alone: everything held in memory, counted tensor by
//! tensor.
//!
//! Pure functions of sizes, held against the peak of real processes in `docs/plan.md`. Widths as in [`crate`]: D
//! hidden, F intermediate, H heads, K key/value heads, Dh head width, L layers, V vocabulary, R rank; numbers are f32
//! (4 bytes) on the processor, and bf16 (2 bytes) but for adapters and reductions on a card. What a card takes was
//! never measured: the figures are those of the operations, counted.

use candle_core::quantized::GgmlDType;
use contract::DeviceChoice;

use crate::files::weights::WIDENED_BYTES;
use crate::infer::{generate, score};
use crate::model::attention::{BLOCK_TOKENS, DEVICE_BLOCK_TOKENS};
use crate::model::device_blocks::BAND_VALUES;
use crate::model::{DecoderConfig, Quantize, Target, block_type};
use crate::ops::DEVICE_LOGITS_PER_CHUNK;
use crate::parallel::share_budget;
use crate::train;

const F32_BYTES: u64 = 4;
/// Copies of the adapter that training holds besides the gradients: now, best and start; two moments of the optimizer.
const ADAPTER_COPIES: u64 = 5;
/// What an update makes of them: the gradient and the clipped one, the parameters and the new ones, laid flat; two new
/// moments.
const STEP_COPIES: u64 = 6;

/// The driver's and its libraries' room beside tensors, and what is lost between them (an allowance).
const CARD_BYTES: u64 = 512 << 20;

/// The engine and its threads, with nothing loaded.
const PROCESS_BYTES: u64 = 15 << 20;
/// A tokenizer takes this many times its file: both directions of the vocabulary, the merges, and their JSON while it
/// is read (18 to 21 for those of Llama 2, Llama 3 and Qwen 2.5).
const TOKENIZER_SHARE: u64 = 20;
/// Bytes of a tokenizer's file for each entry of the vocabulary (31 to 47 for the same three).
const TOKENIZER_BYTES_PER_ENTRY: u64 = 40;

/// Whose memory is counted: which form of the operations computes, and on how many passes side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// The processor's own, f32.
    #[default]
    Processor,
    /// candle's on a card, bf16.
    Card,
}

impl Form {
    /// The form of a device.
    pub fn of(device: DeviceChoice) -> Self {
        match device {
            DeviceChoice::Cuda(_) => Self::Card,
            DeviceChoice::Cpu | DeviceChoice::Metal => Self::Processor,
        }
    }

    /// Bytes of an activation.
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

    /// f32 copies of attention scores that a forward and a backward pass hold of them.
    const fn score_copies(self) -> (u64, u64) {
        match self {
            Self::Processor => (1, 3),
            Self::Card => (6, 7),
        }
    }

    /// Most logits that training holds at once, and how many f32 copies of them (`train::loss`).
    const fn training_logits(self) -> (u64, u64) {
        match self {
            Self::Processor => (train::LOGITS_PER_CHUNK as u64, 1),
            Self::Card => (DEVICE_LOGITS_PER_CHUNK as u64, 5),
        }
    }

    /// The same for scoring (`score`).
    const fn scoring_logits(self) -> (u64, u64) {
        match self {
            Self::Processor => (score::LOGITS_PER_CHUNK as u64, 1),
            Self::Card => (DEVICE_LOGITS_PER_CHUNK as u64, 3),
        }
    }

    /// Tokens of one pass and passes at once.
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
    /// 4 bytes a weight.
    F32,
    /// bf16 or f16.
    Half,
    /// Quantised while it is loaded.
    Quantized(Quantize),
}

impl Precision {
    /// Bytes of a matrix whose rows have `columns` values; without the cache line that may follow each row of a dense
    /// one (`weight::stride`), 1 to 3 % of the models that people use.
    fn matrix_bytes(self, rows: usize, columns: usize) -> u64 {
        let block = match self {
            Self::F32 => GgmlDType::F32,
            Self::Half => GgmlDType::BF16,
            Self::Quantized(quantize) => block_type(quantize, columns).unwrap_or(GgmlDType::BF16),
        };
        rows as u64 * (columns / block.block_size() * block.type_size()) as u64
    }
}

/// Bytes of the weights of a checkpoint of `stored_bytes` once they are loaded: dense ones are quantised if asked for,
/// those of a small model in half precision become f32, others stay as they are stored.
pub fn held_bytes(config: &DecoderConfig, stored_bytes: u64, quantize: Quantize) -> u64 {
    let dense = weights_bytes(config, Precision::F32);
    // A file in half precision has half of them and a header; Q8_0 has little more than a quarter.
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

/// Bytes of a card before anything is computed: the weights, dense ones as bf16 or quantised if asked for, quantised
/// ones as they are stored, and what products with packed matrices hold for a moment.
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

/// What a card holds of its largest packed matrix while it multiplies: a band of values as f32 and as bf16.
fn band_bytes(config: &DecoderConfig) -> u64 {
    let largest = config.hidden_size * config.intermediate_size.max(config.vocab_size);
    largest.min(BAND_VALUES) as u64 * (F32_BYTES + Form::Card.number())
}

/// The process without weights: program, threads and a tokenizer from a file of `tokenizer_bytes` (an allowance,
/// `docs/plan.md`).
pub fn process_bytes(tokenizer_bytes: u64) -> u64 {
    PROCESS_BYTES + TOKENIZER_SHARE * tokenizer_bytes
}

/// The size of a tokenizer's file, where only the model's sizes are known.
pub fn tokenizer_bytes(config: &DecoderConfig) -> u64 {
    TOKENIZER_BYTES_PER_ENTRY * config.vocab_size as u64
}

/// Weights: matrices at `precision`, norms and biases in f32; a tied embedding counts once.
pub fn weights_bytes(config: &DecoderConfig, precision: Precision) -> u64 {
    let layer = projections_bytes(config, precision) + norms_bytes(config);
    config.num_hidden_layers as u64 * layer
        + embeddings_bytes(config, precision)
        + config.hidden_size as u64 * F32_BYTES
}

/// The projections of one block, with their biases.
fn projections_bytes(config: &DecoderConfig, precision: Precision) -> u64 {
    let projection_bytes = |target: Target| {
        let (rows, columns) = config.projection_shape(target);
        let biased = u64::from(config.projection_bias(target));
        precision.matrix_bytes(rows, columns) + biased * rows as u64 * F32_BYTES
    };
    Target::ALL.into_iter().map(projection_bytes).sum()
}

/// The norms of one block.
fn norms_bytes(config: &DecoderConfig) -> u64 {
    let heads = usize::from(config.qk_norm) * 2 * config.head_dim;
    (2 * config.hidden_size + heads) as u64 * F32_BYTES
}

/// The embedding, and the head where it is a matrix of its own.
fn embeddings_bytes(config: &DecoderConfig, precision: Precision) -> u64 {
    let matrices = if config.tie_word_embeddings { 1 } else { 2 };
    matrices * precision.matrix_bytes(config.vocab_size, config.hidden_size)
}

/// One copy of an adapter on every projection: `4 R (in + out)` each.
pub fn adapter_bytes(config: &DecoderConfig, rank: usize) -> u64 {
    let pair_bytes = |target: Target| {
        let (rows, columns) = config.projection_shape(target);
        (rank * (rows + columns)) as u64 * F32_BYTES
    };
    config.num_hidden_layers as u64 * Target::ALL.into_iter().map(pair_bytes).sum::<u64>()
}

/// What one block keeps of one token for the backward pass ([`crate::LayerTape`]) without an adapter:
/// `2D + 2 H Dh + 2 K Dh + 2F` numbers.
pub fn tape_bytes_per_token(config: &DecoderConfig, form: Form) -> u64 {
    let (hidden, inner, query, kv) = widths(config);
    form.number() * (2 * hidden + 2 * query + 2 * kv + 2 * inner)
}

/// Keys and values of one token in all blocks: `2 K Dh L` numbers.
pub fn kv_bytes_per_token(config: &DecoderConfig, form: Form) -> u64 {
    form.number() * 2 * widths(config).3 * config.num_hidden_layers as u64
}

/// What a training adds to the weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Training {
    /// Rank of the adapter.
    pub rank: usize,
    /// The recipe's budget of tokens computed at once.
    pub tokens_per_microbatch: usize,
    /// Whether blocks keep their inputs only.
    pub recompute: bool,
    /// Tokens of the longest item: an example, or a preference pair with its SFT example.
    pub item_tokens: usize,
    /// Tokens of an item on average.
    pub mean_item_tokens: usize,
    /// Tokens of the longest sequence in an item.
    pub sequence_tokens: usize,
    /// Of these, tokens with a loss.
    pub completion_tokens: usize,
    /// Items of an update.
    pub batch_size: usize,
    /// Threads of the computation.
    pub threads: usize,
    /// Whether the processor or a card computes; they hold different things.
    pub form: Form,
}

/// Tapes, the widest moment of the backward pass and the logits of every micro-batch that runs at once, and the
/// adapter with its optimizer and gradients.
pub fn training_bytes(config: &DecoderConfig, training: &Training) -> u64 {
    let update = Update::new(config, training);
    let passing = update.stream_bytes() + update.passes_bytes() + update.waiting_gradients_bytes();
    update.adapter_copies_bytes() + passing.max(update.optimizer_bytes())
}

/// One update of a training: how its batch is cut into micro-batches, and the bytes of each thing that it holds.
struct Update<'a> {
    config: &'a DecoderConfig,
    training: &'a Training,
    /// Micro-batches of the update, and those that run side by side.
    micro_batches: u64,
    at_once: u64,
    /// Tokens of the micro-batches that run side by side.
    together: u64,
    /// Of these, tokens with a loss.
    scored: u64,
}

impl<'a> Update<'a> {
    fn new(config: &'a DecoderConfig, training: &'a Training) -> Self {
        let form = training.form;
        let (budget, workers) = form.passes(training.tokens_per_microbatch, training.threads);
        // One item is the longest, the others are as long as most.
        let (longest, mean) = (
            training.item_tokens.max(1),
            training.mean_item_tokens.max(1),
        );
        let per_batch = longest + training.batch_size.saturating_sub(1) * mean;
        // Whole items only.
        let tokens = (budget.min(per_batch) / mean * mean).max(longest) as u64;
        let micro_batches = per_batch.div_ceil((tokens as usize).max(1)) as u64;
        let at_once = (workers as u64).min(micro_batches);
        // The last micro-batch of an update is no fuller than what is left of it.
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

    /// The widest moment of the passes: that of the last block, or of one before it.
    fn passes_bytes(&self) -> u64 {
        let scores = self.backward_scores_bytes();
        let computed = self
            .logits_bytes()
            .max(self.wanted(self.backward_bytes()) + scores);
        let last = self.tapes_below_last_bytes() + self.wanted(self.tape_bytes()) + computed;
        let earlier = self.tapes_below_earlier_bytes() + self.backward_bytes() + scores;
        last.max(earlier)
    }

    /// dact, dgate, dup and silu(gate) * up; then x, h, dh, dmid, dy and the gradients of q, k, v.
    fn backward_bytes(&self) -> u64 {
        let (hidden, inner, query, kv) = widths(self.config);
        let gradients = 4 * inner + 5 * hidden + 2 * query + 2 * kv;
        self.together * (self.number() * gradients + self.between_operations_bytes())
    }

    /// What a card holds of a token between the operations of the gate, in bf16, and those of a norm, in f32.
    fn between_operations_bytes(&self) -> u64 {
        let (hidden, inner, ..) = widths(self.config);
        match self.training.form {
            Form::Processor => 0,
            Form::Card => 4 * self.number() * inner + 6 * F32_BYTES * hidden,
        }
    }

    /// Attention scores of the backward pass.
    fn backward_scores_bytes(&self) -> u64 {
        let (form, tokens) = (self.training.form, self.training.sequence_tokens as u64);
        self.at_once * scores_bytes(self.config, form, tokens, form.score_copies().1)
    }

    /// Logits that are held at once, and the hidden states with a loss, their gradients and what is made of them.
    fn logits_bytes(&self) -> u64 {
        let (most, copies) = self.training.form.training_logits();
        let logits = (self.scored * self.config.vocab_size as u64).min(self.at_once * most);
        let hidden = self.config.hidden_size as u64;
        logits * copies * F32_BYTES + 3 * self.scored * hidden * self.number()
    }

    /// What one block keeps of the tokens, `x Aᵀ` of its projections included.
    fn tape_bytes(&self) -> u64 {
        let low = (Target::ALL.len() * self.training.rank) as u64 * self.number();
        self.together * (tape_bytes_per_token(self.config, self.training.form) + low)
    }

    /// The residual stream of the tokens.
    fn stream_bytes(&self) -> u64 {
        self.together * self.number() * self.config.hidden_size as u64
    }

    /// What lies below the last block.
    fn tapes_below_last_bytes(&self) -> u64 {
        let kept = if self.training.recompute {
            self.stream_bytes()
        } else {
            self.tape_bytes()
        };
        (self.config.num_hidden_layers as u64 - 1) * kept
    }

    /// What lies there while the block before it goes back.
    fn tapes_below_earlier_bytes(&self) -> u64 {
        let layers = self.config.num_hidden_layers as u64;
        if self.training.recompute {
            layers.saturating_sub(2) * self.stream_bytes() + self.tape_bytes()
        } else {
            self.tapes_below_last_bytes()
        }
    }

    /// Of something that every token has, the part of those with a loss: the last block is computed for these only.
    fn wanted(&self, bytes: u64) -> u64 {
        bytes * self.scored / self.together
    }

    /// Gradients of micro-batches that are done are one sum, beside those at work.
    fn waiting_gradients_bytes(&self) -> u64 {
        u64::from(self.micro_batches > self.at_once) * self.adapter_bytes()
    }

    /// The adapter and what stays beside it; a card computes with a copy in bf16.
    fn adapter_copies_bytes(&self) -> u64 {
        let copies = match self.training.form {
            Form::Processor => ADAPTER_COPIES,
            Form::Card => ADAPTER_COPIES + 1,
        };
        copies * self.adapter_bytes()
    }

    /// What the optimizer makes of the gradients; a card's holds what lies between its operations.
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

    /// Bytes of an activation.
    fn number(&self) -> u64 {
        self.training.form.number()
    }
}

/// What is generated at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Generating {
    /// Sequences side by side.
    pub batch: usize,
    /// Tokens of the longest prompt.
    pub prompt_tokens: usize,
    /// Tokens of a prompt on average.
    pub mean_prompt_tokens: usize,
    /// Tokens that follow it at most.
    pub new_tokens: usize,
    /// Who computes.
    pub form: Form,
}

/// What generating adds to the weights. Prompts are computed some at once, their keys and values are kept, copied for
/// each prompt and written to the cache; in the end there are the whole cache, whose pages count only once they are
/// written, the logits of a step (as computed, as drawn from, and sorted), and what the heap keeps of the prompts. A
/// card's cache is there in full from the beginning, and logits are drawn from elsewhere.
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

/// Logits of a step: as computed, as drawn from, and sorted.
fn drawn_logits_bytes(config: &DecoderConfig, batch: u64) -> u64 {
    3 * batch * config.vocab_size as u64 * F32_BYTES
}

/// One step on a card: a token of each sequence, against the whole cache.
fn card_step_bytes(config: &DecoderConfig, generating: &Generating) -> u64 {
    let (form, batch) = (generating.form, generating.batch as u64);
    let capacity = (generating.prompt_tokens + generating.new_tokens) as u64;
    let heads = config.num_attention_heads as u64;
    let scores = form.score_copies().0 * batch * heads * capacity * F32_BYTES;
    forward_bytes(config, form, batch, 1) + scores + drawn_logits_bytes(config, batch)
}

/// What scoring texts of `sequence_tokens` tokens on `threads` threads adds to the weights, at most `tokens` of them at
/// once.
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

/// The widest moment of a forward pass that keeps nothing: x, mid, h and gate, up and their product.
fn forward_bytes(config: &DecoderConfig, form: Form, tokens: u64, sequence_tokens: u64) -> u64 {
    let (hidden, inner, query, kv) = widths(config);
    let mlp = 3 * hidden + 3 * inner;
    let attention = 3 * hidden + 3 * query + 3 * kv;
    tokens * form.number() * mlp.max(attention)
        + scores_bytes(config, form, sequence_tokens, form.score_copies().0)
}

/// `copies` of the scores of one block of query rows in one sequence.
fn scores_bytes(config: &DecoderConfig, form: Form, sequence_tokens: u64, copies: u64) -> u64 {
    let rows = form.query_rows().min(sequence_tokens);
    copies * config.num_attention_heads as u64 * rows * sequence_tokens * F32_BYTES
}

/// (D, F, H Dh, K Dh)
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
        // Quantised already.
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
        // One micro-batch at a time; a smaller share of a large budget changes nothing where it holds one item anyway.
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

    /// The target of the GPU's issue: 8B, packed in 4 bits, one sequence of 1,024 tokens, in 8 GB.
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
