//! What WhatsApp itself writes, in English, German, Spanish, French, Italian, Portuguese and Dutch.
//!
//! Whole sentences where no mark tells them from people's words, beginnings and stems where one does.

/// In place of a message that was taken back. What follows names an administrator.
const DELETED: &[&str] = &[
    "this message was deleted",
    "you deleted this message",
    "diese nachricht wurde gelöscht",
    "du hast diese nachricht gelöscht",
    "diese nachricht wurde von",
    "se eliminó este mensaje",
    "eliminaste este mensaje",
    "este mensaje fue eliminado",
    "este mensaje se eliminó",
    "ce message a été supprimé",
    "vous avez supprimé ce message",
    "questo messaggio è stato eliminato",
    "hai eliminato questo messaggio",
    "mensagem apagada",
    "esta mensagem foi apagada",
    "essa mensagem foi apagada",
    "você apagou esta mensagem",
    "apagou esta mensagem",
    "esta mensagem foi eliminada",
    "dit bericht is verwijderd",
    "dit bericht werd verwijderd",
    "je hebt dit bericht verwijderd",
];

/// Words after a sentence of [`DELETED`] that still belong to it.
const BY: &[&str] = &[
    "by ", "por ", "par ", "da ", "dall", "pelo ", "door ", "admin",
];

/// Calls that nobody took.
const MISSED_CALLS: &[&str] = &[
    "missed voice call",
    "missed video call",
    "missed group voice call",
    "missed group video call",
    "missed call",
    "silenced voice call",
    "silenced video call",
    "verpasster sprachanruf",
    "verpasster videoanruf",
    "verpasster gruppen-sprachanruf",
    "verpasster gruppen-videoanruf",
    "verpasster gruppenanruf",
    "verpasster anruf",
    "llamada perdida",
    "llamada de voz perdida",
    "llamada grupal perdida",
    "videollamada perdida",
    "videollamada grupal perdida",
    "appel manqué",
    "appel vocal manqué",
    "appel vidéo manqué",
    "appel vocal de groupe manqué",
    "appel vidéo de groupe manqué",
    "chiamata persa",
    "chiamata vocale persa",
    "chiamata vocale di gruppo persa",
    "videochiamata persa",
    "videochiamata di gruppo persa",
    "chamada perdida",
    "chamada de voz perdida",
    "chamada de vídeo perdida",
    "chamada de voz em grupo perdida",
    "videochamada perdida",
    "ligação de voz perdida",
    "ligação de vídeo perdida",
    "gemiste oproep",
    "gemiste spraakoproep",
    "gemiste video-oproep",
    "gemiste groepsspraakoproep",
    "gemiste groepsvideo-oproep",
];

/// Calls in general; people write these words too.
const CALLS: &[&str] = &[
    "voice call",
    "video call",
    "group call",
    "sprachanruf",
    "videoanruf",
    "gruppenanruf",
    "llamada de voz",
    "videollamada",
    "llamada grupal",
    "appel vocal",
    "appel vidéo",
    "appel de groupe",
    "chiamata vocale",
    "videochiamata",
    "chamada de voz",
    "chamada de vídeo",
    "ligação de voz",
    "ligação de vídeo",
    "spraakoproep",
    "video-oproep",
];

/// Last words of `image omitted` and similar texts on iPhones.
const OMITTED: &[&str] = &[
    "omitted",
    "weggelassen",
    "ausgelassen",
    "omitida",
    "omitido",
    "omitidos",
    "absente",
    "absent",
    "omis",
    "omise",
    "retiré",
    "retirée",
    "manquant",
    "manquante",
    "exclu",
    "omesso",
    "omessa",
    "incluso",
    "inclusa",
    "esclusa",
    "escluso",
    "ocultada",
    "ocultado",
    "oculto",
    "oculta",
    "excluído",
    "excluída",
    "weggelaten",
];

/// Words after the name of an attached file on Android.
const ATTACHED: &[&str] = &[
    "file attached",
    "datei angehängt",
    "archivo adjunto",
    "fichier joint",
    "fichier attaché",
    "file allegato",
    "arquivo anexado",
    "ficheiro anexado",
    "bestand bijgevoegd",
    "bijgevoegd bestand",
];

/// Stems of words in brackets after a message that its writer changed.
const EDITED: &[&str] = &[
    "edited",
    "bearbeitet",
    "editó",
    "modifié",
    "modificato",
    "editada",
    "bewerkt",
];

/// Parts of sentences that tell about the chat.
const SYSTEM: &[&str] = &[
    "end-to-end",
    "created group",
    "created this group",
    "added",
    "removed",
    "left",
    "joined",
    "changed the",
    "changed this",
    "changed their",
    "changed to",
    "security code",
    "disappearing messages",
    "blocked",
    "pinned a message",
    "turned on",
    "turned off",
    "now an admin",
    "invite link",
    "business account",
    "ende-zu-ende",
    "gruppe",
    "hinzugefügt",
    "entfernt",
    "verlassen",
    "beigetreten",
    "geändert",
    "sicherheitsnummer",
    "selbstlöschende",
    "blockiert",
    "angeheftet",
    "unternehmenskonto",
    "extremo a extremo",
    "creó",
    "añadió",
    "agregó",
    "eliminó",
    "salió",
    "se unió",
    "cambió",
    "código de seguridad",
    "mensajes temporales",
    "bloque",
    "bout en bout",
    "a créé",
    "a ajouté",
    "a retiré",
    "a quitté",
    "a rejoint",
    "a modifié",
    "a changé",
    "code de sécurité",
    "messages éphémères",
    "bloqué",
    "ha creato",
    "ha aggiunto",
    "ha rimosso",
    "ha abbandonato",
    "si è unito",
    "si è unita",
    "ha modificato",
    "ha cambiato",
    "codice di sicurezza",
    "messaggi effimeri",
    "bloccato",
    "ponta a ponta",
    "criou",
    "adicionou",
    "removeu",
    "saiu",
    "entrou",
    "mudou",
    "alterou",
    "código de segurança",
    "mensagens temporárias",
    "heeft de groep",
    "groep gemaakt",
    "toegevoegd",
    "verwijderd",
    "verlaten",
    "deelgenomen",
    "gewijzigd",
    "beveiligingscode",
    "verdwijnende berichten",
    "zelfwissende berichten",
    "geblokkeerd",
];

/// A sentence in place of a message that was taken back.
pub(super) fn deleted(text: &str) -> bool {
    let text = plain(text);
    DELETED.iter().any(|sentence| {
        text.strip_prefix(sentence).is_some_and(|after| {
            let after = after.trim_start();
            after.is_empty() || BY.iter().any(|word| after.starts_with(word))
        }) || (sentence.ends_with(" von")
            && text.starts_with(sentence)
            && text.ends_with("gelöscht"))
    })
}

/// A call. Where no mark tells that the program writes, only a whole sentence counts.
pub(super) fn is_call(text: &str, is_marked: bool) -> bool {
    let text = plain(text);
    let begins = |calls: &[&str]| calls.iter().any(|call| text.starts_with(call));
    if is_marked {
        return begins(MISSED_CALLS) || begins(CALLS);
    }
    let is_whole = |call: &&str| text.strip_prefix(*call).is_some_and(is_duration);
    MISSED_CALLS.iter().any(is_whole)
        || CALLS.iter().any(|call| {
            text.strip_prefix(call)
                .is_some_and(|after| !after.is_empty() && is_duration(after))
        })
}

/// Nothing, or what the program adds to a call: `, 5 min`, ` um 10:09`, `. Tap to call back`.
fn is_duration(after: &str) -> bool {
    let after = after.trim_start_matches([',', '.', ' ', '•', '·']);
    let words: Vec<&str> = after.split_whitespace().collect();
    let has_number = |word: &&str| word.starts_with(|sign: char| sign.is_ascii_digit());
    let is_short = words.len() <= 4 && words.iter().any(has_number) && !after.contains('?');
    after.is_empty() || is_short || CALL_BACK.iter().any(|offer| after.starts_with(offer))
}

/// What the program offers after a call.
const CALL_BACK: &[&str] = &[
    "tap to call back",
    "no answer",
    "tippe zum zurückrufen",
    "keine antwort",
    "toca para devolver",
    "appuyez pour rappeler",
    "tocca per richiamare",
    "toque para ligar",
    "tik om terug te bellen",
    "geen antwoord",
];

/// A picture, recording or file that was left out of the export.
pub(super) fn is_media(text: &str) -> bool {
    let text = plain(text);
    let mut words = text.split_whitespace();
    let last = words.next_back().unwrap_or_default();
    let is_short = words.count() <= 4;
    let is_attached = text.starts_with('<') && text.ends_with('>');
    is_attached || (is_short && OMITTED.contains(&last))
}

/// `<Media omitted>` on Android, above a caption.
pub(super) fn is_omitted(line: &str) -> bool {
    let line = plain(line);
    let inside = line
        .strip_prefix('<')
        .and_then(|line| line.strip_suffix('>'));
    let last = inside.and_then(|words| words.split_whitespace().next_back());
    last.is_some_and(|word| word == "ausgeschlossen" || OMITTED.contains(&word))
}

/// The words after the name of an attached file.
pub(super) fn is_attached(words: &str) -> bool {
    ATTACHED.contains(&words.to_lowercase().as_str())
}

/// `<This message was edited>` where no mark precedes it.
pub(super) fn is_edited_mark(mark: &str) -> bool {
    let mark = mark.to_lowercase();
    mark.split_whitespace().count() >= 3 && EDITED.iter().any(|stem| mark.contains(stem))
}

/// A sentence about the chat.
pub(super) fn is_system(text: &str) -> bool {
    let text = plain(text);
    SYSTEM.iter().any(|part| text.contains(part))
}

/// In lower case, without a full stop at the end.
fn plain(text: &str) -> String {
    text.trim().trim_end_matches('.').trim_end().to_lowercase()
}
