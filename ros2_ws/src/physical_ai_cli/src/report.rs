//! Makes one self-contained HTML page of a recording.

mod attempts;
mod chart;
mod map;
mod page;
mod recording;
mod run;
mod svg;
mod tables;
mod timeline;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use serde_json::json;

use self::run::Collector;
use crate::arguments::{Global, ReportArguments};
use crate::{output, recorder};

/// Name of the picture of the paths, beside the page.
const PICTURE: &str = "paths.svg";

pub fn run(global: &Global, options: &ReportArguments) -> anyhow::Result<ExitCode> {
    let recording = if options.recording.is_dir() {
        options.recording.join(recorder::FILE_NAME)
    } else {
        options.recording.clone()
    };
    let page = write(&recording, options.out.as_deref())?;
    if global.json {
        output::json_line(&json!({ "recording": recording, "report": page }));
    } else {
        println!("{}", page.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes the page, and the map of the paths beside it; by default beside the recording.
///
/// # Errors
/// When the recording cannot be read or the page not be written.
pub fn write(recording: &Path, out: Option<&Path>) -> anyhow::Result<PathBuf> {
    let mut collector = Collector::new();
    let content = recording::read(recording, |message| collector.take(message))?;
    let run = collector.finish(&content);
    let page = out.map_or_else(
        || recording.with_file_name("report.html"),
        Path::to_path_buf,
    );
    let title = title(recording);
    save(&page, &page::page(&run, &title, &content.facts))?;
    if let Some(picture) = map::overview(&run) {
        let svg = picture.standalone("World and paths of the robots", page::STYLE);
        save(&page.with_file_name(PICTURE), &svg)?;
    }
    Ok(page)
}

fn title(recording: &Path) -> String {
    let folder = recording
        .canonicalize()
        .ok()
        .and_then(|path| Some(path.parent()?.file_name()?.to_string_lossy().into_owned()));
    folder.map_or_else(
        || "Run report".to_owned(),
        |folder| format!("Run report: {folder}"),
    )
}

fn save(path: &Path, text: &str) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("folder {} cannot be made", folder.display()))?;
    }
    std::fs::write(path, text).with_context(|| format!("{} cannot be written", path.display()))
}
