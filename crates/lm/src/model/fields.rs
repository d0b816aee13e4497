//! Fields of a JSON configuration file: each is read as the type it must have, or refused by name.

use std::path::Path;

use serde_json::Value;

use crate::error::{Error, Result};

/// More blocks than any model has: a damaged file must not be able to demand unlimited memory.
const MAX_LAYERS: usize = 4096;

/// Typed access to the fields of one file.
pub(super) struct Fields<'a> {
    pub(super) json: &'a Value,
    pub(super) path: &'a Path,
}

impl Fields<'_> {
    pub(super) fn bad(&self, field: &str, reason: impl Into<String>) -> Error {
        Error::config(self.path, field, reason)
    }

    pub(super) fn size(&self, name: &str) -> Result<usize> {
        self.json[name]
            .as_u64()
            .map(|v| v as usize)
            .ok_or_else(|| self.bad(name, "is missing or no whole number"))
    }

    pub(super) fn size_or(&self, name: &str, default: usize) -> Result<usize> {
        if self.json[name].is_null() {
            Ok(default)
        } else {
            self.size(name)
        }
    }

    /// The number of blocks.
    pub(super) fn layers(&self) -> Result<usize> {
        const NAME: &str = "num_hidden_layers";
        match self.size(NAME)? {
            layers if layers > MAX_LAYERS => {
                Err(self.bad(NAME, format!("is {layers}, more than any model has")))
            }
            layers => Ok(layers),
        }
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<f64>> {
        match &self.json[name] {
            Value::Null => Ok(None),
            value => value
                .as_f64()
                .map(Some)
                .ok_or_else(|| self.bad(name, "is no number")),
        }
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.json[name].as_bool().unwrap_or(false)
    }

    /// A field of the rope settings, which are `rope_scaling` (the older name) unless that is missing or empty, and
    /// otherwise `rope_parameters` (the newer name). `None` if the field is missing or null.
    pub(super) fn rope(&self, name: &str) -> Option<&Value> {
        let older = self.json["rope_scaling"]
            .as_object()
            .filter(|settings| !settings.is_empty());
        let settings = older.or_else(|| self.json["rope_parameters"].as_object())?;
        settings.get(name).filter(|value| !value.is_null())
    }

    /// A number above zero that must be among the rope settings.
    pub(super) fn rope_number(&self, name: &str) -> Result<f64> {
        let number = self
            .rope(name)
            .and_then(Value::as_f64)
            .filter(|value| *value > 0.0);
        number.ok_or_else(|| self.bad(name, "is missing from the rope settings or not above zero"))
    }

    /// A field of the rope settings or, if they lack it, the field with the same name at the top level of the file.
    pub(super) fn rope_or_plain(&self, name: &str) -> Option<&Value> {
        self.rope(name)
            .or_else(|| self.json.get(name).filter(|value| !value.is_null()))
    }

    /// Token ids of a field that holds one id or a list of ids; empty if the field is missing or null.
    pub(super) fn ids(&self, name: &str) -> Result<Vec<u32>> {
        let id = |value: &Value| {
            let id = value.as_u64().and_then(|id| u32::try_from(id).ok());
            id.ok_or_else(|| self.bad(name, "is neither a token id nor a list of them"))
        };
        match &self.json[name] {
            Value::Null => Ok(Vec::new()),
            Value::Array(list) => list.iter().map(id).collect(),
            value => Ok(vec![id(value)?]),
        }
    }
}
