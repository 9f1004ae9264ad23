//! ROS for programs that are not nodes of the suite: an async client on a spin thread of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use r2r::{WrappedActionTypeSupport, WrappedServiceTypeSupport, WrappedTypesupport};
use tokio::sync::{mpsc, oneshot};

use crate::action_client::GoalOutcome;
use crate::action_server::GoalId;
use crate::clock::RosClock;
use crate::context::{Event, EventSender, Keep, Poller};
use crate::executor::create_node;
use crate::{Arguments, Context, Error, Publisher, Qos};

/// How often the graph is asked while waiting for somebody.
const GRAPH_POLL: Duration = Duration::from_millis(20);

/// How long ROS may take to start. It takes less than a second, on a busy machine a few.
const START_LIMIT: Duration = Duration::from_secs(30);

/// How long it may take to end.
const CLOSING: Duration = Duration::from_secs(3);
/// Longest sleep of the spin thread for so long after something was asked of it: what follows must not wait.
const BUSY: Duration = Duration::from_millis(100);
const BUSY_SPIN: Duration = Duration::from_millis(2);
/// And afterwards. Messages wake it at once; each look in vain costs time that many clients together do not have.
const IDLE_SPIN: Duration = Duration::from_millis(20);

/// Whether a client's node could not be closed.
static LEFT_BEHIND: AtomicBool = AtomicBool::new(false);

/// True if the middleware hung when a [`Client`] was dropped. The exit handlers of the process would wait for it,
/// too: such a process has to end without them.
pub fn middleware_hangs() -> bool {
    LEFT_BEHIND.load(Ordering::Relaxed)
}

/// An asynchronous ROS client. Dropping it stops its node.
pub struct Client {
    sender: EventSender<()>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// A goal that was sent: feedback while it runs, one outcome at the end.
pub struct SentGoal<Act: WrappedActionTypeSupport> {
    /// The goal's id, for [`SentGoal::cancel`].
    pub id: GoalId,
    /// Feedback; ends with the goal.
    pub feedback: mpsc::UnboundedReceiver<Act::Feedback>,
    /// The outcome.
    pub outcome: oneshot::Receiver<Result<GoalOutcome<Act::Result>, Error>>,
    cancel: Box<dyn Fn() + Send + Sync>,
}

impl<Act: WrappedActionTypeSupport> SentGoal<Act> {
    /// Asks the server to cancel.
    pub fn cancel(&self) {
        (self.cancel)();
    }
}

impl Client {
    /// Starts a node called `name` in `namespace` and its spin thread.
    ///
    /// # Errors
    /// [`Error::Ros`] if ROS cannot be reached, [`Error::NoStart`] if it is stuck.
    pub fn connect(name: &str, namespace: &str) -> Result<Self, Error> {
        let rule = format!("__ns:=/{}", namespace.trim_matches('/'));
        let arguments = Arguments::parse(name, &["--ros-args".to_owned(), "-r".to_owned(), rule])?;
        let stop = Arc::new(AtomicBool::new(false));
        let (ready, is_ready) = std::sync::mpsc::channel();
        let stopped = stop.clone();
        let thread = std::thread::Builder::new()
            .name("ros-spin".to_owned())
            .spawn(move || match create_node(&arguments) {
                Ok(node) => {
                    let (mut context, events) = Context::<()>::new(node, RosClock::new(false));
                    context.set_spin_timeout(BUSY_SPIN);
                    if ready.send(Ok(context.sender())).is_err() {
                        // Nobody waits any more.
                        return;
                    }
                    spin(context, &events, &stopped);
                }
                Err(error) => {
                    let _ = ready.send(Err(error));
                }
            })
            .map_err(Error::application)?;
        let sender = wait_for_start(&is_ready, START_LIMIT)?;
        Ok(Self {
            sender,
            stop,
            thread: Some(thread),
        })
    }

    /// Runs `work` on the spin thread and returns what it returns.
    ///
    /// # Errors
    /// [`Error::Stopping`] when the client is shutting down.
    pub async fn with_context<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Context<()>) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let (sender, receiver) = oneshot::channel();
        self.sender.post(move |(), context| {
            let _ = sender.send(work(context));
        })?;
        receiver.await.map_err(|_| Error::Stopping)
    }

    /// Receives a topic's messages from now on.
    ///
    /// # Errors
    /// [`Error::Ros`] if the name or QoS is not allowed.
    pub async fn subscribe<M: WrappedTypesupport + Send + 'static>(
        &self,
        topic: &str,
        qos: Qos,
    ) -> Result<mpsc::UnboundedReceiver<M>, Error> {
        let (sender, receiver) = mpsc::unbounded_channel();
        let topic = topic.to_owned();
        self.with_context(move |context| {
            context
                .subscribe(&topic, qos, move |(), _, message: M| {
                    // A receiver that is gone has seen enough.
                    let _ = sender.send(message);
                })
                .map(|_| ())
        })
        .await??;
        Ok(receiver)
    }

    /// Publisher for a topic.
    ///
    /// # Errors
    /// [`Error::Ros`] if the name or QoS is not allowed.
    pub async fn publisher<M: WrappedTypesupport + Send + 'static>(
        &self,
        topic: &str,
        qos: Qos,
    ) -> Result<Publisher<M>, Error> {
        let topic = topic.to_owned();
        self.with_context(move |context| context.publisher(&topic, qos))
            .await?
    }

    /// Waits until somebody subscribes to what `publisher` sends.
    ///
    /// # Errors
    /// [`Error::Timeout`] if nobody does within `timeout`.
    pub async fn wait_for_subscriber<M: WrappedTypesupport + 'static>(
        &self,
        publisher: &Publisher<M>,
        timeout: Duration,
    ) -> Result<(), Error> {
        let deadline = Instant::now() + timeout;
        while publisher.subscriber_count() == 0 {
            if Instant::now() >= deadline {
                return Err(Error::Timeout {
                    what: "topic",
                    name: publisher.topic(),
                    timeout_s: timeout.as_secs_f64(),
                });
            }
            tokio::time::sleep(GRAPH_POLL).await;
        }
        Ok(())
    }

    /// Waits until a service is served.
    ///
    /// # Errors
    /// [`Error::Timeout`] if nobody serves it within `timeout`.
    pub async fn wait_for_service<S: WrappedServiceTypeSupport + 'static>(
        &self,
        name: &str,
        timeout: Duration,
    ) -> Result<(), Error> {
        let deadline = Instant::now() + timeout;
        loop {
            let wanted = name.to_owned();
            let available = self
                .with_context(move |context| Ok(context.client::<S>(&wanted)?.is_available()))
                .await?;
            if available? {
                return Ok(());
            }
            if Instant::now() >= deadline {
                return Err(Error::Timeout {
                    what: "service",
                    name: name.to_owned(),
                    timeout_s: timeout.as_secs_f64(),
                });
            }
            tokio::time::sleep(GRAPH_POLL).await;
        }
    }

    /// Waits until an action is served.
    ///
    /// # Errors
    /// [`Error::Timeout`] if nobody serves it within `timeout`.
    pub async fn wait_for_action<Act: WrappedActionTypeSupport + 'static>(
        &self,
        name: &str,
        timeout: Duration,
    ) -> Result<(), Error> {
        let service = format!("{name}/_action/send_goal");
        self.wait_for_service::<Act::SendGoal>(&service, timeout)
            .await
    }

    /// Calls a service, waiting for it to appear.
    ///
    /// # Errors
    /// [`Error::Timeout`] if nothing answers within `timeout`.
    pub async fn call<S: WrappedServiceTypeSupport + 'static>(
        &self,
        name: &str,
        request: S::Request,
        timeout: Duration,
    ) -> Result<S::Response, Error>
    where
        S::Request: Send,
        S::Response: Send,
    {
        let (sender, receiver) = oneshot::channel();
        let name = name.to_owned();
        self.with_context(move |context| -> Result<(), Error> {
            let client = context.client::<S>(&name)?;
            context.call(&client, request, timeout, move |(), _, answer| {
                let _ = sender.send(answer);
            });
            Ok(())
        })
        .await??;
        receiver.await.map_err(|_| Error::Stopping)?
    }

    /// Sends a goal.
    ///
    /// # Errors
    /// [`Error::Ros`] if the name is not allowed; whether a server answers is told by the outcome.
    pub async fn send_goal<Act: WrappedActionTypeSupport + 'static>(
        &self,
        name: &str,
        goal: Act::Goal,
        accept_timeout: Duration,
        result_timeout: Duration,
    ) -> Result<SentGoal<Act>, Error>
    where
        Act::Goal: Send,
        Act::Feedback: Send,
        Act::Result: Send,
    {
        let id = GoalId::random();
        let (feedback_sender, feedback) = mpsc::unbounded_channel();
        let (outcome_sender, outcome) = oneshot::channel();
        let (cancel_sender, cancel_requests) = std::sync::mpsc::channel::<()>();
        let name = name.to_owned();
        self.with_context(move |context| -> Result<(), Error> {
            let client = context.action_client::<Act>(&name)?;
            client.send(
                context,
                id,
                goal,
                (accept_timeout, result_timeout),
                move |(), _, f| {
                    let _ = feedback_sender.send(f);
                },
                move |(), _, end| {
                    let _ = outcome_sender.send(end);
                },
            );
            context.new_pollers.push(Box::new(move |(), context| {
                match cancel_requests.try_recv() {
                    Ok(()) => client.cancel(context, id, Duration::from_secs(5)),
                    Err(std::sync::mpsc::TryRecvError::Empty) => {}
                    Err(std::sync::mpsc::TryRecvError::Disconnected) => return Keep::No,
                }
                Keep::Yes
            }));
            Ok(())
        })
        .await??;
        let cancel = Box::new(move || {
            let _ = cancel_sender.send(());
        });
        Ok(SentGoal {
            id,
            feedback,
            outcome,
            cancel,
        })
    }
}

/// What comes from the thread that starts ROS; a start that hangs is not waited for for ever.
fn wait_for_start<T>(is_ready: &Receiver<Result<T, Error>>, limit: Duration) -> Result<T, Error> {
    is_ready.recv_timeout(limit).map_err(|end| match end {
        RecvTimeoutError::Timeout => Error::NoStart {
            timeout_s: limit.as_secs_f64(),
        },
        RecvTimeoutError::Disconnected => Error::Stopping,
    })?
}

fn spin(mut context: Context<()>, events: &Receiver<Event<()>>, stop: &AtomicBool) {
    let mut pollers: Vec<Poller<()>> = Vec::new();
    let app = &mut ();
    // An empty wait set would not wait at all.
    let Ok(_keep_awake) = context.subscribe_raw(
        "/parameter_events",
        "rcl_interfaces/msg/ParameterEvent",
        Qos::events(),
        |(), _, _| {},
    ) else {
        return;
    };
    let mut asked = Instant::now();
    while !stop.load(Ordering::Relaxed) {
        let deliveries = context.deliveries;
        let is_paced = !context.turn_interval.is_zero();
        let timeout = if is_paced {
            Duration::ZERO
        } else if asked.elapsed() < BUSY {
            context.spin_timeout
        } else {
            IDLE_SPIN
        };
        context.node.spin_once(timeout);
        while let Ok(event) = events.try_recv() {
            asked = Instant::now();
            event(app, &mut context);
        }
        pollers.append(&mut context.new_pollers);
        pollers.retain_mut(|poll| poll(app, &mut context) == Keep::Yes);
        context.send_outgoing();
        // One turn takes one message of each topic, so the queues are empty when a turn brings none.
        if is_paced && context.deliveries == deliveries {
            std::thread::sleep(context.turn_interval);
        }
    }
    // Lets the last request or message out before the node goes.
    context.node.spin_once(Duration::from_millis(20));
}

impl Drop for Client {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let Some(thread) = self.thread.take() else {
            return;
        };
        // Fast DDS 2.14 locks itself up now and then when a node is closed while others come and go: its listener is
        // waited for, which waits for the lock of who waits. That must not keep a command from ending.
        let began = Instant::now();
        while !thread.is_finished() {
            if began.elapsed() > CLOSING {
                tracing::warn!(
                    "the middleware does not close within {CLOSING:?}: it is left behind"
                );
                LEFT_BEHIND.store(true, Ordering::Relaxed);
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        if thread.join().is_err() {
            tracing::error!("the ROS thread panicked");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn start_that_hangs_ends_with_advice() {
        let (_stuck, is_ready) = std::sync::mpsc::channel::<Result<(), Error>>();
        let error = wait_for_start(&is_ready, Duration::from_millis(10)).unwrap_err();
        assert!(error.to_string().contains("/dev/shm"), "{error}");
    }

    #[test]
    fn start_that_fails_says_why() {
        let (ready, is_ready) = std::sync::mpsc::channel::<Result<(), Error>>();
        ready.send(Err(Error::application("no network"))).unwrap();
        let error = wait_for_start(&is_ready, Duration::from_secs(5)).unwrap_err();
        assert_eq!(error.to_string(), "no network");
    }
}
