//! A recipe with several fields changed at once, as an experiment's file sets them.

use super::{Recipe, unreadable};
use crate::error::Result;

impl Recipe {
    /// Whether there is a field of this name.
    pub fn has_field(field: &str) -> bool {
        super::DOCS.iter().any(|declared| declared.key == field)
    }

    /// Fields with their values, as `--set` reads them.
    ///
    /// # Errors
    /// A field that does not exist, or a value that it cannot have.
    pub fn assignments(list: &[String]) -> Result<toml::Table> {
        let mut fields = toml::Table::new();
        for assignment in list {
            let mut recipe = Self::default();
            recipe.set(assignment)?;
            let field = assignment.split('=').next().unwrap_or_default().trim();
            let mut whole = toml::Table::try_from(&recipe).map_err(unreadable)?;
            fields.extend(whole.remove_entry(field));
        }
        Ok(fields)
    }

    /// The recipe with these fields changed; only the result is checked, not every step to it.
    ///
    /// # Errors
    /// A field that does not exist, a value of the wrong form, or a recipe that is not valid.
    pub fn with(&self, changes: &toml::Table) -> Result<Self> {
        let mut table = toml::Table::try_from(self).map_err(unreadable)?;
        for (field, value) in changes {
            table.insert(field.clone(), value.clone());
        }
        let changed = Self::from_table(&table)?;
        changed.validate()?;
        Ok(changed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(text: &str) -> Result<Recipe> {
        Recipe::default().with(&text.parse::<toml::Table>().unwrap())
    }

    #[test]
    fn assignments_become_fields() {
        let list = ["shots=7", "ids=prefix", "lr_search=1,2"].map(String::from);
        let fields = Recipe::assignments(&list).unwrap();
        let recipe = Recipe::default().with(&fields).unwrap();
        assert_eq!(
            (fields.len(), recipe.shots, recipe.lr_search.len()),
            (3, 7, 2)
        );
        assert!(Recipe::assignments(&["no_such=1".to_owned()]).is_err());
    }

    #[test]
    fn several_fields_change_at_once() {
        let changed = with("systems = []\nsynthesizers = [\"sft\"]\ndpo_beta = 1").unwrap();
        assert!(changed.systems.is_empty() && changed.dpo_beta == 1.0);
        let wrong = [
            ("no_such = 1", "no_such"),
            ("shots = \"many\"", "shots"),
            ("systems = []", "systems"),
            ("shots = 0", "shots"),
        ];
        for (text, field) in wrong {
            let error = with(text).unwrap_err().to_string();
            assert!(error.contains(field), "{error}");
        }
    }
}
