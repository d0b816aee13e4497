//! The formats that an import tells apart.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::UnknownWord;
use crate::closed_set::closed_set;

closed_set! {
    /// The format of an imported file: a published one, else how its records are laid out.
    FileFormat, "format" {
        /// SAMSum, as a JSON list.
        SamsumJson = "samsum_json",
        /// DialogSum, as JSON Lines.
        DialogsumJsonl = "dialogsum_jsonl",
        /// MTS-Dialog, as CSV.
        MtsDialogCsv = "mts_dialog_csv",
        /// TweetSumm, as JSON Lines.
        TweetsummJsonl = "tweetsumm_jsonl",
        /// PriMock57, as JSON Lines.
        Primock57Jsonl = "primock57_jsonl",
        /// TODSum, as JSON Lines.
        TodsumJsonl = "todsum_jsonl",
        /// A JSON list.
        Json = "json",
        /// One JSON object a line.
        Jsonl = "jsonl",
        /// A table with commas or semicolons.
        Csv = "csv",
        /// A table with tabs.
        Tsv = "tsv",
        /// A transcript as plain text.
        Txt = "txt",
        /// A transcript as Markdown.
        Md = "md",
        /// WebVTT subtitles.
        Vtt = "vtt",
        /// SubRip subtitles.
        Srt = "srt",
        /// A table with commas or semicolons that has one turn a row.
        CsvTurns = "csv_turns",
        /// A table with tabs that has one turn a row.
        TsvTurns = "tsv_turns",
        /// JSON Lines with one turn a line, or a JSON list with one turn an item.
        JsonTurns = "json_turns",
        /// A chat that WhatsApp exported on an iPhone.
        WhatsappIos = "whatsapp_ios",
        /// A chat that WhatsApp exported on Android.
        WhatsappAndroid = "whatsapp_android",
        /// One chat or all chats, as Telegram Desktop exports them.
        TelegramJson = "telegram_json",
        /// An exported Slack workspace.
        SlackZip = "slack_zip",
        /// One day of a Slack channel.
        SlackJson = "slack_json",
        /// The chat of a Zoom meeting.
        ZoomChat = "zoom_chat",
        /// A transcript as Otter writes it.
        OtterTxt = "otter_txt",
        /// A transcript of Google Meet, as text.
        GoogleMeet = "google_meet",
        /// Messages copied out of the window of a chat program.
        ChatTxt = "chat_txt",
        /// A Word document with turns as paragraphs.
        DocxTranscript = "docx_transcript",
        /// A Word document with turns as rows of a table.
        DocxTable = "docx_table",
        /// An Excel workbook.
        Xlsx = "xlsx",
        /// An Excel workbook that has one turn a row.
        XlsxTurns = "xlsx_turns",
        /// An Excel workbook from before 2007.
        Xls = "xls",
        /// An Excel workbook from before 2007 that has one turn a row.
        XlsTurns = "xls_turns",
        /// An OpenDocument workbook.
        Ods = "ods",
        /// An OpenDocument workbook that has one turn a row.
        OdsTurns = "ods_turns",
    }
}

/// The formats of all files of an import, each once: one word, joined by `+`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Formats(Vec<FileFormat>);

impl Formats {
    /// Adds a format, once.
    pub fn add(&mut self, format: FileFormat) {
        if !self.0.contains(&format) {
            self.0.push(format);
        }
    }

    /// The formats in the order of the files.
    pub fn iter(&self) -> impl Iterator<Item = FileFormat> {
        self.0.iter().copied()
    }
}

impl From<FileFormat> for Formats {
    fn from(format: FileFormat) -> Self {
        Self(vec![format])
    }
}

impl fmt::Display for Formats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = self.iter().map(FileFormat::as_str).collect();
        f.pad(&words.join("+"))
    }
}

impl FromStr for Formats {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        text.split('+')
            .map(str::parse)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl Serialize for Formats {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Formats {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
