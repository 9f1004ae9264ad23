//! The `physical-ai` command.

fn main() {}
