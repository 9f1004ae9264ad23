#!/usr/bin/env python3
"""Calls lifecycle transitions of a node, or pauses the simulation, from rclpy; prints DONE after each.

change_state.py NODE TRANSITION     once: configure, activate, deactivate, cleanup
change_state.py -                   for each line on standard input, "NODE TRANSITION" or "simulation pause|resume"
"""
import argparse
import sys

import rclpy
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from std_srvs.srv import SetBool

IDS = {"configure": Transition.TRANSITION_CONFIGURE, "activate": Transition.TRANSITION_ACTIVATE,
       "deactivate": Transition.TRANSITION_DEACTIVATE, "cleanup": Transition.TRANSITION_CLEANUP}


class Caller:
    def __init__(self, namespace):
        self.node = rclpy.create_node("state_changer", namespace=namespace)
        self.kept = {}

    def call(self, kind, name, request):
        client = self.kept.setdefault(name, None) or self.node.create_client(kind, name)
        self.kept[name] = client
        if not client.wait_for_service(timeout_sec=20.0):
            raise SystemExit(f"{name} is not served")
        # An answer is lost where the server does not know its client yet.
        for _ in range(5):
            future = client.call_async(request)
            rclpy.spin_until_future_complete(self.node, future, timeout_sec=3.0)
            if future.done():
                return future.result()
        raise SystemExit(f"{name} does not answer")

    def change(self, node, word):
        if node == "simulation":
            self.call(SetBool, "simulation/pause", SetBool.Request(data=word == "pause"))
        else:
            request = ChangeState.Request(transition=Transition(id=IDS[word]))
            self.call(ChangeState, f"{node}/change_state", request)
        print("DONE", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("node")
    parser.add_argument("transition", nargs="?")
    parser.add_argument("--namespace", default="")
    arguments = parser.parse_args()
    rclpy.init()
    caller = Caller(arguments.namespace)
    if arguments.node != "-":
        caller.change(arguments.node, arguments.transition)
        return
    for line in sys.stdin:
        caller.change(*line.split())


if __name__ == "__main__":
    main()
