//! From a sentence to a validated plan: how long it takes, by who plans, and how often the plan is the right one.

mod accuracy;

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use physical_ai_ros::Client;
use physical_ai_ros::msg::physical_ai_msgs::srv::ValidateMission;

use super::result::Measurement;
use super::suite::Suite;
use crate::arguments::{BenchPlanningArguments, Global};
use crate::connection::{self, DISCOVERY};
use crate::{environment, output};

/// Longest wait until the orchestrator knows its robots and its model.
const READY: Duration = Duration::from_secs(20);
const ANSWER: Duration = Duration::from_secs(30);

/// Who plans, with sentences that nobody else does.
struct Rung {
    planner: &'static str,
    name: &'static str,
    target_ms: f64,
    sentence: fn(u32) -> String,
}

const RUNGS: [Rung; 2] = [
    Rung {
        planner: "parser",
        name: "planning.parser_p50_ms",
        target_ms: 2.0,
        sentence: english,
    },
    Rung {
        planner: "model",
        name: "planning.model_p50_ms",
        target_ms: 150.0,
        sentence: korean,
    },
];

/// Where the shipped deployments have nothing in a rover's way, another place for each run.
fn free_x_m(number: u32) -> f64 {
    2.0 + f64::from(number % 40) / 20.0
}

/// A mission of four tasks that the parser reads. Sentences differ from their first words on, so that no cache knows them.
fn english(number: u32) -> String {
    let x = free_x_m(number);
    format!(
        "rover_1 goes to ({x:.2}, 0.5) while arm_1 puts the red box in bin_b, then rover_1 patrols dock_a and \
         dock_b, then rover_1 returns home"
    )
}

/// The same for the model.
fn korean(number: u32) -> String {
    let x = free_x_m(number);
    format!(
        "rover_1은 ({x:.2}, 0.5)로 가고 arm_1은 빨간 상자를 bin_b에 넣어. 그다음 rover_1은 dock_a와 dock_b를 순찰하고 홈으로 \
         돌아가"
    )
}

/// Starts the deployment, asks for plans one after the other, and stops it; then plans the sets.
///
/// # Errors
/// When the suite does not start, its model does not answer, or a sentence has no plan.
pub async fn measure(
    global: &Global,
    options: &BenchPlanningArguments,
) -> anyhow::Result<Vec<Measurement>> {
    let path = environment::deployment(options.deployment.as_deref())?;
    let mut measurements = Suite::measured(global, &path, async |_| {
        measure_running(global, options).await
    })
    .await?;
    measurements.extend(accuracy::measure(options)?);
    Ok(measurements)
}

async fn measure_running(
    global: &Global,
    options: &BenchPlanningArguments,
) -> anyhow::Result<Vec<Measurement>> {
    let client = connection::connect(global)?;
    client
        .wait_for_service::<ValidateMission::Service>("validate_mission", DISCOVERY)
        .await?;
    let mut measurements = Vec::new();
    for rung in &RUNGS {
        let values = measure_rung(&client, rung, options.runs).await?;
        let target = Some(rung.target_ms);
        measurements.extend(Measurement::of(rung.name, "ms", target, &values));
    }
    Ok(measurements)
}

/// Milliseconds for each sentence, as a client sees them.
async fn measure_rung(client: &Client, rung: &Rung, runs: u32) -> anyhow::Result<Vec<f64>> {
    wait_for(client, rung).await?;
    let mut values = Vec::new();
    for number in 1..=runs {
        let sentence = (rung.sentence)(number);
        let begin = Instant::now();
        let answer = ask(client, sentence.clone()).await?;
        let ms = begin.elapsed().as_secs_f64() * 1e3;
        ensure!(
            answer.valid && answer.planner == rung.planner,
            "{sentence:?} has no plan by the {}: {}",
            rung.planner,
            answer.error_msg
        );
        values.push(ms);
        output::note(format!(
            "bench: run {number} of {runs}: {ms:.1} ms, by the {}",
            rung.planner
        ));
    }
    Ok(values)
}

/// The first answers are not measured: robots and model become known, and the model's schema is made.
async fn wait_for(client: &Client, rung: &Rung) -> anyhow::Result<()> {
    let deadline = Instant::now() + READY;
    loop {
        let answer = ask(client, (rung.sentence)(0)).await?;
        if answer.planner == rung.planner {
            return Ok(());
        }
        ensure!(
            Instant::now() < deadline,
            "after {} s the {} does not plan: is planner_worker set? {}",
            READY.as_secs(),
            rung.planner,
            answer.error_msg
        );
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn ask(client: &Client, text: String) -> anyhow::Result<ValidateMission::Response> {
    let request = ValidateMission::Request {
        text,
        ..Default::default()
    };
    client
        .call::<ValidateMission::Service>("validate_mission", request, ANSWER)
        .await
        .context("the orchestrator does not answer")
}
