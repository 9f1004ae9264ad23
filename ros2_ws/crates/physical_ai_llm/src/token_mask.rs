/// Set of token ids that may come next, one bit each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TokenMask {
    words: Vec<u32>,
    vocabulary: usize,
}

impl TokenMask {
    /// Allows nothing of a vocabulary of this many tokens.
    pub fn none(vocabulary: usize) -> Self {
        Self {
            words: vec![0; vocabulary.div_ceil(32)],
            vocabulary,
        }
    }

    /// Takes bits over: token `i` is bit `i % 32` of word `i / 32`; missing words allow nothing.
    pub(crate) fn from_words(mut words: Vec<u32>, vocabulary: usize) -> Self {
        words.resize(vocabulary.div_ceil(32), 0);
        if let (Some(last), tail @ 1..) = (words.last_mut(), vocabulary % 32) {
            *last &= (1 << tail) - 1;
        }
        Self { words, vocabulary }
    }

    /// Number of tokens in the vocabulary, V.
    pub fn vocabulary(&self) -> usize {
        self.vocabulary
    }

    /// Allows a token; ids outside the vocabulary are ignored.
    pub fn allow(&mut self, token: u32) {
        if (token as usize) < self.vocabulary
            && let Some(word) = self.words.get_mut(token as usize / 32)
        {
            *word |= 1 << (token % 32);
        }
    }

    /// True if the token may come next.
    pub fn is_allowed(&self, token: u32) -> bool {
        self.words
            .get(token as usize / 32)
            .is_some_and(|word| word >> (token % 32) & 1 == 1)
    }

    /// Number of allowed tokens.
    pub fn count(&self) -> usize {
        self.words.iter().map(|w| w.count_ones() as usize).sum()
    }

    /// The allowed token, if there is exactly one: nothing needs to be sampled then.
    pub fn only(&self) -> Option<u32> {
        let mut tokens = self.iter();
        let first = tokens.next()?;
        tokens.next().is_none().then_some(first)
    }

    /// Allowed tokens in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        (0u32..).zip(&self.words).flat_map(|(i, &word)| {
            std::iter::successors((word != 0).then_some(word), |rest| {
                let rest = rest & (rest - 1);
                (rest != 0).then_some(rest)
            })
            .map(move |rest| i * 32 + rest.trailing_zeros())
        })
    }

    /// Words of 32 tokens, lowest bit first.
    pub(crate) fn words(&self) -> &[u32] {
        &self.words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allowed_tokens_come_back_in_order() {
        let mut mask = TokenMask::none(70);
        for token in [69, 0, 31, 32, 70, 4_000_000] {
            mask.allow(token);
        }
        assert_eq!(mask.iter().collect::<Vec<_>>(), [0, 31, 32, 69]);
        assert_eq!((mask.count(), mask.only()), (4, None));
        assert!(mask.is_allowed(69) && !mask.is_allowed(70) && !mask.is_allowed(u32::MAX));
    }

    #[test]
    fn words_beyond_the_vocabulary_are_cut() {
        let mask = TokenMask::from_words(vec![u32::MAX, u32::MAX, 1], 33);
        assert_eq!(mask.count(), 33);
        assert_eq!(TokenMask::from_words(vec![8], 64).only(), Some(3));
        assert_eq!(TokenMask::from_words(vec![], 64).only(), None);
        assert_eq!(TokenMask::from_words(vec![u32::MAX], 32).count(), 32);
    }
}
