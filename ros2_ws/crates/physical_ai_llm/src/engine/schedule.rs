//! Who takes part in the next pass.

use super::draft;
use super::sequence::Sequence;
use super::table::Table;
use super::{Engine, Forward};

impl<F: Forward> Engine<F> {
    /// Lets waiting sequences in while there is room.
    pub(super) fn admit(&mut self, now_s: f64) {
        while let Some(next) = self.queue.first() {
            let (rank, needed) = (next.rank, self.needed(next));
            if !self.has_room(needed) {
                if self.running.len() < self.config.max_sequences && self.preempt_text() {
                    continue;
                }
                if !self.can_make_room(rank.priority(), needed) {
                    return;
                }
                self.preempt_last();
                continue;
            }
            let Some(mut sequence) = self.queue.remove(rank) else {
                return;
            };
            sequence.table.reach = self.model.reach(sequence.seen());
            let found = sequence.adopt(&mut self.pages);
            self.metrics.cached_tokens += found as u64;
            self.metrics.prefix_hits += u64::from(found > 0);
            sequence.begin(now_s, &mut self.events);
            if let Some(reason) = sequence.finished.take() {
                self.finish(sequence, reason, now_s);
                continue;
            }
            let at = self.running.partition_point(|other| other.rank < rank);
            self.running.insert(at, sequence);
        }
    }

    /// Decides what each running sequence computes in the next pass.
    pub(super) fn plan(&mut self, now_s: f64) {
        for sequence in &mut self.running {
            sequence.span = 0;
            sequence.draft.clear();
            let reach = self.model.reach(sequence.seen());
            if reach != sequence.table.reach {
                self.metrics.reread += u64::from(sequence.table.computed > 0);
                sequence.restart(reach, &mut self.pages);
            }
        }
        let budget = self.plan_generating(self.config.max_batch_tokens);
        let share = self.share_of_texts(budget);
        let budget = self.plan_reading(budget - share);
        self.plan_drafts(budget);
        let running = self.running.len();
        self.embeddings.plan(share, running, &mut self.pages, now_s);
    }

    /// What texts to embed may have of a budget.
    fn share_of_texts(&self, budget: usize) -> usize {
        if self.running.is_empty() {
            return budget;
        }
        let share = self.embeddings.share(self.config.max_batch_tokens);
        // Whoever reads a prompt makes progress as well.
        let is_reading = self.running.iter().any(|sequence| sequence.is_filling);
        share.min(budget.saturating_sub(usize::from(is_reading)))
    }

    /// Sequences that generate always go along. Returns the budget that is left.
    fn plan_generating(&mut self, mut budget: usize) -> usize {
        let mut at = 0;
        while at < self.running.len() {
            if !self.running[at].is_filling {
                // Several, if tokens were forced.
                let tokens = self.running[at].pending(&self.model).min(budget.max(1));
                budget = budget.saturating_sub(self.cover(at, tokens));
            }
            at += 1;
        }
        budget
    }

    /// Prompts share what is left of the budget.
    fn plan_reading(&mut self, mut budget: usize) -> usize {
        let mut at = 0;
        while at < self.running.len() && budget > 0 {
            if self.running[at].is_filling {
                self.metrics.cached_tokens += self.running[at].adopt(&mut self.pages) as u64;
                if !self.is_read_by_another(at) {
                    let tokens = self.running[at].pending(&self.model).min(budget);
                    budget -= self.cover(at, tokens);
                }
            }
            at += 1;
        }
        budget
    }

    /// Guesses use what nobody else needs, neither of the budget nor of the pages.
    fn plan_drafts(&mut self, mut budget: usize) {
        let Some(most) = self.config.speculative else {
            return;
        };
        for sequence in &mut self.running {
            let is_at_end = !sequence.is_filling && sequence.span == sequence.pending(&self.model);
            let mut limit = most.min(budget).min(sequence.useful_draft());
            // Guesses beyond the original context would change what the tokens before them are.
            let (known, reach) = (sequence.tokens.len(), sequence.table.reach);
            while limit > 0 && self.model.reach(known + limit) != reach {
                limit -= 1;
            }
            if limit == 0 || !is_at_end {
                continue;
            }
            draft::guess(&sequence.tokens, limit, &mut sequence.draft);
            sequence.trim_draft();
            sequence
                .table
                .cover(&mut self.pages, known + sequence.draft.len());
            let room = sequence.table.capacity(&self.pages) - known;
            sequence.draft.truncate(room);
            budget -= sequence.draft.len();
            self.metrics.speculative_drafted += sequence.draft.len() as u64;
        }
    }

    /// Plans up to so many tokens for a running sequence, as far as there are pages; those of less
    /// urgent ones are taken away.
    fn cover(&mut self, at: usize, tokens: usize) -> usize {
        loop {
            let is_last = at + 1 == self.running.len();
            let sequence = &mut self.running[at];
            let wanted = sequence.table.computed + tokens;
            let is_enough = sequence.table.cover(&mut self.pages, wanted);
            let nobody_gives = is_last && self.embeddings.pages() == 0;
            if is_enough || nobody_gives {
                let room = sequence.table.capacity(&self.pages);
                sequence.span = wanted.min(room) - sequence.table.computed;
                return sequence.span;
            }
            if !self.preempt_text() {
                self.preempt_last();
            }
        }
    }

    /// Whether a more urgent sequence computes in this pass what this one would compute as well: then
    /// it will be found.
    fn is_read_by_another(&self, at: usize) -> bool {
        let (before, rest) = self.running.split_at(at);
        let size = self.pages.page_tokens();
        self.pages.finds() && before.iter().any(|other| rest[0].can_wait_for(other, size))
    }

    fn needed(&self, sequence: &Sequence) -> usize {
        let reach = self.model.reach(sequence.seen());
        Table::needed(reach, &self.pages, &sequence.tokens)
    }

    fn has_room(&self, needed: usize) -> bool {
        let running = self.running.len();
        // A page more for each, so that a newcomer is not sent away again at once.
        let has_pages = self.pages.available() >= needed + running;
        running == 0 || (running < self.config.max_sequences && has_pages)
    }

    /// Whether there would be room without the sequences of lower priority.
    fn can_make_room(&self, priority: u8, needed: usize) -> bool {
        let all = self.running.iter().rev();
        let lower = all.take_while(|sequence| sequence.rank.priority() < priority);
        let (count, pages) = lower.fold((0, 0), |(count, pages), sequence| {
            (count + 1, pages + sequence.table.pages.len())
        });
        let left = self.running.len() - count;
        let free = self.pages.available() + self.embeddings.pages();
        count > 0 && (left == 0 || free + pages >= needed + left)
    }

    /// A text to embed gives way, if any holds pages.
    fn preempt_text(&mut self) -> bool {
        let gave_way = self.embeddings.give_way(&mut self.pages);
        self.metrics.preempted += u64::from(gave_way);
        gave_way
    }

    /// The least urgent sequence gives way.
    fn preempt_last(&mut self) {
        if let Some(mut sequence) = self.running.pop() {
            let reach = sequence.table.reach;
            sequence.restart(reach, &mut self.pages);
            self.metrics.preempted += 1;
            self.queue.push(sequence);
        }
    }
}
