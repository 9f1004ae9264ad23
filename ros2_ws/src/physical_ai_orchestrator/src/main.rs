//! The `orchestrator` node: missions in as actions, tasks out to workers, results back.

mod confirmation;
mod deadline;
mod decomposition;
mod effects;
mod goals;
mod intake;
mod messages;
mod model_planner;
mod node;
mod parameters;
mod services;
mod task_checks;
mod turns;

fn main() -> std::process::ExitCode {
    physical_ai_ros::run::<node::Orchestrator>("orchestrator")
}
