//! Values of JSON fixtures as Rust types, for golden tests: what is missing fails with the value that was found.

use serde_json::Value;

/// The elements of a list.
pub(crate) fn list(value: &Value) -> &[Value] {
    value
        .as_array()
        .unwrap_or_else(|| panic!("no list: {value}"))
}

/// A text.
pub(crate) fn string(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

/// A list of texts.
pub(crate) fn strings(value: &Value) -> Vec<&str> {
    list(value).iter().map(string).collect()
}

/// A list of owned texts.
pub(crate) fn texts(value: &Value) -> Vec<String> {
    strings(value).into_iter().map(str::to_owned).collect()
}

/// A number.
pub(crate) fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| panic!("no number: {value}"))
}

/// A list of numbers.
pub(crate) fn numbers(value: &Value) -> Vec<f64> {
    list(value).iter().map(number).collect()
}

/// A count.
pub(crate) fn count(value: &Value) -> usize {
    let count = value
        .as_u64()
        .unwrap_or_else(|| panic!("no count: {value}"));
    usize::try_from(count).expect("a count that fits")
}

/// A list of counts.
pub(crate) fn counts(value: &Value) -> Vec<usize> {
    list(value).iter().map(count).collect()
}

/// The largest difference from the recorded numbers, with a limit that it may not pass.
pub(crate) struct Worst {
    limit: f64,
    largest: f64,
}

impl Worst {
    pub(crate) fn within(limit: f64) -> Self {
        Self {
            limit,
            largest: 0.0,
        }
    }

    pub(crate) fn compare(&mut self, what: &str, found: f64, expected: f64) {
        let off = (found - expected).abs();
        assert!(off <= self.limit, "{what}: {found}, expected {expected}");
        self.largest = self.largest.max(off);
    }

    /// As [`Self::compare`], where `null` stands for what is undefined.
    pub(crate) fn compare_defined(&mut self, what: &str, found: Option<f64>, expected: &Value) {
        match found {
            Some(found) => self.compare(what, found, number(expected)),
            None => assert!(expected.is_null(), "{what}: undefined, expected {expected}"),
        }
    }

    /// Says how many cases there were and how far the worst was off; none at all is a failure.
    pub(crate) fn report(&self, what: &str, cases: usize) {
        assert!(cases > 0, "{what}: no case");
        println!(
            "golden {what}: {cases} cases, off by {:e} at most",
            self.largest
        );
    }
}
