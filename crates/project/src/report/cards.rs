//! What each figure of the result table is, for whoever shows one: the words of the contract with unit, direction and
//! source of the formula.

use contract::{Direction, MetricCard, MetricUnit, ResultMetric};
use metrics::metric::Unit;

/// Every figure of the result table, in the order in which tables list them.
pub fn cards() -> Vec<MetricCard> {
    ResultMetric::ALL.iter().copied().filter_map(card).collect()
}

/// None for a figure without a formula; a test finds such.
fn card(metric: ResultMetric) -> Option<MetricCard> {
    let formula = metrics::by_name(metric.as_str())?;
    Some(MetricCard {
        metric,
        label: metric.label(),
        sentence: metric.sentence(),
        unit: unit(formula.unit),
        direction: match formula.higher_is_better {
            Some(true) => Direction::Higher,
            Some(false) => Direction::Lower,
            None => Direction::Neither,
        },
        source: formula.source.to_owned(),
        is_main: metric.is_main(),
    })
}

fn unit(unit: Unit) -> MetricUnit {
    match unit {
        Unit::Points => MetricUnit::Points,
        Unit::Share => MetricUnit::Share,
        Unit::NatsPerToken => MetricUnit::NatsPerToken,
        Unit::Seconds => MetricUnit::Seconds,
        Unit::Words => MetricUnit::Words,
        Unit::Tokens => MetricUnit::Tokens,
        Unit::Ratio => MetricUnit::Ratio,
        Unit::Coefficient => MetricUnit::Coefficient,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_has_a_formula_under_its_name() {
        let cards = cards();
        assert_eq!(cards.len(), ResultMetric::ALL.len());
        for card in cards {
            let formula = metrics::by_name(card.metric.as_str()).unwrap();
            assert_eq!(card.label.en, formula.label);
            for words in [card.sentence.en, card.sentence.de] {
                assert!(words.ends_with('.') && !words.contains(". "), "{words}");
            }
            assert!(!card.source.is_empty());
        }
    }
}
