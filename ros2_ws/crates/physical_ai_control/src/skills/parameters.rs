use nalgebra::{Isometry3, Translation3, UnitQuaternion};
use physical_ai_domain::SkillSpec;
use serde_json::{Map, Value};

use super::values::ANGLE_RAD;
use crate::Error;

/// Reads task parameters.
pub(super) struct Params<'a>(&'a Value);

impl<'a> Params<'a> {
    /// Parameters of a skill.
    ///
    /// # Errors
    /// [`Error::InvalidParams`] naming a field that the skill does not have.
    pub(super) fn try_new(spec: &SkillSpec, params: &'a Value) -> Result<Self, Error> {
        let known: Vec<&str> = spec.parameters().map(|p| p.name).collect();
        if let Value::Object(given) = params
            && let Some((field, value)) = given.iter().find(|(f, _)| !known.contains(&f.as_str()))
        {
            let problem = format!("{value} is not used: {} takes {known:?}", spec.name);
            return Err(Self::error(field, problem));
        }
        Ok(Self(params))
    }

    /// Refuses fields of another way to call the skill than the one that `chosen` stands for.
    ///
    /// # Errors
    /// [`Error::InvalidParams`] naming the field that does not go with it.
    pub(super) fn only_with(&self, chosen: &str, others: &[&str], hint: &str) -> Result<(), Error> {
        match others.iter().find(|f| self.has(f)) {
            Some(also) => Err(Self::error(
                also,
                format!("is given beside {chosen}: {hint}"),
            )),
            None => Ok(()),
        }
    }

    /// A JSON object of named values.
    pub(super) fn object(&self, field: &str) -> Result<&'a Map<String, Value>, Error> {
        match self.0.get(field) {
            Some(Value::Object(fields)) => Ok(fields),
            Some(value) => Err(Self::error(field, format!("{value} is not an object"))),
            None => Err(Self::error(field, "is missing: give an object".into())),
        }
    }

    pub(super) fn error(field: &str, problem: String) -> Error {
        Error::InvalidParams {
            field: field.to_owned(),
            problem,
        }
    }

    pub(super) fn has(&self, field: &str) -> bool {
        self.0.get(field).is_some()
    }

    pub(super) fn number(&self, field: &str) -> Result<f64, Error> {
        self.optional_number(field)?
            .ok_or_else(|| Self::error(field, "is missing: give a number".into()))
    }

    pub(super) fn optional_number(&self, field: &str) -> Result<Option<f64>, Error> {
        match self.0.get(field) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value
                .as_f64()
                .filter(|v| v.is_finite())
                .map(Some)
                .ok_or_else(|| Self::error(field, format!("{value} is not a finite number"))),
        }
    }

    /// A number from the lowest to the highest of a range.
    pub(super) fn number_in(&self, field: &str, [lowest, highest]: [f64; 2]) -> Result<f64, Error> {
        let value = self.number(field)?;
        if (lowest..=highest).contains(&value) {
            Ok(value)
        } else {
            let problem = format!("{value} is outside {lowest} to {highest}");
            Err(Self::error(field, problem))
        }
    }

    /// An angle, if one is given, radians.
    pub(super) fn optional_angle(&self, field: &str) -> Result<Option<f64>, Error> {
        match self.optional_number(field)? {
            None => Ok(None),
            Some(_) => self.number_in(field, ANGLE_RAD).map(Some),
        }
    }

    /// A whole number of a range; `default` where none is given.
    pub(super) fn count(
        &self,
        field: &str,
        range: [f64; 2],
        default: usize,
    ) -> Result<usize, Error> {
        if self.optional_number(field)?.is_none() {
            return Ok(default);
        }
        let value = self.number_in(field, range)?;
        if value.fract() != 0.0 {
            return Err(Self::error(field, format!("{value} is not a whole number")));
        }
        Ok(value as usize)
    }

    pub(super) fn text(&self, field: &str) -> Result<&'a str, Error> {
        match self.0.get(field) {
            Some(Value::String(text)) => Ok(text),
            Some(value) => Err(Self::error(field, format!("{value} is not a text"))),
            None => Err(Self::error(field, "is missing: give a name".into())),
        }
    }

    /// Names, at least one.
    pub(super) fn texts(&self, field: &str) -> Result<Vec<&'a str>, Error> {
        let names = self.list(field, "names", Value::as_str)?;
        if names.is_empty() {
            return Err(Self::error(field, "[] must not be empty".into()));
        }
        Ok(names)
    }

    /// `count` finite numbers.
    pub(super) fn numbers(&self, field: &str, count: usize) -> Result<Vec<f64>, Error> {
        let finite = |v: &Value| v.as_f64().filter(|v| v.is_finite());
        let numbers = self.list(field, "finite numbers", finite)?;
        if numbers.len() != count {
            let problem = format!("{numbers:?} has {} values, not {count}", numbers.len());
            return Err(Self::error(field, problem));
        }
        Ok(numbers)
    }

    fn list<T>(
        &self,
        field: &str,
        of: &str,
        item: impl Fn(&'a Value) -> Option<T>,
    ) -> Result<Vec<T>, Error> {
        let Some(value) = self.0.get(field) else {
            return Err(Self::error(
                field,
                format!("is missing: give a list of {of}"),
            ));
        };
        value
            .as_array()
            .and_then(|items| items.iter().map(item).collect())
            .ok_or_else(|| Self::error(field, format!("{value} is not a list of {of}")))
    }

    /// x, y, z in metres and optional roll, pitch, yaw in radians. The second value says whether a
    /// rotation was given.
    pub(super) fn pose(&self) -> Result<(Isometry3<f64>, bool), Error> {
        let at = Translation3::new(self.number("x")?, self.number("y")?, self.number("z")?);
        let angle = |field| Ok::<f64, Error>(self.optional_angle(field)?.unwrap_or(0.0));
        let rotation =
            UnitQuaternion::from_euler_angles(angle("roll")?, angle("pitch")?, angle("yaw")?);
        let given = ["roll", "pitch", "yaw"].iter().any(|f| self.has(f));
        Ok((Isometry3::from_parts(at, rotation), given))
    }
}
