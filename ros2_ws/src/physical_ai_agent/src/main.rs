//! The `agent_worker` node.

fn main() {}
