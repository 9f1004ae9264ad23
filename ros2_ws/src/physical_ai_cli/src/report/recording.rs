//! Reads a recording, also one whose recorder was killed.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, ensure};
use mcap::McapResult;
use mcap::read::{ChunkReader, LinearReader, Options};
use mcap::records::Record;

/// What a recording holds besides its messages.
#[derive(Debug, Default)]
pub struct Recording {
    /// Files that belong to the run, by name.
    pub attachments: BTreeMap<String, Vec<u8>>,
    /// Facts about the run.
    pub facts: BTreeMap<String, String>,
    /// Why it is not complete, if it is not.
    pub damage: Option<String>,
    /// Messages read.
    pub messages: u64,
}

/// One message.
pub struct Message<'a> {
    /// Topic, absolute.
    pub topic: &'a str,
    /// Namespace of the recorded suite, without slashes around it.
    pub namespace: &'a str,
    /// Type, as `package/msg/Type`.
    pub type_name: &'a str,
    /// ROS time at which it came, seconds.
    pub time_s: f64,
    /// Serialised message.
    pub cdr: &'a [u8],
}

/// Reads the file and hands each message to `take`, in the order of the file.
///
/// # Errors
/// When the file cannot be read, or is no MCAP file at all.
pub fn read(path: &Path, mut take: impl FnMut(&Message<'_>)) -> anyhow::Result<Recording> {
    let bytes = std::fs::read(path)
        .with_context(|| format!("recording {} cannot be read", path.display()))?;
    ensure!(
        bytes.starts_with(mcap::MAGIC),
        "recording {}: this is not an MCAP file; record one with `physical-ai record --out DIR`",
        path.display()
    );
    let mut reader = RecordReader::default();
    let mut is_complete = false;
    for record in LinearReader::new_with_options(&bytes, Options::IgnoreEndMagic.into())? {
        match record {
            Ok(Record::Footer(_)) => is_complete = true,
            Ok(record) => {
                if let Err(error) = reader.record(record, &mut take) {
                    reader.recording.damage = Some(format!("a part cannot be read: {error}"));
                }
            }
            Err(_) => break,
        }
    }
    let mut recording = reader.recording;
    if !is_complete && recording.damage.is_none() {
        recording.damage = Some(
            "the recorder was killed or its disk was full: the end of the run is missing"
                .to_owned(),
        );
    }
    Ok(recording)
}

#[derive(Default)]
struct RecordReader {
    recording: Recording,
    types: BTreeMap<u16, String>,
    channels: BTreeMap<u16, (String, u16)>,
}

impl RecordReader {
    fn record(
        &mut self,
        record: Record<'_>,
        take: &mut impl FnMut(&Message<'_>),
    ) -> McapResult<()> {
        match record {
            Record::Schema { header, .. } => {
                self.types.insert(header.id, header.name);
            }
            Record::Channel(channel) => {
                self.channels
                    .insert(channel.id, (channel.topic, channel.schema_id));
            }
            Record::Message { header, data } => {
                if let Some((topic, schema)) = self.channels.get(&header.channel_id) {
                    self.recording.messages += 1;
                    take(&Message {
                        topic,
                        namespace: self
                            .recording
                            .facts
                            .get("namespace")
                            .map_or("", String::as_str),
                        type_name: self.types.get(schema).map_or("", String::as_str),
                        time_s: header.log_time as f64 * 1e-9,
                        cdr: &data,
                    });
                }
            }
            Record::Chunk { header, data } => {
                for record in ChunkReader::new(header, &data)? {
                    self.record(record?, take)?;
                }
            }
            Record::Attachment { header, data, .. } => {
                self.recording
                    .attachments
                    .insert(header.name, data.into_owned());
            }
            Record::Metadata(metadata) => self.recording.facts.extend(metadata.metadata),
            _ => {}
        }
        Ok(())
    }
}
