//! Sentences in pieces. `planner/spoken.py` does the same.

use super::syllables::is_syllable;

/// What may stand between the words of a name.
pub const SEPARATORS: [&str; 3] = ["_", "-", " "];
/// From zero on.
const NUMBERS: [&str; 13] = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve",
];

/// Runs of small letters, of digits and of Hangul, and other signs one by one.
pub fn pieces(text: &str) -> Vec<&str> {
    let class = |c: char| match c {
        'a'..='z' => 1,
        '0'..='9' => 2,
        _ if is_syllable(c) => 3,
        _ => 0,
    };
    let (mut found, mut begin) = (Vec::new(), 0);
    let mut before = None;
    for (at, sign) in text.char_indices() {
        let continues = class(sign) != 0 && before == Some(class(sign));
        if !continues && at > begin {
            found.push(&text[begin..at]);
            begin = at;
        }
        before = Some(class(sign));
    }
    if begin < text.len() {
        found.push(&text[begin..]);
    }
    found
}

/// Numbers without leading zeros.
pub fn plain(piece: &str) -> &str {
    if !piece.starts_with('0') {
        return piece;
    }
    match piece.trim_start_matches('0') {
        "" => "0",
        rest => rest,
    }
}

/// The digits of a number word; anything else as it is, but without leading zeros.
pub fn in_digits(piece: &str) -> String {
    let number = number_in_words(piece);
    number.map_or_else(|| plain(piece).to_owned(), |number| number.to_string())
}

/// A number in digits or, to twelve, in words.
pub fn number_of(piece: &str) -> Option<usize> {
    number_in_words(piece).or_else(|| piece.parse().ok())
}

/// A number to twelve in words.
pub fn number_in_words(piece: &str) -> Option<usize> {
    NUMBERS.iter().position(|n| *n == piece)
}

/// Where these words end if they begin at a piece.
pub fn starts_with_words(some: &[&str], at: usize, words: &str) -> Option<usize> {
    let wanted = pieces(words);
    let end = at + wanted.len();
    let is_there = some.get(at..end).is_some_and(|found| found == wanted);
    (is_there && !goes_on(some, end)).then_some(end)
}

/// Only Latin letters.
pub fn is_letters(piece: &str) -> bool {
    !piece.is_empty() && piece.bytes().all(|b| b.is_ascii_alphabetic())
}

/// Whether the word before goes on at a piece.
pub fn goes_on(pieces: &[&str], at: usize) -> bool {
    let in_word = |c: Option<char>| {
        c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    let before = at.checked_sub(1).and_then(|before| pieces.get(before));
    let after = pieces.get(at);
    in_word(before.and_then(|p| p.chars().next_back()))
        && in_word(after.and_then(|p| p.chars().next()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_in_digits() {
        assert_eq!(
            (in_digits("three"), in_digits("007"), in_digits("bin")),
            ("3".into(), "7".into(), "bin".into())
        );
    }

    #[test]
    fn sentences_come_to_pieces() {
        let found = pieces("ab12 가나로_é");
        assert_eq!(found, ["ab", "12", " ", "가나로", "_", "é"]);
        let going: Vec<usize> = (0..=found.len())
            .filter(|&at| goes_on(&found, at))
            .collect();
        assert_eq!(going, [1]);
    }
}
