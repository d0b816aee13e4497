//! Bytes → UTF-8: byte-order marks, UTF-16 without one, and the single-byte encodings that office programs still write.
//!
//! Order, as `docs/cli.md` describes it: byte-order mark, UTF-16 by its zero bytes, UTF-8 if it is valid, else a guess
//! by chardetng that is limited to the encodings of Europe and knows the language of whoever imports. A guess is always
//! reported. A file that is UTF-8 but for a few bad bytes is not guessed at: those rows are named instead, so that one
//! bad row does not change how all others are read.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use contract::{Encoding, Language};

use crate::work;

/// How much of a file tells whether it is UTF-16.
const HEAD_BYTES: usize = 4096;
/// How much of a file the detector looks at.
const DETECT_BYTES: usize = 1 << 20;
/// Smallest share of zero bytes at one of two places that indicates UTF-16, in percent.
const ZERO_PERCENT: usize = 40;
/// Bad bytes from which even JSON, which has to be UTF-8, is taken for another encoding.
const JSON_BAD_BYTES: usize = 3;
/// Length of the piece of text that is shown for checking, in characters.
const SAMPLE_CHARS: usize = 40;

/// A file's text.
pub(super) struct Decoded<'a> {
    /// UTF-8, but for rows that are not valid and have to be named.
    pub(super) bytes: Cow<'a, [u8]>,
    pub(super) encoding: Encoding,
    /// Whether nothing in the file makes the encoding certain.
    pub(super) guessed: bool,
    /// A piece of the text with a letter that is not ASCII.
    pub(super) sample: Option<String>,
}

/// Reads bytes as the user says, else as they look. Where several encodings fit, the language of the user decides.
pub(super) fn decode(
    bytes: &[u8],
    asked: Option<Encoding>,
    language: Option<Language>,
) -> Decoded<'_> {
    work::visit(bytes.len());
    let marked = mark(bytes);
    let encoding = asked.or(marked.map(|(encoding, _)| encoding));
    // The mark is taken off only where it belongs to the encoding that is read.
    let body = match marked {
        Some((mark, length)) if encoding == Some(mark) => &bytes[length..],
        _ => bytes,
    };
    let (encoding, guessed) = match encoding {
        Some(encoding) => (encoding, false),
        None => detect(bytes, language),
    };
    let bytes = match encoding {
        Encoding::Utf8 => Cow::Borrowed(body),
        Encoding::Utf16Le => Cow::Owned(from_utf16(body, u16::from_le_bytes)),
        Encoding::Utf16Be => Cow::Owned(from_utf16(body, u16::from_be_bytes)),
        Encoding::Utf32Le => Cow::Owned(from_utf32(body, u32::from_le_bytes)),
        Encoding::Utf32Be => Cow::Owned(from_utf32(body, u32::from_be_bytes)),
        _ => Cow::Owned(from_single_bytes(body, encoding)),
    };
    let sample = match guessed || asked.is_some() {
        true => sample(&bytes),
        false => None,
    };
    Decoded {
        bytes,
        encoding,
        guessed,
        sample,
    }
}

fn mark(bytes: &[u8]) -> Option<(Encoding, usize)> {
    match bytes {
        [0xef, 0xbb, 0xbf, ..] => Some((Encoding::Utf8, 3)),
        // The mark of UTF-16 and a zero character would look the same; no text begins that way.
        [0xff, 0xfe, 0, 0, ..] => Some((Encoding::Utf32Le, 4)),
        [0, 0, 0xfe, 0xff, ..] => Some((Encoding::Utf32Be, 4)),
        [0xff, 0xfe, ..] => Some((Encoding::Utf16Le, 2)),
        [0xfe, 0xff, ..] => Some((Encoding::Utf16Be, 2)),
        _ => None,
    }
}

fn detect(bytes: &[u8], language: Option<Language>) -> (Encoding, bool) {
    if let Some(encoding) = wide(bytes) {
        return (encoding, true);
    }
    if std::str::from_utf8(bytes).is_ok() || looks_binary(bytes) {
        return (Encoding::Utf8, false);
    }
    work::visit(bytes.len() * 4);
    let bad = bad_bytes(bytes);
    let is_json = looks_like_json(bytes);
    let too_few = is_json && bad.count < JSON_BAD_BYTES;
    // In the encodings that are known most letters are ASCII. A text in another script would be read, but all wrong.
    let letters = bytes.iter().filter(|byte| byte.is_ascii_alphabetic());
    let is_other_script = bad.count > letters.count();
    if bad.valid_sequences > bad.count
        || too_few
        || is_other_script
        || bad.plausible * 2 < bad.count
    {
        return (Encoding::Utf8, false);
    }
    (single_byte(bytes, language), true)
}

/// UTF-32 or UTF-16 without a mark.
fn wide(bytes: &[u8]) -> Option<Encoding> {
    utf32_by_zeros(bytes)
        .or_else(|| utf16_by_zeros(bytes))
        .or_else(|| utf16_by_lines(bytes))
}

/// The characters of living scripts in UTF-32 have a zero in two places out of four, and none has only zeros.
fn utf32_by_zeros(bytes: &[u8]) -> Option<Encoding> {
    let head = &bytes[..bytes.len().min(HEAD_BYTES) / 4 * 4];
    let signs = head.len() / 4;
    let zeros = |place: usize| {
        let places = head.iter().skip(place).step_by(4);
        places.filter(|&&byte| byte == 0).count()
    };
    // Emoji are outside the first plane.
    let is_empty = |place: usize| zeros(place) * 10 >= signs * 8;
    let is_full = |place: usize| zeros(place) * 10 <= signs;
    match signs >= 2 {
        true if is_full(0) && is_empty(2) && zeros(3) == signs => Some(Encoding::Utf32Le),
        true if zeros(0) == signs && is_empty(1) && is_full(3) => Some(Encoding::Utf32Be),
        _ => None,
    }
}

/// A text of mostly ASCII in UTF-16 has a zero in every other place.
fn utf16_by_zeros(bytes: &[u8]) -> Option<Encoding> {
    let head = &bytes[..bytes.len().min(HEAD_BYTES)];
    let zeros = |parity: usize| {
        let places = head.iter().skip(parity).step_by(2);
        places.filter(|&&byte| byte == 0).count()
    };
    let places = head.len() / 2;
    let (even, odd) = (zeros(0), zeros(1));
    let is_share = |count: usize| places >= 2 && count * 100 >= places * ZERO_PERCENT;
    match (is_share(even), is_share(odd)) {
        (false, true) => Some(Encoding::Utf16Le),
        (true, false) => Some(Encoding::Utf16Be),
        _ => None,
    }
}

/// In scripts other than Latin few bytes of UTF-16 are zero, but those of the line ends: in one of the two orders, they
/// divide letters.
fn utf16_by_lines(bytes: &[u8]) -> Option<Encoding> {
    let (units, _) = bytes[..bytes.len().min(HEAD_BYTES)].as_chunks::<2>();
    let is_text = |unit: fn([u8; 2]) -> u16| {
        let (mut letters, mut ends, mut broken) = (0, 0, 0);
        for sign in char::decode_utf16(units.iter().map(|pair| unit(*pair))) {
            match sign {
                Ok('\n' | '\r') => ends += 1,
                Ok(sign) => letters += usize::from(is_of_text(sign)),
                Err(_lone) => broken += 1,
            }
        }
        // A character of two units may be cut where the beginning ends.
        ends > 0 && broken < 2 && (letters + ends) * 10 >= units.len() * 9
    };
    if !units.as_flattened().contains(&0) {
        None
    } else if is_text(u16::from_le_bytes) {
        Some(Encoding::Utf16Le)
    } else {
        is_text(u16::from_be_bytes).then_some(Encoding::Utf16Be)
    }
}

/// Letters, digits, blanks, and the punctuation between them.
fn is_of_text(sign: char) -> bool {
    sign.is_alphanumeric()
        || sign.is_whitespace()
        || sign.is_ascii_graphic()
        || matches!(sign, '\u{300}'..='\u{36f}' | '\u{900}'..='\u{eff}' | '\u{2000}'..='\u{206f}'
            | '\u{3000}'..='\u{303f}' | '\u{ff00}'..='\u{ffef}')
}

/// Shortest file that is refused as a whole: in a shorter one, the row with the offending bytes is named.
const BINARY_BYTES: usize = 64;
/// The first bytes of pictures, recordings, archives and programs.
const SIGNATURES: [&[u8]; 15] = [
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff",
    b"GIF87a",
    b"GIF89a",
    b"II*\0",
    b"MM\0*",
    b"OggS\0",
    b"fLaC",
    b"ID3\x03",
    b"ID3\x04",
    b"\x1f\x8b",
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!\x1a\x07",
    b"SQLite format 3\0",
    b"\x7fELF",
];

/// Whether a file is a picture, a recording or something else that is not text, whatever its name. A mark, or zero
/// bytes in the order of UTF-16, make it a text.
pub(super) fn is_binary(bytes: &[u8]) -> bool {
    if SIGNATURES.iter().any(|begin| bytes.starts_with(begin)) {
        return true;
    }
    // Sound and pictures of Windows, films and photographs of telephones.
    let is_riff =
        bytes.starts_with(b"RIFF") && matches!(bytes.get(8..12), Some(b"WAVE" | b"AVI " | b"WEBP"));
    if is_riff || bytes.get(4..8).is_some_and(|word| word == b"ftyp") {
        return true;
    }
    let is_wide = mark(bytes).is_some() || wide(bytes).is_some();
    let has_rubbish = || {
        let head = &bytes[..bytes.len().min(HEAD_BYTES)];
        let text = head.utf8_chunks().map(|chunk| chunk.valid().len());
        text.sum::<usize>() * 10 < head.len() * 9 || controls(head) * 10 > head.len()
    };
    bytes.len() >= BINARY_BYTES && !is_wide && looks_binary(bytes) && has_rubbish()
}

/// Control characters that no text has.
fn controls(bytes: &[u8]) -> usize {
    let is_control = |byte: &&u8| matches!(**byte, 0..=8 | 0x0e..=0x1a | 0x1c..=0x1f | 0x7f);
    bytes.iter().filter(is_control).count()
}

/// Whether there are too many of them, or a zero byte.
fn looks_binary(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(HEAD_BYTES)];
    head.contains(&0) || controls(head) * 50 > head.len()
}

fn looks_like_json(bytes: &[u8]) -> bool {
    let mut signs = bytes.iter().filter(|byte| !byte.is_ascii_whitespace());
    match signs.next() {
        Some(b'{') => true,
        Some(b'[') => matches!(signs.next(), Some(b'{' | b'[' | b'"')),
        _ => false,
    }
}

/// In what way a text that should be UTF-8 is not.
struct BadBytes {
    count: usize,
    /// Bad bytes that would be letters of a word, or typographic characters, in a single-byte encoding.
    plausible: usize,
    /// Sequences of several bytes that are valid UTF-8.
    valid_sequences: usize,
}

fn bad_bytes(bytes: &[u8]) -> BadBytes {
    let mut found = BadBytes {
        count: 0,
        plausible: 0,
        valid_sequences: 0,
    };
    let mut offset = 0;
    for chunk in bytes.utf8_chunks() {
        let valid = chunk.valid();
        found.valid_sequences += valid.chars().filter(|c| !c.is_ascii()).count();
        offset += valid.len();
        let invalid = chunk.invalid();
        for place in offset..offset + invalid.len() {
            found.count += 1;
            found.plausible += usize::from(is_plausible(bytes, place));
        }
        offset += invalid.len();
    }
    found
}

/// Whether a byte above ASCII is where a letter or a dash, quotation mark or euro sign would.
fn is_plausible(bytes: &[u8], place: usize) -> bool {
    let is_letter =
        |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphabetic() || *byte >= 0xc0);
    let before = place.checked_sub(1).and_then(|place| bytes.get(place));
    let after = bytes.get(place + 1);
    match bytes[place] {
        0xff => is_letter(before) && is_letter(after),
        0x80..=0xbf => true,
        _ => is_letter(before) || is_letter(after),
    }
}

/// The single-byte encoding that fits best.
fn single_byte(bytes: &[u8], language: Option<Language>) -> Encoding {
    let head = &bytes[..bytes.len().min(DETECT_BYTES)];
    if is_mac(head) {
        return Encoding::MacRoman;
    }
    if is_latin_9(head) {
        return Encoding::Iso8859_15;
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(head, true);
    let domain = language.and_then(top_level_domain);
    match detector.guess(domain, Utf8Detection::Deny).name() {
        "windows-1250" | "ISO-8859-2" => Encoding::Cp1250,
        "windows-1254" => Encoding::Cp1254,
        _ => Encoding::Cp1252,
    }
}

/// Where texts in this language mostly come from, as the detector takes a hint; English says nothing about letters.
fn top_level_domain(language: Language) -> Option<&'static [u8]> {
    match language {
        Language::English => None,
        Language::German => Some(b"de"),
        Language::French => Some(b"fr"),
        Language::Spanish => Some(b"es"),
        Language::Italian => Some(b"it"),
    }
}

/// Mac OS Roman has its small letters where Windows has hardly any: all characters inside words are letters there, and
/// fewer than half are in Windows-1252.
fn is_mac(bytes: &[u8]) -> bool {
    let (mut inside_words, mut mac, mut windows) = (0usize, 0usize, 0usize);
    for place in 1..bytes.len() {
        let byte = bytes[place];
        if byte.is_ascii() || !bytes[place - 1].is_ascii_lowercase() {
            continue;
        }
        inside_words += 1;
        mac += usize::from(matches!(
            byte,
            0x87..=0x9f | 0xa7 | 0xbe | 0xbf | 0xcf | 0xd8
        ));
        windows += usize::from(byte >= 0xdf || matches!(byte, 0x92 | 0x9c | 0x9e | 0x9a));
    }
    inside_words > 0 && mac == inside_words && windows * 2 < inside_words
}

/// ISO 8859-15 has the euro sign and the ligature of French where Windows-1252 has characters that nobody uses there.
fn is_latin_9(bytes: &[u8]) -> bool {
    let has_windows_signs = bytes.iter().any(|byte| (0x80..=0x9f).contains(byte));
    let euro = bytes
        .windows(2)
        .any(|pair| pair[1] == 0xa4 && (pair[0].is_ascii_digit() || pair[0] == b' '));
    let ligature = bytes.windows(3).any(|signs| {
        signs[1] == 0xbd && signs[0].is_ascii_alphabetic() && signs[2].is_ascii_alphabetic()
    });
    !has_windows_signs && (euro || ligature)
}

/// UTF-16 → UTF-8. What is not a character becomes a byte that is not UTF-8, so that its row is named.
fn from_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Vec<u8> {
    let (pairs, odd) = bytes.as_chunks::<2>();
    let mut text = Vec::with_capacity(bytes.len());
    for decoded in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        match decoded {
            Ok(sign) => text.extend_from_slice(sign.encode_utf8(&mut [0; 4]).as_bytes()),
            Err(_lone) => text.push(0xff),
        }
    }
    // A truncated copy leaves one byte at the end; alone it says nothing.
    if odd.first().is_some_and(|byte| *byte != 0) {
        text.push(0xff);
    }
    text
}

/// UTF-32 → UTF-8. What is not a character becomes a byte that is not UTF-8, so that its row is named.
fn from_utf32(bytes: &[u8], unit: fn([u8; 4]) -> u32) -> Vec<u8> {
    let (units, odd) = bytes.as_chunks::<4>();
    let mut text = Vec::with_capacity(bytes.len() / 4);
    for sign in units.iter().map(|bytes| char::from_u32(unit(*bytes))) {
        match sign {
            Some(sign) => text.extend_from_slice(sign.encode_utf8(&mut [0; 4]).as_bytes()),
            None => text.push(0xff),
        }
    }
    if odd.iter().any(|byte| *byte != 0) {
        text.push(0xff);
    }
    text
}

fn from_single_bytes(bytes: &[u8], encoding: Encoding) -> Vec<u8> {
    let table = match encoding {
        Encoding::Cp1250 => encoding_rs::WINDOWS_1250,
        Encoding::Cp1254 => encoding_rs::WINDOWS_1254,
        Encoding::Iso8859_15 => encoding_rs::ISO_8859_15,
        Encoding::MacRoman => encoding_rs::MACINTOSH,
        _ => encoding_rs::WINDOWS_1252,
    };
    let (text, _malformed) = table.decode_without_bom_handling(bytes);
    text.into_owned().into_bytes()
}

/// The words around the first letter that is not ASCII.
fn sample(bytes: &[u8]) -> Option<String> {
    let text = bytes.utf8_chunks().next()?.valid();
    let letter = text
        .char_indices()
        .find(|(_, sign)| !sign.is_ascii() && sign.is_alphabetic())?
        .0;
    let begin = text[..letter]
        .char_indices()
        .rev()
        .take(SAMPLE_CHARS / 2)
        .take_while(|(_, sign)| *sign != '\n')
        .last()
        .map_or(letter, |(place, _)| place);
    let piece: String = text[begin..]
        .chars()
        .take_while(|sign| !matches!(sign, '\n' | '\r'))
        .take(SAMPLE_CHARS)
        .collect();
    // Whole words, but for one that is longer than the piece.
    let begins_inside = begin > 0 && !text[..begin].ends_with(char::is_whitespace);
    let from = match piece.split_once(' ') {
        Some((cut, words)) if begins_inside && begin + cut.len() < letter => words,
        _ => &piece,
    };
    Some(from.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GERMAN: &str = "Ines: Schöne Grüße aus Köln – für 20 Euro\nKai: Größe 40, natürlich\n";

    fn encoded(text: &str, table: &'static encoding_rs::Encoding) -> Vec<u8> {
        table.encode(text).0.into_owned()
    }

    fn read(bytes: &[u8]) -> (Encoding, bool, String) {
        let decoded = decode(bytes, None, None);
        let text = String::from_utf8_lossy(&decoded.bytes).into_owned();
        (decoded.encoding, decoded.guessed, text)
    }

    fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(unit).collect()
    }

    #[test]
    fn zero_bytes_tell_utf32_too() {
        for text in [GERMAN, "Анна: Привет", "张三：你好 🐼"] {
            let bytes = |unit: fn(u32) -> [u8; 4]| -> Vec<u8> {
                text.chars().flat_map(|sign| unit(sign.into())).collect()
            };
            let little = (Encoding::Utf32Le, true, text.to_owned());
            assert_eq!(read(&bytes(u32::to_le_bytes)), little);
            let big = (Encoding::Utf32Be, true, text.to_owned());
            assert_eq!(read(&bytes(u32::to_be_bytes)), big);
        }
    }

    #[test]
    fn an_encoding_of_another_script_is_not_read_as_one_of_europe() {
        for (text, table) in [
            (
                "Анна: Привет, как дела?\nБорис: Хорошо.\nSummary: Да.\n",
                encoding_rs::WINDOWS_1251,
            ),
            (
                "田中：こんにちは、元気ですか\n佐藤：はい\n",
                encoding_rs::SHIFT_JIS,
            ),
            (
                "张三：你好，吃了吗？\n李四：吃了，谢谢。\n",
                encoding_rs::GBK,
            ),
        ] {
            let bytes = encoded(text, table);
            let decoded = decode(&bytes, None, None);
            assert_eq!(
                (decoded.encoding, decoded.guessed),
                (Encoding::Utf8, false),
                "{text}"
            );
        }
    }

    #[test]
    fn marks_and_zero_bytes_tell_utf16() {
        for (unit, encoding) in [
            (u16::to_le_bytes as fn(u16) -> [u8; 2], Encoding::Utf16Le),
            (u16::to_be_bytes, Encoding::Utf16Be),
        ] {
            for text in [
                "张三：你好。今天去哪里？\n李四：好的，没有问题，晚上见。\n",
                "田中：こんにちは🐼\r\n佐藤：どうもありがとう\r\n",
                "Анна: Привет, как дела?\nБорис: Хорошо.\n",
                "राम: नमस्ते, आप कैसे हैं?\nसीता: मैं ठीक हूँ।\n",
            ] {
                let bytes = utf16(text, unit);
                assert_eq!(read(&bytes), (encoding, true, text.to_owned()));
                assert!(!is_binary(&bytes.repeat(4)));
            }
            let plain = utf16(GERMAN, unit);
            assert_eq!(read(&plain), (encoding, true, GERMAN.to_owned()));
            let marked = [utf16("\u{feff}", unit), plain].concat();
            assert_eq!(read(&marked), (encoding, false, GERMAN.to_owned()));
        }
        let marked = format!("\u{feff}{GERMAN}");
        assert_eq!(
            read(marked.as_bytes()),
            (Encoding::Utf8, false, GERMAN.to_owned())
        );
        let lone = [0x41, 0, 0x00, 0xd8, 0x42, 0];
        let decoded = decode(&lone, Some(Encoding::Utf16Le), None);
        assert_eq!(decoded.bytes.as_ref(), b"A\xffB");
    }

    #[test]
    fn a_mark_tells_utf32() {
        for (unit, encoding) in [
            (u32::to_le_bytes as fn(u32) -> [u8; 4], Encoding::Utf32Le),
            (u32::to_be_bytes, Encoding::Utf32Be),
        ] {
            let text = format!("\u{feff}{GERMAN}🐼");
            let mut bytes: Vec<u8> = text.chars().flat_map(|sign| unit(sign as u32)).collect();
            assert_eq!(read(&bytes), (encoding, false, format!("{GERMAN}🐼")));
            // What is not a character makes a bad row, and so does what is cut off.
            bytes.extend(unit(0xd800));
            bytes.extend([7, 7]);
            assert!(decode(&bytes, None, None).bytes.ends_with(b"\xff\xff"));
        }
    }

    #[test]
    fn the_language_decides_where_several_encodings_fit() {
        // A name from elsewhere, or a single letter of another country, speaks for another part of Europe.
        for text in ["Ann: für Škoda", "Ann: Größe\nKai: ž", "Ann: Größe x ê"] {
            let bytes = encoded(text, encoding_rs::WINDOWS_1252);
            let alone = decode(&bytes, None, None).encoding;
            assert_ne!(alone, Encoding::Cp1252, "{text}: the hint decides nothing");
            let decoded = decode(&bytes, None, Some(Language::German));
            assert_eq!(decoded.encoding, Encoding::Cp1252, "{text}");
            assert_eq!(decoded.bytes.as_ref(), text.as_bytes());
        }
        // It is a hint: a text that is clear is read as what it is.
        let czech = "Jana: Příliš žluťoučký kůň úpěl ďábelské ódy\nPetr: Těším se na večeři\n";
        let bytes = encoded(czech, encoding_rs::WINDOWS_1250);
        let decoded = decode(&bytes, None, Some(Language::German));
        assert_eq!(decoded.bytes.as_ref(), czech.as_bytes());
    }

    #[test]
    fn single_byte_encodings_are_guessed_and_shown() {
        let cases = [
            (GERMAN, encoding_rs::WINDOWS_1252, Encoding::Cp1252),
            (
                "Ann: caf\u{e9}\nBo: oui\n",
                encoding_rs::WINDOWS_1252,
                Encoding::Cp1252,
            ),
            (GERMAN, encoding_rs::MACINTOSH, Encoding::MacRoman),
            (
                "Jana: Příliš žluťoučký kůň úpěl ďábelské ódy\nPetr: Těším se na večeři\n",
                encoding_rs::WINDOWS_1250,
                Encoding::Cp1250,
            ),
            (
                "Ayşe: Şimdi geliyorum, ağabeyin de gelecek mi?\nCan: Evet, akşam yemeğine yetişirim, ışığı açık bırak\n",
                encoding_rs::WINDOWS_1254,
                Encoding::Cp1254,
            ),
            (
                "Luc: Le menu coûte 20 € et le cœur y est\nZoé: Très bien\n",
                encoding_rs::ISO_8859_15,
                Encoding::Iso8859_15,
            ),
        ];
        for (text, table, encoding) in cases {
            let bytes = encoded(text, table);
            assert_eq!(read(&bytes), (encoding, true, text.to_owned()));
            let shown = decode(&bytes, None, None).sample.unwrap();
            assert!(text.contains(&shown) && !shown.is_ascii(), "{shown}");
        }
    }

    #[test]
    fn a_few_bad_bytes_in_utf8_are_named_and_not_guessed_at() {
        for bytes in [
            &b"Zo\xc3\xab: caf\xe9\nZo\xc3\xab: ja\n"[..],
            b"A: \xe9,s",
            b"\xff",
            b"{\"a\":\"caf\xe9\"}\n",
            b"[{\"a\":\"caf\xe9\"}]",
            b"\x00\xff\xfe\x80 nothing\n\x93\x12\n",
        ] {
            let decoded = decode(bytes, None, None);
            assert_eq!(
                (decoded.encoding, decoded.guessed, decoded.bytes.as_ref()),
                (Encoding::Utf8, false, bytes)
            );
        }
        let asked = decode(b"A: \xe9,s", Some(Encoding::Cp1252), None);
        assert_eq!(asked.bytes.as_ref(), "A: é,s".as_bytes());
    }

    #[test]
    fn the_sample_is_whole_words() {
        let text = "Anna: Der Bus kommt erst um neun, also Größe prüfen und warten\n";
        let shown = sample(text.as_bytes()).unwrap();
        assert!(shown.contains("Größe") && shown.chars().count() <= SAMPLE_CHARS);
        assert_eq!(sample(b"ascii"), None);
    }
}
