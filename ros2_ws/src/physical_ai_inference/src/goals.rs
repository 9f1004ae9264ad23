//! Requests that run, and who hears of them.

use std::collections::BTreeMap;

use physical_ai_llm::{Event, RequestId, Timings, Usage};
use physical_ai_ros::GoalId;

use crate::engine_thread::News;
use crate::outcome::Outcome;
use crate::refusal::{Code, Refusal};

/// Who asked for something, and hears what becomes of it.
pub trait Client {
    /// The goal of the action that it came as.
    fn goal(&self) -> Option<GoalId> {
        None
    }

    /// Whether nobody listens any more.
    fn is_gone(&self) -> bool {
        false
    }

    /// Takes what is new.
    fn hear(&mut self, fresh: Fresh);

    /// Takes one row for each text that was to be embedded.
    fn embedded(&mut self, _rows: Vec<Vec<f32>>) {}

    /// Takes the end of what ran.
    fn end(self: Box<Self>, outcome: Outcome, usage: Usage, timings: Timings);

    /// Takes the end of what was not, or no longer, served.
    fn refuse(self: Box<Self>, refusal: &Refusal);
}

/// What came since a client heard last.
#[derive(Debug, Default)]
pub struct Fresh {
    /// Text that is certain.
    pub text: String,
    /// Tokens, some of whose text may still be held back.
    pub tokens: Vec<Token>,
}

/// A generated token.
#[derive(Debug)]
pub struct Token {
    /// Its id.
    pub id: u32,
    /// Natural logarithm of its probability, if asked for.
    pub logprob: Option<f32>,
    /// The likeliest tokens with theirs.
    pub top: Vec<(u32, f32)>,
}

struct Goal {
    client: Box<dyn Client>,
    canceling: bool,
    fresh: Fresh,
}

/// Requests that run, by name.
#[derive(Default)]
pub struct Goals {
    live: BTreeMap<RequestId, Goal>,
    taken: u64,
}

impl Goals {
    /// Takes a client; its request must have the name that is returned, which is above all before.
    pub fn take(&mut self, client: Box<dyn Client>) -> RequestId {
        self.taken += 1;
        let id = RequestId(self.taken);
        let goal = Goal {
            client,
            canceling: false,
            fresh: Fresh::default(),
        };
        self.live.insert(id, goal);
        id
    }

    /// How many run.
    pub fn len(&self) -> usize {
        self.live.len()
    }

    /// Marks a goal as being cancelled; none if it has ended.
    pub fn cancel(&mut self, goal: GoalId) -> Option<RequestId> {
        let mut all = self.live.iter_mut();
        let found = all.find(|(_, g)| g.client.goal() == Some(goal))?;
        found.1.canceling = true;
        Some(*found.0)
    }

    /// Marks what nobody waits for any more as being cancelled, and names it once.
    pub fn cancel_abandoned(&mut self) -> Vec<RequestId> {
        let goals = self.live.iter_mut();
        goals
            .filter(|(_, goal)| !goal.canceling && goal.client.is_gone())
            .map(|(id, goal)| {
                goal.canceling = true;
                *id
            })
            .collect()
    }

    /// Passes news on: a client hears once however many tokens there are.
    pub fn tell(&mut self, news: Vec<News>) {
        for news in news {
            match news {
                News::Refused(id, refusal) => self.refuse(id, &refusal),
                News::Event(Event::Token {
                    id,
                    token,
                    text,
                    logprob,
                    top,
                }) => {
                    if let Some(goal) = self.live.get_mut(&id) {
                        goal.fresh.text.push_str(&text);
                        goal.fresh.tokens.push(Token {
                            id: token,
                            logprob,
                            top,
                        });
                    }
                }
                News::Event(Event::Finished {
                    id,
                    reason,
                    text_tail,
                    usage,
                    timings,
                }) => {
                    if let Some(mut goal) = self.live.remove(&id) {
                        goal.fresh.text.push_str(&text_tail);
                        goal.flush();
                        let outcome = Outcome::of(&reason, goal.canceling);
                        goal.client.end(outcome, usage, timings);
                    }
                }
                News::Event(Event::Embedded { id, rows }) => {
                    if let Some(goal) = self.live.get_mut(&id) {
                        goal.client.embedded(rows);
                    }
                }
                News::Event(_) => {}
            }
        }
        self.live.values_mut().for_each(Goal::flush);
    }

    /// Ends a goal whose request is not served.
    pub fn refuse(&mut self, id: RequestId, refusal: &Refusal) {
        if let Some(goal) = self.live.remove(&id) {
            tracing::warn!(request = id.0, "refused: {}", refusal.reason);
            goal.client.refuse(refusal);
        }
    }

    /// Answers everybody.
    pub fn abandon(&mut self, refusal: &Refusal) {
        for goal in std::mem::take(&mut self.live).into_values() {
            goal.client.refuse(refusal);
        }
    }
}

impl Drop for Goals {
    /// A goal that is dropped would end without a reason.
    fn drop(&mut self) {
        self.abandon(&stopping());
    }
}

/// What clients hear when the worker goes.
pub fn stopping() -> Refusal {
    Refusal::new(
        Code::Canceled,
        "the worker is stopping; ask again when it is back",
    )
}

impl Goal {
    fn flush(&mut self) {
        let fresh = std::mem::take(&mut self.fresh);
        if !fresh.text.is_empty() || !fresh.tokens.is_empty() {
            self.client.hear(fresh);
        }
    }
}
