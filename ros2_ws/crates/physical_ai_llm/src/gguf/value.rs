use std::fmt;

use super::cursor::{Cursor, Violation};

/// A value of the metadata.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// Any whole number; unsigned 64-bit values above the signed range do not occur in models.
    Integer(i64),
    /// Any floating-point number.
    Number(f64),
    /// Truth.
    Bool(bool),
    /// Text.
    Text(String),
    /// Whole numbers.
    Integers(Vec<i64>),
    /// Floating-point numbers.
    Numbers(Vec<f32>),
    /// Truths.
    Bools(Vec<bool>),
    /// Texts.
    Texts(Vec<String>),
}

impl Value {
    pub(super) fn read(cursor: &mut Cursor<'_>, key: &str) -> Result<Self, Violation> {
        let field = format!("key {key}");
        match cursor.u32(&field)? {
            8 => cursor.text(&field).map(Self::Text),
            9 => Self::read_array(cursor, &field),
            kind => Self::read_scalar(cursor, &field, kind),
        }
    }

    fn read_scalar(cursor: &mut Cursor<'_>, field: &str, kind: u32) -> Result<Self, Violation> {
        Ok(match kind {
            6 => Self::Number(f64::from(f32::from_le_bytes(cursor.array(field)?))),
            12 => Self::Number(f64::from_le_bytes(cursor.array(field)?)),
            7 => Self::Bool(read_bool(cursor, field)?),
            _ => Self::Integer(read_integer(cursor, field, kind)?),
        })
    }

    fn read_array(cursor: &mut Cursor<'_>, field: &str) -> Result<Self, Violation> {
        let kind = cursor.u32(field)?;
        let count = cursor.count(field, least_bytes(kind))?;
        Ok(match kind {
            6 => Self::Numbers(read_many(count, || {
                cursor.array(field).map(f32::from_le_bytes)
            })?),
            7 => Self::Bools(read_many(count, || read_bool(cursor, field))?),
            8 => Self::Texts(read_many(count, || cursor.text(field))?),
            _ => Self::Integers(read_many(count, || read_integer(cursor, field, kind))?),
        })
    }

    /// As a whole number.
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Integer(value) => Some(*value),
            _ => None,
        }
    }

    /// As a number of either kind.
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Self::Integer(value) => Some(*value as f64),
            Self::Number(value) => Some(*value),
            _ => None,
        }
    }
}

/// Long arrays are told by their length.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(value) => write!(f, "{value}"),
            Self::Number(value) => write!(f, "{value}"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Text(value) => write!(f, "{value:?}"),
            Self::Integers(values) => write!(f, "{} integers", values.len()),
            Self::Numbers(values) => write!(f, "{} numbers", values.len()),
            Self::Bools(values) => write!(f, "{} truth values", values.len()),
            Self::Texts(values) => write!(f, "{} texts", values.len()),
        }
    }
}

fn read_many<T>(
    count: usize,
    mut read: impl FnMut() -> Result<T, Violation>,
) -> Result<Vec<T>, Violation> {
    (0..count).map(|_| read()).collect()
}

fn least_bytes(kind: u32) -> usize {
    match kind {
        0 | 1 | 7 => 1,
        2 | 3 => 2,
        8 | 10 | 11 | 12 => 8,
        _ => 4,
    }
}

fn read_bool(cursor: &mut Cursor<'_>, field: &str) -> Result<bool, Violation> {
    match cursor.array::<1>(field)? {
        [0] => Ok(false),
        [1] => Ok(true),
        [other] => Err((field.to_owned(), format!("{other} is no truth value"))),
    }
}

fn read_integer(cursor: &mut Cursor<'_>, field: &str, kind: u32) -> Result<i64, Violation> {
    Ok(match kind {
        0 => i64::from(u8::from_le_bytes(cursor.array(field)?)),
        1 => i64::from(i8::from_le_bytes(cursor.array(field)?)),
        2 => i64::from(u16::from_le_bytes(cursor.array(field)?)),
        3 => i64::from(i16::from_le_bytes(cursor.array(field)?)),
        4 => i64::from(cursor.u32(field)?),
        5 => i64::from(i32::from_le_bytes(cursor.array(field)?)),
        10 => {
            let value = cursor.u64(field)?;
            i64::try_from(value).map_err(|_| (field.to_owned(), format!("{value} is too large")))?
        }
        11 => i64::from_le_bytes(cursor.array(field)?),
        other => {
            return Err((
                field.to_owned(),
                format!("has value type {other}, which does not exist"),
            ));
        }
    })
}
