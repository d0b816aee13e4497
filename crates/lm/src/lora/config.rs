//! The settings of an adapter, and which projections it acts on: PEFT's `LoraConfig` and how PEFT matches module names.

use std::path::Path;

use fancy_regex::Regex;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::model::{DecoderConfig, PerTarget, Target};

/// The settings of an adapter: the part of PEFT's `LoraConfig` that this engine supports, with PEFT's defaults.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoraConfig {
    /// Rank R of the update, unless `rank_pattern` gives another (PEFT: `r`).
    pub rank: usize,
    /// Numerator of the scale `alpha / rank`, unless `alpha_pattern` gives another (PEFT: `lora_alpha`).
    pub alpha: f64,
    /// Dropout probability on the input of A while training (PEFT: `lora_dropout`).
    pub dropout: f64,
    /// Projections the adapter acts on.
    pub target_modules: TargetModules,
    /// Layers the adapter is confined to; `None` means every layer. Acts on [`TargetModules::Names`] only, as in PEFT.
    pub layers_to_transform: Option<Vec<usize>>,
    /// Ranks of modules whose name ends in a match of the regular expression; the first match counts.
    pub rank_pattern: Vec<(String, usize)>,
    /// Alphas of modules, in the same way.
    pub alpha_pattern: Vec<(String, f64)>,
    /// Rank-stabilised scale `alpha / sqrt(rank)` (Kalajdzievski 2023, arXiv 2312.03732).
    pub use_rslora: bool,
    /// Name or path of the base model, as recorded for PEFT.
    pub base_model: String,
}

impl Default for LoraConfig {
    fn default() -> Self {
        Self {
            rank: 8,
            alpha: 8.0,
            dropout: 0.0,
            target_modules: TargetModules::AllLinear,
            layers_to_transform: None,
            rank_pattern: Vec::new(),
            alpha_pattern: Vec::new(),
            use_rslora: false,
            base_model: String::new(),
        }
    }
}

/// The projections an adapter acts on, as PEFT's `target_modules` names them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum TargetModules {
    /// `"all-linear"`: every projection of every block.
    AllLinear,
    /// Modules that have, or end in, one of these names: `q_proj`, `mlp.up_proj`, `model.layers.0.mlp.up_proj`.
    Names(Vec<String>),
    /// Modules whose full name matches the regular expression.
    Regex(String),
}

impl TargetModules {
    /// These projections in every layer, by the names under which `q_proj` and the others are stored one by one.
    pub fn of(targets: &[Target]) -> Self {
        Self::Names(
            targets
                .iter()
                .map(|target| target.module_name().to_owned())
                .collect(),
        )
    }

    /// Every projection in every layer, by the names that this model's checkpoint has for them.
    pub fn every(decoder: &DecoderConfig) -> Self {
        let mut names: Vec<String> = Vec::new();
        for target in Target::ALL {
            let name = decoder.stored_projection(target).0;
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
        Self::Names(names)
    }
}

/// Rank and scale of one adapted projection.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Module {
    pub(super) rank: usize,
    pub(super) scale: f64,
}

/// Adapted projections by layer.
pub(super) type Modules = Vec<PerTarget<Option<Module>>>;

impl LoraConfig {
    /// The projections that the adapter acts on in a decoder; `origin` is named in messages.
    pub(super) fn modules(&self, decoder: &DecoderConfig, origin: &Path) -> Result<Modules> {
        let layers = decoder.num_hidden_layers;
        self.check(origin)?;
        let targets = Matcher::new(&self.target_modules, origin)?;
        let ranks = compiled(&self.rank_pattern, origin)?;
        let alphas = compiled(&self.alpha_pattern, origin)?;
        let mut modules = Modules::with_capacity(layers);
        for layer in 0..layers {
            let mut adapted = PerTarget::<Option<Module>>::default();
            for target in Target::ALL {
                let name = decoder.stored_name(layer, target);
                // An adapter may have been trained on a model where this projection is a module of its own.
                let separate = target.name(layer);
                if [&name, &separate]
                    .iter()
                    .any(|name| targets.matches(name, self.layer_counts(layer)))
                {
                    let rank = first_match(&ranks, &name).unwrap_or(self.rank);
                    let alpha = first_match(&alphas, &name).unwrap_or(self.alpha);
                    let divisor = if self.use_rslora {
                        (rank as f64).sqrt()
                    } else {
                        rank as f64
                    };
                    let scale = alpha / divisor;
                    if !(scale as f32).is_finite() {
                        return Err(Error::adapter(
                            origin,
                            "alpha is too large for a number of 32 bits",
                        ));
                    }
                    adapted[target] = Some(Module { rank, scale });
                }
            }
            modules.push(adapted);
        }
        if modules.iter().flatten().all(Option::is_none) {
            return Err(self.names_nothing(decoder, origin));
        }
        Ok(modules)
    }

    fn names_nothing(&self, decoder: &DecoderConfig, origin: &Path) -> Error {
        let told = |targets: &TargetModules| match targets {
            TargetModules::AllLinear => "all-linear".to_owned(),
            TargetModules::Names(names) => names.join(", "),
            TargetModules::Regex(pattern) => pattern.clone(),
        };
        let (named, known) = (
            told(&self.target_modules),
            told(&TargetModules::every(decoder)),
        );
        let layers = decoder.num_hidden_layers;
        Error::adapter(
            origin,
            format!(
                "target_modules ({named}) names no projection of this model; it has {known} in {layers} layers"
            ),
        )
    }

    /// What to tell the user if the base model that the adapter names is not the one in the file or folder `model`.
    /// Only names are compared: shapes cannot tell two models of the same size apart.
    pub fn base_model_warning(&self, model: &Path) -> Option<String> {
        let recorded = self
            .base_model
            .trim_end_matches(['/', '\\'])
            .rsplit(['/', '\\'])
            .next()?
            .to_lowercase();
        let full = std::fs::canonicalize(model).unwrap_or_else(|_| model.to_path_buf());
        // A Hub cache names a folder models--owner--name; a GGUF file has its quantisation after the name.
        let same = |part: &str| {
            let part = part.to_lowercase();
            let gguf = part
                .strip_suffix(".gguf")
                .is_some_and(|stem| stem.starts_with(&recorded));
            part == recorded
                || gguf
                || part
                    .strip_suffix(&recorded)
                    .is_some_and(|prefix| prefix.ends_with("--"))
        };
        if recorded.is_empty() || full.iter().any(|part| same(&part.to_string_lossy())) {
            return None;
        }
        Some(format!(
            "the adapter was trained on \"{}\"; the model given is {}. Where these are different weights, what comes \
             out means nothing.",
            self.base_model,
            model.display()
        ))
    }

    fn layer_counts(&self, layer: usize) -> bool {
        self.layers_to_transform
            .as_ref()
            .is_none_or(|layers| layers.is_empty() || layers.contains(&layer))
    }

    /// Refuses values that cannot describe an adapter.
    fn check(&self, origin: &Path) -> Result<()> {
        let ranks = self.rank_pattern.iter().map(|(_, rank)| rank);
        let mut alphas = self.alpha_pattern.iter().map(|(_, alpha)| alpha);
        let problem = if ranks.chain([&self.rank]).any(|rank| *rank == 0) {
            "the rank must be at least 1"
        } else if !self.alpha.is_finite() || alphas.any(|alpha| !alpha.is_finite()) {
            "alpha must be a finite number"
        } else if !(0.0..1.0).contains(&self.dropout) {
            "dropout must be at least 0 and less than 1"
        } else if self.layers_to_transform.is_some()
            && !matches!(self.target_modules, TargetModules::Names(_))
        {
            "layers_to_transform needs a list of target_modules, as in PEFT"
        } else {
            return Ok(());
        };
        Err(Error::adapter(origin, problem))
    }
}

/// Which module names `target_modules` matches.
enum Matcher<'a> {
    All,
    Names(&'a [String]),
    Whole(Regex),
}

impl<'a> Matcher<'a> {
    fn new(targets: &'a TargetModules, origin: &Path) -> Result<Self> {
        Ok(match targets {
            TargetModules::AllLinear => Self::All,
            TargetModules::Names(names) => Self::Names(names),
            TargetModules::Regex(pattern) => {
                Self::Whole(regex(&format!("^(?:{pattern})$"), pattern, origin)?)
            }
        })
    }

    /// PEFT's `check_target_module_exists`; `layer_counts` confines names that are not spelt out in full.
    fn matches(&self, name: &str, layer_counts: bool) -> bool {
        match self {
            Self::All => true,
            Self::Names(names) => {
                let ends = |part: &String| {
                    name.strip_suffix(part.as_str())
                        .is_some_and(|prefix| prefix.ends_with('.'))
                };
                names.iter().any(|full| full == name) || (layer_counts && names.iter().any(ends))
            }
            Self::Whole(regex) => matches(regex, name),
        }
    }
}

/// Compiles the keys of a pattern map as PEFT's `get_pattern_key` reads them.
fn compiled<T: Copy>(pattern: &[(String, T)], origin: &Path) -> Result<Vec<(Regex, T)>> {
    let entry = |(key, value): &(String, T)| {
        Ok((
            regex(&format!(r"^(?:.*\.)?(?:{key})$"), key, origin)?,
            *value,
        ))
    };
    pattern.iter().map(entry).collect()
}

fn first_match<T: Copy>(patterns: &[(Regex, T)], name: &str) -> Option<T> {
    patterns
        .iter()
        .find(|(regex, _)| matches(regex, name))
        .map(|(_, value)| *value)
}

/// Regular expressions are Python's in PEFT; lookaround and backreferences are supported here too.
fn regex(whole: &str, pattern: &str, origin: &Path) -> Result<Regex> {
    Regex::new(whole).map_err(|e| {
        Error::adapter(
            origin,
            format!("the pattern \"{pattern}\" cannot be read: {e}"),
        )
    })
}

/// An expression that runs out of its backtracking budget matches nothing.
fn matches(regex: &Regex, name: &str) -> bool {
    regex.is_match(name).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_model;

    fn two_layers() -> DecoderConfig {
        test_model::tiny(1).config
    }

    /// Names of the adapted modules of a model with two layers, with rank and scale.
    fn modules(config: &LoraConfig) -> Vec<(String, usize, f64)> {
        let modules = config
            .modules(&two_layers(), Path::new("adapter_config.json"))
            .unwrap();
        let mut found = Vec::new();
        for (layer, of_layer) in modules.iter().enumerate() {
            for (target, module) in Target::ALL.into_iter().zip(of_layer) {
                found.extend(
                    module.map(|m| (format!("{layer}.{}", target.module_name()), m.rank, m.scale)),
                );
            }
        }
        found
    }

    fn names(config: &LoraConfig) -> Vec<String> {
        modules(config).into_iter().map(|(name, ..)| name).collect()
    }

    fn listed(names: &[&str]) -> TargetModules {
        TargetModules::Names(names.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn names_match_whole_parts_from_the_end() {
        let names_of = |target_modules| {
            names(&LoraConfig {
                target_modules,
                ..LoraConfig::default()
            })
        };
        assert_eq!(names_of(TargetModules::AllLinear).len(), 14);
        assert_eq!(
            names_of(listed(&["q_proj", "mlp.up_proj"])),
            ["0.q_proj", "0.up_proj", "1.q_proj", "1.up_proj"]
        );
        assert_eq!(
            names_of(listed(&["proj", "model.layers.1.mlp.up_proj"])),
            ["1.up_proj"]
        );
        let regex = |pattern: &str| names_of(TargetModules::Regex(pattern.to_owned()));
        assert_eq!(
            regex(r"(?!.*\.0\.).*(?:q|k)_proj"),
            ["1.q_proj", "1.k_proj"]
        );
        assert_eq!(
            regex(r"q_proj|.*o_proj"),
            ["0.o_proj", "1.o_proj"],
            "the whole name has to match"
        );
    }

    #[test]
    fn layers_confine_what_is_not_spelt_out_in_full() {
        let target_modules = listed(&["q_proj", "model.layers.0.mlp.up_proj"]);
        let config = LoraConfig {
            target_modules,
            layers_to_transform: Some(vec![1]),
            ..LoraConfig::default()
        };
        assert_eq!(names(&config), ["0.up_proj", "1.q_proj"]);
        let refused = LoraConfig {
            target_modules: TargetModules::AllLinear,
            ..config
        };
        assert!(
            refused
                .modules(&two_layers(), Path::new(""))
                .unwrap_err()
                .to_string()
                .contains("layers_to_transform")
        );
    }

    #[test]
    fn the_first_pattern_that_matches_counts() {
        let config = LoraConfig {
            rank: 4,
            alpha: 8.0,
            target_modules: listed(&["q_proj", "v_proj"]),
            rank_pattern: vec![(r"layers\.1\..*".into(), 9), ("v_proj".into(), 2)],
            alpha_pattern: vec![("^model.layers.0.self_attn.q_proj".into(), 1.0)],
            use_rslora: true,
            ..LoraConfig::default()
        };
        let expected = [
            ("0.q_proj", 4, 0.5),
            ("0.v_proj", 2, 8.0 / 2f64.sqrt()),
            ("1.q_proj", 9, 8.0 / 3.0),
            ("1.v_proj", 9, 8.0 / 3.0),
        ];
        for (found, (name, rank, scale)) in modules(&config).iter().zip(expected) {
            assert_eq!((found.0.as_str(), found.1), (name, rank));
            assert!((found.2 - scale).abs() < 1e-12, "{found:?}");
        }
        let plain = LoraConfig {
            use_rslora: false,
            ..config
        };
        assert_eq!(modules(&plain)[0].2, 0.25);
    }

    #[test]
    fn a_base_model_of_another_name_is_told() {
        let warning = |base_model: &str, model: &str| {
            let config = LoraConfig {
                base_model: base_model.to_owned(),
                ..LoraConfig::default()
            };
            config.base_model_warning(Path::new(model))
        };
        let smol = "HuggingFaceTB/SmolLM2-135M";
        for model in [
            "/models/SmolLM2-135M",
            "/models/smollm2-135m/",
            "/cache/models--HuggingFaceTB--SmolLM2-135M/snapshots/93efa2f",
            "/models/SmolLM2-135M.Q8_0.gguf",
        ] {
            assert_eq!(warning(smol, model), None, "{model}");
        }
        assert_eq!(warning("", "/models/other"), None);
        assert_eq!(warning("/data/base/", "/models/base"), None);
        let told = warning(smol, "/models/SmolLM2-135M-Instruct").unwrap();
        assert!(
            told.contains(smol) && told.contains("/models/SmolLM2-135M-Instruct"),
            "{told}"
        );
    }

    #[test]
    fn what_matches_nothing_or_cannot_be_read_is_refused() {
        let message = |target_modules| {
            let config = LoraConfig {
                target_modules,
                ..LoraConfig::default()
            };
            config
                .modules(&two_layers(), Path::new(""))
                .unwrap_err()
                .to_string()
        };
        assert!(message(listed(&["wte"])).contains("wte"));
        assert!(message(TargetModules::Regex("q_proj".into())).contains("no projection"));
        assert!(message(TargetModules::Regex("(q_proj".into())).contains("cannot be read"));
    }
}
