//! What processes use, from /proc.

use anyhow::Context as _;
use nix::unistd::{SysconfVar, sysconf};

/// Processor time that a process used so far in all its threads, seconds.
///
/// # Errors
/// When the process is gone.
pub fn cpu_s(pid: u32) -> anyhow::Result<f64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .with_context(|| format!("process {pid} is gone"))?;
    let ticks = ticks(&text).with_context(|| format!("/proc/{pid}/stat reads {text:?}"))?;
    let per_s = sysconf(SysconfVar::CLK_TCK)?.context("the system does not tell its clock tick")?;
    Ok(ticks as f64 / per_s as f64)
}

/// Proportional set size of a process, bytes: its own memory and its share of what it shares.
///
/// # Errors
/// When the process is gone or belongs to somebody else.
pub fn pss_bytes(pid: u32) -> anyhow::Result<u64> {
    let path = format!("/proc/{pid}/smaps_rollup");
    let text = std::fs::read_to_string(&path).with_context(|| format!("{path} cannot be read"))?;
    bytes_of(&text, "Pss:").with_context(|| format!("{path} has no Pss"))
}

/// Most memory that a process ever had at once, bytes: its own and the pages of mapped files.
///
/// # Errors
/// When the process is gone.
pub fn peak_rss_bytes(pid: u32) -> anyhow::Result<u64> {
    let path = format!("/proc/{pid}/status");
    let text = std::fs::read_to_string(&path).with_context(|| format!("{path} cannot be read"))?;
    bytes_of(&text, "VmHWM:").with_context(|| format!("{path} has no VmHWM"))
}

/// utime + stime. The program's name stands in parentheses before and may hold anything.
fn ticks(stat: &str) -> Option<u64> {
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
    Some(number(11)? + number(12)?)
}

/// A line such as `Pss:  7 kB`.
fn bytes_of(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|l| l.strip_prefix(name))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_read_after_any_program_name() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194560 10 0 0 0 120 34 5 6 20 0 3 0 99 1 2";
        assert_eq!(ticks(stat), Some(154));
        assert_eq!(ticks("7 (a) S 1"), None);
    }

    #[test]
    fn sizes_are_in_bytes() {
        let rollup = "00-ff ---p 0 0 0 [rollup]\nRss:   10 kB\nPss:    7 kB\nPss_Anon:  3 kB\n";
        assert_eq!(bytes_of(rollup, "Pss:"), Some(7168));
        assert_eq!(bytes_of(rollup, "VmHWM:"), None);
    }

    #[test]
    fn this_process_is_measured() {
        let pid = std::process::id();
        assert!(pss_bytes(pid).unwrap() > 100_000);
        assert!(peak_rss_bytes(pid).unwrap() >= pss_bytes(pid).unwrap());
        assert!(cpu_s(pid).unwrap() >= 0.0);
        assert!(cpu_s(u32::MAX).is_err());
    }
}
