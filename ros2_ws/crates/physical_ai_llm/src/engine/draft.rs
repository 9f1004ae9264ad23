/// Longest run of tokens that is looked for.
const LONGEST: usize = 3;
/// Shortest run that is worth a guess.
const SHORTEST: usize = 2;

/// Guesses what comes next: what followed the last tokens where they occurred before, the latest place
/// of the longest run first. Replaces what is in `draft`, by `limit` tokens or none.
///
/// Source: Saxena 2023, prompt lookup decoding.
pub(super) fn guess(tokens: &[u32], limit: usize, draft: &mut Vec<u32>) {
    draft.clear();
    for run in (SHORTEST..=LONGEST.min(tokens.len().saturating_sub(1))).rev() {
        let last = &tokens[tokens.len() - run..];
        // The run may overlap with its earlier self, as in a text that repeats.
        let earlier = &tokens[..tokens.len() - 1];
        let found = earlier.windows(run).rposition(|window| window == last);
        if let Some(at) = found {
            for place in at + run..at + run + limit {
                // A text that repeats goes on repeating.
                let next = match place.checked_sub(tokens.len()) {
                    Some(beyond) => draft[beyond],
                    None => tokens[place],
                };
                draft.push(next);
            }
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_followed_the_longest_latest_run_is_guessed() {
        let check = |tokens: &[u32], limit: usize, expected: &[u32]| {
            let mut draft = vec![9, 9];
            guess(tokens, limit, &mut draft);
            assert_eq!(draft, expected, "{tokens:?}");
        };
        check(&[], 4, &[]);
        check(&[1], 4, &[]);
        check(&[1, 2, 3, 4], 4, &[]);
        check(&[1, 2, 7, 8, 1, 2], 4, &[7, 8, 1, 2]);
        check(&[1, 2, 7, 8, 1, 2], 2, &[7, 8]);
        check(&[1, 2, 7, 1, 2, 8, 1, 2], 1, &[8]);
        check(&[5, 1, 2, 7, 6, 1, 2, 8, 5, 1, 2], 1, &[7]);
        check(&[3, 3, 3, 3], 4, &[3, 3, 3, 3]);
        check(&[1, 2, 1, 2, 1, 2], 3, &[1, 2, 1]);
    }
}
