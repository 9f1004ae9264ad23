//! Service clients: availability, replies, and a bounded wait for both.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::time::{Duration, Instant};

use futures::FutureExt;
use r2r::WrappedServiceTypeSupport;

use crate::Error;

/// A server seen this recently is taken to be there still.
const FRESH: Duration = Duration::from_secs(1);
/// A server that the graph has not shown for so long is gone. One turn of the spin loop answers for a
/// server that is there, so this only has to cover a slow callback in between.
const GONE: Duration = Duration::from_secs(3);

type Probe = Pin<Box<dyn Future<Output = r2r::Result<()>>>>;
type Reply<R> = Pin<Box<dyn Future<Output = r2r::Result<R>>>>;

struct Inner<S: WrappedServiceTypeSupport + 'static> {
    client: r2r::Client<S>,
    name: String,
    seen: Cell<Option<Instant>>,
    probe: RefCell<Option<(Instant, Probe)>>,
}

/// Calls one service. Cheap to clone.
pub struct ServiceClient<S: WrappedServiceTypeSupport + 'static>(Rc<Inner<S>>);

impl<S: WrappedServiceTypeSupport + 'static> Clone for ServiceClient<S> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<S: WrappedServiceTypeSupport + 'static> ServiceClient<S> {
    pub(crate) fn new(client: r2r::Client<S>, name: &str) -> Self {
        let inner = Inner {
            client,
            name: name.to_owned(),
            seen: Cell::new(None),
            probe: RefCell::new(None),
        };
        Self(Rc::new(inner))
    }

    /// True while a server is in the graph. The graph is asked in the next turn, so the first call
    /// answers `false`.
    pub fn is_available(&self) -> bool {
        self.is_fresh() || (self.0.seen.get().is_some() && !self.is_missing_for(FRESH / 2))
    }

    /// True if a server was seen a moment ago; otherwise the graph is being asked.
    fn is_fresh(&self) -> bool {
        let mut probe = self.0.probe.borrow_mut();
        if let Some((_, waiting)) = probe.as_mut()
            && let Some(answer) = waiting.now_or_never()
        {
            *probe = None;
            if answer.is_ok() {
                self.0.seen.set(Some(Instant::now()));
            }
        }
        let fresh = self.0.seen.get().is_some_and(|at| at.elapsed() < FRESH);
        if !fresh && probe.is_none() {
            *probe = r2r::Node::is_available(&self.0.client)
                .ok()
                .map(|future| (Instant::now(), Box::pin(future) as Probe));
        }
        fresh
    }

    fn is_missing_for(&self, duration: Duration) -> bool {
        let probe = self.0.probe.borrow();
        probe
            .as_ref()
            .is_some_and(|(since, _)| since.elapsed() >= duration)
    }
}

/// One call on its way: waits for the server, sends, waits for the reply.
pub(crate) struct PendingCall<S: WrappedServiceTypeSupport + 'static> {
    client: ServiceClient<S>,
    request: S::Request,
    timeout: Duration,
    deadline: Instant,
    reply: Option<Reply<S::Response>>,
}

impl<S: WrappedServiceTypeSupport + 'static> PendingCall<S> {
    pub(crate) fn new(client: ServiceClient<S>, request: S::Request, timeout: Duration) -> Self {
        let deadline = Instant::now() + timeout;
        Self {
            client,
            request,
            timeout,
            deadline,
            reply: None,
        }
    }

    /// Goes on as far as possible without waiting.
    pub(crate) fn poll(&mut self) -> Option<Result<S::Response, Error>> {
        let inner = &self.client.0;
        if let Some(reply) = self.reply.as_mut() {
            if let Some(answer) = reply.now_or_never() {
                inner.seen.set(Some(Instant::now()));
                return Some(answer.map_err(|e| Error::ros("service", &inner.name, e)));
            }
            if !self.client.is_fresh() && self.client.is_missing_for(GONE) {
                let name = inner.name.clone();
                return Some(Err(Error::ServerGone { name }));
            }
        } else if self.client.is_fresh() {
            match inner.client.request(&self.request) {
                Ok(reply) => self.reply = Some(Box::pin(reply)),
                Err(e) => return Some(Err(Error::ros("service", &inner.name, e))),
            }
        }
        (Instant::now() >= self.deadline).then(|| {
            Err(Error::Timeout {
                what: "service",
                name: inner.name.clone(),
                timeout_s: self.timeout.as_secs_f64(),
            })
        })
    }
}
