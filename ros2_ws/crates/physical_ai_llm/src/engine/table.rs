use crate::Reach;

use super::pages::{Content, Pages};

/// The pages of one sequence, and how much of it they hold.
#[derive(Debug)]
pub(super) struct Table {
    /// In the order of the sequence.
    pub pages: Vec<u32>,
    /// Tokens whose keys and values are in the pages.
    pub computed: usize,
    /// What they were rotated with.
    pub reach: Reach,
    /// Full pages that can be found.
    published: usize,
    /// The content of the last of them.
    content: Content,
}

impl Table {
    /// Holds nothing.
    pub fn new(reach: Reach) -> Self {
        Self {
            pages: Vec::new(),
            computed: 0,
            reach,
            published: 0,
            content: Content::START,
        }
    }

    /// Uses the pages that already hold what comes next; the last token is always left to compute.
    /// Returns the number of tokens that need not be computed.
    pub fn adopt(&mut self, pages: &mut Pages, tokens: &[u32]) -> usize {
        let before = self.computed;
        while let Some((page, content)) = self.next_found(pages, tokens) {
            pages.share(page);
            // A page that was taken to be filled is not needed.
            if let Some(own) = self.pages.get_mut(self.published) {
                pages.release(std::mem::replace(own, page));
            } else {
                self.pages.push(page);
            }
            self.follow(content);
            self.computed += pages.page_tokens();
        }
        self.computed - before
    }

    /// Of the pages that the tokens need, those that others do not use already.
    pub fn needed(reach: Reach, pages: &Pages, tokens: &[u32]) -> usize {
        let size = pages.page_tokens();
        let mut needed = tokens.len().div_ceil(size);
        let mut content = Content::START;
        for tokens in tokens[..tokens.len() - 1].chunks_exact(size) {
            let Some((page, next)) = pages.find(content, reach, tokens) else {
                break;
            };
            needed -= usize::from(pages.is_used(page));
            content = next;
        }
        needed
    }

    /// Takes pages for the first `tokens` tokens; returns whether there were enough.
    pub fn cover(&mut self, pages: &mut Pages, tokens: usize) -> bool {
        while self.capacity(pages) < tokens {
            match pages.take() {
                Some(page) => self.pages.push(page),
                None => return false,
            }
        }
        true
    }

    /// Tokens that the pages have room for.
    pub fn capacity(&self, pages: &Pages) -> usize {
        self.pages.len() * pages.page_tokens()
    }

    /// Makes the pages that became full findable.
    pub fn publish(&mut self, pages: &mut Pages, tokens: &[u32]) {
        let size = pages.page_tokens();
        while pages.finds() && (self.published + 1) * size <= self.computed {
            let held = &tokens[self.published * size..(self.published + 1) * size];
            let own = &mut self.pages[self.published];
            let content;
            (*own, content) = pages.publish(*own, self.content, self.reach, held);
            self.follow(content);
        }
    }

    /// Whether the next page of both will hold the same.
    pub fn is_next_shared(
        &self,
        other: &Self,
        tokens: &[u32],
        theirs: &[u32],
        size: usize,
    ) -> bool {
        let start = self.published * size;
        let page = start..start + size;
        self.computed == start
            && (other.computed, other.published) == (self.computed, self.published)
            && (other.content, other.reach) == (self.content, self.reach)
            && tokens.len() > page.end
            && tokens.get(page.clone()) == theirs.get(page)
    }

    /// Gives all pages back; those that can be found stay until their memory is needed.
    pub fn release(&mut self, pages: &mut Pages) {
        // The end first: without what comes before it, it is of no use.
        for page in self.pages.drain(..).rev() {
            pages.release(page);
        }
        *self = Self {
            pages: std::mem::take(&mut self.pages),
            ..Self::new(self.reach)
        };
    }

    /// Gives all pages back and lets nobody find them again: what they hold may be damaged.
    pub fn discard(&mut self, pages: &mut Pages) {
        for page in &self.pages {
            pages.hide(*page);
        }
        self.release(pages);
    }

    fn next_found(&self, pages: &Pages, tokens: &[u32]) -> Option<(u32, Content)> {
        let size = pages.page_tokens();
        let start = self.published * size;
        if self.computed != start || start + size >= tokens.len() {
            return None;
        }
        pages.find(self.content, self.reach, &tokens[start..start + size])
    }

    fn follow(&mut self, content: Content) {
        self.published += 1;
        self.content = content;
    }
}
