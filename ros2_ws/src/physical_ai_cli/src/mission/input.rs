//! What the user calls a mission: a sentence, a file, or a plan on standard input.

use std::path::Path;

use anyhow::{Context as _, bail, ensure};

use crate::text_input::{MAX_BYTES, read_text};

/// A mission as ExecuteMission and ValidateMission take it: one of the two is empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mission {
    /// Plain language.
    pub text: String,
    /// YAML or JSON.
    pub plan: String,
}

impl Mission {
    /// Reads what was given on the command line.
    ///
    /// # Errors
    /// Names the file and what is wrong with it: missing, a folder, empty, too large (with its size),
    /// not UTF-8 (with the offset of the first wrong byte).
    pub fn read(argument: &str) -> anyhow::Result<Self> {
        if argument == "-" {
            let plan = read_text(std::io::stdin().lock(), "standard input")?;
            return Ok(Self::plan(plan));
        }
        let path = Path::new(argument);
        if path.is_dir() {
            bail!("mission {argument:?} is a folder: name a file in it");
        }
        if !path.exists() {
            ensure!(
                !looks_like_file(argument),
                "mission file {argument:?} does not exist"
            );
            ensure!(
                argument.len() as u64 <= MAX_BYTES,
                "the mission has {} bytes; at most {MAX_BYTES} are allowed",
                argument.len()
            );
            ensure!(
                !argument.trim().is_empty(),
                "the mission is empty: give a sentence, a file, or - for a plan on standard input"
            );
            return Ok(Self::text(argument.to_owned()));
        }
        let name = format!("mission file {}", path.display());
        let file = std::fs::File::open(path).with_context(|| format!("{name} cannot be opened"))?;
        let size = file.metadata().map_or(0, |m| m.len());
        ensure!(
            size <= MAX_BYTES,
            "{name} has {size} bytes; at most {MAX_BYTES} are allowed"
        );
        let content = read_text(file, &name)?;
        Ok(if is_plan(path) {
            Self::plan(content)
        } else {
            Self::text(content)
        })
    }

    fn plan(plan: String) -> Self {
        Self {
            plan,
            ..Self::default()
        }
    }

    fn text(text: String) -> Self {
        Self {
            text,
            ..Self::default()
        }
    }
}

fn is_plan(path: &Path) -> bool {
    let extension = path.extension().and_then(|e| e.to_str());
    extension.is_some_and(|e| matches!(e.to_ascii_lowercase().as_str(), "yaml" | "yml" | "json"))
}

/// A sentence does not end with a file's ending, or start with a path's beginning.
fn looks_like_file(argument: &str) -> bool {
    let path = Path::new(argument);
    let is_one_word = !argument.contains(char::is_whitespace);
    let is_text = path.extension().is_some_and(|e| e == "txt");
    is_one_word && (is_plan(path) || is_text || argument.contains('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_and_files_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, content: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, content).unwrap();
            path.display().to_string()
        };
        let sentence = "rover_1 goes to dock_a.";
        assert_eq!(Mission::read(sentence).unwrap().text, sentence);
        let path = file("m.yaml", b"tasks: []");
        assert_eq!(Mission::read(&path).unwrap().plan, "tasks: []");
        let path = file("m.JSON", b"{}");
        assert_eq!(Mission::read(&path).unwrap().plan, "{}");
        let path = file("m.txt", "r\u{fc}ckw\u{e4}rts".as_bytes());
        let mission = Mission::read(&path).unwrap();
        assert_eq!(
            (mission.text.as_str(), mission.plan.as_str()),
            ("r\u{fc}ckw\u{e4}rts", "")
        );
    }

    #[test]
    fn unusable_missions_name_file_and_reason() {
        let folder = tempfile::tempdir().unwrap();
        let check = |name: &str, content: &[u8], expected: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, content).unwrap();
            let error = format!("{:#}", Mission::read(path.to_str().unwrap()).unwrap_err());
            assert!(error.contains(name) && error.contains(expected), "{error}");
        };
        check("bad.txt", b"go \xff there", "byte 0xff at offset 3");
        check("cut.yaml", b"tasks: \xe2\x82", "offset 7");
        check("empty.yaml", b" \n", "is empty");
        check("big.txt", &vec![b'x'; 10_000_000], "10000000 bytes");
        let error = |argument: &str| format!("{:#}", Mission::read(argument).unwrap_err());
        assert!(error("missing.yaml").contains("does not exist"));
        assert!(error("missions/first").contains("does not exist"));
        assert!(error("  ").contains("empty"));
        assert!(error(folder.path().to_str().unwrap()).contains("is a folder"));
    }
}
