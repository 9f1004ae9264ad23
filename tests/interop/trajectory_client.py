#!/usr/bin/env python3
"""Sends joint trajectories to `<robot>/follow_joint_trajectory` from rclpy, as MoveIt would, and says what happened.

Prints READY once all robots were measured and commanded and their servers are there, {"event": "started"} once a goal is under way,
and at the end one {"event": "outcome", …} for each robot: `status` of the goal (4 succeeded, 5 canceled, 6 aborted),
`code` and `text` of its result, `off` the largest distance of a joint from the goal's end as measured by the driver
after the result, `speed` the largest speed then, `moved` how far a joint moved in the half second after it,
`feedbacks` and `feedback_off` their number and largest error. `stream` has more: see there. Radians and seconds.
"""
import argparse
import json
import math
import time

import rclpy
from control_msgs.action import FollowJointTrajectory
from control_msgs.msg import JointTolerance
from physical_ai_msgs.msg import ActuatorCommand
from rclpy.action import ActionClient
from rclpy.duration import Duration
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectoryPoint

SENSOR = QoSProfile(depth=200, reliability=ReliabilityPolicy.BEST_EFFORT)
ARM = [f"joint_{i}" for i in range(1, 7)]


def say(**fields):
    print(json.dumps(fields), flush=True)


def point(time_s, positions, velocities=(), accelerations=()):
    message = JointTrajectoryPoint(positions=positions, velocities=velocities, accelerations=accelerations)
    message.time_from_start = Duration(seconds=time_s).to_msg()
    return message


def quintic(start, end, duration_s, count=25):
    """Points from rest to rest, as a time parametrisation makes them."""
    points = []
    for i in range(count + 1):
        u = i / count
        way = u**3 * (10 - 15 * u + 6 * u * u)
        speed = 30 * u * u * (1 - u) ** 2 / duration_s
        bend = 60 * u * (1 - 3 * u + 2 * u * u) / duration_s**2
        each = [(a, b - a) for a, b in zip(start, end)]
        points.append(point(u * duration_s, [a + d * way for a, d in each], [d * speed for _, d in each],
                            [d * bend for _, d in each]))
    return points


class Robot:
    def __init__(self, node, name):
        self.node, self.name = node, name
        self.at, self.speeds, self.commands = {}, {}, []
        self.feedbacks, self.feedback_off = 0, 0.0
        self.client = ActionClient(node, FollowJointTrajectory, f"{name}/follow_joint_trajectory")
        node.create_subscription(JointState, f"{name}/joint_states", self.measure, SENSOR)
        node.create_subscription(ActuatorCommand, f"{name}/hardware_command", self.command, SENSOR)

    def measure(self, message):
        self.at = dict(zip(message.name, message.position))
        self.speeds = dict(zip(message.name, message.velocity))

    def command(self, message):
        stamp_s = message.header.stamp.sec + message.header.stamp.nanosec * 1e-9
        index = message.joint_names.index("joint_1")
        is_position = message.mode == ActuatorCommand.POSITION
        values = (message.position[index], message.velocity[index]) if is_position else None
        self.commands.append((stamp_s, values))

    def feedback(self, message):
        self.feedbacks += 1
        self.feedback_off = max(self.feedback_off, max(abs(e) for e in message.feedback.error.positions))

    def send(self, names, points, stamp=None, **more):
        goal = FollowJointTrajectory.Goal(**more)
        goal.trajectory.joint_names = names
        goal.trajectory.points = points
        if stamp is not None:
            goal.trajectory.header.stamp = stamp.to_msg()
        return self.client.send_goal_async(goal, feedback_callback=self.feedback)


class Bench:
    def __init__(self, arguments):
        self.move_s = arguments.seconds
        rclpy.init()
        clock = Parameter("use_sim_time", value=True)
        self.node = rclpy.create_node("trajectory_client", parameter_overrides=[clock])
        self.executor = SingleThreadedExecutor()
        self.executor.add_node(self.node)
        self.robots = [Robot(self.node, name) for name in arguments.robots]
        self.until(lambda: self.node.get_clock().now().nanoseconds > 0, "simulated time")
        self.until(lambda: all(r.at and r.commands and r.client.server_is_ready() for r in self.robots), "robots")
        print("READY", flush=True)

    def until(self, condition, what, timeout_s=60.0):
        end = time.monotonic() + timeout_s
        while not condition():
            if time.monotonic() > end:
                raise SystemExit(f"still no {what} after {timeout_s} s")
            self.executor.spin_once(timeout_sec=0.01)

    def spin(self, seconds):
        """Spins for so long in simulated time."""
        end = self.node.get_clock().now() + Duration(seconds=seconds)
        self.until(lambda: self.node.get_clock().now() >= end, "simulated time")

    def handle(self, sent):
        self.until(sent.done, "answer to a goal")
        return sent.result()

    def outcome(self, robot, handle, target, **more):
        pending = handle.get_result_async()
        self.until(pending.done, "result")
        answer = pending.result()
        self.spin(0.1)
        at = dict(robot.at)
        speed = max(abs(robot.speeds[name]) for name in ARM)
        self.spin(0.5)
        say(event="outcome", robot=robot.name, status=answer.status, code=answer.result.error_code,
            text=answer.result.error_string, off=max(abs(at[n] - t) for n, t in target.items()), speed=speed,
            moved=max(abs(robot.at[n] - at[n]) for n in ARM), feedbacks=robot.feedbacks,
            feedback_off=robot.feedback_off, **more)

    def target(self, robot, offset):
        return {name: robot.at[name] + offset * (-1) ** i for i, name in enumerate(ARM)}

    def move(self, offset, names=None, after=lambda handles: None, **more):
        """Moves all robots at once; `names` is the order in which joints are named."""
        names = names or ARM
        targets = [self.target(robot, offset) for robot in self.robots]
        sent = []
        for robot, target in zip(self.robots, targets):
            start = [robot.at.get(n, 0.0) for n in names]
            points = quintic(start, [target.get(n, 0.0) for n in names], self.move_s)
            sent.append(robot.send(names, points, **more))
        handles = [self.handle(one) for one in sent]
        say(event="started")
        after(handles)
        for robot, handle, target in zip(self.robots, handles, targets):
            self.outcome(robot, handle, target)

    def cancel(self, handles):
        self.spin(1.0)
        self.until(handles[0].cancel_goal_async().done, "answer to the cancellation")

    def stream(self):
        """A newer goal every 50 ms for two seconds, each from a little ahead on: `jump` is the largest change of
        joint_1's commanded velocity beyond what its acceleration of `allowed` explains between two commands, `gap`
        that of its position beyond what its velocities explain, `acceleration` the largest commanded one; `replaced`
        goals ended for a newer one."""
        robot, allowed = self.robots[0], 8.0
        middle, began = robot.at["joint_1"], self.node.get_clock().now()
        amplitude, rate = 0.25, 2.0

        def place(at):
            phase = rate * max((at - began).nanoseconds * 1e-9, 0.0)
            return middle + amplitude * (1 - math.cos(phase)), amplitude * rate * math.sin(phase)

        sent, last_s, robot.commands = [], 2.0, []
        while (self.node.get_clock().now() - began).nanoseconds * 1e-9 < last_s:
            stamp = self.node.get_clock().now() + Duration(seconds=0.03)
            points = []
            for i in range(6):
                at, speed = place(stamp + Duration(seconds=0.05 * i))
                points.append(point(0.05 * i, [at], [speed]))
            points.append(point(0.65, [place(stamp + Duration(seconds=0.4))[0]], [0.0]))
            sent.append(robot.send(["joint_1"], points, stamp))
            self.spin(0.05)
        results = [self.handle(one).get_result_async() for one in sent]
        self.until(lambda: all(r.done() for r in results), "results")
        replaced = sum(r.result().status == 6 and "replaced" in r.result().result.error_string for r in results)
        others = [r.result().result.error_string for r in results[:-1] if "replaced" not in r.result().result.error_string]
        jump = gap = fastest = 0.0
        steps = holds = 0
        for (s0, before), (s1, now) in zip(robot.commands, robot.commands[1:]):
            if now is None and before is not None:
                holds += 1
            if before is None or now is None or not 0 < s1 - s0 < 0.05:
                continue
            steps += 1
            jump = max(jump, abs(now[1] - before[1]) - allowed * (s1 - s0))
            fastest = max(fastest, abs(now[1] - before[1]) / (s1 - s0))
            gap = max(gap, abs(now[0] - before[0] - (now[1] + before[1]) / 2 * (s1 - s0)))
        last = results[-1].result()
        say(event="outcome", sent=len(sent), replaced=replaced, status=last.status, code=last.result.error_code,
            text=last.result.error_string, others=others[:3], jump=jump, gap=gap, acceleration=fastest, steps=steps, holds=holds,
            swung=max((abs(v[0] - middle) for _, v in robot.commands if v), default=0.0))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenario", choices=["move", "back", "reordered", "strict", "unknown", "cancel", "stream"])
    parser.add_argument("--robots", nargs="+", default=["arm_1"])
    parser.add_argument("--seconds", type=float, default=2.5, help="of a movement")
    arguments = parser.parse_args()
    bench = Bench(arguments)
    tight = [JointTolerance(name="joint_1", position=1e-4)]
    {
        "move": lambda: bench.move(0.25),
        "back": lambda: bench.move(-0.25),
        "reordered": lambda: bench.move(-0.25, names=list(reversed(ARM))),
        "strict": lambda: bench.move(0.25, path_tolerance=tight),
        "unknown": lambda: bench.move(0.25, names=[*ARM, "elbow"]),
        "cancel": lambda: bench.move(0.25, after=bench.cancel),
        "stream": bench.stream,
    }[arguments.scenario]()


if __name__ == "__main__":
    main()
