#!/usr/bin/env python3
"""A worker that offers skills, looks at plans, and runs nothing.

It offers "sing" of robot_9, with either a note or a song, and "hum" with a schema that the orchestrator does
not understand. A line on standard input says how it answers from now on: "agree", "object", "silent" (not at
all), "unable" (it cannot read the plan) or "withdraw" (it offers nothing any more). Prints a JSON line for
each plan that it is asked about, and for each line that it read.
"""
import argparse
import json
import sys
import threading
import time

import rclpy
from physical_ai_msgs.msg import Capability, WorkerStatus
from physical_ai_msgs.srv import CheckTasks
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.executors import ExternalShutdownException, MultiThreadedExecutor
from rclpy.qos import QoSProfile

OBJECTION = "task a: robot_9 is hoarse: give it an hour"
NUMBER = {"type": "number", "minimum": 20, "maximum": 20000}
SING = {
    "type": "object",
    "properties": {"note_hz": NUMBER, "song": {"type": "string", "maxLength": 50}},
    "additionalProperties": False,
    "oneOf": [{"required": ["note_hz"]}, {"required": ["song"]}],
}
HUM = {"type": "object", "properties": {"song": {"type": "string", "contentEncoding": "base64"}}}


def say(**fields):
    print(json.dumps(fields), flush=True)


class Checker:
    def __init__(self, node):
        self.mode = "agree"
        self.stopping = threading.Event()
        self.incarnation = time.time_ns()
        self.publisher = node.create_publisher(WorkerStatus, "worker_status", QoSProfile(depth=1000))
        node.create_timer(0.2, self.heartbeat)
        node.create_service(CheckTasks, "checker/check_tasks", self.check, callback_group=ReentrantCallbackGroup())

    def heartbeat(self):
        offers = [
            Capability(skill=skill, robot="robot_9", parameters_schema=json.dumps(schema), ready=True)
            for skill, schema in (("sing", SING), ("hum", HUM))
        ]
        self.publisher.publish(WorkerStatus(
            worker="checker", kind="agent", incarnation=self.incarnation, host="here", pid=1,
            state=WorkerStatus.ACTIVE, lease_s=1.0, capabilities=[] if self.mode == "withdraw" else offers))

    def check(self, request, response):
        mode = self.mode
        say(event="asked", mode=mode, tasks=[task["skill"] for task in json.loads(request.plan)["tasks"]])
        if mode == "silent":
            self.stopping.wait(3.0)
        elif mode == "object":
            response.violations = [OBJECTION]
        elif mode == "unable":
            response.error_code, response.error_msg = 2, "plan: what is it?"
        return response

    def listen(self):
        for line in sys.stdin:
            self.mode = line.strip()
            say(event="mode", mode=self.mode)


def main():
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    rclpy.init()
    node = rclpy.create_node("checker")
    checker = Checker(node)
    threading.Thread(target=checker.listen, daemon=True).start()
    executor = MultiThreadedExecutor(4)
    executor.add_node(node)
    say(event="ready")
    try:
        executor.spin()
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    finally:
        checker.stopping.set()


if __name__ == "__main__":
    main()
