//! Who came by the `embed` service.

use physical_ai_llm::{Timings, Usage};
use physical_ai_ros::Responder;
use physical_ai_ros::msg::physical_ai_msgs::srv::Embed;

use crate::goals::{Client, Fresh};
use crate::outcome::Outcome;
use crate::refusal::{Code, Refusal};

/// A call of the service, answered once.
pub struct EmbedClient {
    responder: Responder<Embed::Service>,
    rows: Vec<Vec<f32>>,
}

impl EmbedClient {
    /// Of a call.
    pub fn new(responder: Responder<Embed::Service>) -> Self {
        Self {
            responder,
            rows: Vec::new(),
        }
    }
}

impl Client for EmbedClient {
    fn hear(&mut self, _fresh: Fresh) {}

    fn embedded(&mut self, rows: Vec<Vec<f32>>) {
        self.rows = rows;
    }

    fn end(self: Box<Self>, outcome: Outcome, _usage: Usage, _timings: Timings) {
        if outcome.code != Code::Ok {
            return self.refuse(&Refusal::new(outcome.code, outcome.reason));
        }
        let width = self.rows.first().map_or(0, Vec::len);
        self.responder.respond(Embed::Response {
            width: u32::try_from(width).unwrap_or(u32::MAX),
            values: self.rows.concat(),
            ..Embed::Response::default()
        });
    }

    fn refuse(self: Box<Self>, refusal: &Refusal) {
        self.responder.respond(Embed::Response {
            error_code: refusal.code as u16,
            error_msg: refusal.reason.clone(),
            ..Embed::Response::default()
        });
    }
}
