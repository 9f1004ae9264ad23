//! The end that makes an MCAP file whole: summary and footer, for what is in it so far.
//!
//! Readers that seek (Foxglove, rosbag2, `mcap.reader.make_reader`) begin at the footer; a file without
//! one reads as empty to them. The library writes it once, at the end; this one can be written after
//! each chunk and be overwritten by the next.

use std::collections::BTreeMap;

use anyhow::anyhow;
use mcap::records::{AttachmentIndex, ChunkIndex, MetadataIndex, Record, Statistics, op};

/// Opcode and length in front of each record.
const HEAD: usize = 9;

/// What a summary says of the records before it.
#[derive(Debug, Default)]
pub struct Index {
    /// Bodies of the records, as they stand in the summary.
    schemas: Vec<Vec<u8>>,
    channels: Vec<Vec<u8>>,
    chunks: Vec<ChunkIndex>,
    attachments: Vec<AttachmentIndex>,
    metadata: Vec<MetadataIndex>,
    statistics: Statistics,
    /// A record whose rest has not come yet.
    partial: Vec<u8>,
    /// Where in the file `partial` begins.
    offset: u64,
}

impl Index {
    /// Notes a topic; ids are those that the writer gave.
    pub fn add_topic(&mut self, schema: u16, kind: &str, definition: &str, id: u16, topic: &str) {
        let mut body = Body::default();
        body.u16(schema).text(kind).text("ros2msg").text(definition);
        if !self.schemas.contains(&body.0) {
            self.schemas.push(body.0);
        }
        let mut body = Body::default();
        body.u16(id).u16(schema).text(topic).text("cdr").u32(0);
        if !self.channels.contains(&body.0) {
            self.channels.push(body.0);
        }
    }

    /// Notes what the writer has written next.
    ///
    /// # Errors
    /// When these are not records.
    pub fn note(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        self.partial.extend_from_slice(bytes);
        if self.offset == 0 && self.partial.starts_with(mcap::MAGIC) {
            self.partial.drain(..mcap::MAGIC.len());
            self.offset = mcap::MAGIC.len() as u64;
        }
        let bytes = std::mem::take(&mut self.partial);
        let mut rest = bytes.as_slice();
        while let Some((head, body)) = split_record(rest) {
            self.note_record(head, body)?;
            let length = HEAD + body.len();
            self.offset += length as u64;
            rest = &rest[length..];
        }
        self.partial = rest.to_vec();
        Ok(())
    }

    fn note_record(&mut self, opcode: u8, body: &[u8]) -> anyhow::Result<()> {
        if !matches!(
            opcode,
            op::CHUNK | op::MESSAGE_INDEX | op::ATTACHMENT | op::METADATA
        ) {
            return Ok(());
        }
        let record = mcap::parse_record(opcode, body)
            .map_err(|e| anyhow!("the recording cannot be indexed: {e}"))?;
        let (offset, length) = (self.offset, (HEAD + body.len()) as u64);
        match record {
            Record::Chunk { header, .. } => {
                self.statistics.chunk_count += 1;
                self.chunks.push(ChunkIndex {
                    message_start_time: header.message_start_time,
                    message_end_time: header.message_end_time,
                    chunk_start_offset: offset,
                    chunk_length: length,
                    message_index_offsets: BTreeMap::new(),
                    message_index_length: 0,
                    compression: header.compression,
                    compressed_size: header.compressed_size,
                    uncompressed_size: header.uncompressed_size,
                });
            }
            Record::MessageIndex(index) => {
                if let Some(chunk) = self.chunks.last_mut() {
                    chunk.message_index_length += length;
                    chunk.message_index_offsets.insert(index.channel_id, offset);
                }
                self.count(index.channel_id, &index.records);
            }
            Record::Attachment { header, data, .. } => {
                self.statistics.attachment_count += 1;
                self.attachments.push(AttachmentIndex {
                    offset,
                    length,
                    log_time: header.log_time,
                    create_time: header.create_time,
                    data_size: data.len() as u64,
                    name: header.name,
                    media_type: header.media_type,
                });
            }
            Record::Metadata(metadata) => {
                self.statistics.metadata_count += 1;
                self.metadata.push(MetadataIndex {
                    offset,
                    length,
                    name: metadata.name,
                });
            }
            _ => {}
        }
        Ok(())
    }

    fn count(&mut self, channel: u16, records: &[mcap::records::MessageIndexEntry]) {
        let statistics = &mut self.statistics;
        let is_first = statistics.message_count == 0;
        for time in records.iter().map(|r| r.log_time) {
            statistics.message_end_time = statistics.message_end_time.max(time);
            statistics.message_start_time = statistics.message_start_time.min(time);
        }
        if is_first {
            let times = records.iter().map(|r| r.log_time);
            statistics.message_start_time = times.min().unwrap_or(0);
        }
        let count = records.len() as u64;
        statistics.message_count += count;
        *statistics
            .channel_message_counts
            .entry(channel)
            .or_default() += count;
    }

    /// Data end, summary, footer and magic, as they would follow what was noted so far.
    pub fn end(&self) -> Vec<u8> {
        let mut end = Vec::new();
        push(&mut end, op::DATA_END, &0u32.to_le_bytes());
        let summary_start = self.offset + end.len() as u64;
        for body in &self.schemas {
            push(&mut end, op::SCHEMA, body);
        }
        for body in &self.channels {
            push(&mut end, op::CHANNEL, body);
        }
        push(&mut end, op::STATISTICS, &self.statistics_body());
        for chunk in &self.chunks {
            push(&mut end, op::CHUNK_INDEX, &chunk_body(chunk));
        }
        for index in &self.attachments {
            let mut body = Body::default();
            body.u64(index.offset).u64(index.length);
            body.u64(index.log_time).u64(index.create_time);
            body.u64(index.data_size).text(&index.name);
            body.text(&index.media_type);
            push(&mut end, op::ATTACHMENT_INDEX, &body.0);
        }
        for index in &self.metadata {
            let mut body = Body::default();
            body.u64(index.offset).u64(index.length).text(&index.name);
            push(&mut end, op::METADATA_INDEX, &body.0);
        }
        let mut footer = Body::default();
        // No offsets of groups, and no checksum.
        footer.u64(summary_start).u64(0).u32(0);
        push(&mut end, op::FOOTER, &footer.0);
        end.extend_from_slice(mcap::MAGIC);
        end
    }

    fn statistics_body(&self) -> Vec<u8> {
        let s = &self.statistics;
        let mut body = Body::default();
        body.u64(s.message_count).u16(self.schemas.len() as u16);
        body.u32(self.channels.len() as u32);
        body.u32(s.attachment_count).u32(s.metadata_count);
        body.u32(s.chunk_count);
        body.u64(s.message_start_time).u64(s.message_end_time);
        body.map(&s.channel_message_counts);
        body.0
    }
}

fn chunk_body(chunk: &ChunkIndex) -> Vec<u8> {
    let mut body = Body::default();
    body.u64(chunk.message_start_time);
    body.u64(chunk.message_end_time);
    body.u64(chunk.chunk_start_offset).u64(chunk.chunk_length);
    body.map(&chunk.message_index_offsets);
    body.u64(chunk.message_index_length);
    body.text(&chunk.compression);
    body.u64(chunk.compressed_size).u64(chunk.uncompressed_size);
    body.0
}

/// Opcode and body of the record at the beginning, if it is there whole.
fn split_record(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let (opcode, rest) = bytes.split_first()?;
    let (length, rest) = rest.split_first_chunk::<8>()?;
    let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
    Some((*opcode, rest.get(..length)?))
}

fn push(bytes: &mut Vec<u8>, opcode: u8, body: &[u8]) {
    bytes.push(opcode);
    bytes.extend_from_slice(&(body.len() as u64).to_le_bytes());
    bytes.extend_from_slice(body);
}

/// A record's body in MCAP's encoding: little endian, lengths in front.
#[derive(Default)]
struct Body(Vec<u8>);

impl Body {
    fn u16(&mut self, value: u16) -> &mut Self {
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    fn u32(&mut self, value: u32) -> &mut Self {
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    fn u64(&mut self, value: u64) -> &mut Self {
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    fn text(&mut self, text: &str) -> &mut Self {
        self.u32(text.len() as u32);
        self.0.extend_from_slice(text.as_bytes());
        self
    }

    fn map(&mut self, map: &BTreeMap<u16, u64>) -> &mut Self {
        self.u32(10 * map.len() as u32);
        for (key, value) in map {
            self.u16(*key).u64(*value);
        }
        self
    }
}
