//! Control loops and what the whole suite costs.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use physical_ai_domain::World;
use physical_ai_ros::msg::physical_ai_msgs::msg::ControlMetrics;
use physical_ai_ros::{Client, Qos};
use serde_json::Value;
use tokio::sync::watch;

use super::load::{self, Work};
use super::result::Measurement;
use super::stops;
use super::suite::{Suite, Usage};
use super::windows::LoopWindows;
use crate::arguments::{BenchControlArguments, Global};
use crate::deployment::Deployment;
use crate::{connection, environment, process_usage};

/// Missions run so long before the first measurement.
const WARM_UP: Duration = Duration::from_secs(3);
/// Longest wait for the loops' first report.
const FIRST_REPORT: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(50);
/// Times that the emergency stop is pressed per run.
const STOPS_PER_RUN: usize = 3;

/// What was measured, and under what load.
pub struct Outcome {
    pub measurements: Vec<Measurement>,
    pub work: Work,
    pub overruns: u64,
}

/// Starts the deployment, measures it while its robots work, and stops it.
///
/// # Errors
/// When the suite does not start, does not report or a node dies while it is measured.
pub async fn measure(global: &Global, options: &BenchControlArguments) -> anyhow::Result<Outcome> {
    let path = environment::deployment(options.deployment.as_deref())?;
    let plans = plans(&Deployment::load(&path)?)?;
    Suite::measured(global, &path, async |suite| {
        measure_running(global, options, suite, &plans).await
    })
    .await
}

fn plans(deployment: &Deployment) -> anyhow::Result<[Value; 2]> {
    let parameter = |name: &str, default: &str| {
        deployment
            .root
            .join(deployment.text_parameter(name).unwrap_or(default))
    };
    let world_file = parameter("world_file", "params/worlds/demo.yaml");
    let name = world_file.display().to_string();
    let yaml = std::fs::read_to_string(&world_file)
        .with_context(|| format!("world file {name} cannot be read"))?;
    let world = World::from_yaml(&name, &yaml)?;
    load::plans(&world, Path::new(&parameter("model_folder", "urdf")))
}

async fn measure_running(
    global: &Global,
    options: &BenchControlArguments,
    suite: &Suite,
    plans: &[Value; 2],
) -> anyhow::Result<Outcome> {
    let client = connection::connect(global)?;
    let windows = listen(&client).await?;
    let (stop, stopped) = watch::channel(false);
    let measure = async {
        tokio::time::sleep(WARM_UP).await;
        let mut runs = Vec::new();
        for number in 1..=options.runs {
            let run = Run::measure(suite, &windows, options.seconds).await?;
            eprintln!("bench: run {number} of {}: {}", options.runs, run.summary());
            runs.push(run);
        }
        // Nobody listens if there is no work.
        let _ = stop.send(true);
        anyhow::Ok(runs)
    };
    let (runs, work) = tokio::join!(measure, load::keep_busy(&client, plans, stopped));
    let runs = runs?;
    let mut measurements = measurements(&runs)?;
    measurements.extend(measure_stops(&client, options, plans).await?);
    Ok(Outcome {
        measurements,
        work,
        overruns: runs.iter().map(|r| r.windows.overruns).sum(),
    })
}

/// What the emergency stop takes, with robots that work again after each; their missions fail by it and count
/// for nothing.
async fn measure_stops(
    client: &Client,
    options: &BenchControlArguments,
    plans: &[Value; 2],
) -> anyhow::Result<Option<Measurement>> {
    let (stop, stopped) = watch::channel(false);
    let measure = async {
        let all_ms = stops::measure(client, options.runs as usize * STOPS_PER_RUN).await;
        // Nobody listens if there is no work.
        let _ = stop.send(true);
        all_ms
    };
    let (all_ms, _) = tokio::join!(measure, load::keep_busy(client, plans, stopped));
    let (name, one_cycle_ms) = ("control.stop_to_zero_ms", 5.0);
    Ok(Measurement::of(name, "ms", Some(one_cycle_ms), &all_ms?))
}

/// Subscribes to every loop's metrics; what they tell gathers in the value returned.
async fn listen(client: &Client) -> anyhow::Result<Arc<Mutex<LoopWindows>>> {
    let windows: Arc<Mutex<LoopWindows>> = Arc::default();
    let deadline = Instant::now() + FIRST_REPORT;
    let topics = loop {
        let topics = client
            .with_context(|context| {
                context
                    .topics()
                    .into_keys()
                    .filter(|topic| topic.ends_with("/control_metrics"))
                    .collect::<Vec<_>>()
            })
            .await?;
        if !topics.is_empty() {
            break topics;
        }
        ensure!(
            Instant::now() < deadline,
            "no robot publishes control_metrics after {} s: nothing can be measured",
            FIRST_REPORT.as_secs()
        );
        tokio::time::sleep(POLL).await;
    };
    for topic in topics {
        let windows = windows.clone();
        client
            .with_context(move |context| {
                context
                    .subscribe(
                        &topic,
                        Qos::standard(),
                        move |(), _, metrics: ControlMetrics| {
                            if let Ok(mut windows) = windows.lock() {
                                windows.take(&metrics);
                            }
                        },
                    )
                    .map(|_| ())
            })
            .await??;
    }
    Ok(windows)
}

struct Run {
    windows: LoopWindows,
    cpu_cores: f64,
    pss_mb: f64,
}

impl Run {
    async fn measure(
        suite: &Suite,
        windows: &Mutex<LoopWindows>,
        seconds: f64,
    ) -> anyhow::Result<Self> {
        let processes = suite.processes()?;
        let take = || {
            windows
                .lock()
                .map(|mut w| std::mem::take(&mut *w))
                .unwrap_or_default()
        };
        take();
        let before = Usage::now(&processes)?;
        tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
        let after = Usage::now(&processes)?;
        let windows = take();
        let mut bytes = 0;
        for process in &processes {
            bytes += process_usage::pss_bytes(process.pid)?;
        }
        ensure!(
            suite.processes()? == processes,
            "a node was started again while it was measured"
        );
        Ok(Self {
            windows,
            cpu_cores: after.cores_since(&before),
            pss_mb: bytes as f64 / 1e6,
        })
    }

    fn summary(&self) -> String {
        let us = |v: Option<f64>| v.map_or_else(|| "?".to_owned(), |v| format!("{v:.0}"));
        format!(
            "latency p50 {} µs, p99 {} µs; jitter p99 {} µs; {:.2} cores; {:.0} MB",
            us(self.windows.latency.p50()),
            us(self.windows.latency.p99()),
            us(self.windows.jitter.p99()),
            self.cpu_cores,
            self.pss_mb
        )
    }
}

fn measurements(runs: &[Run]) -> anyhow::Result<Vec<Measurement>> {
    type Of = fn(&Run) -> Option<f64>;
    let rows: [(&'static str, &'static str, Option<f64>, Of); 7] = [
        (
            "control.sensor_to_actuator_p50_us",
            "us",
            Some(1500.0),
            |r| r.windows.latency.p50(),
        ),
        (
            "control.sensor_to_actuator_p99_us",
            "us",
            Some(5000.0),
            |r| r.windows.latency.p99(),
        ),
        ("control.loop_jitter_p50_us", "us", None, |r| {
            r.windows.jitter.p50()
        }),
        ("control.loop_jitter_p99_us", "us", None, |r| {
            r.windows.jitter.p99()
        }),
        ("control.loop_jitter_max_us", "us", None, |r| {
            r.windows.jitter.max()
        }),
        ("suite.cpu_cores", "cores", Some(0.6), |r| Some(r.cpu_cores)),
        ("suite.pss_mb", "MB", Some(250.0), |r| Some(r.pss_mb)),
    ];
    rows.into_iter()
        .map(|(name, unit, target, of)| {
            let values: Vec<f64> = runs.iter().filter_map(of).collect();
            Measurement::of(name, unit, target, &values).with_context(|| {
                format!("{name}: no node reported it in any run; are the runs at least 2 s long?")
            })
        })
        .collect()
}
