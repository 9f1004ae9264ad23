#!/usr/bin/env python3
"""Watches `worker_status` from rclpy: with the default quality of service, and with a deadline and a lease.

Prints READY once the named worker was heard by both subscriptions. Prints one JSON object for each event of the second:
{"event": "deadline", "missed": how often}, {"event": "liveliness", "alive": …, "gone": …} with the numbers of publishers;
and {"event": "heard"} each time the worker is heard again after half a second of silence.
"""
import argparse
import json
import time

import rclpy
from physical_ai_msgs.msg import WorkerStatus
from rclpy.duration import Duration
from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import LivelinessPolicy, QoSProfile


def say(**fields):
    print(json.dumps(fields), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("worker")
    parser.add_argument("--deadline-s", type=float, default=0.4)
    parser.add_argument("--lease-s", type=float, default=1.0)
    arguments = parser.parse_args()
    rclpy.init()
    node = rclpy.create_node("heartbeat_watch")
    heard = {"plain": 0.0, "strict": 0.0}

    def hear(subscription):
        def callback(message):
            if message.worker != arguments.worker:
                return
            now = time.monotonic()
            if subscription == "strict" and now - heard[subscription] > 0.5:
                say(event="heard")
            heard[subscription] = now
        return callback

    events = SubscriptionEventCallbacks(
        deadline=lambda event: say(event="deadline", missed=event.total_count),
        liveliness=lambda event: say(event="liveliness", alive=event.alive_count, gone=event.not_alive_count),
        incompatible_qos=lambda event: say(event="incompatible", policy=event.last_policy_kind))
    strict = QoSProfile(
        depth=100, deadline=Duration(seconds=arguments.deadline_s), liveliness=LivelinessPolicy.MANUAL_BY_TOPIC,
        liveliness_lease_duration=Duration(seconds=arguments.lease_s))
    node.create_subscription(WorkerStatus, "worker_status", hear("plain"), 10)
    node.create_subscription(WorkerStatus, "worker_status", hear("strict"), strict, event_callbacks=events)
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    ready, end = False, time.monotonic() + 120.0
    while time.monotonic() < end:
        executor.spin_once(timeout_sec=0.05)
        if not ready and all(heard.values()):
            ready = True
            print("READY", flush=True)


if __name__ == "__main__":
    main()
