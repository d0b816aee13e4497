//! Names: words that say nothing may not name locals. `docs/style.md` says what a name should say instead.
//!
//! The rule reads the tokens of every Rust file, so comments and texts do not count. Members, functions, segments of a
//! path and labels of fields may have these names, because the word beside them says what is meant: `Type::of(…)`,
//! `rows.all(…)`. Paper: none.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::tidy::{has_extension, none, text, tracked};

const FILLERS: [&str; 8] = ["of", "one", "all", "own", "said", "held", "rest", "at"];

struct Token {
    text: String,
    line: usize,
    in_braces: bool,
}

/// The tokens in their order, without attributes: `#[cfg(all(…))]` names no local.
fn flatten(stream: TokenStream, in_braces: bool, tokens: &mut Vec<Token>) {
    for tree in stream {
        let is_attribute = matches!(word(tokens, tokens.len(), -1), "#" | "!")
            && matches!(&tree, TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket);
        if is_attribute {
            continue;
        }
        let text = match &tree {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => "(".into(),
            TokenTree::Ident(name) => name.to_string(),
            TokenTree::Punct(mark) => mark.as_char().to_string(),
            TokenTree::Group(_) | TokenTree::Literal(_) => String::new(),
        };
        let line = tree.span().start().line;
        tokens.push(Token {
            text,
            line,
            in_braces,
        });
        if let TokenTree::Group(group) = tree {
            let in_braces = group.delimiter() == Delimiter::Brace;
            flatten(group.stream(), in_braces, tokens);
        }
    }
}

/// The token `offset` places from `index`, empty past either end.
fn word(tokens: &[Token], index: usize, offset: isize) -> &str {
    let index = index.checked_add_signed(offset);
    let token = index.and_then(|index| tokens.get(index));
    token.map_or("", |token| token.text.as_str())
}

/// Whether the name at `index` is a local, where it is bound or where it is used.
fn is_local(tokens: &[Token], index: usize) -> bool {
    let near = |offset| word(tokens, index, offset);
    let is_member = near(-1) == "." && near(-2) != ".";
    let is_function = near(-1) == "fn" || near(1) == "(";
    let is_in_path = (near(-2), near(-1)) == (":", ":") || (near(1), near(2)) == (":", ":");
    let is_bound = ["let", "mut", "|"].contains(&near(-1));
    let is_label = tokens[index].in_braces && near(1) == ":" && !is_bound;
    !(is_member || is_function || is_in_path || is_label)
}

/// The locals of a file that have a filler for a name, each with its line.
fn fillers(source: &str) -> Vec<(usize, String)> {
    let mut tokens = Vec::new();
    flatten(source.parse().unwrap(), false, &mut tokens);
    (0..tokens.len())
        .filter(|index| FILLERS.contains(&word(&tokens, *index, 0)) && is_local(&tokens, *index))
        .map(|index| (tokens[index].line, tokens[index].text.clone()))
        .collect()
}

#[test]
fn locals_have_names() {
    let mut found = Vec::new();
    let files = tracked();
    for file in files.iter().filter(|file| has_extension(file, &["rs"])) {
        for (line, name) in fillers(&text(file).unwrap_or_default()) {
            found.push(format!("{file}:{line}: {name}"));
        }
    }
    none(&found, "name the local after what it is:");
}

#[test]
fn locals_are_told_from_members_and_functions() {
    let bound = "fn f(at: usize, (one, _): P) {
        let mut rest = 1;
        let all: Vec<u8> = g(|own| 2, |_, said: T| 3);
        for of in x {}
        if let Some(held) = x {}
        let S { at, .. } = x;
    }";
    let names: Vec<String> = fillers(bound).into_iter().map(|(_, name)| name).collect();
    assert_eq!(
        names,
        [
            "at", "one", "rest", "all", "own", "said", "of", "held", "at"
        ]
    );
    assert_eq!(fillers("fn f() { g(\n&x[1..at]) }"), [(2, "at".to_owned())]);

    let allowed = "#[cfg(all(unix))] struct S { at: i64 }
        // Not one of all.
        fn of(x: S) -> i64 { T::of(x.at) + x.all().rest + all(\"one at {at}\") + held::y(S { at: 1 }) }";
    assert!(fillers(allowed).is_empty(), "{:?}", fillers(allowed));
}
