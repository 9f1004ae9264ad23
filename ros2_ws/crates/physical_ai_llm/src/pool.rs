//! Threads that share one piece of work after another, hundreds of times per token.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long a thread looks for work before it sleeps. Longer than the pause between two operations of
/// a model, much shorter than anything that another process on the machine would notice.
const SPIN: Duration = Duration::from_micros(50);

type Job = *const (dyn Fn(usize) + Sync);

struct Shared {
    job: Mutex<Option<SendJob>>,
    /// Counts jobs; a worker runs each number once.
    round: AtomicUsize,
    left: AtomicUsize,
    panicked: AtomicBool,
    stopping: AtomicBool,
    wake: Condvar,
}

#[derive(Clone, Copy)]
struct SendJob(Job);

// SAFETY: the closure behind the pointer is `Sync`, and `Pool::run` keeps it alive until every worker
// has finished with it.
unsafe impl Send for SendJob {}

/// A fixed number of threads, the caller's included.
pub struct Pool {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pool of {} threads", self.threads())
    }
}

impl Pool {
    /// Starts `threads - 1` threads; fewer if the system does not give more.
    pub fn new(threads: usize) -> Self {
        let shared = Arc::new(Shared {
            job: Mutex::new(None),
            round: AtomicUsize::new(0),
            left: AtomicUsize::new(0),
            panicked: AtomicBool::new(false),
            stopping: AtomicBool::new(false),
            wake: Condvar::new(),
        });
        let workers = (1..threads.max(1))
            .filter_map(|index| {
                let shared = Arc::clone(&shared);
                std::thread::Builder::new()
                    .name(format!("llm-{index}"))
                    .spawn(move || work(&shared, index))
                    .ok()
            })
            .collect();
        Self { shared, workers }
    }

    /// Threads that take part.
    pub fn threads(&self) -> usize {
        self.workers.len() + 1
    }

    /// Calls `job` once on each thread with its number, and returns when all are done. Not to be
    /// called by two threads at once: `&mut self` sees to that.
    ///
    /// # Panics
    /// If `job` panicked on another thread.
    pub fn run(&mut self, job: &(dyn Fn(usize) + Sync)) {
        if self.workers.is_empty() {
            job(0);
            return;
        }
        let shared = &*self.shared;
        // SAFETY: only the lifetime is changed. `Finish` waits for all workers even if the caller's
        // own part panics, so none of them outlives the closure.
        let erased: Job =
            unsafe { std::mem::transmute::<*const (dyn Fn(usize) + Sync + '_), Job>(job) };
        shared.left.store(self.workers.len(), Ordering::Relaxed);
        {
            let mut slot = shared.job.lock().unwrap_or_else(PoisonError::into_inner);
            *slot = Some(SendJob(erased));
            shared.round.fetch_add(1, Ordering::Release);
        }
        shared.wake.notify_all();
        let finish = Finish(shared);
        job(0);
        drop(finish);
        assert!(
            !shared.panicked.swap(false, Ordering::Relaxed),
            "a thread of the pool panicked"
        );
    }

    /// Shares out `items` in portions of `portion` to whoever is free: `job(thread, range)`.
    pub fn share(
        &mut self,
        items: usize,
        portion: usize,
        job: impl Fn(usize, std::ops::Range<usize>) + Sync,
    ) {
        if items <= portion {
            if items > 0 {
                job(0, 0..items);
            }
            return;
        }
        let next = AtomicUsize::new(0);
        self.run(&|thread| {
            loop {
                let start = next.fetch_add(portion, Ordering::Relaxed);
                if start >= items {
                    return;
                }
                job(thread, start..items.min(start + portion));
            }
        });
    }
}

/// Waits until every worker is done.
struct Finish<'a>(&'a Shared);

impl Drop for Finish<'_> {
    fn drop(&mut self) {
        let mut spins = 0_u32;
        while self.0.left.load(Ordering::Acquire) > 0 {
            spins += 1;
            if spins.is_multiple_of(4096) {
                // The other thread may have lost its core.
                std::thread::yield_now();
            } else {
                std::hint::spin_loop();
            }
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::Release);
        {
            let _slot = self.shared.job.lock();
            self.shared.round.fetch_add(1, Ordering::Release);
        }
        self.shared.wake.notify_all();
        for worker in self.workers.drain(..) {
            // A panic was told to whoever called `run`.
            let _ = worker.join();
        }
    }
}

fn work(shared: &Shared, index: usize) {
    let mut seen = 0;
    while let Some((round, job)) = next_job(shared, seen) {
        seen = round;
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            // SAFETY: see `Pool::run`.
            unsafe { (*job.0)(index) }
        }));
        if done.is_err() {
            shared.panicked.store(true, Ordering::Relaxed);
        }
        shared.left.fetch_sub(1, Ordering::Release);
    }
}

fn next_job(shared: &Shared, seen: usize) -> Option<(usize, SendJob)> {
    let until = Instant::now() + SPIN;
    let mut spins = 0_u32;
    while shared.round.load(Ordering::Acquire) == seen {
        std::hint::spin_loop();
        spins += 1;
        if spins.is_multiple_of(64) && Instant::now() > until {
            break;
        }
    }
    let mut slot = shared.job.lock().unwrap_or_else(PoisonError::into_inner);
    while shared.round.load(Ordering::Acquire) == seen {
        slot = shared
            .wake
            .wait(slot)
            .unwrap_or_else(PoisonError::into_inner);
    }
    if shared.stopping.load(Ordering::Acquire) {
        return None;
    }
    Some((shared.round.load(Ordering::Acquire), (*slot)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_worked_on_once() {
        let mut pool = Pool::new(3);
        for items in [0, 1, 7, 1000] {
            let counts: Vec<AtomicUsize> = (0..items).map(|_| AtomicUsize::new(0)).collect();
            for _ in 0..50 {
                pool.share(items, 16, |_, range| {
                    for i in range {
                        counts[i].fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
            assert!(counts.iter().all(|c| c.load(Ordering::Relaxed) == 50));
        }
    }

    #[test]
    fn sleeping_threads_wake_up() {
        let mut pool = Pool::new(2);
        let calls = AtomicUsize::new(0);
        for _ in 0..20 {
            std::thread::sleep(SPIN * 4);
            pool.run(&|_| {
                calls.fetch_add(1, Ordering::Relaxed);
            });
        }
        assert_eq!(calls.load(Ordering::Relaxed), 40);
    }

    #[test]
    fn panic_of_a_worker_reaches_the_caller_and_the_pool_lives_on() {
        let mut pool = Pool::new(2);
        let failed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            pool.run(&|index| assert_eq!(index, 0, "on purpose"));
        }));
        assert!(failed.is_err());
        pool.run(&|_| {});
    }
}
