//! How many processes of one machine find each other.
//!
//! Fast DDS numbers the processes of a ROS domain on a machine. Where ROS keeps discovery on the machine
//! (`ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST`), each calls the first 32 of them and no others, so that
//! those with higher numbers are found by chance or not at all. Numbers of processes that end are free again.

use std::collections::BTreeSet;
use std::path::Path;

use crate::environment;

/// Numbers below this are called (rmw_fastrtps).
pub const CALLED: u16 = 32;

/// True if there is a number left that others call. Costs nothing: no node is made for it.
pub fn has_room() -> bool {
    let sockets = std::fs::read_to_string("/proc/self/net/udp").unwrap_or_default();
    let taken: BTreeSet<u16> = numbers(&sockets, environment::domain_id(), |_| true).collect();
    !stays_on_machine() || (0..CALLED).any(|number| !taken.contains(&number))
}

/// True if this process, which has a ROS node, has a number that others do not call.
pub fn is_out_of_reach() -> bool {
    stays_on_machine() && own_number().is_some_and(|number| number >= CALLED)
}

fn stays_on_machine() -> bool {
    let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|v| v == value);
    is("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST") || is("ROS_LOCALHOST_ONLY", "1")
}

fn own_number() -> Option<u16> {
    let sockets = std::fs::read_to_string("/proc/self/net/udp").ok()?;
    let own = own_sockets();
    numbers(&sockets, environment::domain_id(), |id| own.contains(id)).min()
}

/// Ids of the sockets that this process holds.
fn own_sockets() -> BTreeSet<String> {
    let folder = Path::new("/proc/self/fd").read_dir();
    folder
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|file| {
            let target = std::fs::read_link(file.path()).ok()?;
            let name = target.to_str()?.strip_prefix("socket:[")?;
            Some(name.strip_suffix(']')?.to_owned())
        })
        .collect()
}

/// The numbers of those who hold the sockets that `counts` in a table of the kernel: the ports of the RTPS
/// standard, 9.6.1.1, are 7400 + 250 × domain + 10 + 2 × number, and one more.
fn numbers<'a>(
    table: &'a str,
    domain: u16,
    counts: impl Fn(&str) -> bool + 'a,
) -> impl Iterator<Item = u16> + 'a {
    let first = 7410 + 250 * u32::from(domain);
    table.lines().filter_map(move |line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (_, port) = fields.get(1)?.split_once(':')?;
        counts(fields.get(9)?).then_some(())?;
        let offset = u32::from_str_radix(port, 16).ok()?.checked_sub(first)?;
        u16::try_from(offset / 2).ok().filter(|_| offset < 240)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_is_told_by_the_ports() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
             1: 00000000:D431 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 77 2\n\
             2: 00000000:1D30 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 41 2\n\
             3: 00000000:1D31 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 42 2\n\
             4: 00000000:1CF2 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 50 2\n";
        let check = |own: &[&str], domain, expected: Option<u16>| {
            let found = numbers(table, domain, |id| own.contains(&id)).min();
            assert_eq!(found, expected, "{own:?}");
        };
        check(&["41", "42", "77"], 0, Some(31));
        check(&["50"], 0, Some(0));
        check(&["77"], 0, None);
        check(&["41"], 1, None);
        check(&[], 0, None);
    }
}
