//! The `agent_worker` node: several robots controlled at once, tasks in, commands out.

mod node;
mod parameters;
mod seen;
mod tasks;

fn main() -> std::process::ExitCode {
    physical_ai_ros::run::<node::AgentNode>("agent_worker")
}
