//! Words whose meaning a plan can hold, by what must be in the plan where they are said (`planner/plan_words.json`).

use std::collections::HashMap;
use std::sync::OnceLock;

use serde::Deserialize;
use std::collections::BTreeMap;

/// Kinds of a word: one of them must be in the plan.
type Kinds = &'static [String];

#[derive(Debug, Default, Deserialize)]
struct Listed {
    english: BTreeMap<String, String>,
    korean: BTreeMap<String, String>,
}

/// What a word may mean; nothing if it is in no list.
#[derive(Debug, Default)]
pub struct PlanWords {
    kinds: HashMap<String, Vec<String>>,
}

impl PlanWords {
    pub fn get() -> &'static Self {
        static WORDS: OnceLock<PlanWords> = OnceLock::new();
        WORDS.get_or_init(|| {
            let text = include_str!("../../planner/plan_words.json");
            let listed: Listed = serde_json::from_str(text).unwrap_or_default();
            let mut kinds: HashMap<String, Vec<String>> = HashMap::new();
            for (listed, words) in listed.english.iter().chain(&listed.korean) {
                for word in words.split(' ') {
                    let of_word = kinds.entry(word.to_owned()).or_default();
                    of_word.extend(listed.split(' ').map(str::to_owned));
                }
            }
            Self { kinds }
        })
    }

    /// The kinds of a word; `None` if a plan cannot hold it.
    pub fn kinds(&'static self, word: &str) -> Option<Kinds> {
        self.kinds.get(word).map(Vec::as_slice)
    }
}
