use std::io::Write;

use proptest::prelude::*;

use super::*;

/// Writes small files.
#[derive(Default)]
struct Writer {
    keys: Vec<u8>,
    key_count: u64,
    tensors: Vec<u8>,
    tensor_count: u64,
    data: Vec<u8>,
}

fn text(out: &mut Vec<u8>, text: &str) {
    out.extend((text.len() as u64).to_le_bytes());
    out.extend(text.as_bytes());
}

impl Writer {
    fn key(mut self, name: &str, kind: u32, value: &[u8]) -> Self {
        text(&mut self.keys, name);
        self.keys.extend(kind.to_le_bytes());
        self.keys.extend(value);
        self.key_count += 1;
        self
    }

    fn tensor(mut self, name: &str, sides: &[u64], format: u32, data: &[u8]) -> Self {
        self.data.resize(self.data.len().next_multiple_of(32), 0);
        text(&mut self.tensors, name);
        self.tensors.extend((sides.len() as u32).to_le_bytes());
        self.tensors
            .extend(sides.iter().flat_map(|s| s.to_le_bytes()));
        self.tensors.extend(format.to_le_bytes());
        self.tensors.extend((self.data.len() as u64).to_le_bytes());
        self.data.extend(data);
        self.tensor_count += 1;
        self
    }

    fn bytes(&self) -> Vec<u8> {
        let mut out = b"GGUF\x03\0\0\0".to_vec();
        out.extend(self.tensor_count.to_le_bytes());
        out.extend(self.key_count.to_le_bytes());
        out.extend(&self.keys);
        out.extend(&self.tensors);
        out.resize(out.len().next_multiple_of(32), 0);
        out.extend(&self.data);
        out
    }
}

fn sample() -> Writer {
    let mut words = 8_u32.to_le_bytes().to_vec();
    words.extend(2_u64.to_le_bytes());
    text(&mut words, "a");
    text(&mut words, "가");
    Writer::default()
        .key("count", 4, &7_u32.to_le_bytes())
        .key("eps", 6, &0.5_f32.to_le_bytes())
        .key("words", 9, &words)
        .tensor("w", &[32, 2], 8, &[1; 68])
        .tensor("norm", &[4], 0, &[0; 16])
}

fn read(bytes: &[u8]) -> Result<Head, Error> {
    parse("m.gguf", bytes)
}

#[test]
fn head_is_read() {
    let (metadata, tensors) = read(&sample().bytes()).unwrap();
    assert_eq!(metadata["count"], Value::Integer(7));
    assert_eq!(metadata["eps"], Value::Number(0.5));
    let words = vec!["a".to_owned(), "가".to_owned()];
    assert_eq!(metadata["words"], Value::Texts(words));
    let w = &tensors["w"];
    assert_eq!((w.shape.as_slice(), w.format), (&[2, 32][..], Format::Q8_0));
    assert_eq!((w.bytes, w.offset % 32), (68, 0));
    assert_eq!(tensors["norm"].offset, w.offset + 96);
}

#[test]
fn file_is_mapped_and_keys_are_checked() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&sample().bytes()).unwrap();
    let gguf = Gguf::open(file.path()).unwrap();
    assert_eq!(gguf.usize("count").unwrap(), 7);
    assert_eq!(gguf.optional_usize("absent").unwrap(), None);
    assert_eq!(gguf.optional_f64("eps").unwrap(), Some(0.5));
    let check =
        |error: Error, expected: &str| assert!(error.to_string().contains(expected), "{error}");
    check(gguf.usize("absent").unwrap_err(), "key absent: is missing");
    check(gguf.usize("eps").unwrap_err(), "key eps: 0.5 must be");
    check(
        gguf.optional_f64("words").unwrap_err(),
        "key words: 2 texts must be",
    );
    check(gguf.tensor("x").unwrap_err(), "tensor x: is missing");
    check(Gguf::open(Path::new("/nowhere")).unwrap_err(), "/nowhere");
}

#[test]
fn hostile_heads_are_refused_by_field_and_value() {
    let check = |bytes: &[u8], expected: &str| {
        let error = read(bytes).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    let patch = |at: usize, with: &[u8]| {
        let mut bytes = sample().bytes();
        bytes[at..at + with.len()].copy_from_slice(with);
        bytes
    };
    check(b"", "magic: needs 4 bytes");
    check(b"PK\x03\x04rest", "is not \"GGUF\"");
    check(&patch(4, &[1]), "version: 1 is not 2 or 3");
    check(
        &patch(8, &[0xff; 8]),
        "number of tensors: is 18446744073709551615",
    );
    check(
        &patch(16, &[0xff; 8]),
        "number of keys: is 18446744073709551615",
    );
    check(&patch(24, &[0xff; 8]), "key: is 18446744073709551615");
    let key = |kind: u32, value: &[u8]| Writer::default().key("k", kind, value).bytes();
    check(&key(77, &[0; 8]), "key k: has value type 77");
    check(&key(7, &[2]), "key k: 2 is no truth value");
    check(&key(8, b"\x01\0\0\0\0\0\0\0\xff"), "key k: is no UTF-8");
    let array = [&6_u32.to_le_bytes()[..], &u64::MAX.to_le_bytes()].concat();
    check(&key(9, &array), "key k: is 18446744073709551615");
    let twice = sample().key("eps", 6, &[0; 4]);
    check(&twice.bytes(), "key eps: is there twice");
    let split = sample().key("split.count", 2, &[3, 0]);
    check(&split.bytes(), "split.count: 3 files");
    let aligned = sample().key("general.alignment", 4, &[3, 0, 0, 0]);
    check(
        &aligned.bytes(),
        "general.alignment: 3 must be a power of two",
    );
    let tensor = |sides: &[u64], format: u32| {
        let bytes = Writer::default().tensor("t", sides, format, &[0; 64]);
        bytes.bytes()
    };
    check(&tensor(&[0], 0), "tensor t: has a side of 0");
    check(&tensor(&[1; 5], 0), "tensor t: has 5 dimensions");
    check(&tensor(&[32], 999), "tensor t: has GGML format 999");
    check(&tensor(&[33], 8), "tensor t: has 33 columns");
    check(&tensor(&[1 << 40, 1 << 40], 0), "larger than any file");
    check(&tensor(&[1000], 0), "the file at");
    let doubled = sample().tensor("w", &[4], 0, &[0; 16]);
    check(&doubled.bytes(), "tensor w: is there twice");
}

#[test]
fn every_truncation_is_an_error() {
    let bytes = sample().bytes();
    for length in 0..bytes.len() {
        assert!(read(&bytes[..length]).is_err(), "{length} bytes were taken");
    }
}

proptest! {
    #[test]
    fn damaged_heads_never_panic(
        at in 0_usize..400,
        value in any::<[u8; 8]>(),
        length in 0_usize..500,
    ) {
        let mut bytes = sample().bytes();
        for (i, v) in value.iter().enumerate() {
            if let Some(b) = bytes.get_mut(at + i) {
                *b = *v;
            }
        }
        bytes.truncate(length);
        if let Ok((_, tensors)) = read(&bytes) {
            for info in tensors.values() {
                prop_assert!(info.offset + info.bytes <= bytes.len());
            }
        }
    }
}
