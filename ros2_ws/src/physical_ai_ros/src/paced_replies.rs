//! Replies that go out no faster than a foreign client can take them.
//!
//! DDS hands every reply of a service to every client of it, each client keeps the last ten (rclpy,
//! rclcpp) that it has not looked at, and drops the older ones without a word, its own among them. So a
//! burst of replies, to whomever, loses some for all.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::{Duration, Instant};

use r2r::WrappedServiceTypeSupport;

use crate::{Context, Responder};

/// Replies that go out at once; more than half of what a client keeps stays free.
const BURST: f64 = 4.0;
/// Pause between two replies beyond that, for each client: all of them share the machine and each has
/// to look at each reply (rclpy takes about a millisecond for one).
const PER_CLIENT: Duration = Duration::from_millis(4);
/// Most clients that count: where there are more, replies would take too long for all.
const MOST_CLIENTS: u32 = 10;
/// How often the clients are counted while there is something to send.
const COUNT_EVERY: Duration = Duration::from_millis(500);

/// When the next reply may go.
#[derive(Debug)]
struct Pace {
    credit: f64,
    at: Instant,
    clients: u32,
}

impl Pace {
    fn new(now: Instant) -> Self {
        Self {
            credit: BURST,
            at: now,
            clients: 1,
        }
    }

    fn take(&mut self, now: Instant) -> bool {
        let pause_s = PER_CLIENT.as_secs_f64() * f64::from(self.clients.clamp(1, MOST_CLIENTS));
        let earned = now.saturating_duration_since(self.at).as_secs_f64() / pause_s;
        self.credit = (self.credit + earned).min(BURST);
        self.at = now;
        if self.credit < 1.0 {
            return false;
        }
        self.credit -= 1.0;
        true
    }
}

/// The replies of one service.
pub(crate) struct PacedReplies<S: WrappedServiceTypeSupport + 'static> {
    waiting: RefCell<VecDeque<(Responder<S>, S::Response)>>,
    pace: RefCell<Pace>,
}

impl<S: WrappedServiceTypeSupport + 'static> PacedReplies<S> {
    /// Of the service with this full name; the spin loop sends what waits.
    pub(crate) fn new<A: 'static>(context: &mut Context<A>, service: &str) -> Rc<Self> {
        let replies = Rc::new(Self {
            waiting: RefCell::default(),
            pace: RefCell::new(Pace::new(Instant::now())),
        });
        let requests = format!("rq{}Request", context.resolve(service));
        let mut counted: Option<Instant> = None;
        let sent = replies.clone();
        context.outgoing.push(Box::new(move |node| {
            if sent.waiting.borrow().is_empty() {
                return true;
            }
            if counted.is_none_or(|at| at.elapsed() >= COUNT_EVERY) {
                counted = Some(Instant::now());
                let clients = node.get_publishers_info_by_topic(&requests, true);
                let clients = clients.map_or(1, |c| u32::try_from(c.len()).unwrap_or(u32::MAX));
                sent.pace.borrow_mut().clients = clients;
            }
            sent.send_due()
        }));
        replies
    }

    /// Sends a reply when its turn comes.
    pub(crate) fn send(&self, responder: Responder<S>, response: S::Response) {
        self.waiting.borrow_mut().push_back((responder, response));
        self.send_due();
    }

    /// True when nothing waits any more.
    fn send_due(&self) -> bool {
        let (mut waiting, mut pace) = (self.waiting.borrow_mut(), self.pace.borrow_mut());
        while !waiting.is_empty() && pace.take(Instant::now()) {
            if let Some((responder, response)) = waiting.pop_front() {
                responder.respond(response);
            }
        }
        waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A client looks at one reply in every `PER_CLIENT` times the number of clients, and keeps ten.
    #[test]
    fn no_client_ever_has_more_than_it_keeps() {
        for clients in [1, 5, 10] {
            let began = Instant::now();
            let mut pace = Pace::new(began);
            pace.clients = clients;
            let (mut sent, mut most) = (0.0f64, 0.0f64);
            for millisecond in 0..20_000 {
                let now = began + Duration::from_millis(millisecond);
                while pace.take(now) {
                    sent += 1.0;
                }
                let looked = now.duration_since(began).as_secs_f64()
                    / (PER_CLIENT.as_secs_f64() * f64::from(clients));
                most = most.max(sent - looked);
            }
            assert!(most <= BURST + 1.0, "{clients} clients: {most} at once");
            let expected = 20.0 / (PER_CLIENT.as_secs_f64() * f64::from(clients));
            assert!(sent >= expected * 0.95, "{clients} clients: {sent}");
        }
    }
}
