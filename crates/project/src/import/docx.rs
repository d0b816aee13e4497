//! Word documents as paragraphs and tables: the parts of `word/document.xml` that hold text.
//!
//! Follows ECMA-376, part 1, section 17. Inserted text counts and deleted text does not (17.13.5); footnotes, text boxes,
//! pictures and the second form of alternative content are passed over. `document` knows what the paragraphs mean.

use contract::IntakeLimit;
use contract::problem::{ArchiveFault, ImportProblem};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::limits::{self, Room};

/// A part of the body.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Block {
    Paragraph(Paragraph),
    /// Rows of cells.
    Table(Vec<Vec<String>>),
}

/// A paragraph outside tables.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Paragraph {
    /// Its place in the body, from 1; tables are not counted.
    pub(super) number: u64,
    /// Its style says that it is a heading.
    pub(super) is_heading: bool,
    /// Pieces of text with the same formatting; a break is `\n`.
    pub(super) runs: Vec<Run>,
    /// Text that is marked as deleted.
    pub(super) deleted: String,
}

/// Text with the same formatting.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) text: String,
    pub(super) is_bold: bool,
}

impl Paragraph {
    /// All of its text.
    pub(super) fn text(&self) -> String {
        self.runs.iter().map(|run| run.text.as_str()).collect()
    }
}

/// Elements whose content is not text of the body.
const PASSED_OVER: [&str; 8] = [
    "drawing",
    "pict",
    "object",
    "txbxContent",
    "Fallback",
    "instrText",
    "sectPr",
    "tblPr",
];

/// The blocks of a document.
pub(super) fn blocks(file: &str, xml: &[u8]) -> Result<Vec<Block>, ImportProblem> {
    let broken = |reason: String| ImportProblem::Archive {
        file: file.to_owned(),
        fault: ArchiveFault::Broken { reason },
    };
    let text = std::str::from_utf8(xml).map_err(|error| broken(error.to_string()))?;
    let mut reader = Reader::from_str(text);
    let mut body = Body::of(xml.len());
    let mut depth: u64 = 0;
    loop {
        body.room.check(file)?;
        match reader
            .read_event()
            .map_err(|error| broken(error.to_string()))?
        {
            Event::Start(tag) => {
                depth += 1;
                limits::check(file, IntakeLimit::Depth, depth)?;
                body.open(&tag);
            }
            Event::Empty(tag) => {
                body.open(&tag);
                body.close(tag.local_name().into_inner());
            }
            Event::End(tag) => {
                depth = depth.saturating_sub(1);
                body.close(tag.local_name().into_inner());
            }
            Event::Text(text) => body.text(&text.xml10_content()),
            Event::CData(text) => body.text(&text.xml10_content()),
            Event::GeneralRef(name) => {
                let sign = name
                    .resolve_char_ref()
                    .map_err(|error| broken(error.to_string()))?;
                match sign {
                    Some(sign) => body.text(sign.encode_utf8(&mut [0; 4])),
                    None => body.text(entity(&name.into_inner())),
                }
            }
            Event::Eof => return Ok(body.blocks),
            _ => {}
        }
    }
}

/// The five entities that XML has.
fn entity(name: &str) -> &'static str {
    match name {
        "lt" => "<",
        "gt" => ">",
        "amp" => "&",
        "quot" => "\"",
        "apos" => "'",
        _ => "",
    }
}

/// Memory that the parts of a document take besides their text, in bytes.
const PARAGRAPH_BYTES: usize = 300;
const RUN_BYTES: usize = 64;
const ROW_BYTES: usize = 260;
const CELL_BYTES: usize = 64;

/// A body that is being read.
struct Body {
    blocks: Vec<Block>,
    room: Room,
    /// Depth of elements that are passed over.
    passed_over: usize,
    /// Depth of deleted text.
    deleted: usize,
    /// Inside an element that holds text.
    in_text: bool,
    /// Tables around the current place; rows of the outer one.
    tables: usize,
    rows: Vec<Vec<String>>,
    /// The paragraph and the run that are being read.
    paragraph: Paragraph,
    run: Run,
    paragraphs: u64,
}

impl Body {
    fn of(bytes: usize) -> Self {
        Self {
            blocks: Vec::new(),
            room: Room::of(bytes),
            passed_over: 0,
            deleted: 0,
            in_text: false,
            tables: 0,
            rows: Vec::new(),
            paragraph: Paragraph::default(),
            run: Run::default(),
            paragraphs: 0,
        }
    }

    fn open(&mut self, tag: &BytesStart<'_>) {
        let name = tag.local_name();
        let name = name.into_inner();
        if self.passed_over > 0 || PASSED_OVER.contains(&name) {
            self.passed_over += 1;
            return;
        }
        match name {
            "tbl" => self.tables += 1,
            "tr" if self.tables == 1 => {
                self.room.take(ROW_BYTES);
                self.rows.push(Vec::new());
            }
            "tc" if self.tables == 1 => {
                self.room.take(CELL_BYTES);
                if let Some(row) = self.rows.last_mut() {
                    row.push(String::new());
                }
            }
            "p" if self.tables == 0 => {
                self.paragraphs += 1;
                self.paragraph = Paragraph {
                    number: self.paragraphs,
                    ..Paragraph::default()
                };
            }
            "p" => self.add_to_cell("\n"),
            "pStyle" => self.paragraph.is_heading |= is_heading(&value(tag)),
            "outlineLvl" => self.paragraph.is_heading = true,
            "b" => self.run.is_bold = !matches!(value(tag).as_str(), "0" | "false" | "off"),
            "rStyle" => self.run.is_bold |= value(tag) == "Strong",
            "del" | "moveFrom" => self.deleted += 1,
            "r" => self.run = Run::default(),
            "t" | "delText" => self.in_text = true,
            "br" | "cr" => self.add("\n"),
            "tab" => self.add("\t"),
            "noBreakHyphen" => self.add("-"),
            _ => {}
        }
    }

    fn close(&mut self, name: &str) {
        if self.passed_over > 0 {
            self.passed_over -= 1;
            return;
        }
        match name {
            "tbl" => {
                self.tables = self.tables.saturating_sub(1);
                if self.tables == 0 {
                    self.blocks
                        .push(Block::Table(std::mem::take(&mut self.rows)));
                }
            }
            "p" if self.tables == 0 => {
                let paragraph = std::mem::take(&mut self.paragraph);
                // An empty paragraph says nothing.
                if !paragraph.runs.is_empty() || !paragraph.deleted.is_empty() {
                    self.room.take(PARAGRAPH_BYTES);
                    self.blocks.push(Block::Paragraph(paragraph));
                }
            }
            "r" => {
                let run = std::mem::take(&mut self.run);
                if !run.text.is_empty() && self.tables == 0 {
                    self.room.take(RUN_BYTES);
                    self.paragraph.runs.push(run);
                }
            }
            "del" | "moveFrom" => self.deleted = self.deleted.saturating_sub(1),
            "t" | "delText" => self.in_text = false,
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        if self.passed_over == 0 && self.in_text {
            self.add(text);
        }
    }

    fn add(&mut self, text: &str) {
        match (self.deleted > 0, self.tables) {
            (true, 0) => self.paragraph.deleted.push_str(text),
            (true, _) => {}
            (false, 0) => self.run.text.push_str(text),
            (false, _) => self.add_to_cell(text),
        }
    }

    fn add_to_cell(&mut self, text: &str) {
        if let Some(cell) = self.rows.last_mut().and_then(|row| row.last_mut())
            && !(text == "\n" && cell.is_empty())
        {
            cell.push_str(text);
        }
    }
}

/// The value of an element's `w:val`.
fn value(tag: &BytesStart<'_>) -> String {
    tag.attributes()
        .flatten()
        .find(|attribute| attribute.key.local_name().into_inner() == "val")
        .map(|attribute| attribute.value.into_owned())
        .unwrap_or_default()
}

/// Names of styles for headings and titles, in the languages of the program.
fn is_heading(style: &str) -> bool {
    let style = style.to_lowercase();
    [
        "heading",
        "title",
        "titel",
        "berschrift",
        "titre",
        "titolo",
        "título",
        "titulo",
        "ttulo",
        "kop",
    ]
    .iter()
    .any(|stem| style.contains(stem))
}
