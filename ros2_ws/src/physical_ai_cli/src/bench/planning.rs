//! From a sentence to a validated plan by the language model of a deployment.

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
const TARGET_MS: f64 = 150.0;

/// Starts the deployment, asks for plans one after the other, and stops it.
///
/// # Errors
/// When the suite does not start, its model does not answer, or a sentence has no plan.
pub async fn measure(
    global: &Global,
    options: &BenchPlanningArguments,
) -> anyhow::Result<Vec<Measurement>> {
    let path = environment::deployment(options.deployment.as_deref())?;
    let measured = Suite::measured(global, &path, async |_| {
        measure_running(global, options).await
    });
    let measurement = Measurement::of(
        "planning.sentence_to_plan_ms",
        "ms",
        Some(TARGET_MS),
        &measured.await?,
    );
    Ok(measurement.into_iter().collect())
}

/// A mission of four tasks. Sentences differ from their first words on, so that no cache knows them.
fn sentence(number: u32) -> String {
    let x = f64::from(number) / 10.0;
    format!(
        "rover_1 goes to ({x:.1}, 0.5) while arm_1 puts the red box in bin_b, then rover_1 patrols dock_a and \
         dock_b, then rover_1 returns home"
    )
}

/// Milliseconds for each sentence, as a client sees them.
async fn measure_running(
    global: &Global,
    options: &BenchPlanningArguments,
) -> anyhow::Result<Vec<f64>> {
    let client = connection::connect(global)?;
    client
        .wait_for_service::<ValidateMission::Service>("validate_mission", DISCOVERY)
        .await?;
    wait_for_model(&client).await?;
    let (mut values, mut by_model) = (Vec::new(), 0);
    for number in 1..=options.runs {
        let begin = Instant::now();
        let answer = ask(&client, sentence(number)).await?;
        let ms = begin.elapsed().as_secs_f64() * 1e3;
        ensure!(
            answer.valid,
            "{:?} has no plan: {}",
            sentence(number),
            answer.error_msg
        );
        output::note(format!(
            "bench: run {number} of {}: {ms:.0} ms, by the {}",
            options.runs, answer.planner
        ));
        by_model += u32::from(answer.planner == "model");
        values.push(ms);
    }
    output::note(format!(
        "bench: {by_model} of {} plans are the model's",
        options.runs
    ));
    Ok(values)
}

/// The first answers are not measured: robots and model become known, and the model's schema is made.
async fn wait_for_model(client: &Client) -> anyhow::Result<()> {
    let deadline = Instant::now() + READY;
    loop {
        let answer = ask(client, sentence(0)).await?;
        if answer.planner == "model" {
            return Ok(());
        }
        ensure!(
            Instant::now() < deadline,
            "after {} s no model plans: is planner_worker set? {}",
            READY.as_secs(),
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
