use std::any::{Any, TypeId};
use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::{Duration, Instant};

use futures::{FutureExt, Stream, StreamExt};
use physical_ai_domain::Time;
use r2r::{WrappedActionTypeSupport, WrappedServiceTypeSupport, WrappedTypesupport};

use crate::action_client::ActionClient;
use crate::clock::{ClockKind, RosClock, Schedule};
use crate::late_replies::{LateReplies, Sent};
use crate::service_client::{PendingCall, ServiceClient};
use crate::{Error, OfferedQos, Qos};

/// How many events other threads may have waiting before [`EventSender::post`] refuses.
const EVENT_QUEUE: usize = 4096;

pub(crate) type Poller<A> = Box<dyn FnMut(&mut A, &mut Context<A>) -> Keep>;
pub(crate) type Event<A> = Box<dyn FnOnce(&mut A, &mut Context<A>) + Send>;
/// Sends what waits to be sent, as far as it may go now; true when nothing waits.
pub(crate) type Outgoing = Box<dyn FnMut(&r2r::Node) -> bool>;
type TimerCallback<A> = Box<dyn FnMut(&mut A, &mut Context<A>)>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    Yes,
    No,
}

pub(crate) struct TimerEntry<A> {
    schedule: Schedule,
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
    pub(crate) outgoing: Vec<Outgoing>,
    late_replies: LateReplies,
    pub(crate) active: bool,
    pub(crate) diagnostics_due: bool,
    pub(crate) spin_timeout: Duration,
    pub(crate) turn_interval: Duration,
    /// Messages handed to callbacks so far.
    pub(crate) deliveries: u64,
    pub(crate) stop_requested: bool,
    publishers: HashMap<(String, TypeId), Box<dyn Any>>,
    clients: HashMap<(String, TypeId), Box<dyn Any>>,
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
    topic: Arc<str>,
}

impl<M: WrappedTypesupport + 'static> Publisher<M> {
    /// Sends a message that nothing moves by; one that cannot be sent is an error in the log. A message to a node
    /// that is stopping is dropped: nobody waits for it.
    pub fn publish(&self, message: &M) {
        match self.try_publish(message) {
            Ok(()) => {}
            Err(Error::Stopping) => tracing::debug!(topic = %self.topic, "message not published"),
            Err(error) => tracing::error!("{error}"),
        }
    }

    /// Sends a message, and says whether ROS took it.
    ///
    /// # Errors
    /// [`Error::Stopping`] when the node is gone, [`Error::Ros`] with the topic and the reason.
    /// # Real-time
    /// r2r makes a message of C of it, for which it allocates once per text and array that is not empty; the
    /// middleware may allocate, too.
    pub fn try_publish(&self, message: &M) -> Result<(), Error> {
        self.inner.publish(message).map_err(|error| match error {
            r2r::Error::RCL_RET_PUBLISHER_INVALID => Error::Stopping,
            error => Error::ros("publisher", &self.topic, error),
        })
    }

    /// The topic, as it was given.
    pub fn topic(&self) -> String {
        self.topic.to_string()
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
    late: LateReplies,
}

impl<S: WrappedServiceTypeSupport + 'static> Responder<S> {
    /// Sends the answer; again and again for a while where the client cannot receive it yet.
    pub fn respond(self, response: S::Response) {
        let Self { request, late } = self;
        let send = move || match request.clone().respond(response.clone()) {
            Ok(()) => Sent::Done,
            Err(r2r::Error::RCL_RET_TIMEOUT) => Sent::NotYet,
            Err(error) => {
                tracing::debug!(%error, "service client is gone; its answer was dropped");
                Sent::Done
            }
        };
        if send() == Sent::NotYet {
            late.keep(Instant::now(), Box::new(send));
        }
    }
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
            outgoing: Vec::new(),
            late_replies: LateReplies::default(),
            active: false,
            diagnostics_due: true,
            spin_timeout: Duration::from_millis(5),
            turn_interval: Duration::ZERO,
            deliveries: 0,
            stop_requested: false,
            publishers: HashMap::new(),
            clients: HashMap::new(),
            name,
            namespace,
            events,
        };
        (context, receiver)
    }

    /// Lets replies out that waited for their turn; true when none waits any more.
    pub(crate) fn send_outgoing(&mut self) -> bool {
        self.late_replies.send_due(Instant::now());
        let mut is_empty = true;
        for send in &mut self.outgoing {
            is_empty &= send(&self.node);
        }
        is_empty
    }

    /// Node name, after remapping.
    pub fn node_name(&self) -> &str {
        &self.name
    }

    /// Namespace, starting with `/`.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The full name of a topic or service: relative names get the namespace, `~` the node's name.
    pub fn resolve(&self, name: &str) -> String {
        let namespace = self.namespace.trim_end_matches('/');
        match name.strip_prefix('~') {
            Some(private) => format!("{namespace}/{}{private}", self.name),
            None if name.starts_with('/') => name.to_owned(),
            None => format!("{namespace}/{name}"),
        }
    }

    /// ROS time; zero as long as it is simulated and not known, see [`Context::is_time_known`].
    pub fn now(&self) -> Time {
        self.clock.now()
    }

    /// False from the start until the first message of `/clock` if time is simulated: nothing that is
    /// measured in ROS time may begin then.
    pub fn is_time_known(&self) -> bool {
        self.clock.is_known()
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

    /// Makes a [`Client`](crate::Client) look for data only this often instead of waking with each
    /// message: what watches fast topics then costs little, and a queue of depth 1 thins them out.
    pub fn set_turn_interval(&mut self, interval: Duration) {
        self.turn_interval = interval;
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

    /// Fully qualified name of this node.
    pub fn qualified_name(&self) -> String {
        format!("{}/{}", self.namespace.trim_end_matches('/'), self.name)
    }

    /// What the publishers of a topic offer now; `None` while there is none.
    pub fn offered(&self, topic: &str) -> Option<OfferedQos> {
        let publishers = self
            .node
            .get_publishers_info_by_topic(topic, false)
            .unwrap_or_default();
        OfferedQos::of(publishers.iter().map(|p| &p.qos_profile))
    }

    /// Fully qualified names of the nodes that publish on a topic, as the graph knows them now, sorted; one entry
    /// per publisher. A node that was killed is known for some seconds more.
    pub fn publishers_of(&self, topic: &str) -> Vec<String> {
        let mut nodes: Vec<String> = self
            .node
            .get_publishers_info_by_topic(&self.resolve(topic), false)
            .unwrap_or_default()
            .iter()
            .map(|p| format!("{}/{}", p.node_namespace.trim_end_matches('/'), p.node_name))
            .collect();
        nodes.sort();
        nodes
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
        let publisher = Publisher {
            inner,
            topic: topic.into(),
        };
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
        let stream = self
            .node
            .subscribe::<M>(topic, qos.0)
            .map_err(|e| Error::ros("subscription", topic, e))?;
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
        Ok(self.poll_stream(stream, callback))
    }

    /// The poller owns the stream: when it goes, r2r destroys the entity at its next message.
    fn poll_stream<T: 'static>(
        &mut self,
        mut stream: impl Stream<Item = T> + Unpin + 'static,
        mut callback: impl FnMut(&mut A, &mut Self, T) + 'static,
    ) -> Handle {
        let cancelled = Rc::new(Cell::new(false));
        let handle = Handle {
            cancelled: cancelled.clone(),
        };
        self.new_pollers.push(Box::new(move |app, context| {
            while !cancelled.get() {
                match stream.next().now_or_never() {
                    Some(Some(item)) => {
                        context.deliveries += 1;
                        callback(app, context, item);
                    }
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
        let stream = self
            .node
            .create_service::<S>(name, Qos::services().0)
            .map_err(|e| Error::ros("service", name, e))?;
        Ok(self.poll_stream(
            stream,
            move |app, context, request: r2r::ServiceRequest<S>| {
                let message = request.message.clone();
                let late = context.late_replies.clone();
                callback(app, context, message, Responder { request, late });
            },
        ))
    }

    /// Creates a client of a service, or returns the one that exists for this name and type.
    ///
    /// # Errors
    /// [`Error::Ros`] if the name is not allowed.
    pub fn client<S: WrappedServiceTypeSupport + 'static>(
        &mut self,
        name: &str,
    ) -> Result<ServiceClient<S>, Error> {
        let key = (name.to_owned(), TypeId::of::<S>());
        if let Some(existing) = self.clients.get(&key).and_then(|c| c.downcast_ref()) {
            let existing: &ServiceClient<S> = existing;
            return Ok(existing.clone());
        }
        let inner = self
            .node
            .create_client::<S>(name, Qos::services().0)
            .map_err(|e| Error::ros("client", name, e))?;
        let client = ServiceClient::new(inner, name);
        self.clients.insert(key, Box::new(client.clone()));
        Ok(client)
    }

    /// The client of an action, made when it is asked for first.
    pub(crate) fn action_client<Act: WrappedActionTypeSupport + 'static>(
        &mut self,
        name: &str,
    ) -> Result<Rc<ActionClient<A, Act>>, Error> {
        let key = (name.to_owned(), TypeId::of::<Act>());
        if let Some(existing) = self.clients.get(&key).and_then(|c| c.downcast_ref()) {
            let existing: &Rc<ActionClient<A, Act>> = existing;
            return Ok(existing.clone());
        }
        let client = Rc::new(ActionClient::try_new(self, name)?);
        self.clients.insert(key, Box::new(client.clone()));
        Ok(client)
    }

    /// Sends a request as soon as the service is there; `callback` gets the answer, or
    /// [`Error::Timeout`] after `timeout`, or [`Error::ServerGone`] if the server leaves meanwhile.
    pub fn call<S: WrappedServiceTypeSupport + 'static>(
        &mut self,
        client: &ServiceClient<S>,
        request: S::Request,
        timeout: Duration,
        callback: impl FnOnce(&mut A, &mut Self, Result<S::Response, Error>) + 'static,
    ) {
        let mut pending = PendingCall::new(client.clone(), request, timeout);
        // Sends at once if the server is known; what came of it is told from the spin loop, because
        // the caller is still inside its own callback.
        let mut early = pending.poll();
        let mut callback = Some(callback);
        self.new_pollers.push(Box::new(move |app, context| {
            let Some(outcome) = early.take().or_else(|| pending.poll()) else {
                return Keep::Yes;
            };
            if let Some(callback) = callback.take() {
                callback(app, context, outcome);
            }
            Keep::No
        }));
    }

    /// Calls `callback` every `period` of the given clock. A late timer fires once, not in a burst.
    ///
    /// In simulated time it starts with the first message of `/clock`, and anew from where the clock
    /// jumps back to.
    pub fn timer(
        &mut self,
        period: Duration,
        kind: ClockKind,
        callback: impl FnMut(&mut A, &mut Self) + 'static,
    ) -> Handle {
        let cancelled = Rc::new(Cell::new(false));
        self.timers.push(TimerEntry {
            schedule: Schedule::new(period, kind, &self.clock),
            callback: Box::new(callback),
            cancelled: cancelled.clone(),
        });
        Handle { cancelled }
    }

    /// Calls `callback` once, after `duration` of the given clock, or with [`Error::Interrupted`] when
    /// that jumps back meanwhile. In simulated time it starts with the first message of `/clock`.
    pub fn sleep(
        &mut self,
        duration: Duration,
        kind: ClockKind,
        callback: impl FnOnce(&mut A, &mut Self, Result<(), Error>) + 'static,
    ) -> Handle {
        let cancelled = Rc::new(Cell::new(false));
        let handle = Handle {
            cancelled: cancelled.clone(),
        };
        let mut schedule = Schedule::new(duration, kind, &self.clock);
        let mut callback = Some(callback);
        self.new_pollers.push(Box::new(move |app, context| {
            if cancelled.get() {
                return Keep::No;
            }
            let outcome = match context.clock.last_jump() {
                Some((from, to)) if schedule.is_interrupted(&context.clock) => {
                    let (from_s, to_s) = (from.seconds(), to.seconds());
                    Err(Error::Interrupted { from_s, to_s })
                }
                _ if schedule.take_due(Instant::now(), &context.clock) => Ok(()),
                _ => return Keep::Yes,
            };
            if let Some(callback) = callback.take() {
                callback(app, context, outcome);
            }
            Keep::No
        }));
        handle
    }
}

impl<A> TimerEntry<A> {
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.get()
    }

    /// Time until this timer is due; simulated time cannot be predicted.
    pub(crate) fn wait(&self, now: Instant) -> Option<Duration> {
        self.schedule.wait(now)
    }

    /// True if due; moves the deadline on.
    pub(crate) fn take_due(&mut self, steady: Instant, clock: &RosClock) -> bool {
        self.schedule.take_due(steady, clock)
    }

    pub(crate) fn run(&mut self, app: &mut A, context: &mut Context<A>) {
        (self.callback)(app, context);
    }
}
