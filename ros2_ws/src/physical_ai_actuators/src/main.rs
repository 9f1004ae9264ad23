//! The `actuator_worker` node.

fn main() {}
