use std::any::{Any, TypeId};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::{Duration, Instant};

use futures::{FutureExt, Stream, StreamExt};
use physical_ai_domain::Time;
use r2r::{WrappedServiceTypeSupport, WrappedTypesupport};

use crate::clock::{ClockKind, RosClock};
use crate::{Error, Qos};

/// How many events other threads may have waiting before [`EventSender::post`] refuses.
const EVENT_QUEUE: usize = 4096;

pub(crate) type Poller<A> = Box<dyn FnMut(&mut A, &mut Context<A>) -> Keep>;
pub(crate) type Event<A> = Box<dyn FnOnce(&mut A, &mut Context<A>) + Send>;
type SharedStream<T> = Rc<RefCell<Box<dyn Stream<Item = T> + Unpin>>>;
type TimerCallback<A> = Box<dyn FnMut(&mut A, &mut Context<A>)>;
type ReplyCallback<A, R> = Box<dyn FnOnce(&mut A, &mut Context<A>, Result<R, Error>)>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    Yes,
    No,
}

pub(crate) struct TimerEntry<A> {
    period: Duration,
    kind: ClockKind,
    next_steady: Instant,
    next_ros: Time,
    callback: TimerCallback<A>,
    cancelled: Rc<Cell<bool>>,
}

/// Everything a callback can use: entities, clocks, the node's names.
///
/// Lives on the spin thread together with the application; see the crate's documentation.
pub struct Context<A> {
    pub(crate) node: r2r::Node,
    pub(crate) clock: RosClock,
    pub(crate) new_pollers: Vec<Poller<A>>,
    pub(crate) timers: Vec<TimerEntry<A>>,
    pub(crate) active: bool,
    pub(crate) diagnostics_due: bool,
    pub(crate) spin_timeout: Duration,
    pub(crate) stop_requested: bool,
    streams: HashMap<(String, TypeId), Rc<dyn Any>>,
    publishers: HashMap<(String, TypeId), Box<dyn Any>>,
    name: String,
    namespace: String,
    events: SyncSender<Event<A>>,
}

/// Posts work from another thread onto the spin thread.
pub struct EventSender<A> {
    sender: SyncSender<Event<A>>,
}

impl<A> Clone for EventSender<A> {
    fn clone(&self) -> Self {
        Self {
            sender: self.sender.clone(),
        }
    }
}

impl<A> EventSender<A> {
    /// Runs `event` on the spin thread, within one spin timeout.
    ///
    /// # Errors
    /// [`Error::Stopping`] when the node is gone or its queue is full.
    pub fn post(
        &self,
        event: impl FnOnce(&mut A, &mut Context<A>) + Send + 'static,
    ) -> Result<(), Error> {
        self.sender
            .try_send(Box::new(event))
            .map_err(|_| Error::Stopping)
    }
}

/// Publishes one message type on one topic. Cheap to clone; may be used from any thread.
#[derive(Clone)]
pub struct Publisher<M: WrappedTypesupport> {
    inner: r2r::Publisher<M>,
}

impl<M: WrappedTypesupport + 'static> Publisher<M> {
    /// Sends a message. A message to a node that is stopping is dropped: nobody waits for it.
    pub fn publish(&self, message: &M) {
        if let Err(error) = self.inner.publish(message) {
            tracing::debug!(%error, "message not published");
        }
    }

    /// How many subscribers are matched now.
    pub fn subscriber_count(&self) -> usize {
        self.inner
            .get_inter_process_subscription_count()
            .unwrap_or(0)
    }
}

/// Keeps a subscription or timer; [`Handle::cancel`] ends it. Dropping the handle does not.
#[derive(Debug, Clone)]
pub struct Handle {
    cancelled: Rc<Cell<bool>>,
}

impl Handle {
    /// Ends the subscription or timer.
    pub fn cancel(&self) {
        self.cancelled.set(true);
    }
}

/// Answers one service request, now or later. Dropping it leaves the client to its timeout.
pub struct Responder<S: WrappedServiceTypeSupport + 'static> {
    request: r2r::ServiceRequest<S>,
}

impl<S: WrappedServiceTypeSupport + 'static> Responder<S> {
    /// Sends the answer.
    pub fn respond(self, response: S::Response) {
        if let Err(error) = self.request.respond(response) {
            tracing::debug!(%error, "service client is gone; its answer was dropped");
        }
    }
}

/// Calls one service.
pub struct ServiceClient<S: WrappedServiceTypeSupport + 'static> {
    inner: r2r::Client<S>,
    available: RefCell<std::pin::Pin<Box<dyn std::future::Future<Output = r2r::Result<()>>>>>,
    found: Cell<bool>,
    name: String,
}

impl<A: 'static> Context<A> {
    pub(crate) fn new(
        node: r2r::Node,
        clock: RosClock,
    ) -> (Self, std::sync::mpsc::Receiver<Event<A>>) {
        let (events, receiver) = sync_channel(EVENT_QUEUE);
        let name = node.name().unwrap_or_default();
        let namespace = node.namespace().unwrap_or_else(|_| "/".to_owned());
        let context = Self {
            node,
            clock,
            new_pollers: Vec::new(),
            timers: Vec::new(),
            active: false,
            diagnostics_due: true,
            spin_timeout: Duration::from_millis(5),
            stop_requested: false,
            streams: HashMap::new(),
            publishers: HashMap::new(),
            name,
            namespace,
            events,
        };
        (context, receiver)
    }

    /// Node name, after remapping.
    pub fn node_name(&self) -> &str {
        &self.name
    }

    /// Namespace, starting with `/`.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// ROS time.
    pub fn now(&self) -> Time {
        self.clock.now()
    }

    /// Seconds since the node started, on a clock that never jumps.
    pub fn steady_s(&self) -> f64 {
        self.clock.steady_s()
    }

    /// True when ROS time comes from `/clock`.
    pub fn uses_sim_time(&self) -> bool {
        self.clock.is_simulated()
    }

    /// True between activate and deactivate.
    pub fn is_active(&self) -> bool {
        self.active
    }

    /// Publishes diagnostics in this turn instead of at the next full second.
    pub fn request_diagnostics_update(&mut self) {
        self.diagnostics_due = true;
    }

    /// Ends the node after this turn, as SIGINT does.
    pub fn request_stop(&mut self) {
        self.stop_requested = true;
    }

    /// Longest time that the spin thread sleeps without data; bounds the latency of
    /// [`EventSender::post`] and the precision of timers. Default 5 ms.
    pub fn set_spin_timeout(&mut self, timeout: Duration) {
        self.spin_timeout = timeout;
    }

    /// A handle for other threads.
    pub fn sender(&self) -> EventSender<A> {
        EventSender {
            sender: self.events.clone(),
        }
    }

    /// Topics and their types as the graph knows them now.
    pub fn topics(&self) -> HashMap<String, Vec<String>> {
        self.node.get_topic_names_and_types().unwrap_or_default()
    }

    /// Creates a publisher, or returns the one that exists for this topic and type.
    ///
    /// # Errors
    /// [`Error::Ros`] if the name or QoS is not allowed.
    pub fn publisher<M: WrappedTypesupport + 'static>(
        &mut self,
        topic: &str,
        qos: Qos,
    ) -> Result<Publisher<M>, Error> {
        let key = (topic.to_owned(), TypeId::of::<M>());
        if let Some(existing) = self.publishers.get(&key).and_then(|p| p.downcast_ref()) {
            let existing: &Publisher<M> = existing;
            return Ok(existing.clone());
        }
        let inner = self
            .node
            .create_publisher::<M>(topic, qos.0)
            .map_err(|e| Error::ros("publisher", topic, e))?;
        let publisher = Publisher { inner };
        self.publishers.insert(key, Box::new(publisher.clone()));
        Ok(publisher)
    }

    /// Calls `callback` for each message, on the spin thread, in order.
    ///
    /// # Errors
    /// [`Error::Ros`] if the name or QoS is not allowed.
    pub fn subscribe<M: WrappedTypesupport + 'static>(
        &mut self,
        topic: &str,
        qos: Qos,
        callback: impl FnMut(&mut A, &mut Self, M) + 'static,
    ) -> Result<Handle, Error> {
        let key = (format!("sub {topic}"), TypeId::of::<M>());
        let stream = match self.existing_stream::<M>(&key) {
            Some(stream) => stream,
            None => {
                let stream = self
                    .node
                    .subscribe::<M>(topic, qos.0)
                    .map_err(|e| Error::ros("subscription", topic, e))?;
                self.keep_stream(key, Box::new(stream))
            }
        };
        Ok(self.poll_stream(stream, callback))
    }

    /// Like [`Context::subscribe`], but hands out serialised (CDR) bytes.
    ///
    /// # Errors
    /// [`Error::Ros`] if the name, type or QoS is not allowed.
    pub fn subscribe_raw(
        &mut self,
        topic: &str,
        type_name: &str,
        qos: Qos,
        callback: impl FnMut(&mut A, &mut Self, Vec<u8>) + 'static,
    ) -> Result<Handle, Error> {
        let stream = self
            .node
            .subscribe_raw(topic, type_name, qos.0)
            .map_err(|e| Error::ros("subscription", topic, e))?;
        Ok(self.poll_stream(Rc::new(RefCell::new(Box::new(stream))), callback))
    }

    fn existing_stream<T: 'static>(&self, key: &(String, TypeId)) -> Option<SharedStream<T>> {
        // A node that is configured again takes over the entities of its first life: r2r cannot
        // destroy one without destroying the node.
        self.streams
            .get(key)?
            .downcast_ref::<SharedStream<T>>()
            .cloned()
    }

    fn keep_stream<T: 'static>(
        &mut self,
        key: (String, TypeId),
        stream: Box<dyn Stream<Item = T> + Unpin>,
    ) -> SharedStream<T> {
        let stream: SharedStream<T> = Rc::new(RefCell::new(stream));
        self.streams.insert(key, Rc::new(stream.clone()));
        stream
    }

    fn poll_stream<T: 'static>(
        &mut self,
        stream: SharedStream<T>,
        mut callback: impl FnMut(&mut A, &mut Self, T) + 'static,
    ) -> Handle {
        let cancelled = Rc::new(Cell::new(false));
        let handle = Handle {
            cancelled: cancelled.clone(),
        };
        self.new_pollers.push(Box::new(move |app, context| {
            while !cancelled.get() {
                let next = stream.borrow_mut().next().now_or_never();
                match next {
                    Some(Some(item)) => callback(app, context, item),
                    Some(None) => return Keep::No,
                    None => return Keep::Yes,
                }
            }
            Keep::No
        }));
        handle
    }

    /// Serves requests that can be answered at once.
    ///
    /// # Errors
    /// [`Error::Ros`] if the name is not allowed.
    pub fn service<S: WrappedServiceTypeSupport + 'static>(
        &mut self,
        name: &str,
        mut callback: impl FnMut(&mut A, &mut Self, S::Request) -> S::Response + 'static,
    ) -> Result<Handle, Error> {
        self.service_deferred::<S>(name, move |app, context, request, responder| {
            let response = callback(app, context, request);
            responder.respond(response);
        })
    }

    /// Serves requests that may be answered later.
    ///
    /// # Errors
    /// [`Error::Ros`] if the name is not allowed.
    pub fn service_deferred<S: WrappedServiceTypeSupport + 'static>(
        &mut self,
        name: &str,
        mut callback: impl FnMut(&mut A, &mut Self, S::Request, Responder<S>) + 'static,
    ) -> Result<Handle, Error> {
        let key = (format!("srv {name}"), TypeId::of::<S>());
        let stream = match self.existing_stream::<r2r::ServiceRequest<S>>(&key) {
            Some(stream) => stream,
            None => {
                let stream = self
                    .node
                    .create_service::<S>(name, Qos::services().0)
                    .map_err(|e| Error::ros("service", name, e))?;
                self.keep_stream(key, Box::new(stream))
            }
        };
        Ok(self.poll_stream(
            stream,
            move |app, context, request: r2r::ServiceRequest<S>| {
                let message = request.message.clone();
                callback(app, context, message, Responder { request });
            },
        ))
    }

    /// Creates a client of a service.
    ///
    /// # Errors
    /// [`Error::Ros`] if the name is not allowed.
    pub fn client<S: WrappedServiceTypeSupport + 'static>(
        &mut self,
        name: &str,
    ) -> Result<ServiceClient<S>, Error> {
        let inner = self
            .node
            .create_client::<S>(name, Qos::services().0)
            .map_err(|e| Error::ros("client", name, e))?;
        let available =
            r2r::Node::is_available(&inner).map_err(|e| Error::ros("client", name, e))?;
        Ok(ServiceClient {
            inner,
            available: RefCell::new(Box::pin(available.fuse())),
            found: Cell::new(false),
            name: name.to_owned(),
        })
    }

    /// Sends a request as soon as the service is there; `callback` gets the answer, or
    /// [`Error::Timeout`] after `timeout`.
    pub fn call<S: WrappedServiceTypeSupport + 'static>(
        &mut self,
        client: &Rc<ServiceClient<S>>,
        request: S::Request,
        timeout: Duration,
        callback: impl FnOnce(&mut A, &mut Self, Result<S::Response, Error>) + 'static,
    ) {
        let client = client.clone();
        let deadline = Instant::now() + timeout;
        let mut callback: Option<ReplyCallback<A, S::Response>> = Some(Box::new(callback));
        type Reply<R> = std::pin::Pin<Box<dyn std::future::Future<Output = r2r::Result<R>>>>;
        let mut reply: Option<Reply<S::Response>> = None;
        let poll = move |app: &mut A, context: &mut Self| {
            let outcome = match reply.as_mut() {
                None if client.is_available() => match client.inner.request(&request) {
                    Ok(future) => {
                        reply = Some(Box::pin(future));
                        None
                    }
                    Err(e) => Some(Err(Error::ros("service", &client.name, e))),
                },
                None => None,
                Some(reply) => reply
                    .now_or_never()
                    .map(|r| r.map_err(|e| Error::ros("service", &client.name, e))),
            };
            let outcome = outcome.or_else(|| {
                (Instant::now() >= deadline).then(|| {
                    Err(Error::Timeout {
                        what: "service",
                        name: client.name.clone(),
                        timeout_s: timeout.as_secs_f64(),
                    })
                })
            });
            match (outcome, callback.take()) {
                (Some(outcome), Some(callback)) => {
                    callback(app, context, outcome);
                    Keep::No
                }
                (None, unused) => {
                    callback = unused;
                    Keep::Yes
                }
                (Some(_), None) => Keep::No,
            }
        };
        self.new_pollers.push(Box::new(poll));
    }

    /// Calls `callback` every `period` of the given clock. A late timer fires once, not in a burst.
    pub fn timer(
        &mut self,
        period: Duration,
        kind: ClockKind,
        callback: impl FnMut(&mut A, &mut Self) + 'static,
    ) -> Handle {
        let cancelled = Rc::new(Cell::new(false));
        self.timers.push(TimerEntry {
            period,
            kind,
            next_steady: Instant::now() + period,
            next_ros: self.now().plus_seconds(period.as_secs_f64()),
            callback: Box::new(callback),
            cancelled: cancelled.clone(),
        });
        Handle { cancelled }
    }
}

impl<S: WrappedServiceTypeSupport + 'static> ServiceClient<S> {
    /// True once the service has been seen in the graph.
    pub fn is_available(&self) -> bool {
        if !self.found.get() {
            let answer = self.available.borrow_mut().as_mut().now_or_never();
            self.found.set(matches!(answer, Some(Ok(()))));
        }
        self.found.get()
    }
}

impl<A> TimerEntry<A> {
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.get()
    }

    /// Time until this timer is due on the steady clock; simulated time cannot be predicted.
    pub(crate) fn wait(&self, now: Instant) -> Option<Duration> {
        (self.kind == ClockKind::Steady).then(|| self.next_steady.saturating_duration_since(now))
    }

    /// True if due; moves the deadline on.
    pub(crate) fn take_due(&mut self, steady: Instant, ros: Time, simulated: bool) -> bool {
        if self.kind == ClockKind::Ros && simulated {
            let period = self.period.as_secs_f64();
            // A jump back (a reset simulation) must not silence the timer.
            if ros.plus_seconds(period) < self.next_ros {
                self.next_ros = ros.plus_seconds(period);
            }
            if ros < self.next_ros {
                return false;
            }
            self.next_ros = self
                .next_ros
                .max(ros.plus_seconds(-period))
                .plus_seconds(period);
            return true;
        }
        if steady < self.next_steady {
            return false;
        }
        // Keeping the phase avoids drift; a timer that is a whole period late starts a new phase.
        self.next_steady += self.period;
        if self.next_steady <= steady {
            self.next_steady = steady + self.period;
        }
        true
    }

    pub(crate) fn run(&mut self, app: &mut A, context: &mut Context<A>) {
        (self.callback)(app, context);
    }
}
