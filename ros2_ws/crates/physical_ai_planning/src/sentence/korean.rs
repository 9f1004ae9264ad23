//! Words of Korean sentences that change what they mean and that no plan can hold, with reasons in Korean.
//!
//! Korean is for a model to read; these words it may not pass over.

use super::fault::Fault;
use super::unplannable::phrases;

/// By kind, with a star for any beginning or ending; those of a kind are in lines of their own.
const PATTERNS: &str = include_str!("korean.txt");
/// Kinds, the fault that each is, and what to do about it.
const KINDS: [(&str, Fault, &str); 4] = [
    (
        "negation",
        Fault::Negation,
        "하지 말아야 할 것이 아니라 할 것을 말해 주십시오",
    ),
    (
        "correction",
        Fault::Correction,
        "고쳐 말하지 말고 할 것만 한 번 말해 주십시오",
    ),
    (
        "condition",
        Fault::Condition,
        "조건은 지원하지 않습니다. 할 것과 그 순서를 말해 주십시오",
    ),
    (
        "qualifier",
        Fault::Qualifier,
        "계획에 담을 수 없어 무시됩니다. 빼고 말해 주십시오",
    ),
];
/// A sentence that is no more than this and a word for stopping is about all that runs.
const MOST_WORDS_OF_STOP: usize = 6;

/// What no plan can hold, and why.
pub(super) fn unplannable(text: &str) -> Option<(Fault, String)> {
    let words: Vec<&str> = text
        .split_whitespace()
        .map(|w| w.trim_matches(|c: char| !c.is_alphanumeric()))
        .collect();
    let failure = words.windows(2).position(is_failure);
    if failure.is_none()
        && let Some(reason) = stop(text, &words)
    {
        return Some((Fault::Stop, reason));
    }
    if is_question(text) {
        let reason = "질문은 임무가 아닙니다. 할 것을 말해 주십시오".to_owned();
        return Some((Fault::Question, reason));
    }
    // From the word before "실패하면" on, it is said what is to be done about a failure.
    let end = failure.map_or(words.len(), |at| at.saturating_sub(1));
    let found = words[..end].iter().find_map(|word| {
        let (_, fault, advice) = KINDS.iter().find(|(kind, ..)| is_of(word, kind))?;
        Some((*fault, format!("\"{word}\": {advice}")))
    });
    found.or_else(|| behind(&words))
}

fn is_of(word: &str, kind: &str) -> bool {
    phrases(PATTERNS, kind).any(|pattern| fits(word, pattern))
}

fn fits(word: &str, pattern: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(part), Some(_)) => {
            let part = part.trim_end_matches('*');
            word.find(part).is_some_and(|at| at > 0)
        }
        (Some(end), None) => word.len() > end.len() && word.ends_with(end),
        (None, Some(begin)) => word.starts_with(begin),
        (None, None) => word == pattern,
    }
}

/// "Dock_a 뒤에" is beside a name, "넣은 뒤에" after a deed.
fn behind(words: &[&str]) -> Option<(Fault, String)> {
    let is_name = |w: &str| w.ends_with(|c: char| c.is_ascii_alphanumeric());
    let is_behind = |w: &&[&str]| is_name(w[0]) && ["뒤에", "뒤로", "뒤"].contains(&w[1]);
    let pair = words.windows(2).find(is_behind)?;
    let (_, fault, advice) = KINDS.iter().find(|(kind, ..)| *kind == "qualifier")?;
    Some((*fault, format!("\"{} {}\": {advice}", pair[0], pair[1])))
}

/// "실패하면", "안 되면".
fn is_failure(pair: &[&str]) -> bool {
    let one = |word| is_of(word, "failure");
    one(pair[0])
        || one(pair[1])
        || (["안", "못"].contains(&pair[0]) && is_of(pair[1], "undone"))
        || (pair[0] == "문제가" && is_of(pair[1], "trouble"))
}

/// "모두 멈춰" is no mission.
fn stop(text: &str, words: &[&str]) -> Option<String> {
    let word = words.iter().find(|w| is_of(w, "stop"))?;
    let has_number = !text.contains('_') && text.contains(|c: char| c.is_ascii_digit());
    let is_elsewhere = has_number || words.iter().any(|w| is_of(w, "elsewhere"));
    (!is_elsewhere && words.len() <= MOST_WORDS_OF_STOP).then(|| {
        format!(
            "\"{word}\"은(는) 임무가 아닙니다: 비상 정지는 `physical-ai estop`, 임무를 끝내려면 `physical-ai mission \
             cancel ID`(또는 `cancel all`)를 쓰십시오"
        )
    })
}

/// A question that is no polite order.
fn is_question(text: &str) -> bool {
    let Some((asked, _)) = text.split_once('?') else {
        return false;
    };
    let mut words = asked.split_whitespace().rev();
    let last = words.next().unwrap_or_default();
    // "Could you do it for me" and "can it be done" differ in one word.
    let is_request = is_of(last, "able")
        && words.next() == Some("수")
        && words.next().is_some_and(|word| word.ends_with('줄'));
    let is_able = is_of(last, "able");
    !is_request && (is_able || !is_of(last, "polite"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_no_plan_can_hold_are_named_in_korean() {
        for (text, fault, word) in [
            ("rover_1은 dock_a로 가지 마", Fault::Negation, "마"),
            ("dock_a로 가지 말고 dock_b로 가라", Fault::Negation, "말고"),
            ("arm_1 빼고 모두 홈으로", Fault::Negation, "빼고"),
            ("천천히 dock_a로 가라", Fault::Qualifier, "천천히"),
            ("5분마다 dock_a를 순찰해", Fault::Qualifier, "5분마다"),
            (
                "dock_a, dock_b를 역순으로 돌아라",
                Fault::Qualifier,
                "역순으로",
            ),
            ("dock_a 뒤로 가라", Fault::Qualifier, "뒤로"),
            ("만약 상자가 있으면 집어라", Fault::Condition, "만약"),
            (
                "arm_1이 끝날 때까지 dock_a를 순찰해",
                Fault::Condition,
                "때까지",
            ),
            ("dock_a 아니다 dock_b로 가라", Fault::Correction, "아니다"),
            ("모든 로봇 정지", Fault::Stop, "physical-ai estop"),
            ("로봇이 몇 대야?", Fault::Question, "질문"),
        ] {
            let (found, reason) = unplannable(text).unwrap();
            assert!(found == fault && reason.contains(word), "{text}: {reason}");
        }
    }

    #[test]
    fn order_and_failure_are_no_conditions() {
        for text in [
            "agv_02가 loading_bay에 도착하면 agv_01은 pallet_zone으로 이동한다",
            "빨간 상자를 bin_b에 넣은 뒤에 로버를 dock_a로 보내",
            "dock_a로 가고 실패하면 다시 시도해",
            "agv_02는 집에 가고 안 되면 건너뛰어",
            "spot은 entrance에서 1분 기다려",
            "dock_a로 가 줄래?",
            "3초 멈춰 있어",
        ] {
            assert_eq!(unplannable(text), None, "{text}");
        }
    }
}
