//! Hangul as text: its syllables, and what follows names.

/// What may follow a name that is said in Hangul.
pub const PARTICLES: [&str; 36] = [
    "을",
    "를",
    "이",
    "가",
    "은",
    "는",
    "에",
    "로",
    "으로",
    "와",
    "과",
    "랑",
    "이랑",
    "하고",
    "에서",
    "에게",
    "한테",
    "야",
    "아",
    "의",
    "도",
    "까지",
    "부터",
    "만",
    "에다",
    "에다가",
    "쪽으로",
    "에는",
    "에도",
    "로는",
    "으로는",
    "이나",
    "나",
    "께서",
    "에만",
    "까지만",
];
/// The first in their order, by which they are taken apart.
pub const FIRST_SYLLABLE: char = '가';
const LAST_SYLLABLE: char = '힣';

/// True for a syllable of Hangul.
pub fn is_syllable(c: char) -> bool {
    (FIRST_SYLLABLE..=LAST_SYLLABLE).contains(&c)
}
