//! Replies whose client is not matched yet.
//!
//! A service is two topics, and on a busy machine its server may have heard of a client's request before it has
//! discovered the client's reader of replies. rmw_fastrtps then waits 100 ms for that reader, gives up with
//! `RMW_RET_TIMEOUT` (a client that is gone is no error), and rclcpp and rclpy drop the reply; the client waits for
//! ever. Such a reply may be sent again (ros2/rmw_fastrtps pull request 467), which is done here.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// After an attempt in vain, which keeps the node's spin thread for 100 ms.
const RETRY_EVERY: Duration = Duration::from_millis(400);
/// After one that went out: every client of the service has to look at it, as at those of `PacedReplies`.
const PAUSE: Duration = Duration::from_millis(40);
/// A reply that could not be sent for so long is dropped: its client has given up, too.
const KEPT: Duration = Duration::from_secs(30);
/// Most replies that wait; beyond that the oldest is dropped.
const MOST: usize = 1000;

/// What came of sending a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sent {
    /// It is under way, or nobody will ever take it.
    Done,
    /// Its client cannot receive it yet.
    NotYet,
}

type Send = Box<dyn FnMut() -> Sent>;

#[derive(Default)]
struct Queue {
    waiting: VecDeque<(Instant, Send)>,
    next: Option<Instant>,
}

/// The replies of a node that wait for their clients. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct LateReplies {
    queue: Rc<RefCell<Queue>>,
}

impl LateReplies {
    /// Keeps a reply that could not be sent at `now`.
    pub(crate) fn keep(&self, now: Instant, send: Send) {
        let mut queue = self.queue.borrow_mut();
        if queue.waiting.len() >= MOST {
            queue.waiting.pop_front();
        }
        queue.waiting.push_back((now, send));
        queue.next.get_or_insert(now + RETRY_EVERY);
    }

    /// Tries the one that waits longest if it is time to. One that fails again lets the others go first.
    pub(crate) fn send_due(&self, now: Instant) {
        let mut queue = self.queue.borrow_mut();
        if queue.next.is_none_or(|next| now < next) {
            return;
        }
        let Some((since, mut send)) = queue.waiting.pop_front() else {
            queue.next = None;
            return;
        };
        let mut pause = PAUSE;
        if now - since > KEPT {
            tracing::warn!("a reply was dropped: its client was not discovered within {KEPT:?}");
        } else if send() == Sent::NotYet {
            queue.waiting.push_back((since, send));
            pause = RETRY_EVERY;
        }
        queue.next = (!queue.waiting.is_empty()).then_some(now + pause);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};

    use super::*;

    /// A reply that can be sent at its attempt number `needed`, and tells of each.
    fn reply(name: &'static str, needed: usize, log: &Sender<&'static str>) -> Send {
        let (log, mut attempts) = (log.clone(), 1);
        Box::new(move || {
            attempts += 1;
            log.send(name).unwrap();
            if attempts >= needed {
                Sent::Done
            } else {
                Sent::NotYet
            }
        })
    }

    #[test]
    fn reply_is_sent_again_until_its_client_is_there() {
        let (log, sent) = channel();
        let (replies, began) = (LateReplies::default(), Instant::now());
        replies.keep(began, reply("late", 4, &log));
        replies.keep(began, reply("soon", 2, &log));
        for step in 0..200 {
            replies.send_due(began + Duration::from_millis(10 * step));
        }
        let order: Vec<_> = sent.try_iter().collect();
        assert_eq!(order, ["late", "soon", "late", "late"]);
    }

    #[test]
    fn replies_whose_clients_are_there_go_out_one_by_one() {
        let (log, sent) = channel();
        let (replies, began) = (LateReplies::default(), Instant::now());
        for _ in 0..5 {
            replies.keep(began, reply("soon", 2, &log));
        }
        for (millisecond, expected) in [(399, 0), (400, 1), (439, 0), (440, 1), (480, 1)] {
            replies.send_due(began + Duration::from_millis(millisecond));
            assert_eq!(sent.try_iter().count(), expected, "{millisecond}");
        }
    }

    #[test]
    fn client_that_never_comes_is_given_up() {
        let (log, sent) = channel();
        let (replies, began) = (LateReplies::default(), Instant::now());
        replies.keep(began, reply("never", usize::MAX, &log));
        for second in 0..100 {
            replies.send_due(began + Duration::from_secs(second));
        }
        assert_eq!(sent.try_iter().count(), 30);
        assert!(replies.queue.borrow().waiting.is_empty());
    }

    #[test]
    fn replies_that_wait_are_bounded() {
        let (log, _sent) = channel();
        let (replies, began) = (LateReplies::default(), Instant::now());
        for _ in 0..MOST + 5 {
            replies.keep(began, reply("never", usize::MAX, &log));
        }
        assert_eq!(replies.queue.borrow().waiting.len(), MOST);
    }
}
