//! The `sensor_worker` node: sensor data in, one state estimate and one tree of frames per robot out.

mod frames;
mod node;
mod parameters;
mod pose_store;
mod robot;

fn main() -> std::process::ExitCode {
    physical_ai_ros::run::<node::Sensors>("sensor_worker")
}
