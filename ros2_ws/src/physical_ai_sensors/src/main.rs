//! The `sensor_worker` node.

fn main() {}
