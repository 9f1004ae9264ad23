//! What the user may say.

mod llm;
mod robot;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub use self::llm::{
    BenchLlmArguments, GenerationArguments, LlmArguments, LlmChatArguments, LlmCommand,
    LlmGenerateArguments,
};
pub use self::robot::{RobotArguments, RobotCommand, RobotFileArguments, RobotInspectArguments};

/// Starts deployments of the Physical AI System, runs missions on them, watches and measures them.
#[derive(Debug, Parser)]
#[command(name = "physical-ai", version, propagate_version = true)]
#[command(
    after_help = "Exit codes: 0 done, 1 failed, 2 wrong arguments or configuration, \
                  3 nobody is there or answers any more, 130 an answer was cancelled."
)]
pub struct Arguments {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// Print JSON, one object per line, and nothing else on standard output.
    #[arg(long, global = true)]
    pub json: bool,
    /// ROS namespace of the suite, for example `fleet_a`; empty: the root.
    #[arg(long, global = true, default_value = "", value_name = "NS", value_parser = namespace)]
    pub namespace: String,
    /// ROS domain; suites in different domains do not see each other. Default: ROS_DOMAIN_ID, or 0.
    #[arg(long, global = true, value_name = "ID", value_parser = clap::value_parser!(u16).range(0..=232))]
    pub domain_id: Option<u16>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start a deployment's nodes, restart what dies, stop all cleanly on Ctrl-C.
    Up(UpArguments),
    /// Run, list, show, confirm, cancel or check missions.
    Mission(MissionArguments),
    /// List the workers that the orchestrator knows.
    Workers,
    /// List the robots, what they can do and how their control loops run.
    Robots,
    /// Engage the latched emergency stop, or reset it.
    Estop(EstopArguments),
    /// Ask a language model that an inference worker serves.
    Llm(LlmArguments),
    /// Record a run as MCAP (for Foxglove) and make its report when stopped.
    Record(RecordArguments),
    /// Make the HTML report of a recording.
    Report(ReportArguments),
    /// Look at a robot's description: what it is made of, what its joints are for, what is doubtful.
    Robot(RobotArguments),
    /// Say what is missing on this machine and how to get it, and what runs.
    Doctor(DoctorArguments),
    /// Measure.
    Bench(BenchArguments),
}

impl Command {
    /// True for what asks a suite and waits: no robot depends on how fast it runs.
    pub const fn only_asks(&self) -> bool {
        match self {
            Self::Mission(_) | Self::Workers | Self::Robots | Self::Llm(_) => true,
            Self::Up(_) | Self::Estop(_) | Self::Record(_) | Self::Bench(_) => false,
            Self::Report(_) | Self::Robot(_) | Self::Doctor(_) => false,
        }
    }
}

#[derive(Debug, Args)]
pub struct UpArguments {
    /// Deployment file; default: params/deployments/demo.yaml.
    pub deployment: Option<PathBuf>,
    /// Overrides a parameter: NODE.PARAMETER=VALUE, with `*` for every node that the file gives this
    /// parameter. May be repeated.
    #[arg(long, value_name = "NODE.PARAMETER=VALUE")]
    pub set: Vec<String>,
    /// Folder with packages that robots' descriptions name (`package://NAME/…`), before those of the ROS
    /// environment. May be repeated.
    #[arg(long, value_name = "FOLDER")]
    pub package_path: Vec<PathBuf>,
    /// Where to keep the state file (pids, restarts); default: in the runtime folder of the user.
    #[arg(long, value_name = "FILE")]
    pub state_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct MissionArguments {
    #[command(subcommand)]
    pub command: MissionCommand,
}

#[derive(Debug, Subcommand)]
pub enum MissionCommand {
    /// Run a mission and wait for its end; Ctrl-C cancels it and waits until the robots stopped.
    Run(MissionRunArguments),
    /// List missions.
    List,
    /// Show one mission and its tasks.
    Show {
        /// Mission id, as `mission list` shows it.
        id: String,
    },
    /// Let a mission run that waits to be confirmed (`mission list` and `show` say which, and its plan).
    Confirm {
        /// Mission id, as `mission list` shows it.
        id: String,
        /// Decline the plan: the mission ends, and nothing moved.
        #[arg(long)]
        no: bool,
    },
    /// Cancel a mission, also one whose client is gone.
    Cancel {
        /// Mission id; `all` for every mission that runs.
        id: String,
    },
    /// Check a mission against the live robots without running it.
    Validate {
        /// A mission in plain language, or a file (.yaml, .yml, .json: a plan; else plain text).
        mission: String,
        /// Seconds from now, in ROS time, after which the mission would fail.
        #[arg(long, value_name = "SECONDS", value_parser = positive)]
        deadline_s: Option<f64>,
    },
}

#[derive(Debug, Args)]
pub struct MissionRunArguments {
    /// A mission in plain language, or a file (.yaml, .yml, .json: a plan; else plain text); `-`: a
    /// plan from standard input.
    pub mission: String,
    /// 0 lowest, 255 highest.
    #[arg(long, default_value_t = 100)]
    pub priority: u8,
    /// Seconds from now, in ROS time, after which the mission fails.
    #[arg(long, value_name = "SECONDS", value_parser = positive)]
    pub deadline_s: Option<f64>,
    /// Id of the mission; default: a new one.
    #[arg(long)]
    pub mission_id: Option<String>,
    /// Run the plan without asking, also one that a language model made.
    #[arg(long)]
    pub yes: bool,
    /// Record the run and write its report to this folder.
    #[arg(long, value_name = "DIR")]
    pub report: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct EstopArguments {
    /// Reset the stop instead of engaging it.
    #[arg(long)]
    pub reset: bool,
    /// Why, for the log.
    #[arg(long, default_value = "asked for on the command line")]
    pub reason: String,
}

#[derive(Debug, Args)]
pub struct RecordArguments {
    /// Folder for run.mcap and report.html.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Stop after this many seconds; default: on Ctrl-C or SIGTERM.
    #[arg(long, value_name = "SECONDS", value_parser = positive)]
    pub duration_s: Option<f64>,
    /// World file, for places and paths in the report; default: that of the running deployment.
    #[arg(long, value_name = "FILE")]
    pub world: Option<PathBuf>,
    /// Text or file of a mission that is going to run, to keep with the recording. May be repeated.
    #[arg(long, value_name = "TEXT|FILE")]
    pub mission: Vec<String>,
}

#[derive(Debug, Args)]
pub struct ReportArguments {
    /// A recording made by `record`.
    pub recording: PathBuf,
    /// HTML file to write; default: report.html beside the recording.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct DoctorArguments {
    /// Deployment whose files and programs are checked; default: params/deployments/demo.yaml.
    #[arg(long, value_name = "FILE")]
    pub deployment: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct BenchArguments {
    #[command(subcommand)]
    pub what: BenchCommand,
}

#[derive(Debug, Subcommand)]
pub enum BenchCommand {
    /// Sensor-to-actuator latency over DDS, loop jitter, CPU and memory of one arm and one rover.
    Control(BenchControlArguments),
    /// Inverse kinematics of a UR5 and a Panda in this process: share of poses solved, and time.
    Kinematics(BenchKinematicsArguments),
    /// Speed and memory of a language model in this process, without ROS.
    Llm(BenchLlmArguments),
    /// From a sentence in English to a validated plan, by the deployment's language model.
    Planning(BenchPlanningArguments),
}

#[derive(Debug, Args)]
pub struct BenchKinematicsArguments {
    /// Number of runs; the value printed is their median.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub runs: u32,
    /// Poses of each arm in a run.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub poses: u32,
    /// Python with pinocchio and TRAC-IK, which answer the same questions; `make bench-kinematics-peer` makes one.
    #[arg(long, value_name = "FILE")]
    pub peer: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct BenchPlanningArguments {
    /// Sentences to plan by the parser, and as many by the model; the values printed are their medians.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub runs: u32,
    /// Deployment to measure; default: params/deployments/demo.yaml.
    #[arg(long, value_name = "FILE")]
    pub deployment: Option<PathBuf>,
    /// Folder with sets of sentences (NAME.jsonl), planned in this process; default: those of the planner, if they are
    /// there.
    #[arg(long, value_name = "DIR")]
    pub sets: Option<PathBuf>,
    /// Model that plans the sets; default: params/models/planner.gguf.
    #[arg(long, value_name = "FILE")]
    pub model: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct BenchControlArguments {
    /// Length of one run in seconds.
    #[arg(long, default_value_t = 10.0, value_parser = positive)]
    pub seconds: f64,
    /// Number of runs; the value printed is their median.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub runs: u32,
    /// Deployment to measure; default: params/deployments/demo.yaml.
    #[arg(long, value_name = "FILE")]
    pub deployment: Option<PathBuf>,
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() && value > 0.0 => Ok(value),
        _ => Err(format!("{text:?} must be a number above 0")),
    }
}

fn namespace(text: &str) -> Result<String, String> {
    let name = text.trim_matches('/');
    let is_segment = |s: &str| {
        s.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && s.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    if name.is_empty() || name.split('/').all(is_segment) {
        Ok(name.to_owned())
    } else {
        Err(format!(
            "{text:?}: letters, digits and _ only, not starting with a digit, segments separated by /"
        ))
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn arguments_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn namespaces_are_checked() {
        assert_eq!(namespace("/fleet_a/"), Ok("fleet_a".to_owned()));
        assert_eq!(namespace(""), Ok(String::new()));
        assert!(namespace("a b").is_err());
        assert!(namespace("a//b").is_err());
        assert!(namespace("1a").is_err());
    }

    #[test]
    fn generation_is_asked_for_in_words_of_the_action() {
        let parse = |line: &str| Arguments::try_parse_from(line.split_whitespace());
        let line = "physical-ai llm generate - --raw --stop A --stop B --seed 7 --temperature 0.5 --worker w";
        let Command::Llm(llm) = parse(line).unwrap().command else {
            panic!("{line}");
        };
        assert_eq!(llm.worker.as_deref(), Some("w"));
        let LlmCommand::Generate(options) = llm.command else {
            panic!("{line}");
        };
        let g = &options.generation;
        assert_eq!((g.seed, g.temperature, g.priority), (7, 0.5, 128));
        assert_eq!((g.stop.join(","), options.raw), ("A,B".to_owned(), true));
        // A raw prompt has no place for a system message.
        assert!(parse("physical-ai llm generate x --raw --system y").is_err());
        assert!(parse("physical-ai llm generate x --priority 256").is_err());
        assert!(parse("physical-ai bench llm").is_err());
        assert!(parse("physical-ai bench llm --model m.gguf --threads 0").is_err());
    }

    #[test]
    fn missions_are_confirmed_by_id() {
        let parse = |line: &str| Arguments::try_parse_from(line.split_whitespace());
        let confirms = |line: &str| match parse(line).unwrap().command {
            Command::Mission(MissionArguments {
                command: MissionCommand::Confirm { id, no },
            }) => (id, !no),
            other => panic!("{other:?}"),
        };
        let yes = confirms("physical-ai mission confirm m-1");
        assert_eq!(yes, ("m-1".to_owned(), true));
        assert!(!confirms("physical-ai mission confirm m-1 --no").1);
        assert!(parse("physical-ai mission confirm").is_err());
        assert!(parse("physical-ai mission run x --yes").is_ok());
        assert!(parse("physical-ai mission validate x --deadline-s 0").is_err());
    }

    #[test]
    fn numbers_are_checked() {
        for text in ["0", "-1", "nan", "inf", "x"] {
            assert!(positive(text).is_err(), "{text}");
        }
        assert_eq!(positive("2.5"), Ok(2.5));
    }
}
