//! The `agent_worker` node: several robots controlled at once, tasks in, commands out.

mod check_tasks;
mod follow_trajectory;
mod node;
mod parameters;
mod robot_link;
mod seen;
mod stop;
mod tasks;

fn main() -> std::process::ExitCode {
    physical_ai_ros::run::<node::AgentNode>("agent_worker")
}
