//! Makes one self-contained HTML page of a recording.

mod attempts;
mod chart;
mod map;
mod page;
mod planning;
mod recording;
mod run;
pub mod svg;
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

#[cfg(test)]
mod tests {
    use physical_ai_domain::Time;
    use physical_ai_ros::msg::nav_msgs::msg::Odometry;
    use physical_ai_ros::msg::physical_ai_msgs::msg::{
        Decomposition, MissionStatus, MissionStatusArray, TaskState, TaskStatus,
    };
    use physical_ai_ros::msg::sensor_msgs::msg::JointState;
    use physical_ai_ros::{serialize, time_to_msg};

    use super::*;
    use crate::recorder::McapFile;

    fn mission(time_s: f64, state: u8) -> Vec<u8> {
        let mut array = MissionStatusArray::default();
        array.header.stamp = time_to_msg(Time::from_seconds(time_s));
        array.missions.push(MissionStatus {
            mission_id: "m-1".into(),
            name: "look & return".into(),
            phase: "executing".into(),
            text: "rover_1 goes to <dock> & back".into(),
            accepted: time_to_msg(Time::from_seconds(1.0)),
            tasks: vec![TaskStatus {
                id: "drive".into(),
                skill: "navigate_to".into(),
                robot: "rover_1".into(),
                worker: "agent".into(),
                state: TaskState { value: state },
                attempt: 1,
                progress: 0.5,
            }],
            ..Default::default()
        });
        serialize(&array).unwrap()
    }

    fn record(path: &Path) {
        let mut file = McapFile::create(path).unwrap();
        let facts = [("namespace".to_owned(), "fleet".to_owned())];
        file.write_metadata("physical_ai_run", facts.into())
            .unwrap();
        let world = "places: [{name: dock, kind: floor, pose: {x: 2, y: 0}}]";
        file.attach(recorder::WORLD, "application/yaml", world.as_bytes())
            .unwrap();
        let kind = "physical_ai_msgs/msg/MissionStatusArray";
        let missions = file.add_topic("/fleet/missions", kind, "").unwrap();
        let odom = file
            .add_topic("/fleet/rover_1/odom", "nav_msgs/msg/Odometry", "")
            .unwrap();
        let kind = "physical_ai_msgs/msg/Decomposition";
        let decompositions = file.add_topic("/fleet/decompositions", kind, "").unwrap();
        let cdr = serialize(&Decomposition {
            mission_id: "m-1".into(),
            planner: "model".into(),
            worker: "planner".into(),
            prompt: "[user]\nrover_1 goes to <dock>".into(),
            answer: "{\"tasks\":[]}".into(),
            duration_s: 0.075,
            ..Default::default()
        });
        file.write(decompositions, 1_000_000_000, 0, &cdr.unwrap())
            .unwrap();
        for (time_s, state) in [(1.0, 2), (2.0, 3), (4.0, 4)] {
            let time_ns = Time::from_seconds(time_s).nanoseconds();
            file.write(missions, time_ns, time_ns, &mission(time_s, state))
                .unwrap();
            let mut odometry = Odometry::default();
            odometry.pose.pose.position.x = time_s;
            let cdr = serialize(&odometry).unwrap();
            file.write(odom, time_ns, time_ns, &cdr).unwrap();
            file.flush().unwrap();
        }
        file.write(odom, 5_000_000_000, 0, b"no message").unwrap();
        file.finish().unwrap();
    }

    #[test]
    fn page_shows_mission_timeline_and_path_and_needs_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let recording = folder.path().join(recorder::FILE_NAME);
        record(&recording);
        let page = std::fs::read_to_string(write(&recording, None).unwrap()).unwrap();
        for expected in [
            "rover_1 goes to &lt;dock&gt; &amp; back",
            "<span class=\"badge succeeded\">succeeded</span>",
            "<h3>look &amp; return <span",
            "<p class=\"facts\">m-1 · planned by",
            ">look &amp; return</text>",
            "rover_1: base, 3.00 m",
            "planned by model · 75 ms · planner: ",
            "<pre>[user]\nrover_1 goes to &lt;dock&gt;</pre>",
            "class=\"series",
            "1 messages of nav_msgs/msg/Odometry do not fit",
        ] {
            // No control metrics were recorded, so there is no chart.
            let is_there = page.contains(expected);
            assert_eq!(is_there, expected != "class=\"series", "{expected}");
        }
        assert!(!page.contains("the end of the run is missing"), "{page}");
        let links = ["<script", "<link", "<img", "src=", "url(http", "@import"];
        for link in links {
            assert!(!page.contains(link), "{link}");
        }
        let picture = std::fs::read_to_string(folder.path().join(PICTURE)).unwrap();
        assert!(picture.starts_with("<svg") && picture.contains("dock"));
    }

    /// A slider along x with a tip, as its own file says it; its mesh is not where the report is made.
    const SLIDER: &str = r#"<robot name="r"><link name="base"/><link name="tip"><inertial><mass value="1"/>
        <inertia ixx="1" ixy="0" ixz="0" iyy="1" iyz="0" izz="1"/></inertial><collision><geometry>
        <mesh filename="package://elsewhere/tip.stl"/></geometry></collision></link>
        <joint name="slide" type="prismatic"><parent link="base"/><child link="tip"/><axis xyz="1 0 0"/></joint></robot>"#;

    fn page_of_slider(attachments: &[(&str, &str)]) -> String {
        let folder = tempfile::tempdir().unwrap();
        let recording = folder.path().join(recorder::FILE_NAME);
        let mut file = McapFile::create(&recording).unwrap();
        let world = "robots: [{name: slider, model: \"package://elsewhere/slider.urdf\", pose: {x: 1, y: 0}}]";
        let world = (recorder::WORLD, world);
        for (name, text) in attachments.iter().chain([&world]) {
            file.attach(name, "text/plain", text.as_bytes()).unwrap();
        }
        let kind = "sensor_msgs/msg/JointState";
        let joints = file.add_topic("/slider/joint_states", kind, "").unwrap();
        for (time_ns, position) in [(1, 0.0), (2, 0.25), (3, 0.5)] {
            let cdr = serialize(&JointState {
                name: vec!["slide".into()],
                position: vec![position],
                ..Default::default()
            });
            file.write(joints, time_ns, time_ns, &cdr.unwrap()).unwrap();
        }
        file.finish().unwrap();
        std::fs::read_to_string(write(&recording, None).unwrap()).unwrap()
    }

    #[test]
    fn robot_that_is_named_by_path_has_a_tool_path_without_its_meshes() {
        let layout = "chains: [{name: arm, base: base, tip: tip}]";
        let page = page_of_slider(&[("slider.urdf", SLIDER), ("slider.layout.yaml", layout)]);
        assert!(page.contains("slider: tool, 0.50 m"), "{page}");
        let page = page_of_slider(&[("slider.layout.yaml", layout)]);
        let note = "the tool path of slider is missing: the recording holds no slider.urdf";
        assert!(page.contains(note), "{page}");
    }

    #[test]
    fn cut_recording_shows_what_is_readable_and_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let recording = folder.path().join(recorder::FILE_NAME);
        record(&recording);
        let bytes = std::fs::read(&recording).unwrap();
        for length in [bytes.len() - 20, bytes.len() / 2, 200, mcap::MAGIC.len()] {
            std::fs::write(&recording, &bytes[..length]).unwrap();
            let page = std::fs::read_to_string(write(&recording, None).unwrap()).unwrap();
            assert!(page.contains("the end of the run is missing"), "{length}");
            // Half of the file holds at least the first chunk.
            let knows_mission = page.contains("m-1");
            assert_eq!(knows_mission, length >= bytes.len() / 2, "{length}");
        }
        std::fs::write(&recording, "not a recording").unwrap();
        let error = write(&recording, None).unwrap_err().to_string();
        assert!(error.contains("not an MCAP file"), "{error}");
    }
}
