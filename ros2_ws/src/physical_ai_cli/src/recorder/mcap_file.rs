//! The file of a recording.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::anyhow;
use mcap::records::{MessageHeader, Metadata};
use mcap::write::NoSeek;
use mcap::{Attachment, McapError, WriteOptions, Writer};

use super::mcap_index::Index;

/// A recorder that is killed loses no more than this.
const FLUSH_EVERY: Duration = Duration::from_secs(1);
/// The end is written with each chunk, and grows with the file; in a recording of hours chunks become
/// longer, so that writing ends takes no more of the disk than this, in bytes per second.
const END_RATE: f64 = 2e6;

/// What the library has written and the file does not hold yet.
#[derive(Clone, Default)]
struct Buffer(Rc<RefCell<Vec<u8>>>);

impl std::io::Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// An MCAP file that grows chunk by chunk and is whole after each: every chunk is followed by summary
/// and footer, in whose place the next one is written. A kill in between (less than a millisecond in a
/// second) leaves a file without an end, of which what was flushed can still be read from the start.
pub struct McapFile {
    writer: Writer<NoSeek<Buffer>>,
    buffer: Buffer,
    file: File,
    /// Bytes of the file before its end.
    length: u64,
    index: Index,
    path: PathBuf,
    flushed: Instant,
    flush_every: Duration,
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
        let buffer = Buffer::default();
        let writer = WriteOptions::new()
            .profile("ros2")
            .library(concat!("physical-ai ", env!("CARGO_PKG_VERSION")))
            // A chunk goes to disk whole: a kill leaves the last one out instead of half of it.
            .disable_seeking(true)
            .compression_threads(0)
            .create(NoSeek::new(buffer.clone()))
            .map_err(|e| explain_mcap(path, 0, &e))?;
        let mut created = Self {
            writer,
            buffer,
            file,
            length: 0,
            index: Index::default(),
            path: path.to_path_buf(),
            flushed: Instant::now(),
            flush_every: FLUSH_EVERY,
            sequences: BTreeMap::new(),
            attached: BTreeSet::new(),
            messages: 0,
        };
        created.flush()?;
        Ok(created)
    }

    /// Adds a topic and gives the id for [`McapFile::write`].
    ///
    /// # Errors
    /// Names the file.
    pub fn add_topic(&mut self, topic: &str, kind: &str, definition: &str) -> anyhow::Result<u16> {
        let (schema, id) = self.checked(|writer| {
            let schema = writer.add_schema(kind, "ros2msg", definition.as_bytes())?;
            let id = writer.add_channel(schema, topic, "cdr", &BTreeMap::new())?;
            Ok((schema, id))
        })?;
        self.index.add_topic(schema, kind, definition, id, topic);
        Ok(id)
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
        if self.flushed.elapsed() < self.flush_every {
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
        self.checked(Writer::flush)?;
        let bytes = std::mem::take(&mut *self.buffer.0.borrow_mut());
        let old_end = self.index.end();
        self.index.note(&bytes)?;
        let end = self.index.end();
        self.flush_every = FLUSH_EVERY + Duration::from_secs_f64(end.len() as f64 / END_RATE);
        let whole = [bytes.as_slice(), end.as_slice()].concat();
        let written = self
            .file
            .write_all_at(&whole, self.length)
            .and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            // Room for the old end was there.
            let _ = self.file.write_all_at(&old_end, self.length);
            let _ = self.file.set_len(self.length + old_end.len() as u64);
            return Err(self.explain(&McapError::Io(error)));
        }
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Writes index and summary and closes the file.
    ///
    /// # Errors
    /// Names the file.
    pub fn finish(mut self) -> anyhow::Result<u64> {
        self.flush()?;
        self.checked(|writer| writer.finish().map(|_| ()))?;
        let end = std::mem::take(&mut *self.buffer.0.borrow_mut());
        self.file
            .write_all_at(&end, self.length)
            .and_then(|()| self.file.set_len(self.length + end.len() as u64))
            .and_then(|()| self.file.sync_all())
            .map_err(|e| self.explain(&McapError::Io(e)))?;
        Ok(self.messages)
    }

    fn explain(&self, error: &McapError) -> anyhow::Error {
        explain_mcap(&self.path, self.messages, error)
    }

    fn checked<T>(
        &mut self,
        write: impl FnOnce(&mut Writer<NoSeek<Buffer>>) -> Result<T, McapError>,
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

    fn write(path: &Path) -> McapFile {
        let mut file = McapFile::create(path).unwrap();
        let facts = [("clock".to_owned(), "system".to_owned())];
        file.write_metadata("facts", facts.into()).unwrap();
        file.attach("world.yaml", "text/plain", b"places: []")
            .unwrap();
        let first = file.add_topic("/a", "a/msg/A", "int8 a\n").unwrap();
        for i in 5..9 {
            file.write(first, i, i, &[0, 1, 0, 0, 7]).unwrap();
            file.flush().unwrap();
        }
        let second = file.add_topic("/b", "a/msg/A", "int8 a\n").unwrap();
        file.write(second, 9, 9, &[0, 1, 0, 0, 8]).unwrap();
        file.flush().unwrap();
        file
    }

    /// The file as it lies there while it is written reads as the finished one does.
    #[test]
    fn file_is_whole_after_each_flush() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.mcap");
        let file = write(&path);
        let read = || {
            let bytes = std::fs::read(&path).unwrap();
            let summary = mcap::Summary::read(&bytes).unwrap().unwrap();
            let messages: Vec<_> = mcap::MessageStream::new(&bytes)
                .unwrap()
                .map(|m| m.unwrap())
                .map(|m| (m.channel.topic.clone(), m.log_time, m.data.to_vec()))
                .collect();
            (format!("{summary:?}"), messages)
        };
        let (summary, messages) = read();
        assert_eq!(messages.len(), 5);
        file.finish().unwrap();
        assert_eq!(read(), (summary, messages));
    }

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
