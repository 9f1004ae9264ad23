#!/usr/bin/env python3
"""A plain rclpy action server in the place of an inference worker, with answers that are known.

The sentence says which: one with "sing" is refused, one with "retire" becomes a plan for robot_9, which is not valid, one
with "silence" is never answered, any other sends rover_1 home. Prints a JSON line for each question.
"""
import argparse
import json
import threading

import rclpy
from physical_ai_msgs.action import Generate
from rclpy.action import ActionServer, CancelResponse
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.executors import ExternalShutdownException, MultiThreadedExecutor


def say(**fields):
    print(json.dumps(fields), flush=True)


def plan(robot):
    return json.dumps({"tasks": [{"id": "t1", "skill": "home", "robot": robot}]})


def answer(sentence):
    if "sing" in sentence:
        return json.dumps({"refusal": "no robot can sing"})
    return plan("robot_9" if "retire" in sentence else "rover_1")


class Planner:
    def __init__(self, node, worker):
        self.stopping = threading.Event()
        self.server = ActionServer(
            node, Generate, f"{worker}/generate", self.execute,
            cancel_callback=lambda _: CancelResponse.ACCEPT, callback_group=ReentrantCallbackGroup(),
        )

    def execute(self, handle):
        goal = handle.request
        sentence = goal.messages[-1].content
        schema = json.loads(goal.schema)
        say(event="question", roles=[m.role for m in goal.messages], text=sentence, branches=len(schema["anyOf"]))
        if "silence" in sentence:
            while not handle.is_cancel_requested and not self.stopping.wait(0.05):
                pass
            say(event="cancelled")
            handle.canceled()
            return Generate.Result(error_code=Generate.Result.CANCELED)
        handle.succeed()
        return Generate.Result(text=answer(sentence), finish_reason="schema")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worker", default="planner")
    arguments = parser.parse_args()
    rclpy.init()
    node = rclpy.create_node(arguments.worker)
    planner = Planner(node, arguments.worker)
    executor = MultiThreadedExecutor(4)
    executor.add_node(node)
    say(event="ready")
    try:
        executor.spin()
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    finally:
        planner.stopping.set()


if __name__ == "__main__":
    main()
