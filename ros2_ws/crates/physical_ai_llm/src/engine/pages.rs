use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use crate::Reach;

use super::lru::Lru;

/// No page.
const NONE: u32 = u32::MAX;

/// Names the content of a page that others can find: its tokens and all before them. Never given twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Content(u64);

impl Content {
    /// What is before the first page.
    pub const START: Self = Self(0);
}

/// Who uses a page, and what can be found in it.
#[derive(Debug, Clone, Copy)]
struct Entry {
    references: u32,
    /// Its content, if it can be found.
    content: Option<Content>,
    /// The content before it.
    parent: Content,
    reach: Reach,
    hash: u64,
    /// The next page with the same hash.
    next: u32,
}

/// Hands out the pages of a cache, and finds full ones by what they hold.
///
/// A page is free, in use (counted), or cached: full, findable, used by nobody, and given up when no
/// page is free, the one that nobody has used for longest first.
///
/// Content is looked up by a hash of the content before, the reach and the tokens, and all three are
/// compared: equal hashes alone never make two pages one.
#[derive(Debug)]
pub(super) struct Pages {
    entries: Vec<Entry>,
    /// Tokens of findable pages: `[pages, page_tokens]`.
    tokens: Vec<u32>,
    page_tokens: usize,
    free: Vec<u32>,
    cached: Lru,
    index: HashMap<u64, u32>,
    hasher: RandomState,
    /// Cuts hashes off; all ones but in a test.
    hash_mask: u64,
    last_content: u64,
    finds: bool,
}

impl Pages {
    /// All pages free. `finds` says whether full ones can be found.
    pub fn new(pages: usize, page_tokens: usize, finds: bool) -> Self {
        let entry = Entry {
            references: 0,
            content: None,
            parent: Content::START,
            reach: Reach::Short,
            hash: 0,
            next: NONE,
        };
        Self {
            entries: vec![entry; pages],
            tokens: vec![0; if finds { pages * page_tokens } else { 0 }],
            page_tokens,
            // The last is taken first.
            free: (0..pages as u32).rev().collect(),
            cached: Lru::new(pages),
            index: HashMap::new(),
            hasher: RandomState::new(),
            hash_mask: u64::MAX,
            last_content: Content::START.0,
            finds,
        }
    }

    /// Tokens of a page.
    pub fn page_tokens(&self) -> usize {
        self.page_tokens
    }

    /// Pages in all.
    pub fn total(&self) -> usize {
        self.entries.len()
    }

    /// Pages that can be taken: free ones and cached ones.
    pub fn available(&self) -> usize {
        self.free.len() + self.cached.len()
    }

    /// Pages that hold what nobody uses at present.
    pub fn cached(&self) -> usize {
        self.cached.len()
    }

    /// Whether full pages can be found.
    pub fn finds(&self) -> bool {
        self.finds
    }

    /// Whether somebody uses a page.
    pub fn is_used(&self, page: u32) -> bool {
        self.entries[page as usize].references > 0
    }

    /// A page for the caller alone, whatever it holds.
    pub fn take(&mut self) -> Option<u32> {
        let page = match self.free.pop() {
            Some(page) => page,
            None => {
                let page = self.cached.pop()?;
                self.hide(page);
                page
            }
        };
        self.entries[page as usize].references = 1;
        Some(page)
    }

    /// Uses a page that was found.
    pub fn share(&mut self, page: u32) {
        let entry = &mut self.entries[page as usize];
        if entry.references == 0 {
            self.cached.remove(page);
        }
        entry.references += 1;
    }

    /// Uses a page no longer.
    pub fn release(&mut self, page: u32) {
        let entry = &mut self.entries[page as usize];
        entry.references -= 1;
        if entry.references > 0 {
            return;
        }
        if entry.content.is_some() {
            self.cached.push(page);
        } else {
            self.free.push(page);
        }
    }

    /// The page that holds these tokens after that content, with the name of its own.
    pub fn find(&self, parent: Content, reach: Reach, tokens: &[u32]) -> Option<(u32, Content)> {
        if !self.finds || tokens.len() != self.page_tokens {
            return None;
        }
        self.find_hashed(self.hash(parent, reach, tokens), parent, reach, tokens)
    }

    /// Makes the caller's page, now full, findable; returns the page to use from now on and its
    /// content. If another page holds the same, the caller shares that one and its own is released.
    pub fn publish(
        &mut self,
        page: u32,
        parent: Content,
        reach: Reach,
        tokens: &[u32],
    ) -> (u32, Content) {
        let hash = self.hash(parent, reach, tokens);
        if let Some((other, content)) = self.find_hashed(hash, parent, reach, tokens) {
            self.share(other);
            self.release(page);
            return (other, content);
        }
        self.last_content += 1;
        let content = Content(self.last_content);
        let start = page as usize * self.page_tokens;
        self.tokens[start..start + self.page_tokens].copy_from_slice(tokens);
        let next = self.index.insert(hash, page).unwrap_or(NONE);
        let entry = &mut self.entries[page as usize];
        (entry.content, entry.parent) = (Some(content), parent);
        (entry.reach, entry.hash, entry.next) = (reach, hash, next);
        (page, content)
    }

    /// Makes a page that is in use impossible to find.
    pub fn hide(&mut self, page: u32) {
        let entry = &mut self.entries[page as usize];
        if entry.content.take().is_none() {
            return;
        }
        let (hash, next) = (entry.hash, entry.next);
        let Some(first) = self.index.get_mut(&hash) else {
            return;
        };
        if *first == page {
            if next == NONE {
                self.index.remove(&hash);
            } else {
                *first = next;
            }
            return;
        }
        let mut before = *first;
        while before != NONE {
            let entry = &mut self.entries[before as usize];
            if entry.next == page {
                entry.next = next;
                return;
            }
            before = entry.next;
        }
    }

    fn hash(&self, parent: Content, reach: Reach, tokens: &[u32]) -> u64 {
        self.hasher.hash_one((parent, reach, tokens)) & self.hash_mask
    }

    fn find_hashed(
        &self,
        hash: u64,
        parent: Content,
        reach: Reach,
        tokens: &[u32],
    ) -> Option<(u32, Content)> {
        let mut page = *self.index.get(&hash)?;
        while page != NONE {
            let entry = &self.entries[page as usize];
            let start = page as usize * self.page_tokens;
            let held = &self.tokens[start..start + self.page_tokens];
            if (entry.parent, entry.reach, held) == (parent, reach, tokens) {
                return Some((page, entry.content?));
            }
            page = entry.next;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full(pages: &mut Pages, parent: Content, tokens: &[u32]) -> (u32, Content) {
        let page = pages.take().unwrap();
        pages.publish(page, parent, Reach::Short, tokens)
    }

    #[test]
    fn equal_content_becomes_one_page() {
        let mut pages = Pages::new(3, 2, true);
        let (first, content) = full(&mut pages, Content::START, &[1, 2]);
        let (second, same) = full(&mut pages, Content::START, &[1, 2]);
        assert_eq!((first, content), (second, same));
        assert_eq!(pages.available(), 2);
        pages.release(first);
        assert_eq!((pages.available(), pages.cached()), (2, 0));
        pages.release(first);
        assert_eq!((pages.available(), pages.cached()), (3, 1));
    }

    #[test]
    fn equal_hashes_do_not_make_pages_equal() {
        let mut pages = Pages::new(5, 2, true);
        pages.hash_mask = 0;
        let (one, content) = full(&mut pages, Content::START, &[1, 2]);
        let (two, _) = full(&mut pages, Content::START, &[2, 1]);
        let (three, _) = full(&mut pages, content, &[1, 2]);
        assert!(one != two && two != three && one != three);
        let find = |pages: &Pages, parent, reach, tokens: &[u32]| {
            pages.find(parent, reach, tokens).map(|(page, _)| page)
        };
        assert_eq!(
            find(&pages, Content::START, Reach::Short, &[2, 1]),
            Some(two)
        );
        assert_eq!(find(&pages, content, Reach::Short, &[1, 2]), Some(three));
        assert_eq!(find(&pages, content, Reach::Long, &[1, 2]), None);
        assert_eq!(find(&pages, content, Reach::Short, &[1]), None);
        pages.hide(two);
        assert_eq!(find(&pages, Content::START, Reach::Short, &[2, 1]), None);
        assert_eq!(
            find(&pages, Content::START, Reach::Short, &[1, 2]),
            Some(one)
        );
        assert_eq!(find(&pages, content, Reach::Short, &[1, 2]), Some(three));
    }

    #[test]
    fn page_unused_for_longest_is_given_up_first() {
        let mut pages = Pages::new(2, 1, true);
        let (a, _) = full(&mut pages, Content::START, &[1]);
        let (b, _) = full(&mut pages, Content::START, &[2]);
        pages.release(b);
        pages.release(a);
        pages.share(b);
        pages.release(b);
        assert_eq!(pages.take(), Some(a));
        assert!(pages.find(Content::START, Reach::Short, &[1]).is_none());
        assert!(pages.find(Content::START, Reach::Short, &[2]).is_some());
        assert_eq!((pages.take(), pages.take()), (Some(b), None));
    }

    /// A page's number comes again with other content; what followed it must not be found after that.
    #[test]
    fn content_after_a_page_that_was_given_up_is_not_found_after_its_successor() {
        let mut pages = Pages::new(2, 1, true);
        let (a, content) = full(&mut pages, Content::START, &[1]);
        let (b, _) = full(&mut pages, content, &[5]);
        pages.release(a);
        pages.release(b);
        let (again, other) = full(&mut pages, Content::START, &[2]);
        assert_eq!(again, a);
        assert!(pages.find(other, Reach::Short, &[5]).is_none());
        assert!(pages.find(content, Reach::Short, &[5]).is_some());
    }
}
