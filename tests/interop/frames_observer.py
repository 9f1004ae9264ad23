#!/usr/bin/env python3
"""Looks at the frames of a running suite as RViz would: static and moving transforms, descriptions, sensors.

Works out where each arm's tool is from its robot_description and joint_states with kinematics of its own, and compares
that, and the base of each rover by ground truth, with the tree of frames. Prints one JSON object per robot and
"PASS", or says what is wrong and ends with 1.
"""
import argparse
import json
import math
import sys
import time
import xml.etree.ElementTree as ElementTree

import numpy
import rclpy
from nav_msgs.msg import Odometry
from physical_ai_msgs.msg import ObjectPoses, RobotState
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy, qos_profile_sensor_data
from sensor_msgs.msg import Imu, JointState, LaserScan
from std_msgs.msg import String
from tf2_msgs.msg import TFMessage

LATCHED = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL)
PERIOD_S = 0.1


def from_quaternion(x, y, z, w):
    n = x * x + y * y + z * z + w * w
    assert abs(n - 1.0) < 1e-6, f"quaternion of length {n ** 0.5}"
    return numpy.array([
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ])


def pose(translation, rotation):
    matrix = numpy.eye(4)
    matrix[:3, :3] = rotation
    matrix[:3, 3] = translation
    return matrix


def about(axis, angle):
    """Rodrigues' formula."""
    x, y, z = numpy.array(axis) / numpy.linalg.norm(axis)
    k = numpy.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return numpy.eye(3) + math.sin(angle) * k + (1 - math.cos(angle)) * (k @ k)


def numbers(element, name, default="0 0 0"):
    return [float(n) for n in (element.get(name, default) if element is not None else default).split()]


class Robot:
    """What one robot's topics said last."""

    def __init__(self, node, name):
        self.name = name
        self.last = {}
        self.joints = {}
        sensor = qos_profile_sensor_data
        for topic, kind, qos in (
            ("robot_description", String, LATCHED), ("joint_states", JointState, sensor),
            ("state", RobotState, sensor), ("ground_truth", Odometry, sensor), ("imu", Imu, sensor),
            ("scan", LaserScan, sensor), ("odom", Odometry, 10),
        ):
            node.create_subscription(kind, f"{name}/{topic}", lambda m, t=topic: self.heard(t, m), qos)

    def heard(self, topic, message):
        self.last[topic] = message
        if topic == "joint_states":
            stamp = (message.header.stamp.sec, message.header.stamp.nanosec)
            self.joints[stamp] = dict(zip(message.name, message.position))

    def tool(self, positions):
        """Every link in the root link's frame, by the description."""
        links = {}
        description = ElementTree.fromstring(self.last["robot_description"].data)
        joints = description.findall("joint")
        children = {j.find("child").get("link") for j in joints}
        root = next(l.get("name") for l in description.findall("link") if l.get("name") not in children)
        links[root] = numpy.eye(4)
        while joints:
            joint = next(j for j in joints if j.find("parent").get("link") in links)
            joints.remove(joint)
            roll, pitch, yaw = numbers(joint.find("origin"), "rpy")
            turn = about([0, 0, 1], yaw) @ about([0, 1, 0], pitch) @ about([1, 0, 0], roll)
            origin = pose(numbers(joint.find("origin"), "xyz"), turn)
            axis = numbers(joint.find("axis"), "xyz", "1 0 0")
            q = positions.get(joint.get("name"), 0.0)
            motion = {
                "fixed": lambda: numpy.eye(4),
                "prismatic": lambda: pose(numpy.array(axis) * q, numpy.eye(3)),
            }.get(joint.get("type"), lambda: pose([0, 0, 0], about(axis, q)))()
            links[joint.find("child").get("link")] = links[joint.find("parent").get("link")] @ origin @ motion
        return root, links


class Frames:
    """The tree of frames as TF told it."""

    def __init__(self, node):
        self.static = {}
        self.moving = {}
        node.create_subscription(TFMessage, "tf_static" if node.get_namespace() != "/" else "/tf_static",
                                 lambda m: self.heard(self.static, m), LATCHED)
        node.create_subscription(TFMessage, "tf" if node.get_namespace() != "/" else "/tf",
                                 lambda m: self.heard(self.moving, m), 100)

    def heard(self, into, message):
        for t in message.transforms:
            v, q = t.transform.translation, t.transform.rotation
            into[t.child_frame_id] = (
                t.header.frame_id, pose([v.x, v.y, v.z], from_quaternion(q.x, q.y, q.z, q.w)),
                (t.header.stamp.sec, t.header.stamp.nanosec))

    def in_map(self, frame):
        matrix = numpy.eye(4)
        way = [frame]
        while way[-1] != "map":
            parent, step, _ = self.moving.get(way[-1]) or self.static.get(way[-1]) or (None, None, None)
            assert parent is not None, f"{way[-1]} hangs on nothing: {way}"
            assert parent not in way, f"a circle: {way}"
            matrix = step @ matrix
            way.append(parent)
        return matrix


def check(frames, robot):
    """What was measured about a robot; raises AssertionError."""
    last = robot.last
    assert not set(frames.static) & set(frames.moving), "a frame is static and moves"
    root, _ = robot.tool({})
    base = f"{robot.name}/{root}"
    drives = "odom" in last
    expected = f"{robot.name}/odom" if drives else "map"
    frame = last["state"].header.frame_id
    assert frame == expected, f"state is in {frame!r} instead of {expected!r}"
    truth = last["ground_truth"]
    assert (truth.header.frame_id, truth.child_frame_id) == ("map", base), truth.header
    at = truth.pose.pose.position
    base_error_m = float(numpy.linalg.norm(frames.in_map(base)[:3, 3] - [at.x, at.y, at.z]))
    assert base_error_m < 0.05, f"{base} is {base_error_m} m off the truth"
    # Joints of the moment at which the newest transforms were sent.
    moving = next(child for child in frames.moving if child.startswith(f"{robot.name}/") and child != base)
    positions = robot.joints.get(frames.moving[moving][2])
    if positions is None:
        return None
    _, links = robot.tool(positions)
    worst_m = 0.0
    for link, expected in links.items():
        found = numpy.linalg.inv(frames.in_map(base)) @ frames.in_map(f"{robot.name}/{link}")
        worst_m = max(worst_m, float(numpy.abs(found - expected).max()))
    assert worst_m < 1e-6, f"frames of {robot.name} are {worst_m} off its kinematics"
    if drives:
        check_sensors(frames, robot)
    return {"robot": robot.name, "links": len(links), "base_error_m": base_error_m, "worst_link_error": worst_m}


def check_sensors(frames, robot):
    imu, scan = robot.last["imu"], robot.last["scan"]
    for message in (imu, scan):
        frames.in_map(message.header.frame_id)
    assert imu.header.frame_id == f"{robot.name}/imu_link", imu.header.frame_id
    assert scan.header.frame_id == f"{robot.name}/lidar_link", scan.header.frame_id
    for name, deviation in (("angular_velocity_covariance", 2e-3), ("linear_acceleration_covariance", 2e-2)):
        covariance = numpy.array(getattr(imu, name)).reshape(3, 3)
        assert numpy.allclose(covariance, numpy.eye(3) * deviation ** 2), (name, covariance)
    assert imu.orientation_covariance[0] == -1.0
    assert abs(scan.scan_time - PERIOD_S) < 1e-6, scan.scan_time
    assert scan.time_increment == 0.0
    beams = round((scan.angle_max - scan.angle_min) / scan.angle_increment) + 1
    assert beams == len(scan.ranges), (beams, len(scan.ranges))


def topics_of(node, robots):
    """Topics of sensors that an arm does not have."""
    # A namespace moves them all.
    names = {name.rsplit("/", 2)[-2] + "/" + name.rsplit("/", 2)[-1]
             for name, _ in node.get_topic_names_and_types() if name.count("/") > 1
             and (node.get_publishers_info_by_topic(name))}
    for robot in robots:
        if "odom" not in robot.last:
            extra = names & {f"{robot.name}/{topic}" for topic in ("imu", "scan", "odom")}
            assert not extra, f"{robot.name} advertises {extra}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--robots", required=True)
    parser.add_argument("--namespace", default="")
    parser.add_argument("--timeout-s", type=float, default=30.0)
    arguments = parser.parse_args()
    rclpy.init()
    node = rclpy.create_node("frames_observer", namespace=arguments.namespace)
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    frames = Frames(node)
    robots = [Robot(node, name) for name in arguments.robots.split(",")]
    objects = []
    node.create_subscription(ObjectPoses, "objects", objects.append, qos_profile_sensor_data)
    end = time.monotonic() + arguments.timeout_s
    left, problem = list(robots), "nothing was heard"
    while left and time.monotonic() < end:
        # All that is there is taken first: transforms and joints of one moment belong together.
        until = time.monotonic() + 0.3
        while time.monotonic() < until:
            executor.spin_once(timeout_sec=0.01)
        for robot in list(left):
            try:
                found = check(frames, robot)
            except (AssertionError, KeyError, StopIteration) as error:
                problem = f"{robot.name}: {error!r}"
                continue
            if found:
                print(json.dumps(found), flush=True)
                left.remove(robot)
    if left:
        sys.exit(f"FAIL {problem}")
    topics_of(node, robots)
    assert objects and objects[-1].header.frame_id == "map", objects[-1:]
    print("PASS", flush=True)


if __name__ == "__main__":
    main()
