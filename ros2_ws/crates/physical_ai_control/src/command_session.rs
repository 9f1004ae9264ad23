//! Who may command a robot, and whether somebody else tries.

/// A holder that was not heard for so long may be replaced by its successor, seconds of steady time: longer
/// than any gap of a process that lives, shorter than any process needs to start.
const HOLDER_SILENCE_S: f64 = 0.2;
/// A foreign command stops the robot for so long, seconds of steady time.
const FOREIGN_S: f64 = 0.5;
/// A sequence further back than this was not overtaken on the way: somebody else counts.
const OVERTAKEN: u64 = 16;
/// What the middleware calls a node whose name has not arrived.
const NAMELESS: &str = "_NODE_NAME_UNKNOWN_";

#[derive(Debug, Clone)]
struct Holder {
    node: String,
    source: u64,
    session: u64,
    heard_s: f64,
}

/// The right to command one robot, as whoever receives its commands hands it out: to one process at a time.
///
/// A second writer on the command topic is told from what arrives and from the graph. It is a fault, since
/// two programs that command one robot fight over it. All times are seconds of steady time.
#[derive(Debug, Clone, Default)]
pub struct CommandSession {
    holder: Option<Holder>,
    sequence: u64,
    rejected: u64,
    /// What came last that was not the holder's, and when.
    foreign: Option<(String, f64)>,
    /// Nodes other than the holder's that write to the topic.
    writers: Vec<String>,
    /// Whether the holder's node writes to the topic.
    holder_writes: bool,
}

impl CommandSession {
    /// Hands out `token`, or the session that this process already has.
    ///
    /// # Errors
    /// By whom the robot is commanded.
    pub fn open(
        &mut self,
        node: &str,
        source: u64,
        token: u64,
        steady_s: f64,
    ) -> Result<u64, String> {
        if let Some(holder) = &self.holder {
            if holder.source == source && holder.node == node {
                return Ok(holder.session);
            }
            // A process that was killed stays in the graph for a while; its successor has its name.
            let speaks = steady_s - holder.heard_s <= HOLDER_SILENCE_S;
            let is_there = holder.node != node && self.holder_writes;
            if speaks || is_there {
                return Err(format!(
                    "{} (process {}) commands this robot; stop it first",
                    holder.node, holder.source
                ));
            }
        }
        *self = Self {
            holder: Some(Holder {
                node: node.to_owned(),
                source,
                session: token,
                heard_s: steady_s,
            }),
            rejected: self.rejected,
            ..Self::default()
        };
        Ok(token)
    }

    /// Source that holds the session; 0: nobody does.
    pub fn source(&self) -> u64 {
        self.holder.as_ref().map_or(0, |h| h.source)
    }

    /// Node that holds the session.
    pub fn node(&self) -> Option<&str> {
        self.holder.as_ref().map(|h| h.node.as_str())
    }

    /// Commands rejected so far.
    pub fn rejected(&self) -> u64 {
        self.rejected
    }

    /// Counts a command that was rejected for another reason.
    pub fn reject(&mut self) {
        self.rejected += 1;
    }

    /// Whether a command is the holder's, and newer than the one before.
    ///
    /// # Errors
    /// Why it is rejected; it counts as rejected then.
    /// # Real-time
    /// Allocates only for the text of a refusal.
    pub fn admit(
        &mut self,
        source: u64,
        session: u64,
        sequence: u64,
        steady_s: f64,
    ) -> Result<(), String> {
        let result = self.judge(source, session, sequence, steady_s);
        if result.is_err() {
            self.rejected += 1;
        }
        result
    }

    fn judge(
        &mut self,
        source: u64,
        session: u64,
        sequence: u64,
        steady_s: f64,
    ) -> Result<(), String> {
        let Some(holder) = &mut self.holder else {
            return Err("nobody has opened a session: call open_session first".to_owned());
        };
        if (source, session) != (holder.source, holder.session) {
            let what = if source == holder.source {
                format!("commands of {} with another session", holder.node)
            } else {
                format!("commands of source {source}")
            };
            let reason = format!("{what}; {} holds the session", holder.node);
            self.foreign = Some((what, steady_s));
            return Err(reason);
        }
        if sequence <= self.sequence {
            let last = self.sequence;
            if last - sequence > OVERTAKEN {
                let what = format!("commands of {} with sequence {sequence}", holder.node);
                self.foreign = Some((what, steady_s));
            }
            return Err(format!("sequence {sequence} is not above {last}"));
        }
        self.sequence = sequence;
        holder.heard_s = steady_s;
        Ok(())
    }

    /// Takes the names of all nodes that write to the command topic.
    pub fn see_writers(&mut self, nodes: &[String]) {
        let Some(holder) = &self.holder else {
            return;
        };
        self.holder_writes = nodes.contains(&holder.node);
        self.writers.clear();
        let others = nodes.iter().filter(|n| **n != holder.node);
        // A writer without a name is one that has just come, or that died before it said its name and stays in the
        // graph for long: what it sends tells whether it is one.
        self.writers
            .extend(others.filter(|n| !n.ends_with(NAMELESS)).cloned());
        self.writers.dedup();
    }

    /// True while somebody else writes to the command topic.
    pub fn has_second_writer(&self, steady_s: f64) -> bool {
        self.holder.is_some()
            && (!self.writers.is_empty() || self.recent_foreign(steady_s).is_some())
    }

    /// Who else writes to the command topic, in words.
    pub fn second_writer(&self, steady_s: f64) -> Option<String> {
        if !self.has_second_writer(steady_s) {
            return None;
        }
        Some(if self.writers.is_empty() {
            self.recent_foreign(steady_s).unwrap_or_default().to_owned()
        } else {
            self.writers.join(", ")
        })
    }

    fn recent_foreign(&self, steady_s: f64) -> Option<&str> {
        self.foreign
            .as_ref()
            .filter(|(_, at_s)| steady_s - at_s <= FOREIGN_S)
            .map(|(what, _)| what.as_str())
    }
}

#[cfg(test)]
mod tests;
