//! The `actuator_worker` node: the last gate between commands and hardware.

mod node;
mod parameters;

fn main() -> std::process::ExitCode {
    physical_ai_ros::run::<node::Actuators>("actuator_worker")
}
