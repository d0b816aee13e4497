//! Prints conversations to be read: `cargo run -p duologue-corpus --example read -- SEED COUNT [PART OF A NAME]`.

use std::io::Write as _;

use corpus::{Corpus, Part};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |index: usize, default| {
        arguments
            .get(index)
            .map_or(Ok(default), |text| text.parse())
    };
    let (seed, count) = (number(0, 1)?, number(1, 10)?);
    let wanted = arguments.get(2).map_or("", String::as_str);
    let corpus = Corpus::load()?;
    let parts = [Part::Training, Part::HeldOut];
    let known = parts.iter().any(|part| {
        corpus
            .families(*part)
            .iter()
            .any(|name| name.contains(wanted))
    });
    let items = (0..).flat_map(|index| parts.map(|part| corpus.item(part, seed, index)));
    let count = if known { usize::try_from(count)? } else { 0 };
    for item in items
        .filter(|item| item.family.contains(wanted))
        .take(count)
    {
        let head = format!("== {} | {} | {:?}", item.family, item.topic, item.style);
        writeln!(
            std::io::stdout(),
            "{head}\n{}\n-> {}\n",
            item.to_text(),
            item.summary
        )?;
    }
    Ok(())
}
