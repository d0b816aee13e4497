//! The one table of what a name is: what no speaker can be called, what looks like a name, and the words that come
//! before a colon without naming anybody.

use super::{Surety, is_colon};
use crate::plain::normalise_text;

/// Longest speaker name that still counts as one, in characters (method, format rule).
pub const MAX_SPEAKER_CHARS: usize = 40;

/// A longer name than [`MAX_SPEAKER_CHARS`] is still seen as one up to here, and refused.
const LONG_NAME_CHARS: usize = 1_000;
/// The same for a name of one word, such as an address.
const LONG_WORD_CHARS: usize = 200;
/// Maximum number of words in a name.
const MOST_WORDS: usize = 6;
/// Maximum words of a name in a script without upper case, and maximum characters of one without blanks.
const MOST_UNCASED_WORDS: usize = 3;
const MOST_UNBROKEN_CHARS: usize = 8;

/// Words that come before a colon and name nobody, in lower case.
const LABELS: &[&str] = &[
    // English
    "re",
    "fw",
    "fwd",
    "cc",
    "bcc",
    "to",
    "from",
    "sent",
    "date",
    "subject",
    "attn",
    "ps",
    "p.s.",
    "pps",
    "nb",
    "n.b.",
    "fyi",
    "tl;dr",
    "tldr",
    "btw",
    "imo",
    "note",
    "notes",
    "hint",
    "tip",
    "tips",
    "warning",
    "caution",
    "attention",
    "important",
    "reminder",
    "update",
    "edit",
    "example",
    "e.g.",
    "eg",
    "i.e.",
    "ie",
    "question",
    "answer",
    "problem",
    "solution",
    "reason",
    "result",
    "results",
    "conclusion",
    "plan",
    "goal",
    "idea",
    "agenda",
    "topic",
    "todo",
    "to do",
    "time",
    "place",
    "where",
    "when",
    "who",
    "what",
    "why",
    "how",
    "price",
    "total",
    "address",
    "phone",
    "tel",
    "mobile",
    "email",
    "e-mail",
    "mail",
    "link",
    "url",
    "website",
    "source",
    "code",
    "password",
    "pin",
    "error",
    "step",
    "option",
    "version",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "but",
    "and",
    "so",
    "or",
    "also",
    "however",
    "anyway",
    "plus",
    "first",
    "second",
    "third",
    "finally",
    "yes",
    "no",
    "ok",
    "okay",
    "well",
    "look",
    "listen",
    "guess",
    "remember",
    "meaning",
    "basically",
    // German
    "aw",
    "wg",
    "von",
    "an",
    "betreff",
    "betr.",
    "datum",
    "gesendet",
    "hinweis",
    "achtung",
    "wichtig",
    "frage",
    "antwort",
    "beispiel",
    "z.b.",
    "d.h.",
    "grund",
    "ergebnis",
    "fazit",
    "lösung",
    "vorschlag",
    "idee",
    "bitte",
    "nachricht",
    "ort",
    "uhrzeit",
    "treffpunkt",
    "adresse",
    "telefon",
    "handy",
    "passwort",
    "preis",
    "fehler",
    "schritt",
    "möglichkeit",
    "variante",
    "montag",
    "dienstag",
    "mittwoch",
    "donnerstag",
    "freitag",
    "samstag",
    "sonntag",
    // French, Spanish, Italian, Portuguese, Dutch
    "objet",
    "remarque",
    "exemple",
    "lieu",
    "heure",
    "réponse",
    "problème",
    "prix",
    "asunto",
    "nota",
    "ejemplo",
    "dirección",
    "lugar",
    "hora",
    "fecha",
    "pregunta",
    "respuesta",
    "problema",
    "precio",
    "oggetto",
    "esempio",
    "indirizzo",
    "luogo",
    "domanda",
    "risposta",
    "prezzo",
    "assunto",
    "exemplo",
    "endereço",
    "pergunta",
    "resposta",
    "onderwerp",
    "voorbeeld",
    "vraag",
    "antwoord",
    // Russian
    "время",
    "место",
    "адрес",
    "тема",
    "вопрос",
    "ответ",
    "пример",
    "примечание",
    "важно",
    // Chinese, Japanese, Korean
    "时间",
    "地点",
    "地址",
    "电话",
    "日期",
    "主题",
    "备注",
    "注意",
    "问题",
    "回答",
    "答案",
    "原因",
    "结果",
    "结论",
    "例如",
    "比如",
    "時間",
    "場所",
    "日時",
    "住所",
    "電話",
    "件名",
    "備考",
    "質問",
    "시간",
    "장소",
    "주소",
    "참고",
];

/// Words with which a clause begins, but hardly a name of several words; in lower case.
const CLAUSE_BEGINNINGS: &[&str] = &[
    "i", "you", "he", "she", "it", "we", "they", "my", "your", "our", "his", "her", "their",
    "this", "that", "these", "those", "there", "here", "the", "a", "an", "one", "and", "but", "so",
    "or", "if", "as", "at", "in", "on", "for", "not", "just", "is", "ich", "du", "er", "sie", "es",
    "wir", "ihr", "mein", "meine", "dein", "deine", "unser", "unsere", "der", "die", "das", "ein",
    "eine", "und", "aber", "oder", "wenn", "hier", "dann", "zum", "nur",
];

/// Words inside a name that are written in lower case.
const PARTICLES: &[&str] = &[
    "von", "vom", "van", "der", "den", "de", "del", "della", "di", "da", "dos", "du", "la", "le",
    "zu", "zum", "zur", "und", "and", "et", "y", "e", "&", "+", "/", "-", "–", "|", "med.", "bin",
    "ibn", "al", "of",
];

/// Stage directions, which are in brackets as roles are.
const STAGE_DIRECTIONS: &[&str] = &[
    "laughs",
    "laughing",
    "laughter",
    "laugh",
    "chuckles",
    "giggles",
    "smiles",
    "sighs",
    "sigh",
    "coughs",
    "cough",
    "crying",
    "cries",
    "sobs",
    "pause",
    "pauses",
    "long pause",
    "silence",
    "inaudible",
    "unintelligible",
    "indistinct",
    "crosstalk",
    "cross talk",
    "overlapping",
    "music",
    "applause",
    "cheering",
    "noise",
    "background noise",
    "beep",
    "phone rings",
    "end of recording",
    "unclear",
    "foreign",
    "lacht",
    "lachen",
    "gelächter",
    "seufzt",
    "hustet",
    "musik",
    "unverständlich",
    "stille",
    "beifall",
    "applaus",
];

/// What comes before the colon of an address.
const SCHEMES: &[&str] = &[
    "http", "https", "ftp", "sftp", "file", "mailto", "tel", "sms", "urn", "data", "magnet", "doi",
];

/// Whether a dialogue can name a speaker this way in our own form. What this accepts, `Name: text` gives back.
pub(super) fn is_possible(name: &str) -> bool {
    !name.is_empty()
        && name.chars().count() <= MAX_SPEAKER_CHARS
        && name.chars().any(|c| c.is_alphanumeric() || is_emoji(c))
        && !name.starts_with('[')
}

/// Whether a name is found again when the stored dialogue is read.
pub(crate) fn is_readable(name: &str) -> bool {
    let line = format!("{name}: x");
    super::stored(&line) == Some((name, "x"))
}

/// A name as it is stored: on one line, without invisible marks, quotes around it and colons.
pub(crate) fn tidy(name: &str) -> String {
    // A name that no speaker can have is refused, however it ends.
    let end = name.char_indices().nth(LONG_NAME_CHARS * 2);
    let name = &name[..end.map_or(name.len(), |(end, _)| end)];
    let plain: String = normalise_text(name)
        .chars()
        .filter(|c| !is_mark(*c))
        .map(|c| if is_colon(c) || c == '\n' { ' ' } else { c })
        .collect();
    let plain = plain.trim();
    let unquoted = [('"', '"'), ('“', '”'), ('„', '“'), ('«', '»'), ('\'', '\'')]
        .into_iter()
        .find_map(|(open, close)| plain.strip_prefix(open)?.strip_suffix(close));
    // Joiners belong between two characters; at an end they are invisible marks.
    let joiners = ['\u{200c}', '\u{200d}'];
    let bare = unquoted.unwrap_or(plain).trim();
    bare.trim_matches(joiners).trim().to_owned()
}

/// Marks of direction and of byte order, and zero-width blanks: they change how a name looks, not who it is.
pub(super) fn is_mark(c: char) -> bool {
    matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Pictures that people call themselves by.
fn is_emoji(c: char) -> bool {
    matches!(c, '\u{1f000}'..='\u{1faff}' | '\u{2100}'..='\u{2bff}' | '\u{203c}' | '\u{2049}'
        | '\u{3030}' | '\u{303d}' | '\u{3297}' | '\u{3299}' | '©' | '®')
}

pub(super) fn is_scheme(word: &str) -> bool {
    SCHEMES
        .iter()
        .any(|scheme| word.eq_ignore_ascii_case(scheme))
}

pub(super) fn is_stage_direction(words: &str) -> bool {
    let words = words
        .trim_matches(|c: char| "*_ .()[]<>".contains(c))
        .to_lowercase();
    STAGE_DIRECTIONS.contains(&words.as_str())
}

/// How much words before a colon look like a name; `None` if nobody can be called so.
pub(super) fn likeness(name: &str) -> Option<Surety> {
    let chars = name.chars().count();
    if chars > MAX_SPEAKER_CHARS && !name.contains(char::is_whitespace) {
        // A long word may be a name or not; one that comes back is.
        let is_name = chars <= LONG_WORD_CHARS
            && (is_single_name(name) || !name.contains(|c: char| c.is_alphanumeric()));
        return is_name.then_some(Surety::Likely);
    }
    if chars > MAX_SPEAKER_CHARS {
        let is_name = chars <= LONG_NAME_CHARS
            && name.split_whitespace().all(is_name_word)
            && !begins_a_clause(name);
        return is_name.then_some(Surety::Refused);
    }
    if !name.is_empty() && name.chars().all(|c| c == '?') {
        // Somebody speaks whom the transcript could not tell.
        return Some(Surety::Refused);
    }
    if !is_possible(name) {
        return None;
    }
    let lower = name.to_lowercase();
    let words: Vec<&str> = name.split_whitespace().collect();
    let last = lower.split_whitespace().next_back().unwrap_or_default();
    // `Option A`, `Step 2`
    let is_counted = || match lower.split_once(' ') {
        Some((label, count)) => {
            let is_count = count.chars().count() == 1 || count.chars().all(char::is_numeric);
            is_count && LABELS.contains(&label)
        }
        None => false,
    };
    if LABELS.contains(&lower.as_str())
        || (words.len() > 1 && LABELS.contains(&last))
        || is_counted()
    {
        return Some(Surety::Label);
    }
    if is_phone(name) {
        return Some(Surety::Sure);
    }
    let is_sure = match words.as_slice() {
        [word] => is_single_name(word),
        _ => {
            words.len() <= MOST_WORDS
                && !begins_a_clause(name)
                && words.iter().all(|word| is_name_word(word))
                && (has_case(name) || words.len() <= MOST_UNCASED_WORDS)
        }
    };
    Some(match is_sure && is_balanced(name) {
        true => Surety::Sure,
        false => Surety::Likely,
    })
}

/// One word: it begins with a capital, has a digit or a character of a user name, or is in a script without capitals.
fn is_single_name(word: &str) -> bool {
    let is_number = word.chars().all(char::is_numeric);
    let is_handle = word.contains(|c: char| c.is_numeric() || "_#@.".contains(c));
    let is_long = !has_case(word) && word.chars().count() > MOST_UNBROKEN_CHARS;
    let tells = word.ends_with(['说', '説', '问', '問', '道', '答']);
    !ends_a_sentence(word) && !is_number && (is_handle || (!is_long && !tells && !is_small(word)))
}

/// A word of a name with several: a capital, a digit, another script, a picture, a particle, or a role in brackets.
fn is_name_word(word: &str) -> bool {
    let inner = word.trim_start_matches(|c: char| !c.is_alphanumeric() && !is_emoji(c));
    let is_role = word.starts_with('(') || word.ends_with(')');
    let is_title = word.ends_with('.') && word.chars().count() <= 5;
    PARTICLES.contains(&word)
        || is_role
        || ((is_title || !ends_a_sentence(word)) && (inner.is_empty() || !is_small(inner)))
}

fn begins_a_clause(name: &str) -> bool {
    let first = name.split_whitespace().next().unwrap_or_default();
    let first = first.split(['\'', '’']).next().unwrap_or_default();
    let first = first.to_lowercase();
    // An initial is not a pronoun: `I. Brandt`, `A. Lee`.
    CLAUSE_BEGINNINGS.contains(&first.trim_end_matches(','))
}

fn ends_a_sentence(word: &str) -> bool {
    word.ends_with([',', '.', ';', '!', '?', '…', '，', '。', '！', '？', '、'])
}

/// Whether a word begins with a lower-case letter.
fn is_small(word: &str) -> bool {
    word.chars().next().is_some_and(char::is_lowercase)
}

fn has_case(text: &str) -> bool {
    text.chars().any(|c| c.is_lowercase() || c.is_uppercase())
}

fn is_balanced(name: &str) -> bool {
    let count = |c: char| name.chars().filter(|found| *found == c).count();
    [('(', ')'), ('[', ']'), ('"', '"'), ('（', '）')]
        .into_iter()
        .all(|(open, close)| match open == close {
            true => count(open) % 2 == 0,
            false => count(open) == count(close),
        })
}

/// `+49 171 3920012`, `(030) 123-45`.
fn is_phone(name: &str) -> bool {
    let digits = name.chars().filter(char::is_ascii_digit).count();
    (digits >= 5 || (digits >= 3 && name.starts_with('+')))
        && name
            .chars()
            .all(|c| c.is_ascii_digit() || "+-()/. \u{2011}~".contains(c))
}
