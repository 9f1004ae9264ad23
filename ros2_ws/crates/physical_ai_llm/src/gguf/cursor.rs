//! Reads little-endian numbers out of a slice and never past its end.

/// A field and what is wrong with it.
pub type Violation = (String, String);

pub struct Cursor<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> Cursor<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 0 }
    }

    pub fn position(&self) -> usize {
        self.position
    }

    pub fn remaining(&self) -> usize {
        self.bytes.len() - self.position
    }

    pub fn take(&mut self, field: &str, bytes: usize) -> Result<&'a [u8], Violation> {
        let left = self.remaining();
        if bytes > left {
            return Err((
                field.to_owned(),
                format!(
                    "needs {bytes} bytes at byte {}, {left} are left: the file is truncated or damaged",
                    self.position
                ),
            ));
        }
        let taken = &self.bytes[self.position..self.position + bytes];
        self.position += bytes;
        Ok(taken)
    }

    pub fn array<const N: usize>(&mut self, field: &str) -> Result<[u8; N], Violation> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(field, N)?);
        Ok(array)
    }

    pub fn u32(&mut self, field: &str) -> Result<u32, Violation> {
        self.array(field).map(u32::from_le_bytes)
    }

    pub fn u64(&mut self, field: &str) -> Result<u64, Violation> {
        self.array(field).map(u64::from_le_bytes)
    }

    /// How many things follow, each at least `least_bytes` long. What cannot fit is refused here, so
    /// that nothing is allocated for it.
    pub fn count(&mut self, field: &str, least_bytes: usize) -> Result<usize, Violation> {
        let count = self.u64(field)?;
        let fits = self.remaining() / least_bytes.max(1);
        usize::try_from(count)
            .ok()
            .filter(|c| *c <= fits)
            .ok_or_else(|| {
                (
                    field.to_owned(),
                    format!("is {count}, {fits} at most fit into the file"),
                )
            })
    }

    pub fn text(&mut self, field: &str) -> Result<String, Violation> {
        let length = self.count(field, 1)?;
        let bytes = self.take(field, length)?;
        std::str::from_utf8(bytes)
            .map(str::to_owned)
            .map_err(|e| (field.to_owned(), format!("is no UTF-8: {e}")))
    }
}
