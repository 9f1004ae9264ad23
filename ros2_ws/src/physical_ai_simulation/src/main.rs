//! The `simulation_worker` node: a MuJoCo world behind the topics that drivers of real robots would have.

mod drives;
mod faults;
mod latency;
mod node;
mod parameters;
mod publishing;
mod setup;

fn main() -> std::process::ExitCode {
    physical_ai_ros::run::<node::Simulation>("simulation_worker")
}
