//! Fields that recipes of earlier versions have and this one expresses differently, so that their files and runs stay
//! readable.

/// Puts what earlier fields said into those of today.
pub(super) fn translate(table: &mut toml::Table) {
    // What is aligned follows from what is compared.
    let aligned = table.remove("alignments");
    let constrained = table.remove("constrained_dialogues");
    if constrained != Some(true.into()) || table.contains_key("synthesizers") {
        return;
    }
    let mut synthesizers: Vec<toml::Value> = ["sft", "sft_constrained", "ids", "rejection"]
        .map(toml::Value::from)
        .to_vec();
    match aligned {
        Some(toml::Value::Array(aligned)) => synthesizers.extend(aligned),
        _ => synthesizers.extend(["dpo_separate", "dpo_joint"].map(toml::Value::from)),
    }
    table.insert("synthesizers".to_owned(), synthesizers.into());
}

#[cfg(test)]
mod tests {
    use crate::part::compared;
    use crate::recipe::Recipe;
    use contract::Synthesizer;

    #[test]
    fn recipes_of_earlier_versions_stay_readable() {
        let read = |text: &str| compared(&Recipe::from_toml(text).unwrap());
        let usual = read("");
        assert_eq!(
            read("alignments = [\"dpo_separate\", \"dpo_joint\"]"),
            usual
        );
        assert_eq!(read("constrained_dialogues = false"), usual);
        let constrained = read("constrained_dialogues = true\nalignments = [\"dpo_joint\"]");
        assert_eq!(
            constrained,
            [
                Synthesizer::Sft,
                Synthesizer::SftConstrained,
                Synthesizer::DpoJoint,
                Synthesizer::Ids,
                Synthesizer::Rejection
            ]
        );
        assert_eq!(
            read("constrained_dialogues = true\nsynthesizers = [\"sft\"]"),
            [Synthesizer::Sft]
        );
        assert!(Recipe::from_toml("aligments = []").is_err());
    }
}
