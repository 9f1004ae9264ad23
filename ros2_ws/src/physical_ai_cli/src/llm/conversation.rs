//! What was said so far.

use physical_ai_ros::msg::physical_ai_msgs::msg::ChatMessage;

use super::goal::message;

/// A system message, perhaps, then users and answers in turn.
pub struct Conversation {
    system: Option<ChatMessage>,
    turns: Vec<ChatMessage>,
}

impl Conversation {
    /// A conversation that has not begun.
    pub fn new(system: Option<&str>) -> Self {
        Self {
            system: system.map(|text| message("system", text)),
            turns: Vec::new(),
        }
    }

    /// All messages.
    pub fn messages(&self) -> Vec<ChatMessage> {
        self.system.iter().chain(&self.turns).cloned().collect()
    }

    /// The user's turn.
    pub fn ask(&mut self, text: &str) {
        self.turns.push(message("user", text));
    }

    /// The model's turn. Without a text, the question was never asked.
    pub fn answer(&mut self, text: &str) {
        if text.is_empty() {
            self.turns.pop();
        } else {
            self.turns.push(message("assistant", text));
        }
    }

    /// Forgets the oldest question and its answer; false if only the newest question is left.
    pub fn forget_oldest(&mut self) -> bool {
        if self.turns.len() < 3 {
            return false;
        }
        self.turns.drain(..2);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(conversation: &Conversation, expected: &str) {
        let said = conversation.messages();
        let said: Vec<&str> = said.iter().map(|m| m.content.as_str()).collect();
        assert_eq!(said.join(" "), expected);
    }

    #[test]
    fn questions_without_an_answer_are_not_kept() {
        let mut conversation = Conversation::new(Some("s"));
        conversation.ask("q1");
        conversation.answer("a1");
        conversation.ask("q2");
        conversation.answer("");
        check(&conversation, "s q1 a1");
        let roles: Vec<String> = conversation
            .messages()
            .into_iter()
            .map(|m| m.role)
            .collect();
        assert_eq!(roles, ["system", "user", "assistant"]);
    }

    #[test]
    fn oldest_exchange_is_forgotten_first_and_the_system_message_never() {
        let mut conversation = Conversation::new(Some("s"));
        for turn in ["1", "2"] {
            conversation.ask(&format!("q{turn}"));
            conversation.answer(&format!("a{turn}"));
        }
        conversation.ask("q3");
        assert!(conversation.forget_oldest());
        check(&conversation, "s q2 a2 q3");
        assert!(conversation.forget_oldest());
        assert!(!conversation.forget_oldest());
        check(&conversation, "s q3");
    }
}
