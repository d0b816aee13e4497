//! A template's text as minijinja compiles it: line ends as Jinja2's lexer makes them, `{% generation %}` blocks as plain
//! ones, and `%`, which in Python is printf after a string and otherwise the remainder, as a filter that does either.

use super::filters::MODULO;

/// Keywords, which are not operands.
const KEYWORDS: [&str; 24] = [
    "and",
    "or",
    "not",
    "in",
    "is",
    "if",
    "else",
    "elif",
    "for",
    "set",
    "macro",
    "call",
    "filter",
    "block",
    "extends",
    "include",
    "import",
    "from",
    "with",
    "do",
    "as",
    "recursive",
    "ignoring",
    "without",
];

/// The deepest nesting of brackets in which `%` is looked for; minijinja refuses deeper nesting.
const MAX_DEPTH: usize = 100;

/// The template as minijinja reads it.
pub(in crate::text) fn compilable(source: &str) -> String {
    let source = source.replace("\r\n", "\n").replace('\r', "\n");
    let mut out = String::with_capacity(source.len());
    let mut unread = source.as_str();
    let mut raw = false;
    while let Some(start) = unread.find('{') {
        out.push_str(&unread[..start]);
        unread = &unread[start..];
        let Some(close) = ["{{", "{%", "{#"]
            .into_iter()
            .zip(["}}", "%}", "#}"])
            .find_map(|(open, close)| unread.starts_with(open).then_some(close))
        else {
            out.push('{');
            unread = &unread[1..];
            continue;
        };
        let (open, code) = unread.split_at(2);
        let (tokens, end) = match close {
            "#}" => (Vec::new(), code.find(close).map(|end| end + 2)),
            _ => tokens(code, close),
        };
        let Some(end) = end else {
            // The compiler reports a tag that does not end.
            break;
        };
        let inside = &code[..end - 2];
        let word = inside.trim_matches(['-', '+']).trim();
        raw = match (open, word) {
            ("{%", "raw") => true,
            ("{%", "endraw") => false,
            _ => raw,
        };
        out.push_str(open);
        match (open, word) {
            ("{#", _) => out.push_str(inside),
            _ if raw => out.push_str(inside),
            ("{%", "generation") => out.push_str(&inside.replace(word, "with")),
            ("{%", "endgeneration") => out.push_str(&inside.replace(word, "endwith")),
            _ => rewrite(&tokens, 0, &mut out),
        }
        out.push_str(close);
        unread = &code[end..];
    }
    out + unread
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Space,
    Text,
    Number,
    Name,
    Operator,
}

#[derive(Debug, Clone, Copy)]
struct Token<'a> {
    kind: Kind,
    text: &'a str,
}

impl Token<'_> {
    fn is(&self, operator: &str) -> bool {
        self.kind == Kind::Operator && self.text == operator
    }

    fn opens(&self) -> bool {
        self.is("(") || self.is("[") || self.is("{")
    }

    fn closes(&self) -> bool {
        self.is(")") || self.is("]") || self.is("}")
    }

    /// Whether an operand can begin with this token.
    fn begins(&self) -> bool {
        match self.kind {
            Kind::Text | Kind::Number => true,
            Kind::Name => !KEYWORDS.contains(&self.text),
            Kind::Operator => self.opens(),
            Kind::Space => false,
        }
    }
}

/// The tokens of a tag up to its end, and the position after the end; `None` if the tag has no end.
fn tokens<'a>(code: &'a str, close: &str) -> (Vec<Token<'a>>, Option<usize>) {
    let (mut tokens, mut place, mut depth) = (Vec::new(), 0, 0usize);
    loop {
        let unread = &code[place..];
        if depth == 0 && unread.starts_with(close) {
            return (tokens, Some(place + close.len()));
        }
        let Some(first) = unread.chars().next() else {
            return (tokens, None);
        };
        let run =
            |belongs: &dyn Fn(char) -> bool| unread.find(|c| !belongs(c)).unwrap_or(unread.len());
        let (kind, length) = match first {
            c if c.is_whitespace() => (Kind::Space, run(&char::is_whitespace)),
            '"' | '\'' => match text_length(unread, first) {
                Some(length) => (Kind::Text, length),
                None => return (tokens, None),
            },
            c if c.is_numeric() => (Kind::Number, number_length(unread)),
            c if c.is_alphabetic() || c == '_' => {
                (Kind::Name, run(&|c| c.is_alphanumeric() || c == '_'))
            }
            _ if unread.starts_with("**") || unread.starts_with("//") => (Kind::Operator, 2),
            _ => (Kind::Operator, first.len_utf8()),
        };
        match first {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        let text = &unread[..length];
        tokens.push(Token { kind, text });
        place += length;
    }
}

/// Length of a text with its quotes.
fn text_length(unread: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (place, character) in unread.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return Some(place + 1),
            _ => {}
        }
    }
    None
}

/// Length of a number: digits, a fraction only with digits, an exponent.
fn number_length(unread: &str) -> usize {
    let bytes = unread.as_bytes();
    let digits = |from: usize| {
        let behind = bytes.get(from..).unwrap_or_default();
        let belongs = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        from + behind
            .iter()
            .position(|byte| !belongs(byte))
            .unwrap_or(behind.len())
    };
    let mut end = digits(0).max(unread.chars().next().map_or(1, char::len_utf8));
    if bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit) {
        end = digits(end + 1);
    }
    let signed = matches!(bytes.get(end), Some(b'+' | b'-'));
    if signed && unread[..end].ends_with(['e', 'E']) && !unread.starts_with("0x") {
        end = digits(end + 1);
    }
    end
}

/// Writes tokens, with the filter for `%`.
fn rewrite(tokens: &[Token<'_>], depth: usize, out: &mut String) {
    if depth > MAX_DEPTH {
        tokens.iter().for_each(|token| out.push_str(token.text));
        return;
    }
    let mut index = 0;
    // Looks at what precedes the operand: an operator with the precedence of `%`, or a sign, belongs to another
    // operand.
    let mut bound = false;
    let mut operand = true;
    while let Some(token) = tokens.get(index) {
        if !token.begins() {
            if token.kind != Kind::Space {
                let binds = ["*", "/", "//", "**", "%"]
                    .iter()
                    .any(|binding| token.is(binding));
                let sign = operand && (token.is("-") || token.is("+"));
                bound = binds || sign;
                operand = true;
            }
            out.push_str(token.text);
            index += 1;
            continue;
        }
        let is_number = token.kind == Kind::Number;
        let end = unit_end(tokens, index);
        write_unit(&tokens[index..end], depth, out);
        index = end;
        while let Some((right, behind)) = right_side(tokens, index).filter(|_| !bound && !is_number)
        {
            out.push('|');
            out.push_str(MODULO);
            out.push('(');
            rewrite(right, depth + 1, out);
            out.push(')');
            index = behind;
        }
        operand = false;
    }
}

/// The operand after a `%`, and the position after it; `None` if no `%` follows, or if a power follows the operand.
fn right_side<'a, 'b>(tokens: &'b [Token<'a>], index: usize) -> Option<(&'b [Token<'a>], usize)> {
    let place = behind_space(tokens, index);
    if !tokens.get(place)?.is("%") {
        return None;
    }
    let first = behind_space(tokens, place + 1);
    let signed = tokens.get(first)?.is("-") || tokens.get(first)?.is("+");
    let begin = match signed {
        true => behind_space(tokens, first + 1),
        false => first,
    };
    if !tokens.get(begin)?.begins() {
        return None;
    }
    let end = unit_end(tokens, begin);
    match tokens.get(behind_space(tokens, end)) {
        Some(token) if token.is("**") => None,
        _ => Some((&tokens[first..end], end)),
    }
}

fn behind_space(tokens: &[Token<'_>], mut index: usize) -> usize {
    while tokens
        .get(index)
        .is_some_and(|token| token.kind == Kind::Space)
    {
        index += 1;
    }
    index
}

/// The position after an operand and everything attached to it: attributes, items, calls, filters.
fn unit_end(tokens: &[Token<'_>], start: usize) -> usize {
    let mut end = primary_end(tokens, start);
    loop {
        let next = behind_space(tokens, end);
        let Some(token) = tokens.get(next) else {
            return end;
        };
        let joins = token.kind == Kind::Text && tokens[end - 1].kind == Kind::Text;
        end = if token.is(".") || token.is("|") {
            (behind_space(tokens, next + 1) + 1).min(tokens.len())
        } else if joins || token.is("(") || token.is("[") {
            primary_end(tokens, next)
        } else {
            return end;
        };
    }
}

/// The position after one token, or after the bracket that closes it.
fn primary_end(tokens: &[Token<'_>], start: usize) -> usize {
    let mut depth = 0usize;
    for (index, token) in tokens.iter().enumerate().skip(start) {
        depth += usize::from(token.opens());
        depth = depth.saturating_sub(usize::from(token.closes()));
        if depth == 0 {
            return index + 1;
        }
    }
    tokens.len()
}

fn write_unit(tokens: &[Token<'_>], depth: usize, out: &mut String) {
    let mut index = 0;
    while let Some(token) = tokens.get(index) {
        let end = primary_end(tokens, index);
        out.push_str(token.text);
        if let Some((last, inner)) = tokens[index + 1..end].split_last() {
            match last.closes() {
                true => rewrite(inner, depth + 1, out),
                false => rewrite(&tokens[index + 1..end], depth + 1, out),
            }
            out.push_str(if last.closes() { last.text } else { "" });
        }
        index = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_operand_and_what_hangs_on_it_is_formatted() {
        for (source, expected) in [
            ("{{ '%s' % x }}", "{{ '%s'|python_modulo(x) }}"),
            (
                "{{ '%s-%d' % ('a', 3) }}",
                "{{ '%s-%d'|python_modulo(('a', 3)) }}",
            ),
            (
                "{{ f(a % 2).b[0] % -c.d(1) | trim }}",
                "{{ f(a|python_modulo(2)).b[0]|python_modulo(-c.d(1) | trim) }}",
            ),
            (
                "{{ (a ~ '%s') % b % c + 1 }}",
                "{{ (a ~ '%s')|python_modulo(b)|python_modulo(c) + 1 }}",
            ),
            (
                "{% if loop.index0 % 2 == 0 %}x % y{% endif %}",
                "{% if loop.index0|python_modulo(2) == 0 %}x % y{% endif %}",
            ),
            ("{% if a and b % 2 %}", "{% if a and b|python_modulo(2) %}"),
            // Plain numbers, and operators of other precedence, stay as they are.
            (
                "{{ 7 % 3 }} {{ -a % 3 }} {{ a * b % 3 }} {{ a % b ** 2 }}",
                "{{ 7 % 3 }} {{ -a % 3 }} {{ a * b % 3 }} {{ a % b ** 2 }}",
            ),
            (
                "{{ '%}' }}{%- set x = '}}' -%}",
                "{{ '%}' }}{%- set x = '}}' -%}",
            ),
            (
                "{# a % b #}{% raw %}{{ a % b }}{% endraw %}",
                "{# a % b #}{% raw %}{{ a % b }}{% endraw %}",
            ),
            ("{{ {'a': {'b': 1}} }}", "{{ {'a': {'b': 1}} }}"),
            ("{{ open % ", "{{ open % "),
            ("{{ ) % a }}", "{{ ) % a }}"),
            (
                "{%- generation +%}a{%endgeneration%}",
                "{%- with +%}a{%endwith%}",
            ),
            ("{% if generation %}{% open", "{% if generation %}{% open"),
            ("a\r\nb\rc", "a\nb\nc"),
        ] {
            assert_eq!(compilable(source), expected);
        }
    }

    /// A template must not be able to use up time or stack before it is run.
    #[test]
    fn hostile_templates_are_taken_in_linear_time() {
        let begun = std::time::Instant::now();
        for part in [
            "{{",
            "{{ '",
            "{{ (",
            "{{ a % (",
            "{%",
            "{#",
            "{",
            "{{ a % b }}",
            "{{ a.b % c",
        ] {
            let source = part.repeat(20_000);
            assert!(compilable(&source).len() >= source.len());
        }
        let nested = format!("{{{{ {}b{} }}}}", "a % (".repeat(5000), ")".repeat(5000));
        assert!(compilable(&nested).len() > 5000);
        assert!(begun.elapsed().as_secs() < 10);
    }

    proptest::proptest! {
        /// Whatever a template contains, text outside tags is not touched, and nothing panics.
        #[test]
        fn any_text_is_taken(source in r#"([{}%#'"()\[\]|. a1-]|\{\{|\}\}|\{%|%\}){0,40}"#) {
            let found = compilable(&source);
            let plain = |text: &str| text.replace(&format!("|{MODULO}("), "").replace([' ', '%', ')'], "");
            proptest::prop_assert_eq!(plain(&found), plain(&source));
        }
    }
}
