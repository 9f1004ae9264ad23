use std::ops::Range;

use crate::{Error, Pass, Reach};

use super::{Forward, VOCABULARY};

/// Tokens of a page.
pub const PAGE: usize = 4;
/// Where the reach changes.
pub const ORIGINAL_CONTEXT: usize = 40;
/// Numbers of a hidden state.
pub const WIDTH: usize = 3;
/// Most tokens.
pub const CONTEXT: usize = 200;

#[derive(Debug, Clone, Copy, PartialEq)]
struct Cell {
    token: u32,
    position: usize,
    reach: Reach,
}

/// A model whose logits depend on all tokens of the sequence as its pages hold them: most on the last
/// two, so that texts repeat themselves, and a little on the rest, so that a wrong page shows.
pub struct Fake {
    cells: Vec<Option<Cell>>,
    logits: Vec<f32>,
    /// Reach, pages and position of each row of the last pass.
    rows: Vec<(Reach, Vec<u32>, usize)>,
    states: Vec<f32>,
    /// Tokens that went through it.
    pub computed: usize,
    /// Tokens of each pass.
    pub passes: Vec<usize>,
    /// After this token all logits are NaN.
    pub poison: Option<u32>,
    /// Passes that fail from now on.
    pub failures: usize,
}

impl Fake {
    pub fn new(pages: usize) -> Self {
        Self {
            cells: vec![None; pages * PAGE],
            logits: Vec::new(),
            rows: Vec::new(),
            states: Vec::new(),
            computed: 0,
            passes: Vec::new(),
            poison: None,
            failures: 0,
        }
    }
}

fn mix(h: u64, value: u64) -> u64 {
    let mut z = (h ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z ^ (z >> 27)
}

/// -1 to 1.
fn noise(h: u64) -> f32 {
    (h >> 40) as f32 / (1 << 23) as f32 - 1.0
}

impl Forward for Fake {
    fn vocabulary(&self) -> usize {
        VOCABULARY
    }

    fn width(&self) -> usize {
        WIDTH
    }

    fn context(&self) -> usize {
        CONTEXT
    }

    fn reach(&self, tokens: usize) -> Reach {
        if tokens > ORIGINAL_CONTEXT {
            Reach::Long
        } else {
            Reach::Short
        }
    }

    fn pages(&self) -> usize {
        self.cells.len() / PAGE
    }

    fn page_tokens(&self) -> usize {
        PAGE
    }

    fn forward(&mut self, pass: Pass<'_>) -> Result<&[f32], Error> {
        if self.failures > 0 {
            self.failures -= 1;
            return Err(Error::InvalidSchema("a pass that fails".to_owned()));
        }
        self.computed += pass.tokens.len();
        self.passes.push(pass.tokens.len());
        self.rows.clear();
        let mut tokens = pass.tokens.iter();
        for span in pass.spans {
            for position in span.start..span.start + span.tokens {
                self.rows.push((span.reach, span.pages.to_vec(), position));
                let page = span.pages[position / PAGE] as usize;
                self.cells[page * PAGE + position % PAGE] = Some(Cell {
                    token: *tokens.next().unwrap(),
                    position,
                    reach: span.reach,
                });
            }
        }
        assert!(tokens.next().is_none());
        self.logits.clear();
        let mut row = 0;
        let mut wanted = pass.wanted.iter().peekable();
        for span in pass.spans {
            for last in span.start..span.start + span.tokens {
                if wanted.next_if(|w| **w == row).is_some() {
                    self.push_logits(span.reach, span.pages, last);
                }
                row += 1;
            }
        }
        assert!(wanted.next().is_none(), "rows are wanted in their order");
        Ok(&self.logits)
    }

    fn states(&mut self, rows: Range<usize>) -> &[f32] {
        self.states.clear();
        for row in rows {
            let (reach, pages, last) = &self.rows[row];
            let seen = self.look_back(*reach, pages, *last);
            self.states
                .extend((0..WIDTH as u64).map(|i| match seen.is_poisoned {
                    true => f32::NAN,
                    false => noise(mix(seen.all, i)),
                }));
        }
        &self.states
    }
}

/// What a row of a pass sees.
struct Seen {
    all: u64,
    recent: [u32; 2],
    is_poisoned: bool,
}

impl Fake {
    fn look_back(&self, reach: Reach, pages: &[u32], last: usize) -> Seen {
        let mut seen = Seen {
            all: u64::from(reach == Reach::Long),
            recent: [0; 2],
            is_poisoned: false,
        };
        for position in 0..=last {
            let page = pages[position / PAGE] as usize;
            let cell = self.cells[page * PAGE + position % PAGE].unwrap();
            assert_eq!((cell.position, cell.reach), (position, reach));
            seen.all = mix(seen.all, u64::from(cell.token));
            seen.recent = [seen.recent[1], cell.token];
            seen.is_poisoned |= Some(cell.token) == self.poison;
        }
        seen
    }

    fn push_logits(&mut self, reach: Reach, pages: &[u32], last: usize) {
        let Seen {
            all,
            recent,
            is_poisoned,
        } = self.look_back(reach, pages, last);
        let start = mix(u64::from(recent[0]) % 2, u64::from(recent[1]) % 16);
        self.logits.extend((0..VOCABULARY as u64).map(|token| {
            if is_poisoned {
                return f32::NAN;
            }
            4.0 * noise(mix(start, token)).powi(3) + 0.06 * noise(mix(all, token))
        }));
    }
}
