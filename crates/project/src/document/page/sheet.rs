//! What a page of a report is made of, whichever form it takes: sections with sentences, tables and curves, in the reader's
//! language and with its numbers.

use contract::{Language, Words};
use serde::Serialize;

use crate::sentence::{self, german};

/// Width and height of a curve's picture, in its own units.
pub(super) const CURVE_SIZE: (f64, f64) = (320.0, 96.0);
/// Maximum number of points of the table below a curve.
const TABLE_POINTS: usize = 6;
/// What is shown where there is no number.
pub(super) const ABSENT: &str = "\u{2013}";

/// A part of a page under one heading.
#[derive(Serialize)]
pub(super) struct Section {
    pub(super) title: String,
    pub(super) blocks: Vec<Block>,
}

/// A piece of a section.
#[derive(Serialize)]
#[serde(tag = "form", rename_all = "snake_case")]
pub(super) enum Block {
    /// A heading below that of the section.
    Heading { text: String },
    /// The sentence that matters most.
    Verdict { text: String },
    /// A paragraph.
    Text { text: String },
    /// A paragraph in smaller print.
    Note { text: String },
    /// Sentences below each other.
    List { lines: Vec<String> },
    /// Rows and columns.
    Table(Table),
    /// A line with the table of its points.
    Curve(Curve),
    /// Something named with what belongs to it.
    Item { title: String, lines: Vec<Line> },
    /// A text as it was written.
    Verbatim { text: String },
}

/// Rows and columns.
#[derive(Default, Serialize)]
pub(super) struct Table {
    pub(super) head: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
    /// Whether the cells are words, which are aligned left.
    pub(super) is_words: bool,
}

/// A drawn line.
#[derive(Serialize)]
pub(super) struct Curve {
    name: String,
    line: String,
    /// Where something changes, across the picture.
    mark: Option<f64>,
    /// Name of what runs across.
    across: String,
    /// Some of the points: first, last and evenly chosen ones between them.
    steps: Vec<String>,
    values: Vec<String>,
    range: String,
}

/// A named text.
#[derive(Serialize)]
pub(super) struct Line {
    pub(super) name: String,
    pub(super) note: String,
    pub(super) text: String,
}

/// A line to draw.
pub(super) struct Points<'a> {
    pub(super) name: String,
    /// Name of what runs across.
    pub(super) across: String,
    pub(super) points: &'a [(u64, f64)],
    /// Where something changes.
    pub(super) mark: Option<u64>,
}

impl Section {
    /// The section; none without a block.
    pub(super) fn of(title: String, blocks: Vec<Block>) -> Option<Self> {
        (!blocks.is_empty()).then_some(Self { title, blocks })
    }
}

impl Block {
    /// The paragraph; none without a sentence.
    pub(super) fn text(text: String) -> Option<Self> {
        (!text.is_empty()).then_some(Self::Text { text })
    }

    /// The list; none without a line.
    pub(super) fn list(lines: Vec<String>) -> Option<Self> {
        (!lines.is_empty()).then_some(Self::List { lines })
    }

    /// The table; none without a row.
    pub(super) fn table(head: Vec<String>, rows: Vec<Vec<String>>) -> Option<Self> {
        let table = Table {
            head,
            rows,
            is_words: false,
        };
        (!table.rows.is_empty()).then_some(Self::Table(table))
    }

    /// The same for words.
    pub(super) fn words(head: Vec<String>, rows: Vec<Vec<String>>) -> Option<Self> {
        let table = Table {
            head,
            rows,
            is_words: true,
        };
        (!table.rows.is_empty()).then_some(Self::Table(table))
    }
}

/// The beginning of a hash, which is enough to tell it from others; the JSON has all of it.
pub(super) fn short(sha256: &str) -> String {
    sha256.chars().take(12).collect()
}

/// Writes in the reader's language.
#[derive(Clone, Copy)]
pub(super) struct Pen {
    is_german: bool,
}

impl Pen {
    pub(super) fn new(language: Language) -> Self {
        Self {
            is_german: language == Language::German,
        }
    }

    pub(super) fn say(self, en: &str, de: &str) -> String {
        if self.is_german { de } else { en }.to_owned()
    }

    pub(super) fn words(self, words: &Words) -> String {
        self.say(&words.en, &words.de)
    }

    pub(super) fn sentences(self, words: &[Words]) -> Vec<String> {
        words.iter().map(|words| self.words(words)).collect()
    }

    fn mark(self, number: String) -> String {
        match self.is_german {
            true => german(&number),
            false => number,
        }
    }

    pub(super) fn digits(self, value: f64, places: usize) -> String {
        self.mark(format!("{value:.places$}"))
    }

    /// A score from 0 to 1 in points.
    pub(super) fn points(self, score: f64) -> String {
        self.digits(100.0 * score, 2)
    }

    /// A difference of scores in points, with its sign.
    pub(super) fn signed(self, difference: f64) -> String {
        self.mark(sentence::signed(100.0 * difference, 2))
    }

    pub(super) fn percent(self, share: f64) -> String {
        self.mark(format!("{:.1} %", 100.0 * share))
    }

    pub(super) fn minutes(self, seconds: f64) -> String {
        self.digits(seconds / 60.0, 1)
    }

    /// A number with its interval, both written alike.
    pub(super) fn interval(
        self,
        value: f64,
        [low, high]: [f64; 2],
        written: impl Fn(Self, f64) -> String,
    ) -> String {
        let [value, low, high] = [value, low, high].map(|number| written(self, number));
        format!("{value} [{low}, {high}]")
    }

    /// A number, or a dash.
    pub(super) fn maybe(self, value: Option<f64>, written: impl Fn(Self, f64) -> String) -> String {
        value.map_or_else(|| ABSENT.to_owned(), |value| written(self, value))
    }

    /// A setting of a recipe.
    pub(super) fn value(self, value: &serde_json::Value) -> String {
        match value {
            serde_json::Value::String(text) if !text.is_empty() => text.clone(),
            value => value.to_string(),
        }
    }

    /// A line with its points; none for fewer than two different steps.
    pub(super) fn curve(self, drawn: Points<'_>) -> Option<Block> {
        let points = drawn.points;
        let (first, last) = (points.first()?.0, points.last()?.0);
        if first == last {
            return None;
        }
        let values = points.iter().map(|(_, value)| *value);
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        let span = if high > low { high - low } else { 1.0 };
        let (width, height) = CURVE_SIZE;
        let across = |step: u64| width * (step as f64 - first as f64) / (last - first) as f64;
        let place = |(step, value): &(u64, f64)| {
            format!("{:.1},{:.1}", across(*step), height * (high - value) / span)
        };
        let shown = TABLE_POINTS.min(points.len());
        let chosen = (0..shown).map(|index| points[index * (points.len() - 1) / (shown - 1)]);
        let (steps, values) = chosen
            .map(|(step, value)| (step.to_string(), self.small(value)))
            .unzip();
        Some(Block::Curve(Curve {
            line: points.iter().map(place).collect::<Vec<_>>().join(" "),
            mark: drawn.mark.map(across),
            name: drawn.name,
            across: drawn.across,
            steps,
            values,
            range: format!("{}\u{2013}{}", self.small(low), self.small(high)),
        }))
    }

    /// A number whose size is unknown: a rate has more places than a loss.
    pub(super) fn small(self, value: f64) -> String {
        match value != 0.0 && value.abs() < 0.01 {
            true => self.mark(format!("{value:.2e}")),
            false => self.digits(value, 3),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_the_language_does() {
        let (english, german) = (Pen::new(Language::English), Pen::new(Language::German));
        assert_eq!(english.points(0.31234), "31.23");
        assert_eq!(german.signed(-0.0151), "\u{2212}1,51");
        assert_eq!(german.maybe(None, Pen::points), ABSENT);
        assert_eq!(
            english.interval(0.5, [0.25, 0.75], Pen::percent),
            "50.0 % [25.0 %, 75.0 %]"
        );
        assert_eq!(german.small(0.0002), "2,00e-4");
        assert_eq!(english.small(1.5), "1.500");
    }

    #[test]
    fn a_curve_has_a_line_and_some_of_its_points_in_a_table() {
        let points: Vec<(u64, f64)> = (0..20)
            .map(|step| (step, 1.0 / (step + 1) as f64))
            .collect();
        let drawn = Points {
            name: "loss".to_owned(),
            across: "update".to_owned(),
            points: &points,
            mark: Some(19),
        };
        let Some(Block::Curve(curve)) = Pen::new(Language::English).curve(drawn) else {
            panic!("a curve");
        };
        assert_eq!(curve.line.split(' ').count(), 20);
        assert_eq!(curve.mark, Some(CURVE_SIZE.0));
        assert_eq!(curve.steps, ["0", "3", "7", "11", "15", "19"]);
        assert_eq!(curve.values[0], "1.000");
        let single = Points {
            name: String::new(),
            across: String::new(),
            points: &points[..1],
            mark: None,
        };
        assert!(Pen::new(Language::English).curve(single).is_none());
    }
}
