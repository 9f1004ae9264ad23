"""Many rclpy clients that send many goals at the same moment; counts how many are answered.

usage: burst_clients.py {generate,execute_mission} CLIENTS GOALS [--namespace NS] [--wait-s S]

Each client is a process of its own, and a plain one: depth 10, one executor, no pacing. Prints one JSON
line; exit code 0 if every goal was accepted and its result came.
"""

import argparse
import json
import subprocess
import sys
import time

PLAN = "tasks: [{id: pause, skill: wait, robot: %s, params: {duration_s: 0.05}}]"
ROBOTS = ("rover_1", "arm_1")


def goal(action, client, number):
    from physical_ai_msgs.action import ExecuteMission, Generate

    if action == "generate":
        return Generate.Goal(prompt=f"client {client} goal {number}", max_tokens=3)
    # Half of them run, half are refused: both are answers.
    if number % 2:
        return ExecuteMission.Goal(text=f"frobnicate {client} {number}")
    return ExecuteMission.Goal(plan=PLAN % ROBOTS[client % 2])


def client(options):
    import rclpy
    from physical_ai_msgs.action import ExecuteMission, Generate
    from rclpy.action import ActionClient

    rclpy.init()
    node = rclpy.create_node(f"burst_client_{options.number}", namespace=options.namespace)
    kind = {"generate": Generate, "execute_mission": ExecuteMission}[options.action]
    sender = ActionClient(node, kind, options.action)
    executor = rclpy.executors.SingleThreadedExecutor()
    executor.add_node(node)
    while not sender.server_is_ready():
        executor.spin_once(0.1)
    # What the client knows of the server, the server need not know of the client yet.
    end = time.monotonic() + 2.0
    while time.monotonic() < end:
        executor.spin_once(0.1)
    print("READY", flush=True)
    sys.stdin.readline()
    answered = {"accepted": 0, "ended": 0}

    def on_result(future):
        answered["ended"] += future.result().status in (4, 5, 6)

    def on_answer(future):
        if future.result().accepted:
            answered["accepted"] += 1
            future.result().get_result_async().add_done_callback(on_result)

    for number in range(options.goals):
        sent = sender.send_goal_async(goal(options.action, options.number, number))
        sent.add_done_callback(on_answer)
    end = time.monotonic() + options.wait_s
    while answered["ended"] < options.goals and time.monotonic() < end:
        executor.spin_once(0.1)
    print(json.dumps(answered), flush=True)
    node.destroy_node()
    rclpy.shutdown()


def burst(options):
    command = [sys.executable, __file__, options.action, "1", str(options.goals),
               "--namespace", options.namespace, "--wait-s", str(options.wait_s)]
    clients = [
        subprocess.Popen([*command, "--number", str(number)], stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE, text=True)
        for number in range(options.clients)
    ]
    try:
        for process in clients:
            if process.stdout.readline().strip() != "READY":
                raise SystemExit("a client did not start")
        began = time.monotonic()
        for process in clients:
            process.stdin.write("GO\n")
            process.stdin.flush()
        answers = [json.loads(process.stdout.readline()) for process in clients]
        took_s = time.monotonic() - began
    finally:
        for process in clients:
            process.kill()
            process.wait()
    sent = options.clients * options.goals
    accepted, ended = (sum(answer[key] for answer in answers) for key in ("accepted", "ended"))
    print(json.dumps({"event": "burst", "sent": sent, "accepted": accepted, "answered": ended,
                      "took_s": round(took_s, 1)}), flush=True)
    return 0 if ended == sent else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=("generate", "execute_mission"))
    parser.add_argument("clients", type=int)
    parser.add_argument("goals", type=int)
    parser.add_argument("--namespace", default="")
    parser.add_argument("--wait-s", type=float, default=60.0)
    parser.add_argument("--number", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.number is None:
        sys.exit(burst(options))
    client(options)


if __name__ == "__main__":
    main()
