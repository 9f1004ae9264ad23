use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Of each round the process runs the first part and stands still for the second.
const RUN: Duration = Duration::from_millis(1);
const STAND: Duration = Duration::from_millis(59);

/// Lets a process run at a sixtieth of its speed until this is dropped, so that what it does can be
/// interrupted in the middle on any machine.
#[must_use]
pub struct SlowMotion {
    pid: Pid,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl SlowMotion {
    /// Slows the process of this id down.
    pub fn begin(pid: i32) -> Self {
        let pid = Pid::from_raw(pid);
        let is_over = Arc::new(AtomicBool::new(false));
        let ends = Arc::clone(&is_over);
        let thread = std::thread::spawn(move || {
            while !ends.load(Ordering::Relaxed) {
                let _ = kill(pid, Signal::SIGSTOP);
                std::thread::sleep(STAND);
                let _ = kill(pid, Signal::SIGCONT);
                std::thread::sleep(RUN);
            }
        });
        Self {
            pid,
            is_over,
            thread: Some(thread),
        }
    }
}

impl Drop for SlowMotion {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        let _ = kill(self.pid, Signal::SIGCONT);
    }
}
