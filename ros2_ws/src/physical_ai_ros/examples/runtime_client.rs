//! The asynchronous client, as the command line uses it, against `runtime_node`.
//!
//! Prints `PASS`, or says what was not as it should be and ends with 1. Arguments choose other servers:
//! `survive` one that is killed in mid-goal, `burst` a foreign one that does not spin for a second,
//! `lost` one that has forgotten the goal when it is asked for its result.

use std::process::ExitCode;
use std::time::Duration;

use physical_ai_ros::msg::physical_ai_msgs::action::Generate;
use physical_ai_ros::msg::{std_msgs, std_srvs};
use physical_ai_ros::{
    ActionClient, Client, Error, GoalId, GoalOutcome, GoalStatus, Qos, SentGoal,
};

const SOON: Duration = Duration::from_secs(10);

fn expect(condition: bool, what: &str) -> Result<(), Error> {
    if condition {
        return Ok(());
    }
    Err(Error::application(format!("expected: {what}")))
}

fn goal(prompt: &str, max_tokens: u32) -> Generate::Goal {
    Generate::Goal {
        prompt: prompt.to_owned(),
        max_tokens,
        ..Default::default()
    }
}

async fn send(client: &Client, goal: Generate::Goal) -> Result<SentGoal<Generate::Action>, Error> {
    client.send_goal("generate", goal, SOON, SOON).await
}

async fn status(sent: SentGoal<Generate::Action>) -> Result<Option<GoalStatus>, Error> {
    let outcome = sent.outcome.await.map_err(|_| Error::Stopping)??;
    Ok(match outcome {
        GoalOutcome::Rejected => None,
        GoalOutcome::Ended(status, _) => Some(status),
    })
}

async fn goals_end_as_the_server_says(client: &Client) -> Result<(), Error> {
    expect(
        status(send(client, goal("rejected", 1)).await?)
            .await?
            .is_none(),
        "a rejection",
    )?;
    let dropped = status(send(client, goal("dropped", 1)).await?).await?;
    expect(
        dropped == Some(GoalStatus::Aborted),
        "a dropped goal to abort",
    )?;
    let mut sent = send(client, goal("words", 5)).await?;
    let mut heard = 0;
    while let Some(feedback) = sent.feedback.recv().await {
        expect(feedback.text == "words", "feedback of this goal only")?;
        heard += 1;
    }
    expect(
        heard >= 3,
        "feedback while the goal runs, and its end with the goal",
    )?;
    expect(
        status(sent).await? == Some(GoalStatus::Succeeded),
        "success",
    )?;
    let mut sent = send(client, goal("long", 1_000_000)).await?;
    expect(
        sent.feedback.recv().await.is_some(),
        "feedback before the cancel",
    )?;
    sent.cancel();
    expect(
        status(sent).await? == Some(GoalStatus::Canceled),
        "the cancelled goal to end so",
    )
}

async fn sixty_four_goals_at_once_all_succeed(client: &Client) -> Result<(), Error> {
    let mut sent = Vec::new();
    for _ in 0..64 {
        sent.push(send(client, goal("many", 3)).await?);
    }
    for goal in sent {
        expect(
            status(goal).await? == Some(GoalStatus::Succeeded),
            "64 of 64 goals to succeed",
        )?;
    }
    Ok(())
}

async fn messages_come_back(client: &Client) -> Result<(), Error> {
    let mut out = client
        .subscribe::<std_msgs::msg::String>("out", Qos::events())
        .await?;
    let publisher = client
        .publisher::<std_msgs::msg::String>("in", Qos::events())
        .await?;
    client.wait_for_subscriber(&publisher, SOON).await?;
    for i in 0..200 {
        publisher.publish(&std_msgs::msg::String {
            data: i.to_string(),
        });
    }
    for i in 0..200 {
        let answer = tokio::time::timeout(SOON, out.recv()).await;
        let answer = answer.ok().flatten().map(|m| m.data);
        expect(
            answer == Some(i.to_string()),
            "200 echoes in order, none lost",
        )?;
    }
    let request = std_srvs::srv::Trigger::Request::default();
    let answer = client
        .call::<std_srvs::srv::Trigger::Service>("heard", request, SOON)
        .await?;
    expect(
        answer.message == "200",
        "the node to have heard 200 messages",
    )
}

async fn silence_is_a_timeout(client: &Client) -> Result<(), Error> {
    let request = std_srvs::srv::Trigger::Request::default();
    let wait = Duration::from_millis(200);
    let answer = client
        .call::<std_srvs::srv::Trigger::Service>("nobody", request, wait)
        .await;
    expect(
        matches!(answer, Err(Error::Timeout { .. })),
        "a timeout without a server",
    )
}

/// The driver kills the node after `READY`; nothing is left to answer.
async fn a_server_that_dies_ends_the_goal(client: &Client) -> Result<(), Error> {
    let long = Duration::from_secs(120);
    let mut sent = client
        .send_goal::<Generate::Action>("generate", goal("long", 1_000_000), SOON, long)
        .await?;
    expect(sent.feedback.recv().await.is_some(), "feedback")?;
    println!("READY");
    let outcome = sent.outcome.await.map_err(|_| Error::Stopping)?;
    let told = matches!(
        outcome,
        Err(Error::ServerGone { .. }) | Ok(GoalOutcome::Ended(GoalStatus::Aborted, _))
    );
    expect(told, "an end of the goal after the end of its server")
}

/// Its depth of 10 keeps the last ten of thirty.
async fn each_goal_of_a_burst_ends_in_time(client: &Client) -> Result<(), Error> {
    client
        .wait_for_action::<Generate::Action>("generate", SOON)
        .await?;
    let _sleeping = send(client, goal("sleep", 1)).await?;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let limit = Duration::from_secs(6);
    let mut sent = Vec::new();
    for _ in 0..30 {
        let goal = goal("many", 1);
        sent.push(
            client
                .send_goal::<Generate::Action>("generate", goal, limit, limit)
                .await?,
        );
    }
    let (mut answered, mut silent) = (0, 0);
    for goal in sent {
        let end = tokio::time::timeout(2 * limit + Duration::from_secs(1), goal.outcome).await;
        match end
            .map_err(Error::application)?
            .map_err(|_| Error::Stopping)?
        {
            Ok(GoalOutcome::Ended(GoalStatus::Succeeded, _)) => answered += 1,
            Err(error) if error.to_string().contains("no answer") => silent += 1,
            other => {
                return Err(Error::application(format!(
                    "an end that is none: {other:?}"
                )));
            }
        }
    }
    println!("{answered} answered, {silent} without an answer");
    expect(
        answered > 0 && silent > 0,
        "a server that loses some of thirty",
    )
}

async fn a_result_that_is_lost_is_no_success(client: &Client) -> Result<(), Error> {
    let end = status(send(client, goal("forgotten", 1)).await?).await;
    let text = end.err().map(|e| e.to_string()).unwrap_or_default();
    expect(
        text.contains("result is lost") && text.contains("status 0"),
        "a result that is lost",
    )
}

async fn an_id_that_runs_is_not_sent_again(client: &Client) -> Result<(), Error> {
    let (ends, mut ended) = tokio::sync::mpsc::unbounded_channel();
    let (told, mut fed) = tokio::sync::mpsc::unbounded_channel();
    let keeper = client
        .with_context(move |context| -> Result<(), Error> {
            let actions = ActionClient::<(), Generate::Action>::try_new(context, "generate")?;
            let id = GoalId::random();
            for (number, steps) in [(1, 10), (2, 3)] {
                let (ends, told) = (ends.clone(), told.clone());
                actions.send(
                    context,
                    id,
                    goal("one id", steps),
                    (SOON, SOON),
                    move |(), _, _| {
                        let _ = told.send(number);
                    },
                    move |(), _, end| {
                        let _ = ends.send((number, end));
                    },
                );
            }
            Ok(())
        })
        .await?;
    keeper?;
    let (first, refused) = ended.recv().await.ok_or(Error::Stopping)?;
    let is_refused = matches!(refused, Err(Error::GoalRuns { .. }));
    expect(
        first == 2 && is_refused,
        "the second use of an id to be refused",
    )?;
    let (_, end) = ended.recv().await.ok_or(Error::Stopping)?;
    let is_success = matches!(end, Ok(GoalOutcome::Ended(GoalStatus::Succeeded, _)));
    expect(is_success, "the goal that ran first to succeed")?;
    let mut heard = 0;
    while let Ok(number) = fed.try_recv() {
        expect(number == 1, "feedback for the goal that runs only")?;
        heard += 1;
    }
    expect(heard == 10, "all ten of its feedback messages")
}

async fn run(mode: &str) -> Result<(), Error> {
    let client = Client::connect("runtime_client", "")?;
    match mode {
        "survive" => return a_server_that_dies_ends_the_goal(&client).await,
        "burst" => return each_goal_of_a_burst_ends_in_time(&client).await,
        "lost" => return a_result_that_is_lost_is_no_success(&client).await,
        _ => {}
    }
    an_id_that_runs_is_not_sent_again(&client).await?;
    goals_end_as_the_server_says(&client).await?;
    sixty_four_goals_at_once_all_succeed(&client).await?;
    messages_come_back(&client).await?;
    silence_is_a_timeout(&client).await
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mode = std::env::args().nth(1).unwrap_or_default();
    match run(&mode).await {
        Ok(()) => {
            println!("PASS");
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("FAIL {error}");
            ExitCode::FAILURE
        }
    }
}
