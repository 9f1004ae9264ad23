use super::cursor::{Cursor, Parsed};
use super::fault::Fault;
use super::token::Kind;

pub(super) const NUMBER_WORDS: &[&str] = &[
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve",
];

/// True if a word is not one of those that are read as numbers.
pub(super) fn is_no_number_word(word: &str) -> bool {
    !NUMBER_WORDS.contains(&word)
}

impl Cursor<'_> {
    /// A finite number in digits or as a word up to twelve.
    pub(super) fn number(&mut self) -> Parsed<Option<f64>> {
        let value = match self.kind() {
            Some(Kind::Number(value)) if value.is_finite() => *value,
            Some(Kind::Number(_)) => {
                return Err(self.problem("a number is too large").of(Fault::Number));
            }
            _ => match self
                .word()
                .and_then(|w| (0_u32..).zip(NUMBER_WORDS).find(|(_, n)| **n == w))
            {
                Some((value, _)) => f64::from(value),
                None => return Ok(None),
            },
        };
        self.at += 1;
        Ok(Some(value))
    }

    /// `for 3 seconds`, `2 min`, `a minute`, in seconds.
    pub(super) fn duration_s(&mut self) -> Parsed<f64> {
        self.eat(&["for"]);
        let missing = "say for how long, for example \"5 seconds\"";
        let number = if self.eat(&["a", "an"]) {
            Some(1.0)
        } else {
            self.number()?
        };
        let number = number.ok_or_else(|| self.problem(missing))?;
        let unit_s = match self.word() {
            Some("s" | "sec" | "secs" | "second" | "seconds") => 1.0,
            Some("ms" | "millisecond" | "milliseconds") => 0.001,
            Some("min" | "mins" | "minute" | "minutes") => 60.0,
            Some("h" | "hour" | "hours") => 3600.0,
            _ => {
                let problem = self.problem("a time needs a unit: seconds, minutes or hours");
                return Err(problem.of(Fault::Number));
            }
        };
        self.at += 1;
        Ok(number * unit_s)
    }

    /// `5 cm`, in metres.
    pub(super) fn length_m(&mut self) -> Parsed<f64> {
        let number = self.number()?;
        let number = number.ok_or_else(|| self.problem("say how wide, for example \"5 cm\""))?;
        let unit_m = match self.word() {
            Some("m" | "metre" | "metres" | "meter" | "meters") => 1.0,
            Some("cm" | "centimetre" | "centimetres" | "centimeter" | "centimeters") => 0.01,
            Some("mm" | "millimetre" | "millimetres" | "millimeter" | "millimeters") => 0.001,
            _ => {
                let problem = self.problem("a width needs a unit: m, cm or mm");
                return Err(problem.of(Fault::Number));
            }
        };
        self.at += 1;
        Ok(number * unit_m)
    }

    /// `once`, `twice`, `3 times`, `for 3 rounds`; nothing is consumed if there is none.
    pub(super) fn rounds(&mut self) -> Parsed<Option<u64>> {
        let start = self.at;
        // "once arm_1 is done" begins a clause.
        let once_ends = matches!(
            self.tokens.get(self.at + 1).map(|t| &t.kind),
            None | Some(Kind::Stop | Kind::Comma)
        ) || matches!(
            self.word_at(self.at + 1),
            Some("and" | "then" | "while" | "before")
        );
        if once_ends && self.eat(&["once"]) {
            return Ok(Some(1));
        }
        if self.eat(&["twice"]) {
            return Ok(Some(2));
        }
        self.eat(&["for"]);
        if let Some(number) = self.number()?
            && self.eat(&["times", "time", "rounds", "round", "laps", "lap", "x"])
        {
            if number.fract() != 0.0 || !(1.0..=1e6).contains(&number) {
                let problem =
                    format!("{number} rounds are not possible: give a whole number, 1 or more");
                return Err(self.problem_at(start, problem).of(Fault::Number));
            }
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "checked above"
            )]
            return Ok(Some(number as u64));
        }
        self.at = start;
        Ok(None)
    }

    /// `(1.5, 0.5)`, `1.5, 0.5`, `x=1.5, y=0.5`; empty if no number comes next.
    pub(super) fn coordinates(&mut self) -> Parsed<Vec<f64>> {
        let start = self.at;
        self.eat(&["the"]);
        self.eat(&["point", "position", "coordinates", "positions"]);
        let open = self.eat_kind(&Kind::Open);
        let mut numbers = Vec::new();
        loop {
            let before = self.at;
            if !numbers.is_empty() {
                self.separator();
            }
            let label = match numbers.len() {
                0 => "x",
                1 => "y",
                _ => "z",
            };
            self.eat(&[label]);
            match self.kind() {
                Some(Kind::Number(_)) => numbers.extend(self.number()?),
                _ => {
                    self.at = before;
                    break;
                }
            }
            self.eat(&["m", "metres", "meters", "rad", "radians"]);
        }
        if numbers.is_empty() && !open {
            self.at = start;
        } else if open && !self.eat_kind(&Kind::Close) {
            let problem =
                self.problem("a point is written (x, y) or (x, y, z), with numbers in metres");
            return Err(problem.of(Fault::Number));
        }
        Ok(numbers)
    }
}
