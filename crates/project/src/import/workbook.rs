//! Workbooks: XLSX, XLS and ODS, by calamine. The first sheet whose first rows hold names of columns that map is read.
//!
//! Rows are numbered as the spreadsheet shows them. Sheets of XLSX are streamed cell by cell, because a cell far out would
//! otherwise stand for millions of empty ones; for those of XLS and ODS it does, so [`reach`] counts them beforehand.

mod reach;

use std::collections::BTreeMap;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{Data, DataRef, Ods, Reader, Xls, Xlsx};
use contract::problem::{ArchiveFault, ImportProblem};
use contract::{DropReason, FileFormat, IntakeLimit, Remark};

use reach::{Reach, Refusal};

use super::account::Measure;
use super::archive::Archive;
use super::limits::{self, Room};
use super::value::{Fields, Name, Value};
use super::{ImportOptions, Record, Records, columns, table, turn_rows};

/// Rows in which the names of the columns may be.
const HEADER_ROWS: usize = 20;

/// Cells that hold something, by row (from 1) and column (from 0).
type Rows = BTreeMap<usize, Cells>;
/// Cells of a row by their column, in order.
type Cells = Vec<(usize, Box<str>)>;

/// What a row and a cell take besides their text, in bytes.
const ROW_BYTES: usize = 200;
const CELL_BYTES: usize = 160;

/// Why a workbook cannot be read.
enum Fault {
    Broken(String),
    Problem(ImportProblem),
}

/// Reads the rows of a workbook, which has `unpacked` bytes.
pub(super) fn read(
    layout: FileFormat,
    file: &str,
    bytes: &[u8],
    unpacked: usize,
    options: &ImportOptions,
) -> Result<Records, ImportProblem> {
    check_reach(layout, file, bytes, unpacked)?;
    // The underlying libraries panic on some damaged files; for us those are damaged files like others.
    let mut room = Room::of(unpacked);
    let sheets = catch_unwind(AssertUnwindSafe(|| sheets(layout, file, bytes, &mut room)));
    let sheets = match sheets {
        Ok(Ok(sheets)) => sheets,
        Ok(Err(Fault::Problem(problem))) => return Err(problem),
        Ok(Err(Fault::Broken(reason))) => return Err(broken(file, reason)),
        Err(_panic) => return Err(broken(file, "its parts do not fit together".to_owned())),
    };
    let chosen = sheets
        .iter()
        .enumerate()
        .find_map(|(place, (_, rows))| Some((place, header_row(rows, options)?)));
    // Without a header that maps, the first sheet with anything in it shows the columns that can be named.
    let first = || {
        let place = sheets.iter().position(|(_, rows)| !rows.is_empty())?;
        Some((place, *sheets[place].1.keys().next()?))
    };
    let Some((place, header)) = chosen.or_else(first) else {
        return Err(ImportProblem::Empty {
            file: file.to_owned(),
        });
    };
    let mut sheets = sheets;
    let (sheet, rows) = sheets.swap_remove(place);
    let others: Vec<String> = sheets.into_iter().map(|(name, _)| name).collect();
    let mut records = records(layout, file, rows, header);
    if !others.is_empty() || header > 1 {
        records.remarks.push(Remark::SheetChosen {
            file: file.to_owned(),
            sheet: sheet.clone(),
            header_row: header,
            others,
        });
    }
    records.sheet = Some(sheet);
    records.room = room;
    Ok(records)
}

/// Refuses sheets whose rectangle would not fit into the memory of an import.
fn check_reach(
    layout: FileFormat,
    file: &str,
    bytes: &[u8],
    unpacked: usize,
) -> Result<(), ImportProblem> {
    // The other half is for the cells that are taken from it.
    let most = Room::of(unpacked).bytes() / 2;
    let mut reach = Reach::new(most);
    let reached = match layout {
        FileFormat::Xls => reach.xls(bytes),
        FileFormat::Ods => reach.ods(&Archive::open(file, bytes)?.read("content.xml")?),
        _ => Ok(()),
    };
    reached.map_err(|refusal| match refusal {
        Refusal::Broken(reason) => broken(file, reason),
        Refusal::TooFar => ImportProblem::TooLarge {
            file: file.to_owned(),
            limit: IntakeLimit::Reach,
            most: reach::cells(most),
        },
    })
}

fn broken(file: &str, reason: String) -> ImportProblem {
    ImportProblem::Archive {
        file: file.to_owned(),
        fault: ArchiveFault::Broken { reason },
    }
}

/// The first row whose cells name columns that can be used.
fn header_row(rows: &Rows, options: &ImportOptions) -> Option<usize> {
    let maps = |names: &[String]| match (&options.map, &options.reading.turns) {
        (Some(map), _) => {
            names.contains(&map.dialogue) && map.summaries.iter().all(|name| names.contains(name))
        }
        (None, Some(turns)) => names.contains(&turns.text) && names.contains(&turns.speaker),
        (None, None) => {
            columns::guess(names).is_some()
                || turn_rows::guess_columns(names).is_some()
                || (options.keep_unsummarised && columns::has_dialogue(names))
        }
    };
    rows.range(..=HEADER_ROWS)
        .find(|(_, cells)| maps(&names(cells)))
        .map(|(row, _)| *row)
}

fn names(cells: &Cells) -> Vec<String> {
    cells
        .iter()
        .map(|(_, cell)| cell.trim().to_owned())
        .collect()
}

fn records(layout: FileFormat, file: &str, rows: Rows, header: usize) -> Records {
    let mut records = Records {
        measure: Measure::of_rows(),
        ..Records::new(layout)
    };
    let named = |cell: &&(usize, Box<str>)| !cell.1.trim().is_empty();
    let head = || rows.get(&header).into_iter().flatten().filter(named);
    let names = head().map(|(_, name)| name.trim().to_owned()).collect();
    // Of two columns with the same name, the second is a column too.
    let names = table::unlike(names);
    let columns: Vec<(usize, Name)> = head()
        .zip(&names)
        .map(|((place, _), name)| (*place, name.as_str().into()))
        .collect();
    for (row, cells) in rows {
        if row < header {
            let text: Vec<&str> = cells.iter().map(|(_, cell)| &**cell).collect();
            let text = text.join(" ");
            records
                .measure
                .drop(file, row as u64, DropReason::Header, &text);
        } else if row > header {
            let mut cells = cells.into_iter().peekable();
            let mut fields = Fields::with_capacity(columns.len());
            for (place, name) in &columns {
                while cells.next_if(|(column, _)| column < place).is_some() {}
                let cell = cells.next_if(|(column, _)| column == place);
                let cell = cell.map_or_else(Box::default, |(_, cell)| cell);
                fields.push(name.clone(), Value::String(cell.into()));
            }
            records.rows.push(Record { row, fields });
        }
    }
    records.columns = names;
    records
}

/// All sheets with their cells.
fn sheets(
    layout: FileFormat,
    file: &str,
    bytes: &[u8],
    room: &mut Room,
) -> Result<Vec<(String, Rows)>, Fault> {
    let source = Cursor::new(bytes);
    match layout {
        FileFormat::Xls => ranges(file, Xls::new(source).map_err(fault)?, room),
        FileFormat::Ods => ranges(file, Ods::new(source).map_err(fault)?, room),
        _ => streamed(file, Xlsx::new(source).map_err(fault)?, room),
    }
}

fn fault(error: impl std::fmt::Display) -> Fault {
    Fault::Broken(error.to_string())
}

fn streamed(
    file: &str,
    mut workbook: Xlsx<Cursor<&[u8]>>,
    room: &mut Room,
) -> Result<Vec<(String, Rows)>, Fault> {
    let mut sheets = Vec::new();
    for name in workbook.sheet_names() {
        let mut rows = Rows::new();
        // Charts have a name among the sheets and no cells.
        let Ok(mut cells) = workbook.worksheet_cells_reader(&name) else {
            continue;
        };
        while let Some(cell) = cells.next_cell().map_err(fault)? {
            let (row, column) = cell.get_position();
            let text = match cell.get_value() {
                DataRef::SharedString(text) => (*text).to_owned(),
                value => shown(&Data::from(value.clone())),
            };
            let place = (row as usize + 1, column as usize);
            put(file, &mut rows, place, text, room)?;
        }
        drop(cells);
        sheets.push((name, rows));
    }
    Ok(sheets)
}

fn ranges<'a, R>(file: &str, mut workbook: R, room: &mut Room) -> Result<Vec<(String, Rows)>, Fault>
where
    R: Reader<Cursor<&'a [u8]>>,
    R::Error: std::fmt::Display,
{
    let mut sheets = Vec::new();
    for name in workbook.sheet_names() {
        let range = workbook.worksheet_range(&name).map_err(fault)?;
        let (top, left) = range.start().unwrap_or_default();
        let mut rows = Rows::new();
        for (row, column, value) in range.used_cells() {
            let place = (top as usize + row + 1, left as usize + column);
            put(file, &mut rows, place, shown(value), room)?;
        }
        sheets.push((name, rows));
    }
    Ok(sheets)
}

fn put(
    file: &str,
    rows: &mut Rows,
    (row, column): (usize, usize),
    text: String,
    room: &mut Room,
) -> Result<(), Fault> {
    limits::check(file, IntakeLimit::CellBytes, text.len() as u64).map_err(Fault::Problem)?;
    if text.trim().is_empty() {
        return Ok(());
    }
    let cells = rows.entry(row).or_insert_with(|| {
        room.take(ROW_BYTES);
        Cells::new()
    });
    // Many cells may share one text, which the file holds once.
    room.take(CELL_BYTES + text.len());
    room.check(file).map_err(Fault::Problem)?;
    // Cells come in order, but for those of damaged files.
    match cells.binary_search_by_key(&column, |(column, _)| *column) {
        Ok(place) => cells[place].1 = text.into(),
        Err(place) => cells.insert(place, (column, text.into())),
    }
    Ok(())
}

/// A cell as the text that a person would copy.
fn shown(value: &Data) -> String {
    match value {
        Data::Empty => String::new(),
        Data::String(text) => text.clone(),
        other => other.to_string(),
    }
}
