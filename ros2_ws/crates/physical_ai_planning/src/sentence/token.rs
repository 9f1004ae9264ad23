use std::ops::Range;

use super::names::Names;

/// A name of the fleet; one name may be several things.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Name {
    pub(super) name: String,
    pub(super) robot: bool,
    pub(super) place: bool,
    pub(super) object: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Word,
    Number(f64),
    Name(Name),
    Comma,
    /// End of a sentence.
    Stop,
    Open,
    Close,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// Lower case.
    pub(super) text: String,
    /// Bytes of the original text.
    pub(super) span: Range<usize>,
}

/// Longest name, in tokens: `north loading dock 1 a`.
const MAX_NAME_TOKENS: usize = 8;

/// Splits `text` into tokens; several words that make a name of the fleet become one.
pub(super) fn tokens(text: &str, names: &Names) -> Vec<Token> {
    let plain = split(text);
    let mut merged = Vec::with_capacity(plain.len());
    let mut at = 0;
    while at < plain.len() {
        let longest = (1..=MAX_NAME_TOKENS.min(plain.len() - at))
            .rev()
            .filter(|n| !counts(&plain[at + n - 1..]))
            .find_map(|n| Some((n, name_of(&plain[at..at + n], names)?)));
        if let Some((n, name)) = longest {
            merged.push(Token {
                text: name.name.clone(),
                span: plain[at].span.start..plain[at + n - 1].span.end,
                kind: Kind::Name(name),
            });
            at += n;
        } else {
            merged.push(plain[at].clone());
            at += 1;
        }
    }
    merged
}

/// True at a number that counts what follows: "dock_a 2 times" is not about a dock_a_2.
fn counts(tokens: &[Token]) -> bool {
    let number = matches!(tokens.first().map(|t| &t.kind), Some(Kind::Number(_)));
    let counted = tokens.get(1).map(|t| t.text.as_str());
    number
        && matches!(
            counted,
            Some("times" | "time" | "rounds" | "round" | "laps" | "lap" | "x")
        )
}

fn name_of(tokens: &[Token], names: &Names) -> Option<Name> {
    let part = |t: &Token| match t.kind {
        Kind::Word => true,
        Kind::Number(_) => t.text.bytes().all(|b| b.is_ascii_digit()),
        _ => false,
    };
    if !tokens.iter().all(part) {
        return None;
    }
    let words: Vec<&str> = tokens.iter().map(|t| t.text.as_str()).collect();
    let joined = words.join("_");
    // "Arm_1's gripper" names arm_1.
    let owner = joined
        .strip_suffix("'s")
        .or_else(|| joined.strip_suffix("’s"));
    names.find(&joined).or_else(|| names.find(owner?))
}

fn split(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let start = text.len() - rest.len();
        let (kind, length) = match first {
            c if c.is_whitespace()
                || matches!(c, '"' | '\'' | '`' | '“' | '”' | '‘' | '’' | '=') =>
            {
                rest = &rest[c.len_utf8()..];
                continue;
            }
            ',' | ':' | '–' | '—' => (Kind::Comma, first.len_utf8()),
            ';' | '!' | '?' => (Kind::Stop, 1),
            '(' | '[' => (Kind::Open, 1),
            ')' | ']' => (Kind::Close, 1),
            _ => match number_length(rest) {
                0 if first == '.' => (Kind::Stop, 1),
                0 => (Kind::Word, word_length(rest)),
                n => (Kind::Number(rest[..n].parse().unwrap_or(f64::NAN)), n),
            },
        };
        tokens.push(Token {
            kind,
            text: rest[..length].to_lowercase(),
            span: start..start + length,
        });
        rest = &rest[length..];
    }
    tokens
}

/// Bytes of a decimal number at the start of `text`; 0 if there is none.
fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |from: usize| {
        let end = bytes.iter().skip(from).take_while(|b| b.is_ascii_digit());
        from + end.count()
    };
    let sign = usize::from(matches!(bytes.first(), Some(b'-' | b'+')));
    let whole = digits(sign);
    let mut end = whole;
    if bytes.get(whole) == Some(&b'.') {
        let fraction = digits(whole + 1);
        if fraction > whole + 1 {
            end = fraction;
        }
    }
    if end == sign { 0 } else { end }
}

/// Bytes of a word at the start of `text`; a character that starts no word is one by itself.
fn word_length(text: &str) -> usize {
    let inside = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '\'' | '’');
    let first = text.chars().next().map_or(0, char::len_utf8);
    let word: usize = text
        .chars()
        .take_while(|c| inside(*c))
        .map(char::len_utf8)
        .sum();
    // A quote that closes is no part of the word.
    let word = text[..word].trim_end_matches(['\'', '’', '-']).len();
    word.max(first)
}

#[cfg(test)]
mod tests {
    use physical_ai_domain::Capability;

    use super::*;
    use crate::test_fleet::fleet;
    use physical_ai_fleet::Fleet;

    fn with_dock_a_2() -> Fleet {
        let fleet = fleet();
        let patrol = fleet.offers("patrol", None).next().unwrap();
        let schema = patrol
            .parameters_schema
            .to_string()
            .replace("dock_b", "dock_a_2");
        let more = Capability {
            parameters_schema: serde_json::from_str(&schema).unwrap(),
            ..patrol.clone()
        };
        let others = fleet
            .skills()
            .into_iter()
            .flat_map(|s| fleet.offers(s, None).cloned());
        Fleet::new(others.chain([more]).collect())
    }

    #[test]
    fn tokens_join_names_and_keep_numbers() {
        let check = |text: &str, expected: &[&str]| {
            let fleet = with_dock_a_2();
            let found = tokens(text, &Names::new(&fleet));
            let found: Vec<&str> = found.iter().map(|t| t.text.as_str()).collect();
            assert_eq!(found, expected, "{text}");
        };
        check("ARM 1 puts “Red Box”.", &["arm_1", "puts", "red_box", "."]);
        check("dock-a, DockB", &["dock_a", ",", "dock_b"]);
        check(
            "(1.5,-2) 5s 3.",
            &["(", "1.5", ",", "-2", ")", "5", "s", "3", "."],
        );
        check(
            "dock a 2, dock_a 2 times",
            &["dock_a_2", ",", "dock_a", "2", "times"],
        );
        check("don't - ünder ✈", &["don't", "-", "ünder", "✈"]);
    }
}
