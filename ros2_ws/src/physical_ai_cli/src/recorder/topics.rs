//! Which topics are recorded, and how.

use physical_ai_ros::{OfferedQos, Qos};

/// Topics that are absolute by convention.
const SHARED: [&str; 4] = ["/tf", "/tf_static", "/diagnostics", "/rosout"];

/// Simulated time.
pub const CLOCK: &str = "rosgraph_msgs/msg/Clock";

/// Types that are left out: bulk data.
const LEFT_OUT: [&str; 5] = [
    "physical_ai_msgs/msg/ExperienceChunk",
    "physical_ai_msgs/msg/WeightsChunk",
    "rcl_interfaces/msg/ParameterEvent",
    "sensor_msgs/msg/Image",
    "sensor_msgs/msg/PointCloud2",
];

/// Types of which the newest message at each look is enough: streams at up to 200 Hz.
const THINNED: [&str; 8] = [
    CLOCK,
    "nav_msgs/msg/Odometry",
    "physical_ai_msgs/msg/ActuatorCommand",
    "physical_ai_msgs/msg/ObjectPoses",
    "physical_ai_msgs/msg/RobotState",
    "sensor_msgs/msg/Imu",
    "sensor_msgs/msg/JointState",
    "sensor_msgs/msg/LaserScan",
];

/// Messages of one topic that may wait for the recorder's next look.
const DEPTH: usize = 1000;

/// Whether a topic belongs into the recording of the suite in `namespace`.
pub fn is_recorded(topic: &str, type_name: &str, namespace: &str) -> bool {
    if type_name == CLOCK {
        // Another suite's clock is not this one's.
        return topic == format!("/{namespace}/clock").replace("//", "/");
    }
    let is_hidden = topic.split('/').any(|segment| segment.starts_with('_'));
    let is_ours = namespace.is_empty()
        || SHARED.contains(&topic)
        || topic
            .strip_prefix('/')
            .and_then(|t| t.strip_prefix(namespace))
            .is_some_and(|rest| rest.starts_with('/'));
    is_ours && !is_hidden && type_name.contains("/msg/") && !LEFT_OUT.contains(&type_name)
}

/// The subscription for a topic whose publishers offer `offered`.
pub fn subscription(type_name: &str, offered: OfferedQos) -> Qos {
    if THINNED.contains(&type_name) {
        Qos::newest()
    } else {
        offered.subscription(DEPTH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recording_holds_the_suite_and_nothing_heavy() {
        let odometry = "nav_msgs/msg/Odometry";
        let check = |topic: &str, kind: &str, namespace: &str, expected: bool| {
            assert_eq!(
                is_recorded(topic, kind, namespace),
                expected,
                "{topic} {kind} {namespace}"
            );
        };
        check("/rover_1/odom", odometry, "", true);
        check("/fleet_a/rover_1/odom", odometry, "fleet_a", true);
        check("/fleet_ab/rover_1/odom", odometry, "fleet_a", false);
        check("/rosout", "rcl_interfaces/msg/Log", "fleet_a", true);
        check("/arm_1/state", "physical_ai_msgs/msg/RobotState", "", true);
        check("/arm_1/imu", "sensor_msgs/msg/Imu", "", true);
        let command = "physical_ai_msgs/msg/ActuatorCommand";
        check("/arm_1/command", command, "", true);
        check("/arm_1/hardware_command", command, "", true);
        check("/clock", CLOCK, "", true);
        check("/clock", CLOCK, "fleet_a", false);
        check("/fleet_a/clock", CLOCK, "fleet_a", true);
        check("/arm_1/camera", "sensor_msgs/msg/Image", "", false);
        check(
            "/execute_mission/_action/status",
            "action_msgs/msg/GoalStatusArray",
            "",
            false,
        );
        check(
            "/x",
            "physical_ai_msgs/action/ExecuteMission_FeedbackMessage",
            "",
            false,
        );
    }

    #[test]
    fn fast_topics_are_thinned_and_latched_ones_are_got_late() {
        let latched = OfferedQos {
            is_reliable: true,
            is_latched: true,
        };
        assert_eq!(
            subscription("sensor_msgs/msg/JointState", latched),
            Qos::newest()
        );
        assert_eq!(
            subscription("physical_ai_msgs/msg/SafetyStatus", latched),
            Qos::latched(DEPTH)
        );
    }
}
