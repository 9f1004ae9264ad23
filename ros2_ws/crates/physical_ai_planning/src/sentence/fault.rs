/// What keeps a sentence from being planned by rules.
///
/// Only [`Grammar`](Self::Grammar) is a matter of the rules: a model may read more. Everything else is a matter of
/// the sentence, and stands whatever a model makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// The rules do not know these words, or not in this order.
    Grammar,
    /// A robot, object or place that is not known, or may be several.
    Name,
    /// A number that is not read, has no unit, or is out of range.
    Number,
    /// It says what is not to be done.
    Negation,
    /// It depends on what is not known before.
    Condition,
    /// It says how, where beside, when or how often something is done, which no plan can hold.
    Qualifier,
    /// It takes back what it said.
    Correction,
    /// It asks and does not order.
    Question,
    /// It is to stop what runs.
    Stop,
    /// It is read, and cannot be done so.
    Meaning,
}

impl Fault {
    /// True if the refusal stands whatever a model makes of the sentence.
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Grammar)
    }
}
