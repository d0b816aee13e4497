//! From a family to a conversation: the facts are drawn, the flow is walked, and the summary is told from the same
//! facts.

use crate::facts::Telling;
use crate::family::{Family, Step, When};
use crate::random::Dice;
use crate::world::World;
use crate::{Item, Style, Turn, polish};

/// How often a place for an aside is used, in percent (at most once in a conversation).
const ASIDE: usize = 28;
/// How often messages between friends lack the full stop at their end, in percent.
const CHAT_WITHOUT_STOP: usize = 50;

/// What walking the flow yields before asides and labels are filled in.
enum Event {
    Turn(String, String),
    Aside,
}

/// Tells one conversation of the family, with a summary in this style.
pub(crate) fn tell(world: &World, family: &Family, style: Style, dice: Dice) -> Item {
    let mut telling = begin(world, family, dice);
    let dialogue = dialogue(&mut telling, family);
    let summary = telling.text(&family.summaries[style as usize]);
    let topic = telling.text(&family.topic);
    Item {
        family: family.name.clone(),
        topic: polish::phrase(&topic),
        summary: polish::sentences(&summary),
        style,
        dialogue,
    }
}

/// Draws the facts; nothing has been said yet.
pub(crate) fn begin<'w>(world: &'w World, family: &Family, dice: Dice) -> Telling<'w> {
    let mut telling = Telling::new(world, family.invents_names, dice);
    for (name, spec) in &family.specs {
        telling.draw(name, spec, &family.specs);
    }
    telling.said.clear();
    telling
}

/// Tells the dialogue, which says the facts.
pub(crate) fn dialogue(telling: &mut Telling<'_>, family: &Family) -> Vec<Turn> {
    telling.may_correct = true;
    let mut events = Vec::new();
    walk(telling, &family.flow, &mut events);
    let spoken = with_aside(telling, &events);
    telling.may_correct = false;
    turns(telling, &spoken)
}

fn happens(telling: &mut Telling<'_>, when: &When) -> bool {
    when.guard.holds(telling) && telling.dice.chance(when.percent)
}

fn walk(telling: &mut Telling<'_>, steps: &[Step], events: &mut Vec<Event>) {
    for step in steps {
        match step {
            Step::Turn {
                when,
                speaker,
                text,
            } if happens(telling, when) => {
                let text = telling.text(text);
                if !text.trim().is_empty() {
                    events.push(Event::Turn(speaker.clone(), text));
                }
            }
            Step::Block { when, steps } if happens(telling, when) => walk(telling, steps, events),
            Step::AnyOrder(parts) => {
                let mut order: Vec<&Vec<Step>> = parts.iter().collect();
                telling.dice.shuffle(&mut order);
                order
                    .into_iter()
                    .for_each(|steps| walk(telling, steps, events));
            }
            Step::Aside => events.push(Event::Aside),
            Step::Turn { .. } | Step::Block { .. } => {}
        }
    }
}

/// Fills at most one place for an aside, between two turns, with an exchange that fits the setting.
fn with_aside(telling: &mut Telling<'_>, events: &[Event]) -> Vec<(String, String)> {
    let mut spoken: Vec<(String, String)> = Vec::new();
    let mut open = true;
    for (index, event) in events.iter().enumerate() {
        match event {
            Event::Turn(speaker, text) => spoken.push((speaker.clone(), text.clone())),
            Event::Aside if open && telling.dice.chance(ASIDE) => {
                let next = events[index..].iter().find_map(|event| match event {
                    Event::Turn(speaker, _) => Some(speaker.clone()),
                    Event::Aside => None,
                });
                if let (Some((last, _)), Some(next)) = (spoken.last().cloned(), next)
                    && last != next
                {
                    open = false;
                    spoken.extend(aside(telling, &next, &last));
                }
            }
            Event::Aside => {}
        }
    }
    spoken
}

/// An exchange between the next speaker (`A`) and the last speaker (`B`).
fn aside(telling: &mut Telling<'_>, next: &str, last: &str) -> Vec<(String, String)> {
    let setting = telling.fact("setting", "").unwrap_or_default().to_owned();
    let world = telling.world;
    let staff = world.asides(&format!("{setting} staff"));
    let fitting = if next == "P" || staff.is_empty() {
        world.asides(&setting)
    } else {
        staff
    };
    let Some(steps) = telling.dice.pick(fitting) else {
        return Vec::new();
    };
    telling.alias("A", next);
    telling.alias("B", last);
    let mut events = Vec::new();
    walk(telling, steps, &mut events);
    let real = |speaker: String| {
        if speaker == "A" {
            next.to_owned()
        } else {
            last.to_owned()
        }
    };
    let turn = |event| match event {
        Event::Turn(speaker, text) => Some((real(speaker), text)),
        Event::Aside => None,
    };
    events.into_iter().filter_map(turn).collect()
}

/// Replaces the names of facts with labels; consecutive turns by one speaker become one turn.
fn turns(telling: &mut Telling<'_>, spoken: &[(String, String)]) -> Vec<Turn> {
    let is_chat = telling.fact("setting", "") == Some("chat");
    let without_stop = is_chat && telling.dice.chance(CHAT_WITHOUT_STOP);
    let mut turns: Vec<Turn> = Vec::new();
    for (speaker, text) in spoken {
        let speaker = telling
            .fact(speaker, "label")
            .unwrap_or_default()
            .to_owned();
        match turns.last_mut() {
            Some(last) if last.speaker == speaker => {
                last.text = polish::sentences(&format!("{} {text}", last.text))
            }
            _ => turns.push(Turn {
                speaker,
                text: polish::sentences(text),
            }),
        }
    }
    if without_stop {
        for turn in &mut turns {
            if turn.text.ends_with('.') {
                turn.text.pop();
            }
        }
    }
    turns
}
