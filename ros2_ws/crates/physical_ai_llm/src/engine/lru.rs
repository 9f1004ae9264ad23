/// None.
const END: u32 = u32::MAX;

/// Pages in the order of their last use; all operations take constant time.
#[derive(Debug)]
pub(super) struct Lru {
    /// Of each page: the next older and the next newer.
    links: Vec<(u32, u32)>,
    oldest: u32,
    newest: u32,
    length: usize,
}

impl Lru {
    /// For pages below `pages`.
    pub fn new(pages: usize) -> Self {
        Self {
            links: vec![(END, END); pages],
            oldest: END,
            newest: END,
            length: 0,
        }
    }

    /// Pages in the list.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Adds a page that is not in the list, as the newest.
    pub fn push(&mut self, page: u32) {
        self.links[page as usize] = (self.newest, END);
        match self.newest {
            END => self.oldest = page,
            newest => self.links[newest as usize].1 = page,
        }
        self.newest = page;
        self.length += 1;
    }

    /// Takes a page that is in the list out of it.
    pub fn remove(&mut self, page: u32) {
        let (older, newer) = std::mem::replace(&mut self.links[page as usize], (END, END));
        match older {
            END => self.oldest = newer,
            older => self.links[older as usize].1 = newer,
        }
        match newer {
            END => self.newest = older,
            newer => self.links[newer as usize].0 = older,
        }
        self.length -= 1;
    }

    /// Takes the oldest out.
    pub fn pop(&mut self) -> Option<u32> {
        let page = self.oldest;
        if page == END {
            return None;
        }
        self.remove(page);
        Some(page)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn list_is_a_queue_that_gives_up_any_page(
            steps in prop::collection::vec((0u32..8, any::<bool>()), 0..64),
        ) {
            let (mut lru, mut model) = (Lru::new(8), VecDeque::new());
            for (page, pops) in steps {
                if pops {
                    prop_assert_eq!(lru.pop(), model.pop_front());
                } else if let Some(at) = model.iter().position(|p| *p == page) {
                    lru.remove(page);
                    model.remove(at);
                } else {
                    lru.push(page);
                    model.push_back(page);
                }
                prop_assert_eq!(lru.len(), model.len());
            }
        }
    }
}
