//! plan: what a run would take on this machine, before it is begun.

use std::process::ExitCode;

use contract::{Machine, PlanExamples, Verdict};
use host::machine::disk_free_bytes;
use mrds::catalogue::named;
use mrds::forecast::{PlanRequest, PlannedModel};
use project::session::Session;

use super::experiment::describe_budget;
use super::work::{RECOMPUTES, model_folder};
use super::{Done, memory_free_bytes, recipe, session, typed_fields, workspace};
use crate::args::{Global, Plan};
use crate::failure::Failure;
use crate::output::Output;
use crate::table::Table;
use crate::wording;

pub(super) fn plan(global: &Global, args: &Plan, output: &Output) -> Done {
    let session = session(global)?;
    let (mut recipe, mut typed) = recipe(&args.choice)?;
    recipe.type_sizes(&mut typed, args.shots, args.validation)?;
    let machine = Machine {
        memory_free_bytes: memory_free_bytes(global.device),
        disk_free_bytes: disk_free_bytes(&workspace(global)?),
        threads: global.threads(),
    };
    let plan = mrds::forecast::plan(
        &session,
        &PlanRequest {
            dataset: args.dataset.clone(),
            model: model(&session, &args.model)?,
            recipe,
            typed,
            device: global.device,
            machine,
            within: args.within,
            kept: typed_fields(&args.choice, &[]),
        },
    )?;
    output.text(describe(&plan));
    output.result(&plan);
    Ok(ExitCode::from(u8::from(plan.verdict == Verdict::NotReady)))
}

/// A model that is here, else one of the catalogue.
pub(super) fn model(session: &Session, name: &str) -> Result<PlannedModel, Failure> {
    match model_folder(session, name) {
        Ok(folder) => Ok(PlannedModel::Folder(folder)),
        Err(unknown) => named(name)?
            .map(|entry| PlannedModel::Catalogue(Box::new(entry)))
            .ok_or(unknown),
    }
}

pub(super) fn describe(plan: &contract::Plan) -> String {
    let mut table = Table::new(&["stage", "peak memory", "disk", "time"]);
    let row = |name: &str, peak: u64, disk: u64, seconds: f64| {
        vec![
            name.to_owned(),
            gigabytes(peak),
            gigabytes(disk),
            duration(seconds),
        ]
    };
    for stage in &plan.stages {
        table.row(row(
            stage.name.as_str(),
            stage.peak_bytes,
            stage.disk_bytes,
            stage.seconds,
        ));
    }
    table.row(row("all", plan.peak_bytes, plan.disk_bytes, plan.seconds));
    let speed = if plan.probed {
        "measured with the model"
    } else {
        "estimated from a matrix product"
    };
    let (texts, tokens) = (plan.generate_batch_size, plan.tokens_per_microbatch);
    let mut text = format!(
        "{table}\nSpeed {speed}, {} threads. At once: {texts} generated texts, {tokens} tokens of a training.\n",
        plan.machine.threads
    );
    if plan.recompute {
        text += &format!("{RECOMPUTES}\n");
    }
    text += &examples(&plan.examples);
    if let Some(budget) = &plan.budget {
        text += &describe_budget(budget);
    }
    if plan.missing.is_empty() {
        text += "Ready: nothing is missing.\n";
    }
    for missing in &plan.missing {
        text += &format!("Missing: {}\n", wording::lack(missing));
    }
    if !plan.offers.is_empty() {
        let mut offers = Table::new(&["cheaper", "peak memory", "time", "here", "price"]);
        for offer in &plan.offers {
            offers.row(vec![
                wording::offer(&offer.change),
                gigabytes(offer.peak_bytes),
                duration(offer.seconds),
                if offer.fits { "fits" } else { "too big" }.to_owned(),
                wording::price(offer.price).to_owned(),
            ]);
        }
        text += &format!("\n{offers}");
    }
    text
}

fn examples(plan: &PlanExamples) -> String {
    let PlanExamples {
        shots,
        validation,
        test,
        shots_at_most,
        validation_at_most,
        unsummarised,
    } = *plan;
    let mut text = format!("{shots} to learn from, {validation} to choose by, {test} to test on");
    if (shots, validation) != (shots_at_most, validation_at_most) {
        text += &format!(
            "; the recipe takes at most {shots_at_most} and {validation_at_most}, fitted to the data set"
        );
    }
    if unsummarised > 0 {
        text += &format!("; {unsummarised} wait for a summary");
    }
    text + ".\n"
}

fn gigabytes(bytes: u64) -> String {
    format!("{:.2} GB", bytes as f64 / 1e9)
}

pub(super) fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 90.0 => format!("{s:.0} s"),
        s if s < 5400.0 => format!("{:.0} min", s / 60.0),
        s if s < 172_800.0 => format!("{:.1} h", s / 3600.0),
        s => format!("{:.1} days", s / 86_400.0),
    }
}
