//! Names of a fleet by their words, and where a sentence says them.

use std::cmp::Reverse;
use std::collections::BTreeMap;

/// References by the words of names.
pub type ByWords = BTreeMap<Vec<String>, Vec<String>>;

/// Names that begin at a piece and end where none goes on.
#[derive(Debug)]
pub struct Found<'a> {
    pub references: Vec<&'a str>,
    /// The piece behind.
    pub end: usize,
    pub particle: &'a str,
}

impl<'a> Found<'a> {
    pub fn none(at: usize) -> Self {
        Self {
            references: Vec::new(),
            end: at,
            particle: "",
        }
    }

    /// The longest stays; of equally long ones all.
    pub fn add(&mut self, references: &'a [String], end: usize, particle: &'a str) {
        let (new, old) = (
            (end, Reverse(particle.len())),
            (self.end, Reverse(self.particle.len())),
        );
        if new > old {
            self.references.clear();
            (self.end, self.particle) = (end, particle);
        }
        if new >= old {
            for reference in references {
                if !self.references.contains(&reference.as_str()) {
                    self.references.push(reference);
                }
            }
        }
    }
}
