//! Encoders of the BERT family, which turn a text into one state for each token: the models behind BERTScore.
//!
//! BERT and MiniLM (Devlin et al., 2019), RoBERTa and XLM-R (Liu et al., 2019; Conneau et al., 2020), DistilBERT (Sanh et
//! al., 2019), as in transformers 5.24: learnt positions, norms after attention and feed-forward, GELU with erf. They
//! differ in names, in where positions begin, and in whether there are token types. DeBERTa, ModernBERT and T5 compute
//! something else and are refused. The evaluation stages call this module; the formula is in `metrics::bertscore`.

use std::path::Path;

use candle_core::{D, DType, Device, IndexOp, Tensor};
use candle_nn::ops::{layer_norm, softmax_last_dim};
use serde::Deserialize;

use crate::device::Place;
use crate::disk::read_json;
use crate::error::{Error, Result};
use crate::files::weights::Weights;
use crate::text::{SpecialTokens, Tokenizer};

/// The families, by the `model_type` of their config.json.
const SUPPORTED: &str = "bert, roberta, xlm-roberta, distilbert";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Bert,
    Roberta,
    XlmRoberta,
    DistilBert,
}

impl Family {
    fn named(model_type: &str) -> Option<Self> {
        match model_type {
            "bert" => Some(Self::Bert),
            "roberta" => Some(Self::Roberta),
            "xlm-roberta" => Some(Self::XlmRoberta),
            "distilbert" => Some(Self::DistilBert),
            _ => None,
        }
    }

    /// Prefixes under which checkpoints store the tensors; heads bring them along.
    fn prefixes(self) -> [&'static str; 2] {
        match self {
            Self::Bert => ["", "bert."],
            Self::Roberta | Self::XlmRoberta => ["", "roberta."],
            Self::DistilBert => ["", "distilbert."],
        }
    }

    fn layer(self, layer: usize) -> String {
        match self {
            Self::DistilBert => format!("transformer.layer.{layer}."),
            _ => format!("encoder.layer.{layer}."),
        }
    }

    /// Names within a layer: query, key, value, the attention's output and norm, the two matrices and the norm.
    fn names(self) -> [&'static str; 8] {
        match self {
            Self::DistilBert => [
                "attention.q_lin",
                "attention.k_lin",
                "attention.v_lin",
                "attention.out_lin",
                "sa_layer_norm",
                "ffn.lin1",
                "ffn.lin2",
                "output_layer_norm",
            ],
            _ => [
                "attention.self.query",
                "attention.self.key",
                "attention.self.value",
                "attention.output.dense",
                "attention.output.LayerNorm",
                "intermediate.dense",
                "output.dense",
                "output.LayerNorm",
            ],
        }
    }
}

/// The field of config.json that names the family.
#[derive(Debug, Deserialize)]
struct Kind {
    model_type: Option<String>,
}

/// The fields of config.json that matter; DistilBERT has its own names for them.
#[derive(Debug, Deserialize)]
struct Config {
    #[serde(alias = "dim")]
    hidden_size: usize,
    #[serde(alias = "n_layers")]
    num_hidden_layers: usize,
    #[serde(alias = "n_heads")]
    num_attention_heads: usize,
    #[serde(alias = "hidden_dim")]
    intermediate_size: usize,
    max_position_embeddings: usize,
    vocab_size: usize,
    #[serde(alias = "activation")]
    hidden_act: Option<String>,
    layer_norm_eps: Option<f32>,
    type_vocab_size: Option<usize>,
    pad_token_id: Option<usize>,
    position_embedding_type: Option<String>,
}

struct Linear {
    /// The weight, transposed: `[in, out]`.
    weight: Tensor,
    bias: Tensor,
}

impl Linear {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        Ok(x.matmul(&self.weight)?.broadcast_add(&self.bias)?)
    }
}

struct Norm {
    weight: Tensor,
    bias: Tensor,
    eps: f32,
}

impl Norm {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        Ok(layer_norm(
            &x.contiguous()?,
            &self.weight,
            &self.bias,
            self.eps,
        )?)
    }
}

struct Layer {
    query: Linear,
    key: Linear,
    value: Linear,
    attended: Linear,
    attention_norm: Norm,
    widen: Linear,
    narrow: Linear,
    norm: Norm,
}

/// The tensors of one checkpoint by the family's names.
struct Reader<'a> {
    weights: &'a Weights,
    prefix: &'static str,
    eps: f32,
    place: Place,
}

impl Reader<'_> {
    fn tensor(&self, name: &str, shape: &[usize]) -> Result<Tensor> {
        self.weights
            .tensor(&format!("{}{name}", self.prefix), shape, &self.place)
    }

    fn linear(&self, name: &str, input: usize, output: usize) -> Result<Linear> {
        let weight = self.tensor(&format!("{name}.weight"), &[output, input])?;
        Ok(Linear {
            weight: weight.t()?.contiguous()?,
            bias: self.tensor(&format!("{name}.bias"), &[output])?,
        })
    }

    /// A norm; checkpoints converted from TensorFlow call its tensors gamma and beta.
    fn norm(&self, name: &str, size: usize) -> Result<Norm> {
        let is_old = self
            .weights
            .contains(&format!("{}{name}.gamma", self.prefix));
        let [weight, bias] = if is_old {
            ["gamma", "beta"]
        } else {
            ["weight", "bias"]
        };
        Ok(Norm {
            weight: self.tensor(&format!("{name}.{weight}"), &[size])?,
            bias: self.tensor(&format!("{name}.{bias}"), &[size])?,
            eps: self.eps,
        })
    }

    fn layer(&self, family: Family, layer: usize, config: &Config) -> Result<Layer> {
        let (hidden, inner) = (config.hidden_size, config.intermediate_size);
        let [
            query,
            key,
            value,
            attended,
            attention_norm,
            widen,
            narrow,
            norm,
        ] = family
            .names()
            .map(|name| format!("{}{name}", family.layer(layer)));
        Ok(Layer {
            query: self.linear(&query, hidden, hidden)?,
            key: self.linear(&key, hidden, hidden)?,
            value: self.linear(&value, hidden, hidden)?,
            attended: self.linear(&attended, hidden, hidden)?,
            attention_norm: self.norm(&attention_norm, hidden)?,
            widen: self.linear(&widen, hidden, inner)?,
            narrow: self.linear(&narrow, inner, hidden)?,
            norm: self.norm(&norm, hidden)?,
        })
    }
}

/// A text as the encoder sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct EncodedText {
    /// Token ids, border tokens included.
    pub ids: Vec<u32>,
    /// States after the last layer that was loaded, one row for each token.
    pub states: Vec<f32>,
}

/// An encoder, loaded up to the layer whose states are wanted.
pub struct Encoder {
    family: Family,
    tokenizer: Tokenizer,
    words: Tensor,
    positions: Tensor,
    /// The row of the first token type; only one text is encoded at a time.
    token_type: Option<Tensor>,
    norm: Norm,
    layers: Vec<Layer>,
    heads: usize,
    /// Row of the first position.
    first_position: usize,
    /// Longest text in tokens, border tokens included.
    max_tokens: usize,
    device: Device,
}

impl Encoder {
    /// Loads the encoder in a folder up to `layer`, or with all of its layers.
    ///
    /// # Errors
    /// [`Error::UnsupportedArchitecture`] for another kind of model, [`Error::Config`] where a field asks for something
    /// that is not computed here or `layer` exceeds the model's
    /// layers, and the errors of reading weights and tokenizer.
    pub fn load(folder: &Path, layer: Option<usize>, device: &Device) -> Result<Self> {
        let path = folder.join("config.json");
        let json = read_json(&path)?;
        let malformed = |e: serde_json::Error| Error::config(&path, "JSON", e.to_string());
        // Read the family first, because a model of another kind has different fields.
        let Kind { model_type } = Kind::deserialize(&json).map_err(malformed)?;
        let found = model_type.unwrap_or_default();
        let family = Family::named(&found).ok_or_else(|| Error::UnsupportedArchitecture {
            found: found.chars().take(100).collect(),
            supported: SUPPORTED.to_owned(),
        })?;
        let config = Config::deserialize(&json).map_err(malformed)?;
        check(&path, &config, layer)?;
        let weights = Weights::open(folder)?;
        let [plain, with_head] = family.prefixes();
        let is_plain = weights.contains("embeddings.word_embeddings.weight");
        let reader = Reader {
            weights: &weights,
            prefix: if is_plain { plain } else { with_head },
            eps: config.layer_norm_eps.unwrap_or(1e-12),
            place: Place {
                device: device.clone(),
                dtype: DType::F32,
            },
        };
        let hidden = config.hidden_size;
        let token_type = match (family, config.type_vocab_size) {
            (Family::DistilBert, _) | (_, Some(0)) => None,
            (_, types) => {
                let shape = [types.unwrap_or(2), hidden];
                Some(
                    reader
                        .tensor("embeddings.token_type_embeddings.weight", &shape)?
                        .i(0)?,
                )
            }
        };
        let first_position = match family {
            Family::Roberta | Family::XlmRoberta => config.pad_token_id.unwrap_or(1) + 1,
            Family::Bert | Family::DistilBert => 0,
        };
        let layers = 0..layer.unwrap_or(config.num_hidden_layers);
        Ok(Self {
            family,
            tokenizer: Tokenizer::load_for(folder, config.vocab_size)?,
            words: reader.tensor(
                "embeddings.word_embeddings.weight",
                &[config.vocab_size, hidden],
            )?,
            positions: reader.tensor(
                "embeddings.position_embeddings.weight",
                &[config.max_position_embeddings, hidden],
            )?,
            token_type,
            norm: reader.norm("embeddings.LayerNorm", hidden)?,
            layers: layers
                .map(|layer| reader.layer(family, layer, &config))
                .collect::<Result<_>>()?,
            heads: config.num_attention_heads,
            first_position,
            max_tokens: config.max_position_embeddings - first_position,
            device: device.clone(),
        })
    }

    /// Number of layers that were loaded: the states are those after the last of them.
    pub fn layers(&self) -> usize {
        self.layers.len()
    }

    /// Token ids of a text with its border tokens, cut to what the model can take with the last border token kept.
    ///
    /// # Errors
    /// Those of the tokenizer.
    pub fn tokens(&self, text: &str) -> Result<Vec<u32>> {
        let mut text = text.trim().to_owned();
        // RoBERTa's tokenizer recognises the start of a word by the blank before it.
        if self.family == Family::Roberta && !text.is_empty() {
            text.insert(0, ' ');
        }
        let mut ids = self
            .tokenizer
            .encode_with_added(&text, SpecialTokens::Parse)?;
        if ids.len() > self.max_tokens
            && let Some(last) = ids.last().copied()
        {
            ids.truncate(self.max_tokens - 1);
            ids.push(last);
        }
        Ok(ids)
    }

    /// Encodes one text.
    ///
    /// # Errors
    /// Those of the tokenizer and of the device.
    pub fn encode(&self, text: &str) -> Result<EncodedText> {
        let ids = self.tokens(text)?;
        let states = self.states(&ids)?.flatten_all()?.to_vec1()?;
        Ok(EncodedText { ids, states })
    }

    /// Token ids that begin and end every text.
    ///
    /// # Errors
    /// Those of the tokenizer.
    pub fn border_tokens(&self) -> Result<Vec<u32>> {
        self.tokenizer.encode_with_added("", SpecialTokens::Parse)
    }

    fn states(&self, ids: &[u32]) -> Result<Tensor> {
        let words = self
            .words
            .index_select(&Tensor::new(ids, &self.device)?, 0)?;
        let positions = self.positions.narrow(0, self.first_position, ids.len())?;
        let mut x = (words + positions)?;
        if let Some(token_type) = &self.token_type {
            x = x.broadcast_add(token_type)?;
        }
        x = self.norm.forward(&x)?;
        for layer in &self.layers {
            let attended = layer.attended.forward(&self.attention(layer, &x)?)?;
            x = layer.attention_norm.forward(&(x + attended)?)?;
            let inner = layer.widen.forward(&x)?.gelu_erf()?;
            x = layer.norm.forward(&(&x + layer.narrow.forward(&inner)?)?)?;
        }
        Ok(x)
    }

    /// `softmax(Q K^T / sqrt(d)) V` of each head, side by side.
    fn attention(&self, layer: &Layer, x: &Tensor) -> Result<Tensor> {
        let (tokens, hidden) = x.dims2()?;
        let width = hidden / self.heads;
        let by_head = |x: Tensor| -> Result<Tensor> {
            Ok(x.reshape((tokens, self.heads, width))?
                .transpose(0, 1)?
                .contiguous()?)
        };
        let query = by_head(layer.query.forward(x)?)?;
        let key = by_head(layer.key.forward(x)?)?;
        let value = by_head(layer.value.forward(x)?)?;
        let scores = (query.matmul(&key.transpose(D::Minus2, D::Minus1)?.contiguous()?)?
            / (width as f64).sqrt())?;
        let mixed = softmax_last_dim(&scores)?.matmul(&value)?;
        Ok(mixed.transpose(0, 1)?.reshape((tokens, hidden))?)
    }
}

/// Refuses what would be computed wrongly.
fn check(path: &Path, config: &Config, layer: Option<usize>) -> Result<()> {
    let bad = |field: &str, reason: String| Err(Error::config(path, field, reason));
    let activation = config.hidden_act.as_deref().unwrap_or("gelu");
    if activation != "gelu" {
        let found: String = activation.chars().take(50).collect();
        return bad(
            "hidden_act",
            format!("is {found}; encoders with gelu can be read"),
        );
    }
    let positions = config
        .position_embedding_type
        .as_deref()
        .unwrap_or("absolute");
    if positions != "absolute" {
        let found: String = positions.chars().take(50).collect();
        return bad(
            "position_embedding_type",
            format!("is {found}; absolute positions can be read"),
        );
    }
    if config.num_attention_heads == 0
        || !config
            .hidden_size
            .is_multiple_of(config.num_attention_heads)
    {
        return bad(
            "num_attention_heads",
            "does not divide the hidden size".to_owned(),
        );
    }
    let first_position = config.pad_token_id.unwrap_or(1).saturating_add(1);
    if config.max_position_embeddings < first_position.saturating_add(2) {
        return bad(
            "max_position_embeddings",
            "leaves no room for a text".to_owned(),
        );
    }
    match layer {
        Some(layer) if layer > config.num_hidden_layers => bad(
            "num_hidden_layers",
            format!(
                "is {}, and layer {layer} was asked for",
                config.num_hidden_layers
            ),
        ),
        _ => Ok(()),
    }
}
