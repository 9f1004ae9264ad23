#!/usr/bin/env python3
"""A worker that lies. Scenarios:
  results  reports success for the tasks that the worker given with --worker runs: with its name and
           process but an old and a future token, with a name of its own, and for a task that is not there
  twin     sends heartbeats under the name given with --worker from a process of its own
  garbage  sends heartbeats with bad names, NaN leases, broken schemas and unknown states
Prints READY when it is heard by the orchestrator, DONE at the end. "results" lies about the first task
that runs after READY.
"""
import argparse
import time

import rclpy
from listeners import hears
from physical_ai_msgs.msg import Capability, TaskUpdate, TaskUpdateBatch, WorkerStatus
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import QoSProfile

EVENTS = QoSProfile(depth=1000)


class Liar:
    def __init__(self, arguments):
        self.node = rclpy.create_node("liar", namespace=arguments.namespace)
        self.executor = SingleThreadedExecutor()
        self.executor.add_node(self.node)
        self.victim = arguments.worker
        self.status = None
        self.publisher = self.node.create_publisher(WorkerStatus, "worker_status", EVENTS)
        self.node.create_subscription(WorkerStatus, "worker_status", self.heard, EVENTS)

    def heard(self, message):
        if message.worker == self.victim and message.pid != 1:
            self.status = message

    def is_heard(self):
        return self.status is not None and hears(self.node, self.publisher, "orchestrator")

    def spin(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.executor.spin_once(timeout_sec=0.02)

    def spin_until(self, condition, meanwhile=lambda: None, seconds=50.0):
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise SystemExit("liar: nobody to lie to")
            meanwhile()
            self.spin(0.1)

    def heartbeat(self, **fields):
        message = WorkerStatus(
            worker="liar", kind="agent", incarnation=1, host="nowhere", pid=1,
            state=WorkerStatus.ACTIVE, lease_s=1.0)
        for name, value in fields.items():
            setattr(message, name, value)
        self.publisher.publish(message)

    def results(self):
        own = self.node.create_publisher(TaskUpdateBatch, "liar/updates", EVENTS)
        victims = self.node.create_publisher(TaskUpdateBatch, f"{self.victim}/updates", EVENTS)
        # Who is silent for a lease is listened to no more.
        self.spin_until(
            lambda: own.get_subscription_count() and victims.get_subscription_count(), self.heartbeat)
        print("READY", flush=True)
        self.spin_until(lambda: self.status is not None and self.status.running, self.heartbeat)
        truth = self.status.running[0]

        def claim(publisher, worker, incarnation, task, token):
            update = TaskUpdate(
                mission_id=truth.mission_id, task_id=task, attempt=truth.attempt, fencing_token=token,
                progress=1.0, result="{}")
            update.state.value = update.state.SUCCEEDED
            publisher.publish(TaskUpdateBatch(worker=worker, incarnation=incarnation, updates=[update]))

        token, incarnation = truth.fencing_token, self.status.incarnation
        for _ in range(3):
            self.heartbeat()
            claim(own, "liar", 1, truth.task_id, token)
            claim(victims, self.victim, incarnation, truth.task_id, token - 1)
            claim(victims, self.victim, incarnation, truth.task_id, token + 1000)
            claim(victims, self.victim, incarnation - 1, truth.task_id, token)
            claim(victims, self.victim, incarnation, "no_such_task", token)
            self.spin(0.2)

    def twin(self):
        self.spin_until(self.is_heard)
        print("READY", flush=True)
        for _ in range(10):
            self.heartbeat(
                worker=self.victim, incarnation=self.status.incarnation + 10**9,
                capabilities=self.status.capabilities)
            self.spin(0.2)

    def garbage(self):
        self.spin_until(self.is_heard)
        print("READY", flush=True)
        broken = Capability(skill="go", robot="arm_1", parameters_schema="{")
        for _ in range(3):
            self.heartbeat(worker="../../etc")
            self.heartbeat(lease_s=float("nan"))
            self.heartbeat(state=77)
            self.heartbeat(capabilities=[broken])
            self.spin(0.2)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenario", choices=["results", "twin", "garbage"])
    parser.add_argument("--worker", default="agent_worker")
    parser.add_argument("--namespace", default="")
    arguments = parser.parse_args()
    rclpy.init()
    liar = Liar(arguments)
    getattr(liar, arguments.scenario)()
    print("DONE", flush=True)


if __name__ == "__main__":
    main()
