//! Names of columns that hold one turn: who speaks, what is said, when, and which conversation it belongs to.
//!
//! In the languages in which chat programs and help desks export.

/// Who speaks, the surest first.
pub(super) const SPEAKER: &[&str] = &[
    "speaker",
    "speaker_name",
    "author",
    "author_name",
    "sender",
    "sender_name",
    "from",
    "participant",
    "user_name",
    "username",
    "user",
    "role",
    "name",
    "who",
    "person",
    "agent",
    "sprecher",
    "sprecherin",
    "sprecher_in",
    "absender",
    "autor",
    "autorin",
    "verfasser",
    "teilnehmer",
    "wer",
    "von",
    "hablante",
    "orador",
    "remitente",
    "locuteur",
    "intervenant",
    "auteur",
    "expéditeur",
    "parlante",
    "oratore",
    "autore",
    "mittente",
    "falante",
    "remetente",
    "spreker",
    "afzender",
    "nome",
    "nombre",
    "nom",
    "naam",
];

/// What is said, the surest first.
pub(super) const TEXT: &[&str] = &[
    "text",
    "message",
    "message_text",
    "utterance",
    "content",
    "body",
    "comment",
    "turn",
    "line",
    "said",
    "what",
    "transcript",
    "nachricht",
    "äußerung",
    "aeusserung",
    "beitrag",
    "inhalt",
    "aussage",
    "wortlaut",
    "was",
    "mensaje",
    "texto",
    "contenido",
    "texte",
    "contenu",
    "propos",
    "testo",
    "messaggio",
    "contenuto",
    "mensagem",
    "conteúdo",
    "tekst",
    "bericht",
    "inhoud",
];

/// Which conversation a turn belongs to, the surest first; the last two only if their values recur.
pub(super) const GROUP: &[&str] = &[
    "conversation_id",
    "conv_id",
    "conv",
    "conv_nr",
    "conversation",
    "dialogue_id",
    "dialog_id",
    "dialogue",
    "dialog",
    "chat_id",
    "chat",
    "thread_id",
    "thread",
    "thread_ts",
    "ticket_id",
    "ticket",
    "ticket_number",
    "case_id",
    "case",
    "session_id",
    "session",
    "call_id",
    "call",
    "meeting_id",
    "meeting",
    "gespräch",
    "gesprächs_id",
    "gespraech",
    "vorgang",
    "fall",
    "sitzung",
    "conversación",
    "ticket_nr",
    "ticket_no",
    "ticketnummer",
    "vorgangsnummer",
    "gesprächsnummer",
    "fallnummer",
    "case_number",
    "interaction_id",
    "interaction",
    "fname",
    "group",
    "id",
    "nr",
];

/// When it was said; nothing is read from it.
pub(super) const TIME: &[&str] = &[
    "time",
    "timestamp",
    "start",
    "end",
    "date",
    "zeit",
    "uhrzeit",
    "datum",
    "hora",
    "heure",
    "ora",
    "tijd",
    "created",
    "created_at",
    "start_time",
    "end_time",
];

/// A column's name in lower case with `_` between its words.
pub(super) fn plain(name: &str) -> String {
    let words: Vec<String> = name
        .split(|sign: char| !sign.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    words.join("_")
}

/// The place of the column with the surest of these names.
pub(super) fn find(columns: &[String], names: &[&str]) -> Option<usize> {
    // `conversationId` is `conversation_id`.
    let unbroken = |name: &str| name.replace('_', "");
    let plain: Vec<String> = columns
        .iter()
        .map(|column| unbroken(&self::plain(column)))
        .collect();
    names.iter().find_map(|name| {
        let name = unbroken(name);
        plain.iter().position(|column| *column == name)
    })
}
