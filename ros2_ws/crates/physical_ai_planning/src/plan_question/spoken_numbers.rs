//! Numbers in English words.

use super::spoken::{number_in_words, number_of};

const TENS: [(&str, u32); 8] = [
    ("twenty", 20),
    ("thirty", 30),
    ("forty", 40),
    ("fifty", 50),
    ("sixty", 60),
    ("seventy", 70),
    ("eighty", 80),
    ("ninety", 90),
];
const TEENS: [(&str, u32); 7] = [
    ("thirteen", 13),
    ("fourteen", 14),
    ("fifteen", 15),
    ("sixteen", 16),
    ("seventeen", 17),
    ("eighteen", 18),
    ("nineteen", 19),
];

/// The number that begins with a word, without a sign, and how many words it takes, signs counted; `at` gives what
/// follows.
pub fn number_of_words<'a>(word: &str, at: impl Fn(usize) -> &'a str) -> Option<(f64, usize)> {
    if let Some((_, tens)) = TENS.iter().find(|(name, _)| *name == word) {
        let one = |i: usize| {
            number_of(at(i))
                .filter(|n| (1..10).contains(n) && !at(i).starts_with(|c: char| c.is_ascii_digit()))
        };
        let tens = f64::from(*tens);
        return match (at(1), one(1), one(2)) {
            (_, Some(one), _) => Some((tens + one as f64, 2)),
            ("-", _, Some(one)) => Some((tens + one as f64, 3)),
            _ => Some((tens, 1)),
        };
    }
    let teens = TEENS.iter().find(|(name, _)| *name == word);
    let word = number_in_words(word);
    let number = teens
        .map(|(_, n)| f64::from(*n))
        .or_else(|| word.map(|n| n as f64));
    number.map(|n| (n, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_with_what_follows() {
        for (said, expected) in [
            ("five boxes", Some((5.0, 1))),
            ("thirteen", Some((13.0, 1))),
            ("forty", Some((40.0, 1))),
            ("forty two", Some((42.0, 2))),
            ("forty - two", Some((42.0, 3))),
            ("forty 2", Some((40.0, 1))),
            ("fourth", None),
        ] {
            let words: Vec<&str> = said.split(' ').collect();
            let at = |i: usize| words.get(i).copied().unwrap_or_default();
            assert_eq!(number_of_words(words[0], at), expected, "{said}");
        }
    }
}
