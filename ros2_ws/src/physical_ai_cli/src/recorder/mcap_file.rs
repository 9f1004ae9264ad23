//! The file of a recording.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufWriter, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::anyhow;
use mcap::records::{MessageHeader, Metadata};
use mcap::write::NoSeek;
use mcap::{Attachment, McapError, WriteOptions, Writer};

/// A recorder that is killed loses no more than this.
const FLUSH_EVERY: Duration = Duration::from_secs(1);

/// An MCAP file that grows chunk by chunk; each chunk that is on disk stays readable.
pub struct McapFile {
    writer: Writer<NoSeek<BufWriter<File>>>,
    path: PathBuf,
    flushed: Instant,
    sequences: BTreeMap<u16, u32>,
    attached: BTreeSet<String>,
    /// Messages written so far.
    pub messages: u64,
}

impl McapFile {
    /// Starts a file; an old one of this name is replaced.
    ///
    /// # Errors
    /// Names the file and what the system said.
    pub fn create(path: &Path) -> anyhow::Result<Self> {
        let explain = |e: std::io::Error| anyhow!("recording {}: {e}", path.display());
        let file = File::create(path).map_err(explain)?;
        let writer = WriteOptions::new()
            .profile("ros2")
            .library(concat!("physical-ai ", env!("CARGO_PKG_VERSION")))
            // A chunk goes to disk whole: a kill leaves the last one out instead of half of it.
            .disable_seeking(true)
            .compression_threads(0)
            .create(NoSeek::new(BufWriter::with_capacity(1 << 16, file)))
            .map_err(|e| explain_mcap(path, 0, &e))?;
        Ok(Self {
            writer,
            path: path.to_path_buf(),
            flushed: Instant::now(),
            sequences: BTreeMap::new(),
            attached: BTreeSet::new(),
            messages: 0,
        })
    }

    /// Adds a topic and gives the id for [`McapFile::write`].
    ///
    /// # Errors
    /// Names the file.
    pub fn add_topic(&mut self, topic: &str, kind: &str, definition: &str) -> anyhow::Result<u16> {
        self.checked(|writer| {
            let schema = writer.add_schema(kind, "ros2msg", definition.as_bytes())?;
            writer.add_channel(schema, topic, "cdr", &BTreeMap::new())
        })
    }

    /// Adds a message; times are ROS time in nanoseconds.
    ///
    /// # Errors
    /// Names the file; what was flushed before stays readable.
    pub fn write(
        &mut self,
        topic: u16,
        log_time_ns: i64,
        publish_time_ns: i64,
        cdr: &[u8],
    ) -> anyhow::Result<()> {
        let sequence = self.sequences.entry(topic).or_default();
        let header = MessageHeader {
            channel_id: topic,
            sequence: *sequence,
            log_time: u64::try_from(log_time_ns).unwrap_or(0),
            publish_time: u64::try_from(publish_time_ns).unwrap_or(0),
        };
        *sequence = sequence.wrapping_add(1);
        self.messages += 1;
        self.checked(|writer| writer.write_to_known_channel(&header, cdr))?;
        self.flush_if_due()
    }

    /// Adds facts about the run.
    ///
    /// # Errors
    /// Names the file.
    pub fn write_metadata(
        &mut self,
        name: &str,
        metadata: BTreeMap<String, String>,
    ) -> anyhow::Result<()> {
        let record = Metadata {
            name: name.to_owned(),
            metadata,
        };
        self.checked(|writer| writer.write_metadata(&record))
    }

    /// Adds a file that belongs to the run; a name that it has already is left alone.
    ///
    /// # Errors
    /// Names the file.
    pub fn attach(&mut self, name: &str, media_type: &str, data: &[u8]) -> anyhow::Result<()> {
        if !self.attached.insert(name.to_owned()) {
            return Ok(());
        }
        let attachment = Attachment {
            log_time: 0,
            create_time: 0,
            name: name.to_owned(),
            media_type: media_type.to_owned(),
            data: data.into(),
        };
        self.checked(|writer| writer.attach(&attachment))
    }

    /// Ends the current chunk if the last one ended long enough ago.
    ///
    /// # Errors
    /// Names the file.
    pub fn flush_if_due(&mut self) -> anyhow::Result<()> {
        if self.flushed.elapsed() < FLUSH_EVERY {
            return Ok(());
        }
        self.flush()
    }

    /// Ends the current chunk, so that a reader sees it.
    ///
    /// # Errors
    /// Names the file.
    pub fn flush(&mut self) -> anyhow::Result<()> {
        self.flushed = Instant::now();
        self.checked(Writer::flush)
    }

    /// Writes index and summary and closes the file.
    ///
    /// # Errors
    /// Names the file.
    pub fn finish(mut self) -> anyhow::Result<u64> {
        self.checked(|writer| writer.finish().map(|_| ()))?;
        self.writer
            .into_inner()
            .into_inner()
            .into_inner()
            .map_err(std::io::IntoInnerError::into_error)
            .and_then(|file| file.sync_all())
            .map_err(|e| explain_mcap(&self.path, self.messages, &McapError::Io(e)))?;
        Ok(self.messages)
    }

    fn checked<T>(
        &mut self,
        write: impl FnOnce(&mut Writer<NoSeek<BufWriter<File>>>) -> Result<T, McapError>,
    ) -> anyhow::Result<T> {
        write(&mut self.writer).map_err(|e| explain_mcap(&self.path, self.messages, &e))
    }
}

fn explain_mcap(path: &Path, messages: u64, error: &McapError) -> anyhow::Error {
    let path = path.display();
    match error {
        McapError::Io(e) if e.kind() == ErrorKind::StorageFull => anyhow!(
            "recording {path}: no space left on its disk after {messages} messages; what was flushed \
             before stays readable. Free some space, or record elsewhere with --out"
        ),
        error => anyhow!(
            "recording {path}: writing failed after {messages} messages ({error}); what was flushed \
             before stays readable"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_disk_is_a_clear_error() {
        let run = || -> anyhow::Result<()> {
            let mut file = McapFile::create(Path::new("/dev/full"))?;
            let topic = file.add_topic("/t", "a/msg/B", "int8 a\n")?;
            for i in 0..3 {
                file.write(topic, i, i, &[0; 8])?;
            }
            file.finish()?;
            Ok(())
        };
        let error = run().unwrap_err().to_string();
        assert!(error.contains("no space left"), "{error}");
        assert!(error.contains("/dev/full"), "{error}");
    }
}
