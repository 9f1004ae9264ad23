//! Sentences as the training data write them; `sentence_text` of `planner/plan_format.py` does the same.

/// ASCII letters small, white space single, numbers with a digit before their point and without zeros behind
/// their last decimal.
pub fn normalized(sentence: &str) -> String {
    let words = sentence.split_whitespace().map(with_leading_zeros);
    let words = words.map(|word| without_trailing_zeros(&word));
    words.collect::<Vec<_>>().join(" ").to_ascii_lowercase()
}

/// `(.5,` becomes `(0.5,`, as the training data have it.
fn with_leading_zeros(word: &str) -> String {
    let mut text = String::with_capacity(word.len() + 1);
    let mut rest = word;
    while let Some(dot) = rest.find('.') {
        let (before, after) = (&rest[..dot], &rest[dot + 1..]);
        text.push_str(before);
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        // "V.1", "1.2.3" and ".1.2" are no numbers.
        let begins = !text.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.');
        let ends = !(after[digits..].starts_with('.') && after.len() > digits + 1);
        text.push_str(if digits > 0 && begins && ends {
            "0."
        } else {
            "."
        });
        rest = after;
    }
    text + rest
}

/// `(0.0,` becomes `(0,` and `3.50` becomes `3.5`, as the training data have them.
fn without_trailing_zeros(word: &str) -> String {
    let mut text = String::with_capacity(word.len());
    let mut rest = word;
    while let Some(dot) = rest.find('.') {
        let (before, after) = (&rest[..dot], &rest[dot + 1..]);
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        let is_number = digits > 0 && before.ends_with(|c: char| c.is_ascii_digit());
        // "1.2.3" is no number.
        let is_whole = !after[digits..].starts_with('.') || after.len() == digits + 1;
        text.push_str(before);
        let decimals = match &after[..digits] {
            decimals if is_number && is_whole && !text.contains('.') => {
                decimals.trim_end_matches('0')
            }
            decimals => decimals,
        };
        if !(decimals.is_empty() && digits > 0) {
            text.push('.');
        }
        text.push_str(decimals);
        rest = &after[digits..];
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_in_one_way() {
        for (said, asked) in [
            ("to (0.0, 0.50)", "to (0, 0.5)"),
            ("x=10.0 y=-2.250 3.", "x=10 y=-2.25 3."),
            ("20 200 0.05 go to 7.", "20 200 0.05 go to 7."),
            ("v1.0.0 a.0", "v1.0.0 a.0"),
            ("wait 1.0.", "wait 1."),
            ("x=.20 (-.5, .25) 위치 .4", "x=0.2 (-0.5, 0.25) 위치 0.4"),
            ("wait .5.", "wait 0.5."),
            ("a.5 v1..5 .1.2 . .x ...", "a.5 v1..5 .1.2 . .x ..."),
        ] {
            assert_eq!(normalized(said), asked, "{said}");
        }
    }
}
