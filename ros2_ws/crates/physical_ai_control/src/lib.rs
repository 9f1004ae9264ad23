//! Kinematics, trajectories, controllers, state estimation and the safety filter: pure functions and
//! small state machines that know nothing of ROS. Units are SI and radians, frames follow REP-103.

