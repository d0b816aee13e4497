//! What calamine would take for the sheets of XLS and ODS, counted before it is called. It holds such a sheet as a
//! rectangle from the first cell to the last, empty ones included, so one cell far out stands for millions; and it takes
//! the sizes that a damaged file states. Positions alone are read here, as calamine reads them; the cells are its matter.
//! XLSX is streamed and needs none of this.

use std::collections::HashSet;
use std::io::{Cursor, Read};

use calamine::{Cell, Data};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::import::limits;

/// A cell of a rectangle: calamine's own, and the copy that it hands out.
const CELL_BYTES: u64 = 2 * size_of::<Data>() as u64;
/// A cell in calamine's list.
const LISTED_BYTES: u64 = size_of::<Cell<Data>>() as u64;
/// A list that grows is there twice while it moves, and up to half empty afterwards.
const GROWN: u64 = 3;
/// A formula in a rectangle of its own.
const FORMULA_BYTES: u64 = size_of::<String>() as u64;
/// A text in calamine's rectangle and in the copy.
const COPIES: u64 = 2;

/// Memory that the sheets may take, and what they take so far.
pub(super) struct Reach {
    most: u64,
    taken: u64,
}

/// Cells, empty ones included, for which this number of bytes suffices.
pub(super) fn cells(bytes: usize) -> u64 {
    bytes as u64 / (CELL_BYTES + LISTED_BYTES)
}

/// Why a workbook is not handed to calamine.
pub(super) enum Refusal {
    /// Its cells are too far apart.
    TooFar,
    /// It contradicts itself.
    Broken(String),
}

type Result<T> = std::result::Result<T, Refusal>;

fn broken(error: impl std::fmt::Display) -> Refusal {
    Refusal::Broken(error.to_string())
}

/// The rectangle around cells.
#[derive(Clone, Copy, Default)]
struct Rectangle {
    /// First row, first column, last row, last column.
    around: Option<[u64; 4]>,
}

impl Rectangle {
    fn add(&mut self, row: u64, first: u64, last: u64) {
        let [top, left, bottom, right] = self.around.unwrap_or([row, first, row, last]);
        self.around = Some([
            top.min(row),
            left.min(first),
            bottom.max(row),
            right.max(last),
        ]);
    }

    fn cells(self) -> u64 {
        let size = |from: u64, to: u64| to.saturating_sub(from) + 1;
        self.around.map_or(0, |[top, left, bottom, right]| {
            size(top, bottom).saturating_mul(size(left, right))
        })
    }
}

impl Reach {
    /// Nothing taken yet of this number of bytes.
    pub(super) fn new(most: usize) -> Self {
        Self {
            most: most as u64,
            taken: 0,
        }
    }

    fn take(&mut self, count: u64, bytes: u64) -> Result<()> {
        self.taken = self.taken.saturating_add(count.saturating_mul(bytes));
        self.check(0)
    }

    /// Refuses where what is taken, with this number of bytes more, is too much.
    fn check(&self, more: u64) -> Result<()> {
        match self.taken.saturating_add(more) <= self.most {
            true => Ok(()),
            false => Err(Refusal::TooFar),
        }
    }

    /// The sheets of an XLS file.
    pub(super) fn xls(&mut self, bytes: &[u8]) -> Result<()> {
        let mut container = cfb::CompoundFile::open(Cursor::new(bytes)).map_err(broken)?;
        let is_book = |name: &str| {
            ["workbook", "book"]
                .iter()
                .any(|book| name.eq_ignore_ascii_case(book))
        };
        // The name is looked for at every level, as calamine does.
        let books: Vec<_> = container
            .walk()
            .filter(|entry| entry.is_stream() && is_book(entry.name()))
            .map(|entry| entry.path().to_owned())
            .collect();
        for book in books {
            let stream = container.open_stream(book).map_err(broken)?;
            let mut content = Vec::new();
            let limit = bytes.len() as u64 + 1;
            stream
                .take(limit)
                .read_to_end(&mut content)
                .map_err(broken)?;
            if content.len() > bytes.len() {
                return Err(broken("a part is longer than the file"));
            }
            self.book(&content)?;
        }
        Ok(())
    }

    fn book(&mut self, stream: &[u8]) -> Result<()> {
        let mut sheets = HashSet::new();
        let mut known = Known::default();
        let mut records = Records(stream);
        while let Some(record) = records.next() {
            match record.kind {
                SHARED_TEXTS => {
                    let more = Records(records.0).take_while_continued();
                    known.texts = shared_texts(record.data, &more);
                }
                DEFINED_NAME => known.longest_name = known.longest_name.max(record.byte(3)),
                BOUND_SHEET => {
                    known.longest_name = known.longest_name.max(record.byte(6));
                    let begin = record.wide(0) as usize;
                    // Sheets that share their cells would be read once for each.
                    if !sheets.insert(begin) || begin > stream.len() {
                        return Err(broken("two sheets are in one place"));
                    }
                }
                END => break,
                _ => {}
            }
        }
        let mut walked = 0;
        for begin in sheets {
            walked += self.sheet(&stream[begin..], &known)?;
            if walked > 2 * stream.len() {
                return Err(broken("its sheets overlap"));
            }
        }
        Ok(())
    }

    /// One sheet of an XLS file; returns how many bytes it has.
    fn sheet(&mut self, stream: &[u8], known: &Known) -> Result<usize> {
        let mut records = Records(stream);
        let (mut cells, mut formulas) = (Rectangle::default(), Rectangle::default());
        let (mut stated, mut listed) = (0, 0);
        let (mut is_open, mut depth) = (false, 0_usize);
        for record in records.by_ref() {
            let length = record.data.len() as u64;
            match record.kind {
                BEGIN if !is_open => is_open = true,
                BEGIN => depth += 1,
                // A chart inside the sheet.
                END if depth > 0 => depth -= 1,
                _ if depth > 0 => {}
                END => break,
                DIMENSIONS => stated = record.stated().saturating_add(stated),
                NUMBER | LABEL | RICH_LABEL | BOOL_OR_ERROR | RK | SHARED_LABEL | FORMULA => {
                    let (row, column) = (record.short(0), record.short(2));
                    cells.add(row, column, column);
                    listed += 1;
                    match record.kind {
                        SHARED_LABEL => self.take(known.text(record.wide(6)), COPIES)?,
                        FORMULA => {
                            formulas.add(row, column, column);
                            let text = length.saturating_mul(known.longest_name.max(8));
                            self.take(1, text.saturating_add(GROWN * LISTED_BYTES))?;
                        }
                        _ => self.take(length, 2 * COPIES)?,
                    }
                }
                FORMULA_TEXT => self.take(length, 2 * COPIES)?,
                MANY_RK => {
                    let (first, count) = (record.short(2), length / 6);
                    cells.add(record.short(0), first, first + count);
                    listed += count;
                }
                _ => {}
            }
            // calamine believes what the sheet states about its size.
            let list = stated.max(if listed > stated { GROWN * listed } else { 0 });
            let rectangle = cells.cells().saturating_mul(CELL_BYTES);
            self.check(list.saturating_mul(LISTED_BYTES).saturating_add(rectangle))?;
        }
        self.take(cells.cells(), CELL_BYTES)?;
        self.take(formulas.cells(), FORMULA_BYTES)?;
        Ok(stream.len() - records.0.len())
    }

    /// The sheets of an ODS file, by its `content.xml`.
    pub(super) fn ods(&mut self, content: &[u8]) -> Result<()> {
        let text = std::str::from_utf8(content).map_err(broken)?;
        let mut reader = Reader::from_str(text);
        // A table may be nested in another one.
        let mut tables: Vec<Table> = Vec::new();
        loop {
            let event = reader.read_event().map_err(broken)?;
            if matches!(event, Event::Eof) {
                return Ok(());
            }
            match &event {
                Event::Start(tag) | Event::Empty(tag)
                    if tag.local_name().into_inner() == "table" =>
                {
                    tables.push(Table::default());
                    if tables.len() as u64 > limits::DEPTH {
                        return Err(broken("its tables lie too deep in each other"));
                    }
                }
                _ => {}
            }
            let Some(table) = tables.last_mut() else {
                continue;
            };
            let closed = match &event {
                Event::Start(tag) => {
                    self.open(tag, table)?;
                    None
                }
                Event::Empty(tag) => {
                    self.open(tag, table)?;
                    Some(tag.local_name().into_inner())
                }
                Event::End(tag) => Some(tag.local_name().into_inner()),
                Event::Text(text) => {
                    table.cell.text += text.len() as u64;
                    None
                }
                Event::CData(text) => {
                    table.cell.text += text.len() as u64;
                    None
                }
                Event::GeneralRef(_) => {
                    table.cell.text += 4;
                    None
                }
                _ => None,
            };
            if let Some(name) = closed {
                self.close(name, table)?;
                if name == "table" {
                    tables.pop();
                }
            }
        }
    }

    fn open(&mut self, tag: &BytesStart<'_>, table: &mut Table) -> Result<()> {
        match tag.local_name().into_inner() {
            "table-row" => {
                table.row = Row {
                    repeats: count(tag, "number-rows-repeated").min(MOST_ROWS),
                    ..Row::default()
                };
            }
            "table-cell" | "covered-table-cell" => {
                table.cell = OdsCell {
                    repeats: count(tag, "number-columns-repeated").min(MOST_COLUMNS),
                    ..OdsCell::default()
                };
                for attribute in tag.attributes().flatten() {
                    let name = attribute.key.local_name().into_inner();
                    // A style alone is not content.
                    if name.contains("value") || name == "formula" {
                        table.cell.has_value = true;
                        table.cell.text += attribute.value.len() as u64;
                    }
                }
            }
            // Spaces that are written as a number.
            "s" => {
                let spaces = count(tag, "c");
                table.cell.text = table.cell.text.saturating_add(spaces);
            }
            _ => table.cell.text += 1,
        }
        self.check(table.cell.text)
    }

    fn close(&mut self, name: &str, table: &mut Table) -> Result<()> {
        match name {
            "table-cell" | "covered-table-cell" => {
                let cell = std::mem::take(&mut table.cell);
                let row = &mut table.row;
                row.columns = (row.columns + cell.repeats).min(MOST_COLUMNS);
                if cell.has_value {
                    row.width = row.columns;
                    row.text = row
                        .text
                        .saturating_add(cell.text.saturating_mul(cell.repeats));
                }
                self.check(row.text)
            }
            "table-row" => {
                let row = std::mem::take(&mut table.row);
                // All rows are one list first, with their formulas beside; then they are repeated.
                self.take(row.width, GROWN * (CELL_BYTES / COPIES + FORMULA_BYTES))?;
                if row.width > 0 {
                    table.width = table.width.max(row.width);
                    table.rows += table.empty_rows + row.repeats;
                    table.empty_rows = 0;
                    self.take(row.text, COPIES * row.repeats + 1)?;
                } else if table.rows > 0 {
                    table.empty_rows += row.repeats;
                }
                self.check(table.cells().saturating_mul(CELL_BYTES + FORMULA_BYTES))
            }
            "table" => self.take(table.cells(), CELL_BYTES + FORMULA_BYTES),
            _ => Ok(()),
        }
    }
}

/// The largest sheet, which calamine keeps to.
const MOST_ROWS: u64 = 1 << 20;
const MOST_COLUMNS: u64 = 1 << 14;

/// A table of ODS as far as it is read: from its first row with a cell to its last one.
#[derive(Default)]
struct Table {
    rows: u64,
    /// After the last one with a cell.
    empty_rows: u64,
    width: u64,
    row: Row,
    cell: OdsCell,
}

impl Table {
    fn cells(&self) -> u64 {
        self.rows.min(MOST_ROWS).saturating_mul(self.width)
    }
}

#[derive(Default)]
struct Row {
    repeats: u64,
    columns: u64,
    /// Columns up to the last one that holds something.
    width: u64,
    text: u64,
}

#[derive(Default)]
struct OdsCell {
    repeats: u64,
    text: u64,
    has_value: bool,
}

/// An attribute that counts repetitions; one if it is absent, many if it is not a number.
fn count(tag: &BytesStart<'_>, name: &str) -> u64 {
    let mut attributes = tag.attributes().flatten();
    attributes
        .find(|attribute| attribute.key.local_name().into_inner() == name)
        .map_or(1, |attribute| attribute.value.parse().unwrap_or(u64::MAX))
}

/// What the sheets of an XLS file refer to.
#[derive(Default)]
struct Known {
    /// Bytes of each shared text, at most.
    texts: Vec<u32>,
    /// Letters of the longest name of a sheet or range: a formula may repeat it every few bytes.
    longest_name: u64,
}

impl Known {
    fn text(&self, place: u64) -> u64 {
        self.texts
            .get(place as usize)
            .map_or(0, |bytes| u64::from(*bytes))
    }
}

/// Bytes of the shared texts (\[MS-XLS\] 2.4.265) in a record and those that continue it. A text may break off at the end
/// of a record; the next one begins by saying again how its characters are encoded.
fn shared_texts(first: &[u8], more: &[&[u8]]) -> Vec<u32> {
    let mut parts = more.iter();
    let mut part = first.get(8..).unwrap_or_default();
    let mut texts = Vec::new();
    loop {
        while part.is_empty() {
            match parts.next() {
                Some(next) => part = next,
                None => return texts,
            }
        }
        let Some((head, after)) = part.split_at_checked(3) else {
            return texts;
        };
        let record = XlsRecord {
            kind: 0,
            data: after,
        };
        let (mut letters, flags) = (usize::from(head[0]) | usize::from(head[1]) << 8, head[2]);
        let (runs, mut skip) = match (flags & 8 != 0, flags & 4 != 0) {
            (true, true) => (record.short(0), 6),
            (true, false) => (record.short(0), 2),
            (false, true) => (0, 4),
            (false, false) => (0, 0),
        };
        let extra = match flags & 4 != 0 {
            true => record.wide(skip - 4),
            false => 0,
        };
        part = after.get(skip..).unwrap_or_default();
        texts.push(3 * letters as u32);
        let mut size = 1 + usize::from(flags & 1);
        while letters > 0 {
            let here = letters.min(part.len() / size);
            part = &part[here * size..];
            letters -= here;
            if letters > 0 {
                let Some((flags, after)) = parts.next().and_then(|next| next.split_first()) else {
                    return texts;
                };
                size = 1 + usize::from(flags & 1);
                part = after;
            }
        }
        skip = 4 * runs as usize + extra as usize;
        while skip > part.len() {
            skip -= part.len();
            let Some(next) = parts.next() else {
                return texts;
            };
            part = next;
        }
        part = &part[skip..];
    }
}

/// Kinds of records, as \[MS-XLS\] 2.3 numbers them.
const FORMULA: u16 = 0x0006;
const END: u16 = 0x000A;
const DEFINED_NAME: u16 = 0x0018;
const CONTINUE: u16 = 0x003C;
const BOUND_SHEET: u16 = 0x0085;
const MANY_RK: u16 = 0x00BD;
const RICH_LABEL: u16 = 0x00D6;
const SHARED_TEXTS: u16 = 0x00FC;
const SHARED_LABEL: u16 = 0x00FD;
const DIMENSIONS: u16 = 0x0200;
const NUMBER: u16 = 0x0203;
const LABEL: u16 = 0x0204;
const BOOL_OR_ERROR: u16 = 0x0205;
const FORMULA_TEXT: u16 = 0x0207;
const RK: u16 = 0x027E;
const BEGIN: u16 = 0x0809;

/// A record of a stream of XLS.
struct XlsRecord<'a> {
    kind: u16,
    data: &'a [u8],
}

impl XlsRecord<'_> {
    fn byte(&self, offset: usize) -> u64 {
        self.data.get(offset).map_or(0, |byte| u64::from(*byte))
    }

    fn short(&self, offset: usize) -> u64 {
        self.byte(offset) | self.byte(offset + 1) << 8
    }

    fn wide(&self, offset: usize) -> u64 {
        self.short(offset) | self.short(offset + 2) << 16
    }

    /// Cells that a sheet says it has. What contradicts itself is as much as can be said.
    fn stated(&self) -> u64 {
        let [first_row, last_row, first_column, last_column] = match self.data.len() {
            10 => [0, 2, 4, 6].map(|offset| self.short(offset)),
            _ => [self.wide(0), self.wide(4), self.short(8), self.short(10)],
        };
        let size = |first: u64, last: u64| last.max(1).checked_sub(first);
        match (size(first_row, last_row), size(first_column, last_column)) {
            // calamine takes an odd first column for the first one.
            (Some(rows), columns) => rows.saturating_mul(columns.unwrap_or(last_column).max(1)),
            (None, _) => u64::MAX,
        }
    }
}

/// The records of a stream, until it ends or breaks off; those that continue another are passed over.
struct Records<'a>(&'a [u8]);

impl<'a> Records<'a> {
    fn step(&mut self) -> Option<XlsRecord<'a>> {
        let (head, after) = self.0.split_at_checked(4)?;
        let kind = u16::from_le_bytes([head[0], head[1]]);
        let length = usize::from(u16::from_le_bytes([head[2], head[3]]));
        let (data, after) = after.split_at_checked(length)?;
        self.0 = after;
        Some(XlsRecord { kind, data })
    }

    /// What the next records add to the last one.
    fn take_while_continued(mut self) -> Vec<&'a [u8]> {
        let mut parts = Vec::new();
        while let Some(record) = self.step().filter(|record| record.kind == CONTINUE) {
            parts.push(record.data);
        }
        parts
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = XlsRecord<'a>;

    fn next(&mut self) -> Option<XlsRecord<'a>> {
        loop {
            let record = self.step()?;
            if record.kind != CONTINUE {
                return Some(record);
            }
        }
    }
}
