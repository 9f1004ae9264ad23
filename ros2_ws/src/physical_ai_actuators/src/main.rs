//! The `actuator_worker` node: the last gate between commands and hardware.

mod drive_link;
mod latch;
mod node;
mod parameters;
mod robot;

fn main() -> std::process::ExitCode {
    physical_ai_ros::run::<node::Actuators>("actuator_worker")
}
