//! What perception says, checked before anything moves by it.

use std::collections::BTreeMap;

use physical_ai_control::skills::SeenObject;
use physical_ai_control::{LidarMount, Obstacles, check_stamp};
use physical_ai_domain::Time;
use physical_ai_ros::msg::geometry_msgs::msg::{Pose, Vector3};
use physical_ai_ros::msg::physical_ai_msgs::msg::ObjectPoses;
use physical_ai_ros::msg::sensor_msgs::msg::LaserScan;
use physical_ai_ros::{Context, pose_from_msg, time_from_msg};

use crate::node::AgentNode;

/// Frame of everything that is seen.
const MAP: &str = "map";
/// How far ahead of the clock a stamp may be, seconds.
const MAX_AHEAD_S: f64 = 0.1;
/// How old an observation may be when it arrives, seconds. What needs a fresh one checks that itself.
const MAX_AGE_S: f64 = 5.0;
/// Most beams of one turn of a lidar.
const MOST_BEAMS: usize = 100_000;
/// Longest extent of an object, metres.
const LARGEST_M: f64 = 100.0;
/// Least time between two log lines about bad samples, seconds.
const WARN_EVERY_S: f64 = 5.0;

/// Counts messages that cannot be true, and says so now and then.
#[derive(Debug, Default)]
pub struct BadSamples {
    total: u64,
    warned_steady_s: Option<f64>,
}

impl BadSamples {
    /// Messages refused since the start.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// One more.
    pub fn count(&mut self, context: &Context<AgentNode>, problem: &str) {
        self.total += 1;
        let steady_s = context.steady_s();
        if self
            .warned_steady_s
            .is_none_or(|s| steady_s - s > WARN_EVERY_S)
        {
            self.warned_steady_s = Some(steady_s);
            tracing::warn!(refused = self.total, "sample refused: {problem}");
        }
    }
}

/// Objects by name; the text says why they are not believed.
pub fn objects_from_msg(
    message: &ObjectPoses,
    now: Time,
) -> Result<BTreeMap<String, SeenObject>, String> {
    let stamp = time_from_msg(&message.header.stamp);
    check_stamp("objects", stamp, None, now, MAX_AHEAD_S, MAX_AGE_S).map_err(|e| e.to_string())?;
    let frame = &message.header.frame_id;
    if frame != MAP {
        return Err(format!(
            "objects.header.frame_id is {frame:?}: it must be {MAP:?}"
        ));
    }
    let count = message.names.len();
    for (field, length) in [
        ("poses", message.poses.len()),
        ("sizes", message.sizes.len()),
    ] {
        if length != count {
            return Err(format!(
                "objects.{field} has {length} values for {count} names"
            ));
        }
    }
    let mut objects = BTreeMap::new();
    let all = message.names.iter().zip(&message.poses).zip(&message.sizes);
    for ((name, pose), size) in all {
        check_object(pose, size).map_err(|problem| format!("objects: {name}: {problem}"))?;
        let seen = SeenObject {
            pose: pose_from_msg(pose),
            size_m: [size.x, size.y, size.z],
        };
        if objects.insert(name.clone(), seen).is_some() {
            return Err(format!("objects.names holds {name} twice"));
        }
    }
    Ok(objects)
}

fn check_object(pose: &Pose, size: &Vector3) -> Result<(), String> {
    let (p, q) = (&pose.position, &pose.orientation);
    let numbers = [p.x, p.y, p.z, q.x, q.y, q.z, q.w];
    if let Some(bad) = numbers.iter().find(|v| !v.is_finite()) {
        return Err(format!("its pose holds {bad}: it must be finite"));
    }
    for extent in [size.x, size.y, size.z] {
        if !(extent > 0.0 && extent <= LARGEST_M) {
            return Err(format!(
                "its size holds {extent} m: above 0 and at most {LARGEST_M} m is allowed"
            ));
        }
    }
    Ok(())
}

/// What one turn of a lidar that is mounted like this hit; the text says why it is not believed.
pub fn obstacles_from_msg(
    message: &LaserScan,
    mount: &LidarMount,
    now: Time,
) -> Result<Obstacles, String> {
    let stamp = time_from_msg(&message.header.stamp);
    check_stamp("scan", stamp, None, now, MAX_AHEAD_S, MAX_AGE_S).map_err(|e| e.to_string())?;
    let (first, step) = (message.angle_min, message.angle_increment);
    if !first.is_finite() || !step.is_finite() || step == 0.0 {
        return Err(format!(
            "scan: angle_min is {first}, angle_increment {step}: both must be finite, and the increment not 0"
        ));
    }
    let (nearest, farthest) = (message.range_min, message.range_max);
    if !(nearest.is_finite() && nearest >= 0.0 && farthest > nearest) {
        return Err(format!(
            "scan: range_min is {nearest} m, range_max {farthest} m: the least must be 0 or more, and the most beyond it"
        ));
    }
    let count = message.ranges.len();
    if count == 0 || count > MOST_BEAMS {
        return Err(format!(
            "scan.ranges has {count} values: 1 to {MOST_BEAMS} are allowed"
        ));
    }
    let ranges = message.ranges.iter().map(|r| range_m(message, *r));
    let seen = mount.obstacles(f64::from(first), f64::from(step), ranges);
    seen.map_err(|e| e.to_string())
}

/// What a range means: by REP 117 one of minus infinity is that of something too near to be measured; others that
/// are out of what the lidar measures are none.
fn range_m(scan: &LaserScan, range: f32) -> f64 {
    if range == f32::NEG_INFINITY {
        f64::from(scan.range_min)
    } else if (scan.range_min..=scan.range_max).contains(&range) {
        f64::from(range)
    } else {
        f64::INFINITY
    }
}

#[cfg(test)]
mod tests {
    use physical_ai_ros::time_to_msg;

    use super::*;

    fn now() -> Time {
        Time::from_seconds(100.0)
    }

    fn objects() -> ObjectPoses {
        let mut message = ObjectPoses {
            names: vec!["red_box".into(), "blue_box".into()],
            poses: vec![Pose::default(); 2],
            sizes: vec![
                Vector3 {
                    x: 0.04,
                    y: 0.04,
                    z: 0.04
                };
                2
            ],
            ..Default::default()
        };
        message.header.frame_id = "map".into();
        message.header.stamp = time_to_msg(now());
        message
    }

    #[test]
    fn objects_that_cannot_be_are_refused_by_field() {
        assert_eq!(objects_from_msg(&objects(), now()).unwrap().len(), 2);
        let check = |bend: &dyn Fn(&mut ObjectPoses), expected: &str| {
            let mut message = objects();
            bend(&mut message);
            let problem = objects_from_msg(&message, now()).unwrap_err();
            assert!(problem.contains(expected), "{problem}");
        };
        check(
            &|m| m.header.frame_id = "camera".into(),
            "objects.header.frame_id is \"camera\": it must be \"map\"",
        );
        let at = |seconds: f64| time_to_msg(Time::from_seconds(seconds));
        check(
            &|m| m.header.stamp = at(101.0),
            "1.000 s ahead of the clock",
        );
        check(&|m| m.header.stamp = at(0.0), "100.000 s behind the clock");
        check(
            &|m| m.poses.truncate(1),
            "objects.poses has 1 values for 2 names",
        );
        check(&|m| m.sizes.clear(), "objects.sizes has 0 values");
        check(&|m| m.names[1] = "red_box".into(), "holds red_box twice");
        check(
            &|m| m.poses[1].position.z = f64::NAN,
            "blue_box: its pose holds NaN",
        );
        check(
            &|m| m.sizes[0].y = -0.04,
            "red_box: its size holds -0.04 m: above 0",
        );
        check(&|m| m.sizes[0].x = f64::INFINITY, "its size holds inf m");
    }

    /// A lidar in the middle of its robot.
    fn mount() -> LidarMount {
        let urdf = "<robot name='r'><link name='base'/></robot>";
        let name = physical_ai_domain::RobotName::try_new("rover_1").unwrap();
        let model = physical_ai_description::read_urdf(name, urdf).unwrap();
        LidarMount::of(&model, "base").unwrap()
    }

    fn scan(ranges: &[f32]) -> LaserScan {
        let mut message = LaserScan {
            angle_min: 0.0,
            angle_increment: 0.1,
            range_min: 0.1,
            range_max: 8.0,
            ranges: ranges.to_vec(),
            ..Default::default()
        };
        message.header.stamp = time_to_msg(now());
        message
    }

    #[test]
    fn scans_that_cannot_be_are_refused_by_field() {
        let check = |bend: &dyn Fn(&mut LaserScan), expected: &str| {
            let mut message = scan(&[1.0, f32::INFINITY]);
            bend(&mut message);
            let problem = obstacles_from_msg(&message, &mount(), now()).unwrap_err();
            assert!(problem.contains(expected), "{problem}");
        };
        check(&|m| m.angle_increment = f32::NAN, "angle_increment NaN");
        check(&|m| m.angle_increment = 0.0, "the increment not 0");
        check(&|m| m.angle_min = f32::INFINITY, "angle_min is inf");
        check(&|m| m.range_min = -1.0, "range_min is -1 m");
        check(&|m| m.range_min = f32::NAN, "range_min is NaN m");
        check(&|m| m.range_max = 0.0, "range_max 0 m");
        check(&|m| m.ranges.clear(), "scan.ranges has 0 values");
        check(&|m| m.angle_min = 3.0, "no beam that looks ahead");
        check(
            &|m| m.header.stamp = time_to_msg(Time::from_seconds(101.0)),
            "scan.header.stamp is 1.000 s ahead",
        );
    }

    #[test]
    fn what_is_too_near_to_be_measured_is_in_the_way_and_what_was_not_measured_is_not() {
        let check = |range: f32, expected_m: f64| {
            let seen = obstacles_from_msg(&scan(&[range]), &mount(), now()).unwrap();
            let free_m = seen.free_ahead_m(0.2);
            let is_same = free_m == expected_m || (free_m - expected_m).abs() < 1e-6;
            assert!(is_same, "{range}: {free_m} instead of {expected_m}");
        };
        check(1.0, 1.0);
        check(f32::NEG_INFINITY, 0.1);
        for nothing in [f32::INFINITY, f32::NAN, 0.0, 0.05, 9.0, -1.0] {
            check(nothing, f64::INFINITY);
        }
    }
}
