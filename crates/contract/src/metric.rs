//! The figures of the result table: one closed set, with a name and a sentence in both languages. Formula, unit, direction
//! and source are those of the metrics' own room, to which `project::report::cards` adds these words.

use serde::{Deserialize, Serialize};

use crate::Words;
use crate::closed_set::closed_set;

closed_set! {
    /// A figure of the result table.
    ResultMetric, "metric of the result table" {
        /// Words of a prediction.
        SummaryWords = "summary_words",
        /// ROUGE-1 F, mean over references.
        Rouge1 = "rouge1",
        /// ROUGE-2 F, mean over references.
        Rouge2 = "rouge2",
        /// ROUGE-L F, mean over references.
        RougeL = "rougeL",
        /// ROUGE-L of texts by their lines, F, mean over references.
        RougeLsum = "rougeLsum",
        /// ROUGE-1 F without stemming, mean over references.
        Rouge1Plain = "rouge1_plain",
        /// ROUGE-2 F without stemming, mean over references.
        Rouge2Plain = "rouge2_plain",
        /// ROUGE-L F without stemming, mean over references.
        RougeLPlain = "rougeL_plain",
        /// Recall of ROUGE-1, mean over references.
        Rouge1Recall = "rouge1_recall",
        /// Precision of ROUGE-1, mean over references.
        Rouge1Precision = "rouge1_precision",
        /// F of character n-grams, best reference.
        Chrf = "chrf",
        /// The same with words and pairs of words.
        ChrfPlusPlus = "chrf++",
        /// BLEU-4 of the corpus.
        Bleu = "bleu",
        /// The same over characters, for scripts that ROUGE does not read.
        BleuChar = "bleu_char",
        /// BERTScore, F.
        BertscoreF = "bertscore_f",
        /// BERTScore, precision.
        BertscoreP = "bertscore_p",
        /// BERTScore, recall.
        BertscoreR = "bertscore_r",
        /// Nats per token of the first reference.
        ReferenceCe = "reference_ce",
        /// Nats per token of a prediction under the base model.
        BaseCe = "base_ce",
        /// Facts that the conversation does not hold, divided by all facts.
        FactsUnsupported = "facts_unsupported",
        /// Facts that the conversation holds.
        FactsKept = "facts_kept",
        /// Facts that the conversation states differently.
        FactsChanged = "facts_changed",
        /// Facts that the conversation does not have.
        FactsInvented = "facts_invented",
        /// Facts of the reference that the prediction lacks.
        FactsMissing = "facts_missing",
        /// Sentences that a turn supports.
        SupportedSentences = "support_sentences",
        /// Words that the conversation lacks.
        Novel1 = "novel1",
        /// Pairs of words that the conversation lacks.
        Novel2 = "novel2",
        /// Runs of three words that the conversation lacks.
        Novel3 = "novel3",
        /// Runs of four words that the conversation lacks.
        Novel4 = "novel4",
        /// Tokens of the conversation divided by tokens of the prediction.
        Compression = "compression",
        /// Share of the prediction's tokens in fragments of the conversation.
        Coverage = "coverage",
        /// Squared lengths of those fragments divided by the prediction's tokens.
        Density = "density",
        /// Different words divided by all words.
        Distinct1 = "distinct1",
        /// Different pairs of words divided by all.
        Distinct2 = "distinct2",
        /// Different runs of three words divided by all.
        Distinct3 = "distinct3",
        /// Different runs of four words divided by all.
        Distinct4 = "distinct4",
        /// BLEU-4 of each of a hundred predictions against the others.
        SelfBleu4 = "self_bleu4",
        /// Words that a prediction repeats.
        Repeat1 = "repeat1",
        /// Pairs of words that a prediction repeats.
        Repeat2 = "repeat2",
        /// Runs of three words that a prediction repeats.
        Repeat3 = "repeat3",
        /// Runs of four words that a prediction repeats.
        Repeat4 = "repeat4",
    }
}

closed_set! {
    /// In which direction a figure is better.
    Direction, "direction" {
        /// More is better.
        Higher = "higher",
        /// Less is better.
        Lower = "lower",
        /// Neither: it describes.
        Neither = "neither",
    }
}

closed_set! {
    /// The unit in which a figure is stored. Points and percent are formatting.
    MetricUnit, "unit" {
        /// A score from 0 to 1 whose hundredths are called points.
        Points = "points",
        /// A part of a whole, from 0 to 1.
        Share = "share",
        /// Natural logarithm of a likelihood, per token.
        NatsPerToken = "nats_per_token",
        /// Wall-clock time.
        Seconds = "seconds",
        /// Words between white space.
        Words = "words",
        /// Runs of letters and digits.
        Tokens = "tokens",
        /// One length divided by another.
        Ratio = "ratio",
        /// A coefficient of agreement: 1 is perfect, 0 is chance.
        Coefficient = "coefficient",
    }
}

closed_set! {
    /// What a fact of a summary is about.
    FactKind, "kind of fact" {
        /// A bare number.
        Number = "number",
        /// A number with a unit.
        Quantity = "quantity",
        /// A number with a currency.
        Money = "money",
        /// A time of day.
        Time = "time",
        /// A day, or a month with or without day and year.
        Date = "date",
        /// A person, place or product.
        Name = "name",
        /// Letters with digits, a telephone number, an address.
        Identifier = "identifier",
        /// Whether something is or is not; counted in no rate.
        Negation = "negation",
    }
}

/// A figure of the result table as every table explains it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct MetricCard {
    /// Which figure.
    pub metric: ResultMetric,
    /// Its name.
    pub label: Words,
    /// What it tells, in a sentence.
    pub sentence: Words,
    /// The unit in which it is stored.
    pub unit: MetricUnit,
    /// Which way is better.
    pub direction: Direction,
    /// Where its definition comes from.
    pub source: String,
    /// Whether tables show it by default; the others are one step away.
    pub is_main: bool,
}

impl ResultMetric {
    /// Whether tables show it by default.
    pub const fn is_main(self) -> bool {
        matches!(
            self,
            Self::SummaryWords
                | Self::Rouge1
                | Self::Rouge2
                | Self::RougeL
                | Self::Chrf
                | Self::BertscoreF
                | Self::ReferenceCe
                | Self::FactsUnsupported
        )
    }

    /// Its name.
    pub fn label(self) -> Words {
        let [en, de] = match self {
            Self::SummaryWords => ["Words per summary", "Wörter je Zusammenfassung"],
            Self::Rouge1 => ["ROUGE-1", "ROUGE-1"],
            Self::Rouge2 => ["ROUGE-2", "ROUGE-2"],
            Self::RougeL => ["ROUGE-L", "ROUGE-L"],
            Self::RougeLsum => ["ROUGE-Lsum", "ROUGE-Lsum"],
            Self::Rouge1Plain => ["ROUGE-1 without stemming", "ROUGE-1 ohne Wortstämme"],
            Self::Rouge2Plain => ["ROUGE-2 without stemming", "ROUGE-2 ohne Wortstämme"],
            Self::RougeLPlain => ["ROUGE-L without stemming", "ROUGE-L ohne Wortstämme"],
            Self::Rouge1Recall => ["ROUGE-1 recall", "ROUGE-1, Vollständigkeit"],
            Self::Rouge1Precision => ["ROUGE-1 precision", "ROUGE-1, Genauigkeit"],
            Self::Chrf => ["chrF", "chrF"],
            Self::ChrfPlusPlus => ["chrF++", "chrF++"],
            Self::Bleu => ["BLEU", "BLEU"],
            Self::BleuChar => ["BLEU over characters", "BLEU über Zeichen"],
            Self::BertscoreF => ["BERTScore", "BERTScore"],
            Self::BertscoreP => ["BERTScore precision", "BERTScore, Genauigkeit"],
            Self::BertscoreR => ["BERTScore recall", "BERTScore, Vollständigkeit"],
            Self::ReferenceCe => [
                "Cross-entropy of the gold summary",
                "Kreuzentropie der Referenz",
            ],
            Self::BaseCe => [
                "Cross-entropy of the prediction under the base model",
                "Kreuzentropie der Zusammenfassung im Basismodell",
            ],
            Self::FactsUnsupported => [
                "Facts not found in the conversation",
                "Angaben, die nicht im Gespräch stehen",
            ],
            Self::FactsKept => [
                "Facts found in the conversation",
                "Angaben, die im Gespräch stehen",
            ],
            Self::FactsChanged => ["Facts changed", "Veränderte Angaben"],
            Self::FactsInvented => ["Facts invented", "Erfundene Angaben"],
            Self::FactsMissing => ["Facts missing", "Fehlende Angaben"],
            Self::SupportedSentences => [
                "Sentences with a turn behind them",
                "Sätze mit einem Beitrag dahinter",
            ],
            Self::Novel1 => ["New words", "Neue Wörter"],
            Self::Novel2 => ["New word pairs", "Neue Wortpaare"],
            Self::Novel3 => ["New 3-grams", "Neue 3-Gramme"],
            Self::Novel4 => ["New 4-grams", "Neue 4-Gramme"],
            Self::Compression => ["Compression", "Verdichtung"],
            Self::Coverage => ["Extractive coverage", "Anteil aus dem Gespräch"],
            Self::Density => ["Extractive density", "Länge der übernommenen Stücke"],
            Self::Distinct1 => ["Distinct words", "Verschiedene Wörter"],
            Self::Distinct2 => ["Distinct word pairs", "Verschiedene Wortpaare"],
            Self::Distinct3 => ["Distinct 3-grams", "Verschiedene 3-Gramme"],
            Self::Distinct4 => ["Distinct 4-grams", "Verschiedene 4-Gramme"],
            Self::SelfBleu4 => ["Likeness to each other", "Ähnlichkeit untereinander"],
            Self::Repeat1 => ["Repeated words", "Wiederholte Wörter"],
            Self::Repeat2 => ["Repeated word pairs", "Wiederholte Wortpaare"],
            Self::Repeat3 => ["Repeated 3-grams", "Wiederholte 3-Gramme"],
            Self::Repeat4 => ["Repeated 4-grams", "Wiederholte 4-Gramme"],
        };
        Words::new(en, de)
    }

    /// What it tells, in a sentence. A test finds a figure without words.
    pub fn sentence(self) -> Words {
        let row = SENTENCES.iter().find(|(metric, _)| *metric == self);
        let [en, de] = row.map_or(["", ""], |(_, words)| *words);
        Words::new(en, de)
    }
}

/// What each figure tells, in English and German.
const SENTENCES: [(ResultMetric, [&str; 2]); 41] = [
    (
        ResultMetric::SummaryWords,
        [
            "How long the summaries are; long ones collect more of most scores, so compare lengths first.",
            "Wie lang die Zusammenfassungen sind; lange sammeln bei den meisten Maßen mehr, also zuerst die Längen vergleichen.",
        ],
    ),
    (
        ResultMetric::Rouge1,
        [
            "How many words a summary shares with the reference; it counts words, not truth.",
            "Wie viele Wörter eine Zusammenfassung mit der Referenz teilt; gezählt werden Wörter, nicht Wahrheit.",
        ],
    ),
    (
        ResultMetric::Rouge2,
        [
            "How many pairs of neighbouring words a summary shares with the reference.",
            "Wie viele benachbarte Wortpaare eine Zusammenfassung mit der Referenz teilt.",
        ],
    ),
    (
        ResultMetric::RougeL,
        [
            "How long a sequence of words a summary shares with the reference, gaps allowed.",
            "Wie lang die gemeinsame Wortfolge mit der Referenz ist; Lücken sind erlaubt.",
        ],
    ),
    (
        ResultMetric::RougeLsum,
        [
            "As ROUGE-L, line by line; the same for summaries of a single line.",
            "Wie ROUGE-L, Zeile für Zeile; bei einzeiligen Zusammenfassungen dasselbe.",
        ],
    ),
    (
        ResultMetric::Rouge1Plain,
        [
            "As ROUGE-1, where another ending makes another word; some publications count so.",
            "Wie ROUGE-1, wobei eine andere Endung ein anderes Wort ist; manche Veröffentlichungen zählen so.",
        ],
    ),
    (
        ResultMetric::Rouge2Plain,
        [
            "As ROUGE-2, where another ending makes another word.",
            "Wie ROUGE-2, wobei eine andere Endung ein anderes Wort ist.",
        ],
    ),
    (
        ResultMetric::RougeLPlain,
        [
            "As ROUGE-L, where another ending makes another word.",
            "Wie ROUGE-L, wobei eine andere Endung ein anderes Wort ist.",
        ],
    ),
    (
        ResultMetric::Rouge1Recall,
        [
            "The share of the reference's words that the summary has; long summaries have more of them.",
            "Der Anteil der Wörter der Referenz, die die Zusammenfassung hat; lange haben mehr davon.",
        ],
    ),
    (
        ResultMetric::Rouge1Precision,
        [
            "The share of the summary's words that the reference has; short summaries do better.",
            "Der Anteil der Wörter der Zusammenfassung, die die Referenz hat; kurze schneiden besser ab.",
        ],
    ),
    (
        ResultMetric::Chrf,
        [
            "How many runs of characters a summary shares with the reference; other endings of a word cost little.",
            "Wie viele Zeichenfolgen eine Zusammenfassung mit der Referenz teilt; andere Wortendungen kosten wenig.",
        ],
    ),
    (
        ResultMetric::ChrfPlusPlus,
        [
            "As chrF, with words and pairs of words counted too.",
            "Wie chrF, wobei auch Wörter und Wortpaare zählen.",
        ],
    ),
    (
        ResultMetric::Bleu,
        [
            "How many runs of up to four words of all summaries together stand in the references.",
            "Wie viele Folgen von bis zu vier Wörtern aller Zusammenfassungen in den Referenzen stehen.",
        ],
    ),
    (
        ResultMetric::BleuChar,
        [
            "As BLEU over characters, for scripts whose words ROUGE does not read.",
            "Wie BLEU, über Zeichen gezählt, für Schriften, deren Wörter ROUGE nicht liest.",
        ],
    ),
    (
        ResultMetric::BertscoreF,
        [
            "How close the words are in meaning to those of the reference, as a measuring model sees it.",
            "Wie nah die Wörter denen der Referenz im Sinn sind, so wie ein Messmodell es sieht.",
        ],
    ),
    (
        ResultMetric::BertscoreP,
        [
            "The share of the summary's meaning that the reference has, as a measuring model sees it.",
            "Der Anteil am Sinn der Zusammenfassung, den die Referenz hat, so wie ein Messmodell es sieht.",
        ],
    ),
    (
        ResultMetric::BertscoreR,
        [
            "The share of the reference's meaning that the summary has, as a measuring model sees it.",
            "Der Anteil am Sinn der Referenz, den die Zusammenfassung hat, so wie ein Messmodell es sieht.",
        ],
    ),
    (
        ResultMetric::ReferenceCe,
        [
            "How surprised the system is by the reference summary, in nats a token.",
            "Wie sehr die Referenz das System überrascht, in Nat je Token.",
        ],
    ),
    (
        ResultMetric::BaseCe,
        [
            "How surprised the base model is by the summary, given the conversation, in nats a token; low is usual, not true.",
            "Wie sehr die Zusammenfassung zum Gespräch das Basismodell überrascht, in Nat je Token; wenig ist üblich, nicht wahr.",
        ],
    ),
    (
        ResultMetric::FactsUnsupported,
        [
            "The share of figures and names that the conversation does not have; it does not judge meaning.",
            "Der Anteil der Zahlen und Namen, die das Gespräch nicht hat; die Bedeutung wird nicht beurteilt.",
        ],
    ),
    (
        ResultMetric::FactsKept,
        [
            "The share of figures and names that the conversation has too.",
            "Der Anteil der Zahlen und Namen, die auch das Gespräch hat.",
        ],
    ),
    (
        ResultMetric::FactsChanged,
        [
            "The share of figures and names near whose words the conversation has another one.",
            "Der Anteil der Zahlen und Namen, bei deren Wörtern im Gespräch etwas anderes steht.",
        ],
    ),
    (
        ResultMetric::FactsInvented,
        [
            "The share of figures and names that the conversation has nowhere.",
            "Der Anteil der Zahlen und Namen, die nirgends im Gespräch stehen.",
        ],
    ),
    (
        ResultMetric::FactsMissing,
        [
            "The share of the reference's figures and names, found in the conversation, that the summary lacks.",
            "Der Anteil der im Gespräch belegten Zahlen und Namen der Referenz, die der Zusammenfassung fehlen.",
        ],
    ),
    (
        ResultMetric::SupportedSentences,
        [
            "The share of sentences with whose words a turn of the conversation deals.",
            "Der Anteil der Sätze, deren Wörter in einem Beitrag des Gesprächs vorkommen.",
        ],
    ),
    (
        ResultMetric::Novel1,
        [
            "The share of the summaries' words that the conversation does not have.",
            "Der Anteil der Wörter, die das Gespräch nicht hat.",
        ],
    ),
    (
        ResultMetric::Novel2,
        [
            "The share of the summaries' word pairs that the conversation does not have.",
            "Der Anteil der Wortpaare, die das Gespräch nicht hat.",
        ],
    ),
    (
        ResultMetric::Novel3,
        [
            "The share of runs of three words that the conversation does not have.",
            "Der Anteil der Folgen von drei Wörtern, die das Gespräch nicht hat.",
        ],
    ),
    (
        ResultMetric::Novel4,
        [
            "The share of runs of four words that the conversation does not have.",
            "Der Anteil der Folgen von vier Wörtern, die das Gespräch nicht hat.",
        ],
    ),
    (
        ResultMetric::Compression,
        [
            "How many times longer the conversation is than its summary.",
            "Wievielmal so lang das Gespräch ist wie seine Zusammenfassung.",
        ],
    ),
    (
        ResultMetric::Coverage,
        [
            "The share of the summary that consists of pieces taken from the conversation.",
            "Der Anteil der Zusammenfassung, der aus Stücken des Gesprächs besteht.",
        ],
    ),
    (
        ResultMetric::Density,
        [
            "How long those pieces are: 1 is single words, more is whole phrases.",
            "Wie lang diese Stücke sind: 1 heißt einzelne Wörter, mehr heißt ganze Wendungen.",
        ],
    ),
    (
        ResultMetric::Distinct1,
        [
            "The share of different words among all words of the summaries.",
            "Der Anteil verschiedener Wörter an allen Wörtern der Zusammenfassungen.",
        ],
    ),
    (
        ResultMetric::Distinct2,
        [
            "The share of different word pairs among all pairs of the summaries.",
            "Der Anteil verschiedener Wortpaare an allen Paaren der Zusammenfassungen.",
        ],
    ),
    (
        ResultMetric::Distinct3,
        [
            "The share of different runs of three words among all of them.",
            "Der Anteil verschiedener Folgen von drei Wörtern an allen.",
        ],
    ),
    (
        ResultMetric::Distinct4,
        [
            "The share of different runs of four words among all of them.",
            "Der Anteil verschiedener Folgen von vier Wörtern an allen.",
        ],
    ),
    (
        ResultMetric::SelfBleu4,
        [
            "How much a hundred summaries share with each other; with fewer summaries it is not told.",
            "Wie viel hundert Zusammenfassungen miteinander teilen; bei weniger Zusammenfassungen wird es nicht angegeben.",
        ],
    ),
    (
        ResultMetric::Repeat1,
        [
            "The share of words that a summary says again.",
            "Der Anteil der Wörter, die eine Zusammenfassung wiederholt.",
        ],
    ),
    (
        ResultMetric::Repeat2,
        [
            "The share of word pairs that a summary says again.",
            "Der Anteil der Wortpaare, die eine Zusammenfassung wiederholt.",
        ],
    ),
    (
        ResultMetric::Repeat3,
        [
            "The share of runs of three words that a summary says again.",
            "Der Anteil der Folgen von drei Wörtern, die eine Zusammenfassung wiederholt.",
        ],
    ),
    (
        ResultMetric::Repeat4,
        [
            "The share of runs of four words that a summary says again.",
            "Der Anteil der Folgen von vier Wörtern, die eine Zusammenfassung wiederholt.",
        ],
    ),
];

/// A mean with its 95 % interval.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Mean {
    /// The mean over items.
    pub mean: f64,
    /// Its 95 % interval, low and high.
    pub ci95: [f64; 2],
}
