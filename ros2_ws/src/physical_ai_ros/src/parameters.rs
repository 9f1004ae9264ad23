//! Typed parameters: declared once as a struct, checked wherever they are set.

use crate::Error;

/// A parameter value as ROS knows it.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "the variants are ROS's parameter types")]
pub enum ParameterValue {
    Bool(bool),
    Integer(i64),
    Double(f64),
    String(String),
    BoolArray(Vec<bool>),
    IntegerArray(Vec<i64>),
    DoubleArray(Vec<f64>),
    StringArray(Vec<String>),
}

impl ParameterValue {
    /// Type name as people write it.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Bool(_) => "bool",
            Self::Integer(_) => "integer",
            Self::Double(_) => "double",
            Self::String(_) => "string",
            Self::BoolArray(_) => "bool array",
            Self::IntegerArray(_) => "integer array",
            Self::DoubleArray(_) => "double array",
            Self::StringArray(_) => "string array",
        }
    }

    /// Place in the order in which rcl looks for a value that it was given with several types.
    pub(crate) fn rank(&self) -> u8 {
        match self {
            Self::Bool(_) => 0,
            Self::Integer(_) => 1,
            Self::Double(_) => 2,
            Self::String(_) => 3,
            Self::BoolArray(_) => 4,
            Self::IntegerArray(_) => 5,
            Self::DoubleArray(_) => 6,
            Self::StringArray(_) => 7,
        }
    }

    /// Reads a value as `-p name:=value` is read.
    ///
    /// # Errors
    /// rcl's reason.
    pub fn from_text(text: &str) -> Result<Self, String> {
        crate::parameter_files::read_value(text)
    }

    /// As YAML, for `--print-parameters`.
    pub fn to_yaml(&self) -> String {
        match self {
            Self::Bool(v) => v.to_string(),
            Self::Integer(v) => v.to_string(),
            Self::Double(v) => format!("{v:?}"),
            Self::String(v) => format!("{v:?}"),
            Self::BoolArray(v) => format!("{v:?}"),
            Self::IntegerArray(v) => format!("{v:?}"),
            Self::DoubleArray(v) => format!("{v:?}"),
            Self::StringArray(v) => format!("{v:?}"),
        }
    }
}

/// A Rust type that a parameter can have.
pub trait ParameterType: Sized {
    /// ROS type name, for messages.
    const NAME: &'static str;
    /// Takes the value if it fits; integers fit doubles, empty arrays fit any array.
    fn from_value(value: &ParameterValue) -> Option<Self>;
    /// As ROS value.
    fn to_value(&self) -> ParameterValue;
}

macro_rules! parameter_type {
    ($type:ty, $name:literal, $variant:ident $(, $pattern:pat $(if $guard:expr)? => $convert:expr)*) => {
        impl ParameterType for $type {
            const NAME: &'static str = $name;
            fn from_value(value: &ParameterValue) -> Option<Self> {
                match value {
                    ParameterValue::$variant(value) => Some(value.clone()),
                    $($pattern $(if $guard)? => $convert,)*
                    _ => None,
                }
            }
            fn to_value(&self) -> ParameterValue {
                ParameterValue::$variant(self.clone())
            }
        }
    };
}

parameter_type!(bool, "bool", Bool);
parameter_type!(i64, "integer", Integer);
parameter_type!(f64, "double", Double, ParameterValue::Integer(value) => Some(*value as f64));
parameter_type!(String, "string", String);
parameter_type!(Vec<String>, "string array", StringArray);
parameter_type!(Vec<bool>, "bool array", BoolArray, ParameterValue::StringArray(v) if v.is_empty() => Some(Vec::new()));
parameter_type!(Vec<i64>, "integer array", IntegerArray, ParameterValue::StringArray(v) if v.is_empty() => Some(Vec::new()));
parameter_type!(Vec<f64>, "double array", DoubleArray,
    ParameterValue::IntegerArray(v) => Some(v.iter().map(|i| *i as f64).collect()),
    ParameterValue::StringArray(v) if v.is_empty() => Some(Vec::new()));

/// Share of a value by which it may lie beside its step: rounding, as of 0.9 in steps of 0.3.
const STEP_TOLERANCE: f64 = 1e-9;

/// What is declared about one parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Descriptor {
    /// Name.
    pub name: &'static str,
    /// Description, from the doc comment.
    pub description: &'static str,
    /// Type name.
    pub type_name: &'static str,
    /// Allowed range of a number, both ends included.
    pub range: Option<(f64, f64)>,
    /// Distance of the values that are allowed, from the lower end on; 0: all are. Both ends always are.
    pub step: f64,
    /// True: fixed after start.
    pub read_only: bool,
}

impl Descriptor {
    /// Checks a value against type-independent rules: range and finiteness.
    ///
    /// # Errors
    /// [`Error::Parameter`] with the value and what is allowed.
    pub fn check(&self, value: &ParameterValue) -> Result<(), Error> {
        let numbers: Vec<f64> = match value {
            ParameterValue::Integer(v) => vec![*v as f64],
            ParameterValue::Double(v) => vec![*v],
            ParameterValue::DoubleArray(v) => v.clone(),
            ParameterValue::IntegerArray(v) => v.iter().map(|i| *i as f64).collect(),
            _ => Vec::new(),
        };
        numbers.into_iter().try_for_each(|n| self.check_number(n))
    }

    fn check_number(&self, number: f64) -> Result<(), Error> {
        if !number.is_finite() {
            return Err(self.error(format!("{number} is not finite")));
        }
        let Some((low, high)) = self.range else {
            return Ok(());
        };
        if !(low..=high).contains(&number) {
            return Err(self.error(format!("{number} is outside {low} to {high}")));
        }
        if self.step > 0.0 && number != high {
            let nearest = low + ((number - low) / self.step).round() * self.step;
            let tolerance = STEP_TOLERANCE * number.abs().max(self.step);
            if (number - nearest).abs() > tolerance {
                let step = self.step;
                return Err(self.error(format!(
                    "{number} is none of {low} to {high} in steps of {step}: the nearest is {}",
                    (nearest.min(high) * 1e9).round() / 1e9
                )));
            }
        }
        Ok(())
    }

    fn error(&self, problem: String) -> Error {
        Error::Parameter {
            name: self.name.to_owned(),
            problem,
        }
    }
}

/// A struct of parameters; made by [`parameters!`](crate::parameters).
pub trait Parameters: Default + Clone + PartialEq + 'static {
    /// Every parameter, in declaration order.
    fn descriptors() -> Vec<Descriptor>;
    /// Current value of a parameter.
    fn get(&self, name: &str) -> Option<ParameterValue>;
    /// Sets a parameter after checking type and range.
    ///
    /// # Errors
    /// [`Error::Parameter`] with name, value and what is allowed.
    fn set(&mut self, name: &str, value: &ParameterValue) -> Result<(), Error>;
}

/// Error for a value of the wrong type.
#[doc(hidden)]
pub fn wrong_type(name: &str, expected: &str, value: &ParameterValue) -> Error {
    Error::Parameter {
        name: name.to_owned(),
        problem: format!(
            "{} is a {}, but must be a {expected}",
            value.to_yaml(),
            value.type_name()
        ),
    }
}

/// Error for an unknown name.
#[doc(hidden)]
pub fn unknown(name: &str, known: &[Descriptor]) -> Error {
    let names: Vec<&str> = known.iter().map(|d| d.name).collect();
    Error::Parameter {
        name: name.to_owned(),
        problem: format!("not declared; known are {}", names.join(", ")),
    }
}

/// Declares a struct of parameters: documentation, type, default, range and read-only flag in one place.
///
/// ```
/// physical_ai_ros::parameters! {
///     /// Parameters of a talker.
///     pub struct TalkerParameters {
///         /// Messages per second.
///         rate_hz: f64 = 2.0, range(0.1, 100.0);
///         /// What to say.
///         text: String = "hello".to_owned(), read_only;
///     }
/// }
/// ```
#[macro_export]
macro_rules! parameters {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident {
            $(
                $(#[doc = $doc:literal])+
                $field:ident : $type:ty = $default:expr
                $(, $option:ident $(($($argument:expr),+))?)*
                ;
            )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq)]
        $vis struct $name {
            $($(#[doc = $doc])+ pub $field: $type,)*
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }

        impl $crate::Parameters for $name {
            fn descriptors() -> Vec<$crate::Descriptor> {
                vec![$($crate::Descriptor {
                    name: stringify!($field),
                    description: concat!($($doc),+).trim_ascii(),
                    type_name: <$type as $crate::ParameterType>::NAME,
                    range: $crate::__range!($($option $(($($argument),+))?),*),
                    step: $crate::__step!($($option $(($($argument),+))?),*),
                    read_only: $crate::__read_only!($($option $(($($argument),+))?),*),
                },)*]
            }

            fn get(&self, name: &str) -> Option<$crate::ParameterValue> {
                match name {
                    $(stringify!($field) => Some($crate::ParameterType::to_value(&self.$field)),)*
                    _ => None,
                }
            }

            fn set(&mut self, name: &str, value: &$crate::ParameterValue) -> Result<(), $crate::Error> {
                let descriptors = <Self as $crate::Parameters>::descriptors();
                let descriptor = descriptors
                    .iter()
                    .find(|d| d.name == name)
                    .ok_or_else(|| $crate::unknown_parameter(name, &descriptors))?;
                descriptor.check(value)?;
                match name {
                    $(stringify!($field) => {
                        self.$field = <$type as $crate::ParameterType>::from_value(value)
                            .ok_or_else(|| $crate::wrong_parameter_type(name, descriptor.type_name, value))?;
                    })*
                    _ => return Err($crate::unknown_parameter(name, &descriptors)),
                }
                Ok(())
            }
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __range {
    () => {
        None
    };
    (range($low:expr, $high:expr $(, $step:expr)?) $(, $($rest:tt)*)?) => {
        Some(($low as f64, $high as f64))
    };
    (range($range:expr) $(, $($rest:tt)*)?) => {{
        let range = $range;
        Some((*range.start() as f64, *range.end() as f64))
    }};
    (read_only $(, $($rest:tt)*)?) => {
        $crate::__range!($($($rest)*)?)
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __step {
    (range($low:expr, $high:expr, $step:expr) $(, $($rest:tt)*)?) => {
        $step as f64
    };
    ($option:ident $(($($argument:expr),+))? $(, $($rest:tt)*)?) => {
        $crate::__step!($($($rest)*)?)
    };
    () => {
        0.0
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __read_only {
    () => {
        false
    };
    (read_only $(, $($rest:tt)*)?) => {
        true
    };
    (range($($range:expr),+) $(, $($rest:tt)*)?) => {
        $crate::__read_only!($($($rest)*)?)
    };
}

crate::parameters! {
    /// Parameters that every node has.
    pub struct StandardParameters {
        /// Take time from the /clock topic instead of the system clock.
        use_sim_time: bool = false, read_only;
        /// Configure and activate at start without waiting for a lifecycle manager.
        autostart: bool = true, read_only;
        /// Least severe level that is logged: trace, debug, info, warn or error.
        log_level: String = "info".to_owned();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::parameters! {
        /// Test.
        struct Example {
            /// Rate.
            rate_hz: f64 = 200.0, range(50.0, 1000.0), read_only;
            /// Names.
            names: Vec<String> = Vec::new();
            /// Whole numbers.
            count: i64 = 3, range(1..=5);
            /// In steps.
            share: f64 = 0.0, range(0.0, 1.0, 0.3), read_only;
            /// In steps.
            even: i64 = 2, range(2, 9, 2);
            /// A list.
            corner_m: Vec<f64> = vec![0.0, 0.0], range(0.0, 1.0, 0.3);
        }
    }

    #[test]
    fn declaration_carries_description_range_and_flag() {
        let descriptors = Example::descriptors();
        assert_eq!(descriptors[0].description, "Rate.");
        assert_eq!(descriptors[0].range, Some((50.0, 1000.0)));
        assert!(descriptors[0].read_only && !descriptors[1].read_only);
        assert_eq!(descriptors[2].range, Some((1.0, 5.0)));
    }

    #[test]
    fn set_names_parameter_value_and_what_is_allowed() {
        let check = |name: &str, value: ParameterValue, expected: &str| {
            let error = Example::default()
                .set(name, &value)
                .unwrap_err()
                .to_string();
            assert!(error.contains(expected), "{error}");
        };
        check(
            "rate_hz",
            ParameterValue::Double(1.0),
            "rate_hz: 1 is outside 50 to 1000",
        );
        check("rate_hz", ParameterValue::Double(f64::NAN), "not finite");
        check(
            "rate_hz",
            ParameterValue::String("x".into()),
            "\"x\" is a string, but must be a double",
        );
        check(
            "rate",
            ParameterValue::Double(1.0),
            "rate: not declared; known are rate_hz, names, count, share",
        );
    }

    #[test]
    fn steps_count_from_the_lower_end_and_both_ends_are_allowed() {
        let set = |name: &str, value: ParameterValue| {
            let result = Example::default().set(name, &value);
            result.map_err(|e| e.to_string())
        };
        for good in [0.0, 0.3, 0.6, 0.9, 1.0, 0.1 + 0.2, -0.0] {
            assert_eq!(set("share", ParameterValue::Double(good)), Ok(()), "{good}");
        }
        for (bad, why) in [
            (
                0.5,
                "0.5 is none of 0 to 1 in steps of 0.3: the nearest is 0.6",
            ),
            (0.95, "the nearest is 0.9"),
            (1.2, "1.2 is outside 0 to 1"),
            (f64::NAN, "NaN is not finite"),
            (f64::INFINITY, "inf is not finite"),
            (0.300_001, "none of"),
        ] {
            let error = set("share", ParameterValue::Double(bad)).unwrap_err();
            assert!(error.contains(why), "{bad}: {error}");
        }
        for good in [2, 4, 8, 9] {
            assert_eq!(set("even", ParameterValue::Integer(good)), Ok(()), "{good}");
        }
        assert!(set("even", ParameterValue::Integer(5)).is_err());
    }

    #[test]
    fn every_element_of_a_list_is_checked() {
        let set = |values: Vec<f64>| {
            Example::default().set("corner_m", &ParameterValue::DoubleArray(values))
        };
        assert!(set(vec![0.3, 1.0]).is_ok());
        for bad in [1.5, 0.5, f64::NAN, f64::NEG_INFINITY] {
            let error = set(vec![0.3, bad]).unwrap_err().to_string();
            assert!(error.contains("corner_m: "), "{error}");
        }
    }

    #[test]
    fn list_that_ros2_launch_wrote_is_a_list() {
        let list = ParameterValue::from_text("!!python/tuple\n- arm_1\n- rover_1\n");
        let expected = ParameterValue::StringArray(vec!["arm_1".into(), "rover_1".into()]);
        assert_eq!(list, Ok(expected));
    }

    #[test]
    fn integer_fits_a_double() {
        let mut example = Example::default();
        example
            .set("rate_hz", &ParameterValue::Integer(100))
            .unwrap();
        assert_eq!(example.rate_hz, 100.0);
    }
}
