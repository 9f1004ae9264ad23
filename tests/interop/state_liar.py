#!/usr/bin/env python3
"""A second node that publishes a robot's joint_states beside its driver, and compares what is believed with the truth.

Prints READY once joint states and ground truth arrive. Each line on standard input is a lie, or a question:
  again MS       a genuine sample that is MS old, once more
  equal          the stamp of the newest sample with other values
  ahead S        the newest values, stamped S seconds ahead
  zero           the next sample with its first joint at 0
  huge           the next sample with its first joint at 1e18
  reversed       the next sample with names, positions and velocities reversed: the truth, in another order
  by_index       the next sample with positions and velocities reversed, but not the names
  twice          the next sample with its first joint twice
  nameless       a sample without a joint
  storm S        `huge`, 100 times a second for S seconds
  reset          the service simulation/reset; what is measured begins anew with the first state of the new world
  mark           answers {"event": "mark", "truth": [x, y], "estimate": [x, y], "worst_m": …, "longest_step_m": …,
                 "refused": …, "faults": […], "frame": frame of the state}; `worst_m` is the largest distance of estimate
                 and truth since the last mark, `longest_step_m` the largest one of two estimates in a row
Each lie is answered with {"event": "lied", "lie": line}.
"""
import argparse
import collections
import copy
import json
import math
import select
import sys
import time

import rclpy
from listeners import hears
from nav_msgs.msg import Odometry
from physical_ai_msgs.msg import RobotState
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import qos_profile_sensor_data
from rclpy.time import Time
from sensor_msgs.msg import JointState
from std_srvs.srv import Trigger

# No driver of the suite uses this field.
LIE = "lie"
# A sample between two genuine ones of 200 Hz.
BETWEEN_S = 0.0005
KEPT = 400


def say(**fields):
    print(json.dumps(fields), flush=True)


def seconds(stamp):
    return stamp.sec + stamp.nanosec * 1e-9


class Liar:
    def __init__(self, arguments):
        self.node = rclpy.create_node("state_liar", namespace=arguments.namespace)
        self.executor = SingleThreadedExecutor()
        self.executor.add_node(self.node)
        self.genuine = collections.deque(maxlen=KEPT)
        self.states = collections.deque(maxlen=KEPT)
        self.truth = None
        self.forget()
        robot = arguments.robot
        sensor = qos_profile_sensor_data
        self.publisher = self.node.create_publisher(JointState, f"{robot}/joint_states", sensor)
        self.node.create_subscription(JointState, f"{robot}/joint_states", self.heard_joints, sensor)
        self.node.create_subscription(RobotState, f"{robot}/state", self.heard_state, sensor)
        self.node.create_subscription(Odometry, f"{robot}/ground_truth", self.heard_truth, sensor)
        self.reset = self.node.create_client(Trigger, "simulation/reset")

    def forget(self):
        self.worst_m = 0.0
        self.longest_step_m = 0.0
        self.faults = {}

    def heard_joints(self, message):
        if message.header.frame_id != LIE:
            self.genuine.append(message)

    def heard_state(self, message):
        at = message.pose.position
        entry = (seconds(message.header.stamp), at.x, at.y)
        if self.states:
            before = self.states[-1]
            self.longest_step_m = max(self.longest_step_m, math.dist(before[1:], entry[1:]))
        self.states.append(entry)
        self.state = message
        if not message.valid:
            self.faults.setdefault(message.fault, 0)
            self.faults[message.fault] += 1

    def heard_truth(self, message):
        at = message.pose.pose.position
        stamp = seconds(message.header.stamp)
        self.truth = (at.x, at.y)
        near = [s for s in self.states if abs(s[0] - stamp) < 0.003]
        if near:
            self.worst_m = max(self.worst_m, math.dist(near[-1][1:], self.truth))

    def next(self):
        """The newest genuine sample, a little later."""
        message = copy.deepcopy(self.genuine[-1])
        later = Time.from_msg(message.header.stamp).nanoseconds + int(BETWEEN_S * 1e9)
        message.header.stamp = Time(nanoseconds=later).to_msg()
        return message

    def lie(self, kind, number):
        message = self.next()
        names, position, velocity = list(message.name), list(message.position), list(message.velocity)
        if kind == "again":
            wanted = seconds(self.genuine[-1].header.stamp) - number * 1e-3
            message = copy.deepcopy(min(self.genuine, key=lambda m: abs(seconds(m.header.stamp) - wanted)))
        elif kind == "equal":
            message = copy.deepcopy(self.genuine[-1])
            message.position = [p + 0.015 for p in position]
        elif kind == "ahead":
            ahead = Time.from_msg(message.header.stamp).nanoseconds + int(number * 1e9)
            message.header.stamp = Time(nanoseconds=ahead).to_msg()
        elif kind in ("zero", "huge"):
            message.position = [0.0 if kind == "zero" else 1e18, *position[1:]]
        elif kind == "reversed":
            message.name, message.position, message.velocity = names[::-1], position[::-1], velocity[::-1]
        elif kind == "by_index":
            message.position, message.velocity = position[::-1], velocity[::-1]
        elif kind == "twice":
            message.name = [names[0], *names[:-1]]
        elif kind == "nameless":
            message.name, message.position, message.velocity = [], [], []
        else:
            raise ValueError(kind)
        message.header.frame_id = LIE
        self.publisher.publish(message)

    def obey(self, line):
        kind, *rest = line.split()
        number = float(rest[0]) if rest else 0.0
        if kind == "mark":
            self.mark()
            return
        if kind == "storm":
            end = time.monotonic() + number
            while time.monotonic() < end:
                self.lie("huge", 0.0)
                self.spin(0.01)
        elif kind == "reset":
            future = self.reset.call_async(Trigger.Request())
            before = self.states[-1][0]
            while not future.done() or self.states[-1][0] >= before:
                self.executor.spin_once(timeout_sec=1.0)
            # This jump is no lie's.
            self.states.clear()
            self.forget()
        else:
            self.lie(kind, number)
        say(event="lied", lie=line)

    def mark(self):
        at = self.state.pose.position
        say(event="mark", truth=self.truth, estimate=[at.x, at.y], worst_m=self.worst_m,
            longest_step_m=self.longest_step_m, refused=self.state.refused, faults=list(self.faults),
            frame=self.state.header.frame_id, position=list(self.state.position))
        self.forget()

    def spin(self, wait_s):
        end = time.monotonic() + wait_s
        while time.monotonic() < end:
            self.executor.spin_once(timeout_sec=0.005)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--robot", required=True)
    parser.add_argument("--namespace", default="")
    parser.add_argument("--timeout-s", type=float, default=180.0)
    arguments = parser.parse_args()
    rclpy.init()
    liar = Liar(arguments)
    end = time.monotonic() + arguments.timeout_s
    while not (liar.genuine and liar.truth and liar.states and hears(liar.node, liar.publisher, "sensor_worker")):
        liar.spin(0.05)
    liar.forget()
    print("READY", flush=True)
    while time.monotonic() < end:
        liar.spin(0.01)
        if select.select([sys.stdin], [], [], 0)[0]:
            line = sys.stdin.readline()
            if not line:
                return
            liar.obey(line.strip())


if __name__ == "__main__":
    main()
