//! Words of Korean sentences that change what they mean and that no plan can hold, with reasons in Korean.
//!
//! Korean is for a model to read; these words it may not pass over.

use super::fault::Fault;

/// Words with the star for any beginning or ending; a space parts words.
type Patterns = &'static [&'static str];

const NEGATIONS: Patterns = &[
    "않*",
    "*지않*",
    "마",
    "마라",
    "마세요",
    "마십시오",
    "마시오",
    "말",
    "말아",
    "말아라",
    "말아줘",
    "말아요",
    "말고",
    "말도록",
    "말라고",
    "말라",
    "말자",
    "말게",
    "말며",
    "말되",
    "말았으면",
    "*말고",
    "*지마",
    "*지마라",
    "*지마세요",
    "*지말*",
    "금지*",
    "없이",
    "제외*",
    "*제외",
    "*제외하고",
    "빼고",
    "*빼고",
    "빼",
    "빼놓고",
    "빼면",
    "대신",
    "*대신",
    "*대신에",
    "안",
    "못",
    "못하게",
    "아니",
    "아니고",
    "아니라",
    "*아니라",
    "*아니고",
    "아닌",
    "*아닌",
    "절대",
    "절대로",
    "피해",
    "피해서",
    "피하고",
    "피해라",
    "생략*",
    "삼가*",
    "그대로두고",
    "내버려*",
    "건드리지",
    "놔두고",
    "남겨*",
];
const CONDITIONS: Patterns = &[
    "만약",
    "만약에",
    "만일",
    "때까지",
    "*때까지",
    "*을때만",
    "*ㄹ 때만",
    "경우",
    "경우에",
    "경우에만",
    "경우에는",
    "있으면",
    "있다면",
    "없으면",
    "없다면",
    "비면",
    "비었으면",
    "*다면",
    "*라면",
    "*거든",
    "*으려면",
    "또는",
    "혹은",
    "아니면",
    "*거나",
    "*든지",
    "*든가",
    "아무거나",
    "가능하면",
    "가능한",
    "되도록",
    "필요하면",
    "필요시",
    "때만",
    "*이면",
    "않으면",
    "그럴",
    "*지 말지",
    "괜찮으면",
    "시간되면",
    "켜지면",
    "꺼지면",
    "울리면",
    "*보이면",
    "*생기면",
    "*남으면",
    "*아니면",
    "*인지",
];
const QUALIFIERS: Patterns = &[
    // How often.
    "*마다",
    "매일",
    "매번",
    "매시간",
    "매분",
    "매초",
    "매주",
    "매",
    "항상",
    "언제나",
    "늘",
    "계속",
    "계속해서",
    "반복",
    "반복해*",
    "반복하*",
    "반복적으로",
    "주기적으로",
    "정기적으로",
    "영원히",
    "끝없이",
    "무한",
    "무한히",
    "무한정",
    "수시로",
    "가끔",
    "자주",
    "종종",
    "쉬지",
    "쉼없이",
    "하루",
    "하루에",
    "하루종일",
    "번갈아",
    "번갈아가며",
    // In which order.
    "거꾸로",
    "역순*",
    "역방향*",
    "반대로",
    "반대",
    "반대편*",
    "무작위*",
    "랜덤*",
    "임의*",
    "뒤집어*",
    "거꾸로된",
    // How.
    "천천히",
    "느리게",
    "느긋하게",
    "서서히",
    "빨리",
    "빠르게",
    "재빨리",
    "신속히",
    "신속하게",
    "급하게",
    "급히",
    "조심",
    "조심히",
    "조심조심",
    "조심해서",
    "조심스럽게",
    "조심스레",
    "살살",
    "살짝",
    "살며시",
    "부드럽게",
    "조용히",
    "정확히",
    "세게",
    "약하게",
    "반쯤",
    "절반*",
    "대충",
    "대략",
    "약",
    "약간",
    "조금",
    "거의",
    "최소",
    "최소한",
    "최대",
    "최대한",
    "이상",
    "*이상",
    "이하",
    "*이하",
    "미만",
    "*미만",
    "초과",
    "속도*",
    "*속도로",
    "전속력*",
    "최고*",
    "정도",
    "*정도",
    "쯤",
    "*쯤",
    "*가량",
    "중간*",
    "도중*",
    "*만큼만",
    // Where beside what is named.
    "옆",
    "옆에",
    "옆으로",
    "옆에서",
    "근처",
    "근처에",
    "근처로",
    "근처에서",
    "앞",
    "앞에",
    "앞으로",
    "앞에서",
    "맞은편*",
    "건너편*",
    "아래",
    "아래에",
    "아래로",
    "밑",
    "밑에",
    "밑으로",
    "밖",
    "밖에",
    "밖으로",
    "바깥*",
    "왼쪽에",
    "왼쪽으로",
    "오른쪽에",
    "오른쪽으로",
    "가까이",
    "가까운",
    "멀리",
    "먼",
    "구석*",
    "모서리*",
    "가장자리*",
    "가운데*",
    // When.
    "내일",
    "모레",
    "어제",
    "나중에",
    "이따가",
    "이따",
    "정오*",
    "자정*",
    "오전*",
    "오후*",
    "새벽*",
    "아침*",
    "저녁*",
    "밤에",
    "점심*",
    "월요일*",
    "화요일*",
    "수요일*",
    "목요일*",
    "금요일*",
    "토요일*",
    "일요일*",
    "*분까지",
    "이내*",
    "*이내에",
    "*안에만",
    "주말*",
    "다음주*",
    "퇴근*",
    // How many.
    "몇",
    "몇몇",
    "일부",
    "일부만",
    "대부분",
    "아무",
    "아무나",
    "여러",
    "*중에",
    "*중",
    "적당히",
    "적당한",
];
const CORRECTIONS: Patterns = &[
    "아니다",
    "아니야",
    "아니지",
    "아냐",
    "아참",
    "잠깐",
    "잠깐만",
    "정정",
    "정정*",
    "다시말해",
    "취소",
    "취소하고",
    "바꿔서",
    "실수",
    "실수야",
    "착각*",
    "됐고",
    "됐어",
    "*말이야",
    "관둬",
];
const STOPS: Patterns = &[
    "멈춰*",
    "멈추*",
    "멈춤",
    "정지*",
    "비상정지*",
    "긴급정지*",
    "중지*",
    "중단*",
    "그만*",
    "스톱*",
    "스탑*",
    "취소*",
];
/// With them a sentence says what is to be done about a failure.
const FAILURES: Patterns = &[
    "실패*",
    "안되면",
    "*안되면",
    "잘못되면",
    "틀어지면",
    "문제가",
    "되면",
];
/// Words that say that something is asked, where no order is polite.
const QUESTIONS: Patterns = &[
    "*니",
    "*나요",
    "*습니까",
    "*가요",
    "*을까",
    "어때",
    "뭐야",
    "*인가",
    "*는지",
    "*었어",
    "*했어",
    "*았어",
    "*있어",
];
/// Endings of questions that are orders.
const POLITE: Patterns = &[
    "*줄래",
    "*줄래요",
    "*주시겠어요",
    "*주시겠습니까",
    "주시겠어요",
    "주시겠습니까",
    "줄래",
    "줄래요",
    "있어",
    "있을까요",
    "있나요",
    "있습니까",
    "*까요",
];

/// What no plan can hold, and why.
pub(super) fn unplannable(text: &str) -> Option<(Fault, String)> {
    let words: Vec<&str> = text
        .split_whitespace()
        .map(|w| w.trim_matches(|c: char| !c.is_alphanumeric()))
        .collect();
    let has = |patterns: Patterns| words.iter().any(|w| fits(w, patterns));
    let says_failure = has(FAILURES) && words.windows(2).any(|w| is_failure(w));
    if !says_failure && let Some(reason) = stop(text, &words) {
        return Some((Fault::Stop, reason));
    }
    if let Some(reason) = question(text) {
        return Some((Fault::Question, reason));
    }
    let lists = [
        (
            NEGATIONS,
            Fault::Negation,
            "하지 말아야 할 것이 아니라 할 것을 말해 주십시오",
        ),
        (
            CORRECTIONS,
            Fault::Correction,
            "고쳐 말하지 말고 할 것만 한 번 말해 주십시오",
        ),
        (
            CONDITIONS,
            Fault::Condition,
            "조건은 지원하지 않습니다. 할 것과 그 순서를 말해 주십시오",
        ),
        (
            QUALIFIERS,
            Fault::Qualifier,
            "계획에 담을 수 없어 무시됩니다. 빼고 말해 주십시오",
        ),
    ];
    let mut found = words
        .iter()
        .enumerate()
        .filter(|(at, _)| !(says_failure && near_failure(&words, *at)));
    found
        .find_map(|(at, word)| {
            let (_, fault, advice) = lists.iter().find(|(patterns, ..)| fits(word, patterns))?;
            // "Behind" a deed is after it, and beside a name it is a place.
            let _ = at;
            Some((*fault, format!("\"{word}\": {advice}")))
        })
        .or_else(|| behind(&words))
}

fn fits(word: &str, patterns: Patterns) -> bool {
    patterns.iter().any(
        |pattern| match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
            (Some(part), Some(_)) => {
                let part = part.trim_end_matches('*');
                word.find(part).is_some_and(|at| at > 0)
            }
            (Some(end), None) => word.len() > end.len() && word.ends_with(end),
            (None, Some(begin)) => word.starts_with(begin),
            (None, None) => word == *pattern,
        },
    )
}

/// "Dock_a 뒤에" is beside a name, "넣은 뒤에" after a deed.
fn behind(words: &[&str]) -> Option<(Fault, String)> {
    let is_name = |w: &str| w.ends_with(|c: char| c.is_ascii_alphanumeric());
    let at = words
        .windows(2)
        .find(|w| is_name(w[0]) && ["뒤에", "뒤로", "뒤"].contains(&w[1]))?;
    let reason = format!(
        "\"{} {}\": 계획에 담을 수 없어 무시됩니다. 빼고 말해 주십시오",
        at[0], at[1]
    );
    Some((Fault::Qualifier, reason))
}

/// "실패하면", "안 되면".
fn is_failure(pair: &[&str]) -> bool {
    fits(
        pair[0],
        &["실패*", "안되면", "*안되면", "잘못되면", "틀어지면"],
    ) || fits(
        pair[1],
        &["실패*", "안되면", "*안되면", "잘못되면", "틀어지면"],
    ) || (["안", "못"].contains(&pair[0]) && fits(pair[1], &["되면", "하면", "될", "되거든"]))
        || (pair[0] == "문제가" && fits(pair[1], &["생기면", "있으면"]))
}

/// Words that belong to what is said about a failure.
fn near_failure(words: &[&str], at: usize) -> bool {
    let first = words.windows(2).position(is_failure).unwrap_or(words.len());
    at + 2 >= first
}

/// "모두 멈춰" is no mission.
fn stop(text: &str, words: &[&str]) -> Option<String> {
    let word = words.iter().find(|w| fits(w, STOPS))?;
    let is_elsewhere = text
        .chars()
        .any(|c| c.is_ascii_digit() && !text.contains('_'))
        || words
            .iter()
            .any(|w| fits(w, &["*에서", "*동안", "*초", "*분", "*간"]));
    (!is_elsewhere && words.len() <= 6).then(|| {
        format!(
            "\"{word}\"은(는) 임무가 아닙니다: 비상 정지는 `physical-ai estop`, 임무를 끝내려면 `physical-ai mission cancel ID`(또는 \
             `cancel all`)를 쓰십시오"
        )
    })
}

/// A question that is no polite order.
fn question(text: &str) -> Option<String> {
    let at = text.find('?')?;
    let last = text[..at]
        .split_whitespace()
        .next_back()
        .unwrap_or_default();
    let asks = fits(last, QUESTIONS) && !fits(last, POLITE)
        || !fits(last, POLITE) && !["오케이", "알았지", "알겠지"].contains(&last);
    asks.then(|| "질문은 임무가 아닙니다. 할 것을 말해 주십시오".to_owned())
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
