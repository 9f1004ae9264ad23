//! Names that are close to one that does not exist.

/// How many names are suggested.
const SUGGESTIONS: usize = 3;
/// A name further away than this share of its length is no slip of the pen.
const FAR: f64 = 0.5;

/// Words for an error about a name that does not exist: what it is, and those of its kind that are nearest.
pub(crate) fn does_not_exist<'a>(
    kind: &str,
    name: &str,
    all: impl Iterator<Item = &'a str>,
) -> String {
    let near = nearest(name, all);
    if near.is_empty() {
        format!("there is no {kind} {name:?}")
    } else {
        let near: Vec<String> = near.iter().map(|n| format!("{n:?}")).collect();
        format!(
            "there is no {kind} {name:?}: the nearest are {}",
            near.join(", ")
        )
    }
}

fn nearest<'a>(name: &str, all: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let asked = name.to_lowercase();
    let mut by_distance: Vec<(usize, &str)> = all
        .map(|other| {
            (
                strsim::damerau_levenshtein(&asked, &other.to_lowercase()),
                other,
            )
        })
        .filter(|(distance, other)| {
            let length = asked.chars().count().max(other.chars().count());
            *distance as f64 <= FAR * length as f64
                || hold_each_other(&asked, &other.to_lowercase())
        })
        .collect();
    by_distance.sort();
    by_distance
        .into_iter()
        .take(SUGGESTIONS)
        .map(|(_, other)| other)
        .collect()
}

/// Whether one name is part of the other and is more than two letters.
fn hold_each_other(one: &str, other: &str) -> bool {
    one.len().min(other.len()) > 2 && (one.contains(other) || other.contains(one))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_names_are_suggested_and_far_ones_are_not() {
        let all = [
            "shoulder_pan_joint",
            "elbow_joint",
            "wrist_1_joint",
            "wrist_2_joint",
        ];
        let words = |name| does_not_exist("joint", name, all.into_iter());
        let expected = r#"there is no joint "elbwo_joint": the nearest are "elbow_joint""#;
        assert_eq!(words("elbwo_joint"), expected);
        let expected = r#"there is no joint "elbow": the nearest are "elbow_joint""#;
        assert_eq!(words("elbow"), expected);
        assert_eq!(words("zzzzzzzzzz"), r#"there is no joint "zzzzzzzzzz""#);
    }
}
