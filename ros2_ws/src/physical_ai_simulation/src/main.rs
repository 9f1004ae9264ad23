//! The `simulation_worker` node.

fn main() {}
