//! `report`: one file of a run to hand over, and the check that finds every changed digit.

use host::clock::now_ms;
use host::process::liveness;
use project::experiment::kept::Now;
use project::session::Session;

use super::Place;
use super::run::{RUN, whole};

/// A workspace with a finished run, and its report as JSON.
fn reported(place: &Place, options: &[&str]) -> String {
    let file = place.path("report.json");
    let words = [&["report", RUN, "--to", &file], options].concat();
    place.ok(&words);
    std::fs::read_to_string(file).expect("the report")
}

#[test]
fn a_report_is_read_by_people_and_checked_by_the_program() {
    let place = &whole().place;
    let json = reported(place, &["--items", "1"]);
    let checked = place.ok(&["report", "--check", &place.path("report.json")]);
    assert_eq!(
        (&checked["equal"], &checked["mismatches"]),
        (&true.into(), &serde_json::json!([]))
    );
    for (ending, begins) in [("html", "<!doctype html>"), ("md", "# Bericht des Laufs")] {
        let file = place.path(&format!("report.{ending}"));
        place.ok(&["report", RUN, "--to", &file, "--language", "de"]);
        let page = std::fs::read_to_string(file).expect("the page");
        assert!(page.starts_with(begins), "{page}");
        assert!(
            page.contains("mrds_separate") && page.contains("Der Pr\u{fc}fer"),
            "{page}"
        );
        assert!(
            !page.contains("<script") && !page.contains("://"),
            "nothing is fetched: {page}"
        );
    }
    let with_texts = |report: &str| -> Vec<bool> {
        let report: serde_json::Value = serde_json::from_str(report).expect("JSON");
        let items = report["items"].as_array().expect("items").clone();
        let has_text = |item: &serde_json::Value| item["summaries"].is_object();
        items.iter().map(has_text).collect()
    };
    assert_eq!(with_texts(&json), [true; 3], "best, worst, most changed");
    let without = reported(place, &["--no-texts"]);
    let found = with_texts(&without);
    assert!(!found.is_empty() && found.iter().all(|has_text| !has_text));
    place.refuses(&["report", RUN, "--to", "r.pdf"], 2, "usage", &[".html"]);
    let page = place.path("report.md");
    place.refuses(
        &["report", "--check", &page],
        2,
        "usage",
        &["--to FILE.json"],
    );
}

#[test]
fn each_of_fifty_changed_digits_is_found() {
    let place = &whole().place;
    let json = reported(place, &[]);
    let session = Session::open(&place.workspace()).expect("the workspace");
    let now = Now {
        now_ms: now_ms(),
        liveness: &liveness,
    };
    // Digits of what is measured, not of the last places that rounding may change, nor of the version and the time.
    let bytes = json.as_bytes();
    let begins = |place: usize| {
        bytes[place].is_ascii_digit() && matches!(bytes[place - 1], b' ' | b'[' | b':' | b'-')
    };
    let untold = [
        "\"made_at_ms\"",
        "\"version\"",
        "\"report\"",
        "\"items_asked\"",
    ];
    let line = |place: usize| json[..place].rsplit('\n').next().unwrap_or_default();
    let places: Vec<usize> = (1..bytes.len())
        .filter(|place| begins(*place))
        .filter(|place| !untold.iter().any(|key| line(*place).contains(key)))
        .collect();
    assert!(places.len() > 200, "{}", places.len());
    for number in 0..50 {
        let place = places[number * places.len() / 50];
        let digit = (bytes[place] - b'0' + 1) % 10;
        let changed = format!("{}{digit}{}", &json[..place], &json[place + 1..]);
        let found = session.check_report(&changed, now);
        // A file with an impossible count is not a report at all.
        let is_found = found.map_or(true, |found| !found.equal);
        assert!(is_found, "{}", &json[place.saturating_sub(80)..place + 20]);
    }
}
