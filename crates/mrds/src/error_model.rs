//! Codes and ways out for the errors of the language model, and how those of a download count.

use contract::{ErrorCode, ErrorPlace, Kind};

pub(super) fn model_code(error: &lm::Error) -> ErrorCode {
    use lm::Error::*;
    match error {
        MissingFile { .. } => ErrorCode::MissingFile,
        NoModel { .. } => ErrorCode::NoSuchModel,
        SeveralModels { .. } => ErrorCode::SeveralModels,
        Truncated { .. } => ErrorCode::TruncatedWeights,
        Weights { .. } => ErrorCode::Weights,
        UnsupportedArchitecture { .. } => ErrorCode::UnsupportedArchitecture,
        NotInGguf { .. } => ErrorCode::NotInGguf,
        Config { .. } => ErrorCode::ModelConfig,
        VocabularyMismatch { .. } => ErrorCode::VocabularyMismatch,
        Tokenizer { .. } => ErrorCode::Tokenizer,
        ChatTemplate { .. } => ErrorCode::ChatTemplate,
        Adapter { .. } => ErrorCode::Adapter,
        Checkpoint { .. } => ErrorCode::Checkpoint,
        ContextExceeded { .. } => ErrorCode::TooLong,
        NonFinite { .. } => ErrorCode::NotFinite,
        Setting { .. } => ErrorCode::Setting,
        Device { .. } => ErrorCode::Device,
        Interrupted => ErrorCode::Interrupted,
        OutOfMemory => ErrorCode::OutOfMemory,
        Io { source, .. } if is_full(source) => ErrorCode::DiskFull,
        Io { .. } => ErrorCode::Io,
        Candle(_) => ErrorCode::Tensor,
    }
}

fn is_full(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded
    )
}

pub(super) fn model_fix(error: &lm::Error) -> String {
    use lm::Error::*;
    match error {
        MissingFile { path } if path.file_name().is_some_and(|name| name == "adapter_config.json") => {
            "Name the adapter's folder: adapter_config.json and adapter_model.safetensors, as PEFT writes them."
        }
        MissingFile { .. } | Truncated { .. } | Weights { .. } => {
            "Download or copy the model folder again: config.json, tokenizer.json and all .safetensors files."
        }
        NoModel { .. } => "Check the name: the folder of a model, or a .gguf file.",
        SeveralModels { .. } => "Name the .gguf file itself.",
        UnsupportedArchitecture { .. } => "Choose a model of a supported family.",
        NotInGguf { .. } => "Export with `--as merged` or `--as peft` instead.",
        Config { .. } | VocabularyMismatch { .. } | Tokenizer { .. } | ChatTemplate { .. } => {
            "Use config.json, tokenizer.json and the chat template exactly as they were published with the model."
        }
        Adapter { .. } => "Choose the adapter that was trained on this model.",
        Checkpoint { .. } => "Start the stage again with `--from`.",
        ContextExceeded { .. } => "Shorten the text, or choose a model with a longer context.",
        NonFinite { .. } => "Check the model's files, or lower `sft_lr` or `dpo_lr`.",
        Setting { .. } => "Give a value in the range that is named.",
        Device { .. } => "Use `--device cpu`.",
        Interrupted => "Go on with `duologue resume`.",
        OutOfMemory => "Close other programs that use the card, choose a smaller or a quantised model, or use `--device cpu`.",
        Io { source, .. } if is_full(source) => "Free some space and resume; everything finished before is kept.",
        Io { .. } => "Check that the path exists and that you may use it.",
        Candle(_) => "This is a defect; please report it with the message.",
    }
    .to_owned()
}

pub(super) fn model_kind(error: &lm::Error) -> Kind {
    use lm::Error::*;
    match error {
        Interrupted => Kind::Interrupted,
        NonFinite { .. } | Io { .. } | Candle(_) | Checkpoint { .. } | OutOfMemory => Kind::Failure,
        _ => Kind::Input,
    }
}

pub(super) fn hub_kind(error: &hub::HubError) -> Kind {
    use hub::HubError::*;
    match error {
        Interrupted => Kind::Interrupted,
        Locked { .. } => Kind::Locked,
        Unreachable { .. }
        | RateLimited { .. }
        | BadAnswer { .. }
        | Checksum { .. }
        | NoRoom { .. }
        | Io { .. } => Kind::Failure,
        Offline { .. }
        | BadId { .. }
        | BadEndpoint { .. }
        | BadToken
        | BadManifest { .. }
        | Unauthorized { .. }
        | Gated { .. }
        | NotFound { .. }
        | NoWeights { .. } => Kind::Input,
    }
}

/// The file that is concerned, where there is one.
pub(super) fn model_place(error: &lm::Error) -> ErrorPlace {
    use lm::Error::*;
    let file = |path: &std::path::Path| ErrorPlace::file(path.display().to_string());
    match error {
        MissingFile { path }
        | NoModel { path }
        | Truncated { path, .. }
        | Weights { path, .. }
        | Tokenizer { path, .. }
        | Adapter { path, .. }
        | Checkpoint { path, .. }
        | Io { path, .. } => file(path),
        Config { path, field, .. } => file(path).with_field(field),
        Setting { name, .. } => ErrorPlace::field(*name),
        _ => ErrorPlace::default(),
    }
}
