//! The `sensor_worker` node: sensor data in, one state estimate per robot out.

mod estimator;
mod node;
mod parameters;
mod pose_store;

fn main() -> std::process::ExitCode {
    physical_ai_ros::run::<node::Sensors>("sensor_worker")
}
