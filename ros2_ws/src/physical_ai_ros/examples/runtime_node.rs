//! A node that uses every part of the runtime once. Authors of nodes read it; `tests/runtime.rs` drives
//! it from rclpy and from `runtime_client`.

use std::collections::HashMap;
use std::time::Duration;

use physical_ai_ros::msg::physical_ai_msgs::action::Generate;
use physical_ai_ros::msg::{std_msgs, std_srvs};
use physical_ai_ros::{
    ActionServer, Application, CancelDecision, ClockKind, Context, Diagnostic, Error, GoalDecision,
    GoalHandle, GoalId, Handle, Level, Publisher, Qos, ServerOptions,
};

physical_ai_ros::parameters! {
    /// Parameters of the example.
    pub struct ExampleParameters {
        /// Feedback of a running goal, per second.
        rate_hz: f64 = 50.0, range(1.0..=1000.0);
        /// A number that the application refuses to be 13.
        number: i64 = 1, range(0, 100);
        /// Fixed after start.
        names: Vec<String> = vec!["a".to_owned()], read_only;
        /// Results of ended goals are kept so long, in seconds.
        result_timeout_s: f64 = 60.0, range(0.1, 3600.0), read_only;
        /// A share in steps.
        share: f64 = 0.0, range(0.0, 1.0, 0.3);
        /// Transition that fails: configure, activate or nothing.
        fail: String = String::new();
    }
}

const MINUTE: Duration = Duration::from_secs(60);

struct Goal {
    handle: GoalHandle<Generate::Action>,
    text: String,
    steps_left: u32,
    canceling: bool,
}

struct Example {
    parameters: ExampleParameters,
    goals: HashMap<GoalId, Goal>,
    echo: Publisher<std_msgs::msg::String>,
    extra: Option<Handle>,
    heard: u32,
}

impl Example {
    fn echo(&mut self, _: &mut Context<Self>, message: std_msgs::msg::String) {
        self.heard += 1;
        self.echo.publish(&message);
    }

    /// A subscription that comes and goes while the node runs.
    fn switch_extra(&mut self, context: &mut Context<Self>, on: bool) -> Result<(), Error> {
        if let Some(handle) = self.extra.take() {
            handle.cancel();
        }
        if on {
            let handle = context.subscribe("extra", Qos::events(), Self::echo)?;
            self.extra = Some(handle);
        }
        Ok(())
    }

    fn work(&mut self) {
        let ended: Vec<GoalId> = self
            .goals
            .iter_mut()
            .filter_map(|(id, goal)| {
                goal.steps_left = goal.steps_left.saturating_sub(1);
                goal.handle.feedback(Generate::Feedback {
                    text: goal.text.clone(),
                    tokens: vec![goal.steps_left],
                });
                (goal.canceling || goal.steps_left == 0).then_some(*id)
            })
            .collect();
        for id in ended {
            let Some(goal) = self.goals.remove(&id) else {
                continue;
            };
            let result = Generate::Result {
                text: goal.text,
                ..Default::default()
            };
            if goal.canceling {
                goal.handle.canceled(result);
            } else {
                goal.handle.succeed(result);
            }
        }
    }
}

fn accept(app: &mut Example, goal: Generate::Goal, handle: GoalHandle<Generate::Action>) {
    if goal.prompt == "dropped" {
        return;
    }
    let goal = Goal {
        text: goal.prompt,
        steps_left: goal.max_tokens,
        canceling: false,
        handle,
    };
    app.goals.insert(goal.handle.id(), goal);
}

fn serve_actions(context: &mut Context<Example>, p: &ExampleParameters) -> Result<(), Error> {
    ActionServer::<Example, Generate::Action> {
        on_goal: Box::new(|_, _, _, goal| match goal.prompt.as_str() {
            "rejected" => GoalDecision::Reject,
            "stall" => {
                // A callback that takes too long: what comes meanwhile waits in the middleware.
                std::thread::sleep(Duration::from_secs(1));
                GoalDecision::Accept
            }
            _ => GoalDecision::Accept,
        }),
        on_accepted: Box::new(|app, _, goal, handle| accept(app, goal, handle)),
        on_cancel: Box::new(|app, _, id| match app.goals.get_mut(&id) {
            Some(goal) if goal.text != "stubborn" => {
                goal.canceling = true;
                CancelDecision::Accept
            }
            _ => CancelDecision::Reject,
        }),
        options: ServerOptions {
            result_timeout: Duration::from_secs_f64(p.result_timeout_s),
        },
    }
    .serve(context, "generate")
}

/// A timer and a sleep in ROS time.
fn live_in_ros_time(context: &mut Context<Example>) -> Result<(), Error> {
    let ticks = context.publisher("ticks", Qos::latched(16))?;
    context.timer(MINUTE, ClockKind::Ros, move |_, context| {
        let data = format!("{:.3}", context.now().seconds());
        ticks.publish(&std_msgs::msg::String { data });
    });
    context.service_deferred::<std_srvs::srv::Trigger::Service>(
        "sleep",
        |_, context, _, responder| {
            context.sleep(MINUTE, ClockKind::Ros, move |_, context, outcome| {
                responder.respond(std_srvs::srv::Trigger::Response {
                    success: outcome.is_ok(),
                    message: match outcome {
                        Ok(()) => format!("slept until {:.3}", context.now().seconds()),
                        Err(error) => error.to_string(),
                    },
                });
            });
        },
    )?;
    Ok(())
}

impl Application for Example {
    type Parameters = ExampleParameters;
    const DESCRIPTION: &'static str = "Uses every part of the runtime once.";

    fn configure(context: &mut Context<Self>, p: &ExampleParameters) -> Result<Self, Error> {
        if p.fail == "configure" {
            return Err(Error::application("told to fail in configure"));
        }
        let echo = context.publisher("out", Qos::events())?;
        context.subscribe("in", Qos::events(), Self::echo)?;
        context.service::<std_srvs::srv::SetBool::Service>("extra", |app, context, request| {
            let result = app.switch_extra(context, request.data);
            std_srvs::srv::SetBool::Response {
                success: result.is_ok(),
                message: result.map_or_else(|e| e.to_string(), |()| String::new()),
            }
        })?;
        context.service::<std_srvs::srv::Trigger::Service>("heard", |app, _, _| {
            std_srvs::srv::Trigger::Response {
                success: true,
                message: app.heard.to_string(),
            }
        })?;
        serve_actions(context, p)?;
        live_in_ros_time(context)?;
        let period = Duration::from_secs_f64(1.0 / p.rate_hz);
        context.timer(period, ClockKind::Steady, |app, _| app.work());
        Ok(Self {
            parameters: p.clone(),
            goals: HashMap::new(),
            echo,
            extra: None,
            heard: 0,
        })
    }

    fn activate(&mut self, _: &mut Context<Self>) -> Result<(), Error> {
        if self.parameters.fail == "activate" {
            return Err(Error::application("told to fail in activate"));
        }
        tracing::info!(number = self.parameters.number, "active");
        Ok(())
    }

    fn parameters_changed(
        &mut self,
        context: &mut Context<Self>,
        parameters: &ExampleParameters,
    ) -> Result<(), String> {
        if parameters.number == 13 {
            return Err("number: 13 brings bad luck; take another".to_owned());
        }
        self.parameters = parameters.clone();
        context.request_diagnostics_update();
        Ok(())
    }

    fn diagnostics(&self) -> Vec<Diagnostic> {
        let number = self.parameters.number;
        vec![Diagnostic::new("number", Level::Ok, "chosen").with("value", number)]
    }
}

fn main() -> std::process::ExitCode {
    physical_ai_ros::run::<Example>("runtime_node")
}
