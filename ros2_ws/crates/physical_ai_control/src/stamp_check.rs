use physical_ai_domain::Time;

use crate::Error;

/// Checks the stamp of a sample that arrives at `now`: not ahead of the clock, not long ago, and after the sample
/// before it. `field` is the message's name.
///
/// # Errors
/// [`Error::Implausible`] naming field, value and what is allowed.
pub fn check_stamp(
    field: &str,
    stamp: Time,
    last: Option<Time>,
    now: Time,
    max_ahead_s: f64,
    max_age_s: f64,
) -> Result<(), Error> {
    let ahead_s = stamp.seconds_since(now);
    let problem = if ahead_s > max_ahead_s {
        format!(
            "is {ahead_s:.3} s ahead of the clock ({:.3} s): at most {max_ahead_s:.3} s is allowed",
            now.seconds()
        )
    } else if -ahead_s > max_age_s {
        format!(
            "is {:.3} s behind the clock ({:.3} s): at most {max_age_s:.3} s is allowed",
            -ahead_s,
            now.seconds()
        )
    } else if let Some(last) = last.filter(|last| stamp <= *last) {
        format!(
            "is {:.3} s, and {:.3} s was there already: it came twice or late, or from a second driver",
            stamp.seconds(),
            last.seconds()
        )
    } else {
        return Ok(());
    };
    Err(Error::Implausible {
        field: format!("{field}.header.stamp"),
        problem,
    })
}
