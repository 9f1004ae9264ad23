#!/usr/bin/env python3
"""Publishes commands that nobody asked for, as a recording that is played or a second program would.

Prints READY when the topic's own writer was heard, WRITING when it begins, DONE when it is over. Scenarios:
  hardware  set points on <robot>/hardware_command
  copy      commands on <robot>/command with the source of the agent's last one, without its session
  button    `true` on emergency_stop once, as `ros2 topic pub --once` does: reliable and volatile
  release   `false` on emergency_stop, latched
"""
import argparse
import time

import rclpy
from physical_ai_msgs.msg import ActuatorCommand
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import DurabilityPolicy, QoSProfile, qos_profile_sensor_data
from std_msgs.msg import Bool


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenario", choices=["hardware", "copy", "button", "release"])
    parser.add_argument("--robot", default="rover_1")
    parser.add_argument("--velocity", type=float, default=10.0, help="rad/s of each wheel")
    parser.add_argument("--position", type=float, default=1.0, help="rad of each joint of an arm")
    parser.add_argument("--joints", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--namespace", default="")
    arguments = parser.parse_args()
    rclpy.init()
    node = rclpy.create_node("foreign_writer", namespace=arguments.namespace)
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    if arguments.scenario in ("button", "release"):
        latched = arguments.scenario == "release"
        durability = DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE
        publisher = node.create_publisher(Bool, "emergency_stop", QoSProfile(depth=1, durability=durability))
        end = time.monotonic() + 20.0
        while publisher.get_subscription_count() == 0 and time.monotonic() < end:
            executor.spin_once(timeout_sec=0.05)
        # `ros2 topic pub` waits for one subscriber, too; the others follow within a moment.
        time.sleep(0.5)
        publisher.publish(Bool(data=not latched))
        print("WRITING", flush=True)
        time.sleep(0.5)
        print("DONE", flush=True)
        return
    suffix = "hardware_command" if arguments.scenario == "hardware" else "command"
    topic = f"{arguments.robot}/{suffix}"
    heard = []
    node.create_subscription(ActuatorCommand, topic, lambda m: heard.__setitem__(slice(None), [m]), qos_profile_sensor_data)
    # Agents command at any time; drives are told to stand before they are told anything else.
    end = time.monotonic() + 20.0
    while not heard and time.monotonic() < end:
        executor.spin_once(timeout_sec=0.02)
    print("READY", flush=True)
    publisher = node.create_publisher(ActuatorCommand, topic, qos_profile_sensor_data)
    message = ActuatorCommand(robot=arguments.robot, valid_for_s=0.05)
    if arguments.joints == 2:
        message.mode = ActuatorCommand.VELOCITY
        message.velocity = [arguments.velocity] * 2
    else:
        message.mode = ActuatorCommand.POSITION
        message.position = [arguments.position] * arguments.joints
    end = time.monotonic() + 10.0
    while publisher.get_subscription_count() == 0 and time.monotonic() < end:
        executor.spin_once(timeout_sec=0.05)
    print("WRITING", flush=True)
    end = time.monotonic() + arguments.seconds
    sequence = 10**9
    while time.monotonic() < end:
        executor.spin_once(timeout_sec=0.005)
        if heard:
            message.header.stamp = heard[0].header.stamp
            message.source = heard[0].source
        sequence += 1
        message.sequence = sequence
        publisher.publish(message)
    print("DONE", flush=True)
    node.destroy_node()
    rclpy.shutdown()


if __name__ == "__main__":
    main()
