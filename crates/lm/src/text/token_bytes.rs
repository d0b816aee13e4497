//! The bytes that each token stands for, needed by grammars that decide which token may come next.
//!
//! Byte-level BPE spells bytes as printable characters (GPT-2, Radford et al. 2019, `bytes_to_unicode`);
//! SentencePiece vocabularies write a blank as `▁` and lone bytes as `<0x0A>`.

use std::collections::HashMap;

use serde_json::Value;

use crate::text::tokenizer::Tokenizer;

/// How a vocabulary spells bytes.
enum Spelling {
    /// One character of GPT-2's table for each byte.
    ByteLevel(HashMap<char, u8>),
    /// `▁` for a blank, `<0xNN>` for a byte.
    SentencePiece,
}

impl Tokenizer {
    /// The bytes of every token by its id; `None` if the token is special or the id is not in use. The bytes of
    /// a text's tokens, one after the other, are the text (after a leading blank, if the tokenizer adds one).
    pub fn token_bytes(&self) -> Vec<Option<Vec<u8>>> {
        let spelling = match self.decoder_json().to_string().contains("\"ByteLevel\"") {
            true => Spelling::ByteLevel(byte_level()),
            false => Spelling::SentencePiece,
        };
        let mut tokens = vec![None; self.vocab_size()];
        for (token, id) in self
            .vocab()
            .into_iter()
            .filter(|(_, id)| !self.is_special(*id))
        {
            tokens[id as usize] = Some(spelling.bytes(&token));
        }
        tokens
    }

    fn decoder_json(&self) -> Value {
        serde_json::to_value(self.underlying().get_decoder()).unwrap_or_default()
    }

    fn vocab(&self) -> HashMap<String, u32> {
        self.underlying().get_vocab(true).into_iter().collect()
    }
}

impl Spelling {
    fn bytes(&self, token: &str) -> Vec<u8> {
        match self {
            // An added token that is not spelled by the table is written as it is.
            Self::ByteLevel(table) => {
                let bytes: Option<Vec<u8>> =
                    token.chars().map(|c| table.get(&c).copied()).collect();
                bytes.unwrap_or_else(|| token.as_bytes().to_vec())
            }
            Self::SentencePiece => match token
                .strip_prefix("<0x")
                .and_then(|hexadecimal| hexadecimal.strip_suffix('>'))
            {
                Some(hex) if hex.len() == 2 => {
                    u8::from_str_radix(hex, 16).map_or_else(|_| token.into(), |b| vec![b])
                }
                _ => token.replace('▁', " ").into_bytes(),
            },
        }
    }
}

/// Printable Latin-1 stands for itself; the other bytes, in order, are spelled by the characters from 256 on.
fn byte_level() -> HashMap<char, u8> {
    let printable = |byte: u8| matches!(byte, 0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff);
    let mut others = 256u32..;
    let character = |byte: u8| {
        let code = if printable(byte) {
            Some(u32::from(byte))
        } else {
            others.next()
        };
        Some((code.and_then(char::from_u32)?, byte))
    };
    (0..=u8::MAX).filter_map(character).collect()
}
