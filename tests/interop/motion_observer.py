#!/usr/bin/env python3
"""Watches one robot's joints and commands from rclpy and prints what changes, one JSON object a line.

Prints READY once joint states arrive. Events, each with `sim_s` (stamp of the sample, ROS time):
  moving / resting   the fastest joint passes the threshold; `fastest` in rad/s or m/s
  hold / commanded   what the actuator worker sends to the drives
  ready / not_ready  what the actuator worker tells of the robot, with its reason
Answers each line on standard input with {"event": "mark", "sim_s": newest stamp, "moving": …, "fastest": …,
"names": […], "position": […], "base": [x, y] where the world says that its base is, "objects": {name: [x, y, z]} as the world
shows them, metres in the map, "hold": …, "peak": largest speed since the mark before, "ready": …, "reason": …, "faults": {diagnostic of level error: its message}}.
"""
import argparse
import json
import select
import sys
import time

import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from nav_msgs.msg import Odometry
from physical_ai_msgs.msg import ActuatorCommand, CommandStatus, ObjectPoses
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import JointState


def say(**fields):
    print(json.dumps(fields), flush=True)


class Observer:
    def __init__(self, node, arguments):
        self.threshold = arguments.threshold
        self.sim_s = None
        self.moving = False
        self.fastest = 0.0
        self.peak = 0.0
        self.ready = None
        self.reason = ""
        self.faults = {}
        self.hold = None
        self.names = []
        self.position = []
        self.velocity = []
        self.base = []
        self.objects = {}
        robot = arguments.robot
        node.create_subscription(JointState, f"{robot}/joint_states", self.joints, qos_profile_sensor_data)
        node.create_subscription(Odometry, f"{robot}/ground_truth", self.truth, qos_profile_sensor_data)
        node.create_subscription(ObjectPoses, "objects", self.see, qos_profile_sensor_data)
        node.create_subscription(CommandStatus, f"{robot}/command_status", self.status, 10)
        node.create_subscription(DiagnosticArray, "/diagnostics", self.diagnose, 100)
        node.create_subscription(ActuatorCommand, f"{robot}/hardware_command", self.command, qos_profile_sensor_data)

    def joints(self, message):
        first = self.sim_s is None
        self.sim_s = message.header.stamp.sec + message.header.stamp.nanosec * 1e-9
        self.names = list(message.name)
        self.position = list(message.position)
        fastest = max(abs(v) for v in message.velocity)
        self.fastest = fastest
        self.peak = max(self.peak, fastest)
        moving = fastest > self.threshold
        if moving != self.moving:
            self.moving = moving
            say(event="moving" if moving else "resting", sim_s=self.sim_s, fastest=fastest)
        if first:
            print("READY", flush=True)

    def truth(self, message):
        at = message.pose.pose.position
        self.base = [at.x, at.y]

    def see(self, message):
        places = [pose.position for pose in message.poses]
        self.objects = {name: [at.x, at.y, at.z] for name, at in zip(message.names, places)}

    def command(self, message):
        hold = message.mode == ActuatorCommand.HOLD
        if hold != self.hold:
            self.hold = hold
            stamp = message.header.stamp.sec + message.header.stamp.nanosec * 1e-9
            say(event="hold" if hold else "commanded", sim_s=self.sim_s, stamp_s=stamp)

    def status(self, message):
        if (message.ready, message.reason) != (self.ready, self.reason):
            self.ready, self.reason = message.ready, message.reason
            say(event="ready" if message.ready else "not_ready", sim_s=self.sim_s, reason=message.reason)

    def diagnose(self, message):
        for status in message.status:
            self.faults.pop(status.name, None)
            if status.level == DiagnosticStatus.ERROR:
                self.faults[status.name] = status.message

    def mark(self):
        say(event="mark", sim_s=self.sim_s, moving=self.moving, fastest=self.fastest, hold=self.hold, names=self.names, position=self.position,
            base=self.base, objects=self.objects, peak=self.peak, ready=self.ready, reason=self.reason, faults=self.faults)
        self.peak = 0.0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--robot", required=True)
    parser.add_argument("--namespace", default="")
    parser.add_argument("--threshold", type=float, default=0.03, help="rad/s or m/s")
    parser.add_argument("--timeout-s", type=float, default=1200.0)
    arguments = parser.parse_args()
    rclpy.init()
    node = rclpy.create_node("motion_observer", namespace=arguments.namespace)
    observer = Observer(node, arguments)
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    end = time.monotonic() + arguments.timeout_s
    while time.monotonic() < end:
        executor.spin_once(timeout_sec=0.02)
        if select.select([sys.stdin], [], [], 0)[0]:
            if not sys.stdin.readline():
                return
            observer.mark()


if __name__ == "__main__":
    main()
