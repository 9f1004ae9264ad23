//! Which inference worker is meant.

use std::time::Duration;

use anyhow::bail;
use physical_ai_ros::{Client, Error};
use tokio::time::Instant;

use crate::arguments::Global;
use crate::connection::DISCOVERY;
use crate::environment;

/// Others may be discovered a moment after the first.
const SETTLING: Duration = Duration::from_millis(500);
/// How often the graph is asked.
const POLL: Duration = Duration::from_millis(50);
/// What whoever serves the action publishes, below the worker's name.
const FEEDBACK: &str = "/generate/_action/feedback";
const FEEDBACK_TYPE: &str = "physical_ai_msgs/action/Generate_FeedbackMessage";

/// Finds the worker of this name, or the only one.
///
/// # Errors
/// If it is not there, or if there are several to choose from; with the names of those that are.
pub async fn find(
    client: &Client,
    global: &Global,
    wanted: Option<&str>,
) -> anyhow::Result<String> {
    let end = Instant::now() + DISCOVERY;
    let (mut workers, mut since) = (Vec::new(), Instant::now());
    while Instant::now() < end {
        let serving = serving(client).await?;
        if serving != workers {
            (workers, since) = (serving, Instant::now());
        }
        let is_found = match wanted {
            Some(name) => workers.iter().any(|w| w == name),
            None => !workers.is_empty() && since.elapsed() >= SETTLING,
        };
        if is_found {
            break;
        }
        tokio::time::sleep(POLL).await;
    }
    choose(&environment::place_of_suite(global), wanted, workers)
}

/// Names of the workers in the namespace that serve the action, in a fixed order.
async fn serving(client: &Client) -> Result<Vec<String>, Error> {
    client
        .with_context(|context| {
            let namespace = context.namespace().trim_matches('/').to_owned();
            let mut workers: Vec<String> = context
                .topics()
                .iter()
                .filter(|(_, types)| types.iter().any(|t| t == FEEDBACK_TYPE))
                // A topic is there as soon as somebody listens.
                .filter(|(topic, _)| context.offered(topic).is_some())
                .filter_map(|(topic, _)| worker_of(&namespace, topic).map(str::to_owned))
                .collect();
            workers.sort();
            workers
        })
        .await
}

/// The worker that a feedback topic belongs to, if it is one of the namespace.
fn worker_of<'a>(namespace: &str, topic: &'a str) -> Option<&'a str> {
    let name = topic.strip_suffix(FEEDBACK)?.strip_prefix('/')?;
    let name = match namespace {
        "" => name,
        namespace => name.strip_prefix(namespace)?.strip_prefix('/')?,
    };
    (!name.contains('/')).then_some(name)
}

fn choose(place: &str, wanted: Option<&str>, mut workers: Vec<String>) -> anyhow::Result<String> {
    let all = workers.join(", ");
    if let Some(name) = wanted {
        if workers.iter().any(|w| w == name) {
            return Ok(name.to_owned());
        }
        if !workers.is_empty() {
            bail!("no inference worker {name:?} in {place}; there is {all}");
        }
    }
    match (workers.pop(), workers.len()) {
        (Some(only), 0) => Ok(only),
        (Some(_), others) => bail!(
            "{} inference workers in {place}: say which one with --worker: {all}",
            others + 1
        ),
        (None, _) => bail!(
            "no inference worker in {place}: start one with `ros2 launch physical_ai_bringup \
             inference.launch.py model:=FILE.gguf` or `inference_worker --ros-args -p \
             model_file:=FILE.gguf`, or name another suite with --namespace and --domain-id"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_are_those_of_the_namespace() {
        let check = |namespace, topic: &str, expected| {
            let topic = format!("{topic}/_action/feedback");
            assert_eq!(worker_of(namespace, &topic), expected, "{topic}");
        };
        check("", "/llm_1/generate", Some("llm_1"));
        check("", "/fleet_a/llm_1/generate", None);
        check("fleet_a", "/fleet_a/llm_1/generate", Some("llm_1"));
        check("fleet_a", "/fleet_ab/llm_1/generate", None);
        check("fleet_a", "/llm_1/generate", None);
        check("a/b", "/a/b/llm_1/generate", Some("llm_1"));
        check("", "/llm_1/execute_mission", None);
    }

    #[test]
    fn the_only_worker_is_taken_and_others_are_listed() {
        let check = |wanted, workers: &[&str], expected: Result<&str, &[&str]>| {
            let workers = workers.iter().map(|w| (*w).to_owned()).collect();
            match (choose("namespace \"/\"", wanted, workers), expected) {
                (Ok(worker), Ok(expected)) => assert_eq!(worker, expected),
                (Err(error), Err(expected)) => {
                    let error = error.to_string();
                    for expected in expected {
                        assert!(error.contains(expected), "{error}");
                    }
                }
                (found, expected) => panic!("{found:?} instead of {expected:?}"),
            }
        };
        check(None, &["a"], Ok("a"));
        check(Some("b"), &["a", "b"], Ok("b"));
        check(None, &["a", "b"], Err(&["2 inference", "--worker: a, b"]));
        check(Some("c"), &["a", "b"], Err(&["\"c\"", "a, b"]));
        check(None, &[], Err(&["no inference worker", "model_file"]));
        check(Some("c"), &[], Err(&["no inference worker", "model_file"]));
    }
}
