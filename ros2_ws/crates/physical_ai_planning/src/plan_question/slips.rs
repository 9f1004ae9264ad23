//! Names with one slip of the keyboard.
//!
//! A slip swaps two letters, leaves one out, doubles or adds one, or hits a key beside the right one; the
//! first letter is right unless it was swapped. Endings stay as they are, since "docks" and "driver" are
//! other words. `planner/slips.py` does the same.

use super::spoken::{SEPARATORS, is_letters, plain, spoken_words};

/// Letters of a word with a slip, in a name of several words.
const LEAST_WORD: usize = 4;
/// Letters of a name that is one word.
const LEAST_NAME: usize = 5;

/// Where a name with one slip that begins at a piece ends.
pub fn mistyped(words: &[String], pieces: &[&str], at: usize) -> Option<usize> {
    let least = if words.len() == 1 {
        LEAST_NAME
    } else {
        LEAST_WORD
    };
    let (mut end, mut found) = (at, false);
    for (index, word) in words.iter().enumerate() {
        if index > 0 && pieces.get(end).is_some_and(|p| SEPARATORS.contains(p)) {
            end += 1;
        }
        let said = *pieces.get(end)?;
        end += 1;
        if plain(said) == word {
            continue;
        }
        let is_long_enough = said.len().min(word.len()) >= least;
        if found || !is_long_enough || !is_slip(said, word) {
            return None;
        }
        found = true;
    }
    found.then_some(end)
}

/// Whether a word is another one with a slip.
pub fn is_slip(said: &str, word: &str) -> bool {
    if !is_letters(said) || !is_letters(word) || spoken_words().never_slips.contains(said) {
        return false;
    }
    let (letters, right) = (said.as_bytes(), word.as_bytes());
    if letters.len() == right.len() {
        return is_swap_or_near_key(letters, right);
    }
    if letters.len() + 1 == right.len() {
        return (1..right.len() - 1).any(|i| is_without(right, i, letters));
    }
    if letters.len() == right.len() + 1 {
        let last = letters.len() - 1;
        let is_doubled = letters[last] == letters[last - 1] && letters[last] != b's';
        return is_doubled && is_without(letters, last, right)
            || (1..last).any(|i| is_without(letters, i, right));
    }
    false
}

/// Of words of one length.
fn is_swap_or_near_key(letters: &[u8], right: &[u8]) -> bool {
    let wrong: Vec<usize> = (0..right.len())
        .filter(|&i| letters[i] != right[i])
        .collect();
    match wrong[..] {
        [one] => {
            let near = spoken_words().near_keys.get(&char::from(right[one]));
            one > 0 && near.is_some_and(|keys| keys.contains(char::from(letters[one])))
        }
        [one, two] => two == one + 1 && letters[one] == right[two] && letters[two] == right[one],
        _ => false,
    }
}

/// Whether the longer word without one letter is the shorter one.
fn is_without(longer: &[u8], index: usize, shorter: &[u8]) -> bool {
    longer[..index] == shorter[..index] && longer[index + 1..] == shorter[index..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_told_from_other_words() {
        for (said, word) in [
            ("shrnk", "shrink"),
            ("ebaker", "beaker"),
            ("sheelf", "shelf"),
            ("shelff", "shelf"),
            ("tabke", "table"),
        ] {
            assert!(is_slip(said, word), "{said} {word}");
        }
        for (said, word) in [
            ("shelf", "shelf"),
            ("docks", "dock"),
            ("drive", "driver"),
            ("cable", "table"),
            ("soon", "spoon"),
            ("pallet", "planet"),
            ("bench", "trench"),
            ("창고", "창문"),
            ("", "a"),
        ] {
            assert!(!is_slip(said, word), "{said} {word}");
        }
    }

    #[test]
    fn one_word_of_a_name_may_have_a_slip() {
        let words = |name: &str| name.split('_').map(str::to_owned).collect::<Vec<_>>();
        let name = words("shrink_wrap_2");
        assert_eq!(
            mistyped(&name, &["shrnk", " ", "wrap", "-", "02"], 0),
            Some(5)
        );
        assert_eq!(mistyped(&name, &["shrnk", " ", "warp", "-", "2"], 0), None);
        assert_eq!(mistyped(&name, &["shrink", " ", "wrap", "-", "2"], 0), None);
        assert_eq!(mistyped(&name, &["shrnk", " ", "wrap"], 0), None);
        assert_eq!(mistyped(&words("cart"), &["carrt"], 0), None);
    }
}
