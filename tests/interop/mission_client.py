"""A plain rclpy client of the orchestrator: sends one mission, shows how it goes, prints a result table.

A plan that waits for a user's word is shown; --confirm answers, otherwise somebody else has to.
Ctrl-C (and SIGTERM) cancels the mission and waits until the robots stopped; a second one leaves at once.
Exit codes: 0 every task succeeded, 1 the mission did not succeed, 2 wrong arguments,
3 no orchestrator, or it went away.
"""

import argparse
import json
import signal
import sys
import time
import uuid
from pathlib import Path

import rclpy
from action_msgs.msg import GoalStatus
from builtin_interfaces.msg import Time
from physical_ai_msgs.action import ExecuteMission
from physical_ai_msgs.msg import MissionStatusArray, TaskResult, TaskState, WorkerStatusArray
from physical_ai_msgs.srv import ConfirmMission, ValidateMission
from rclpy.action import ActionClient
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy, qos_profile_sensor_data
from rclpy.signals import SignalHandlerOptions
from rosgraph_msgs.msg import Clock

LATCHED = QoSProfile(
    depth=1, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL
)
CANCEL_WAIT_S = 30.0
# A mission that ended according to the `missions` topic sends its result at once; if it does not,
# the orchestrator was restarted and no longer knows this client.
RESULT_WAIT_S = 3.0
FEEDBACK_SILENCE_S = 2.0
# The graph notices a killed orchestrator after 20 s; `physical-ai up` has it back long before.
SERVER_GONE_S = 30.0
ENDED = ("succeeded", "failed", "canceled")
STATES = {
    getattr(TaskState, name): name
    for name in "PENDING READY ASSIGNED RUNNING SUCCEEDED FAILED CANCELED SKIPPED CANCELING".split()
}
ERRORS = {
    getattr(ExecuteMission.Result, name): name
    for name in (
        "OK INVALID_GOAL NOT_UNDERSTOOD INVALID_MISSION TASK_FAILED CANCELED DEADLINE_MISSED "
        "NO_WORKER REJECTED INTERNAL NOT_CONFIRMED"
    ).split()
}


class Unreachable(Exception):
    """The orchestrator or a robot is not there."""


class Reporter:
    """Prints lines for people, or one JSON object per line."""

    def __init__(self, as_json):
        self.as_json = as_json
        self.began = time.monotonic()
        self.shown = None
        self.states = {}

    def say(self, text):
        if not self.as_json:
            print(f"{time.monotonic() - self.began:7.2f} s  {text}", flush=True)

    def event(self, **fields):
        if self.as_json:
            print(json.dumps(fields), flush=True)

    def feedback(self, feedback):
        self.event(
            event="feedback",
            phase=feedback.phase,
            progress=round(feedback.progress, 4),
            planner=feedback.planner,
            tasks=[task_json(task) for task in feedback.tasks],
        )
        # A line for every tenth is enough for a person.
        shown = (feedback.phase, int(feedback.progress * 10))
        if shown != self.shown:
            self.shown = shown
            planner = f"  planner {feedback.planner}" if feedback.planner else ""
            self.say(f"{feedback.phase:<12} {feedback.progress:4.0%}{planner}")
        for task in feedback.tasks:
            state = (task.state.value, task.attempt)
            if self.states.get(task.id) != state:
                self.states[task.id] = state
                where = " ".join(filter(None, (task.robot, task.worker and f"by {task.worker}")))
                attempt = f" attempt {task.attempt}" if task.attempt > 1 else ""
                self.say(f"  {task.id}: {state_name(task)}{attempt}{where and f' ({where})'}")

    def plan(self, mission_id, message):
        """A plan that waits to be confirmed."""
        plan = json.loads(message.plan)
        self.event(event="confirm", mission_id=mission_id, planner=message.planner, plan=plan)
        self.say(f"the plan of the {message.planner} waits to be confirmed:")
        for task in plan["tasks"]:
            parameters = ", ".join(f"{name}: {value}" for name, value in (task["params"] or {}).items())
            after = f" after {', '.join(task['after'])}" if task["after"] else ""
            self.say(f"  {task['id']}: {task['robot'] or 'any robot'} {task['skill']} {parameters}{after}")

    def result(self, result):
        self.event(
            event="result",
            mission_id=result.mission_id,
            error_code=result.error_code,
            error_msg=result.error_msg,
            tasks=[task_json(task) for task in result.tasks],
        )
        if self.as_json:
            return
        rows = [("task", "skill", "robot", "worker", "state", "attempts", "seconds", "error")]
        for task in result.tasks:
            rows.append((task.id, task.skill, task.robot or "-", task.worker or "-", state_name(task),
                         str(attempts(task)), duration(task), getattr(task, "error_msg", "")))
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        print(flush=True)
        for number, row in enumerate(rows):
            print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip(), flush=True)
            if number == 0:
                print("  ".join("-" * width for width in widths), flush=True)
        code = ERRORS.get(result.error_code, str(result.error_code))
        outcome = "succeeded" if result.error_code == 0 else f"{code}: {result.error_msg}"
        print(f"mission {result.mission_id}: {outcome}", flush=True)


def state_name(task):
    return STATES.get(task.state.value, str(task.state.value))


def attempts(task):
    """TaskResult counts attempts, TaskStatus numbers the current one."""
    return task.attempts if hasattr(task, "attempts") else task.attempt


def seconds(stamp):
    return stamp.sec + stamp.nanosec * 1e-9


def duration(task):
    started = seconds(task.started) if hasattr(task, "started") else 0.0
    return f"{seconds(task.finished) - started:.2f}" if started > 0.0 else "-"


def task_json(task):
    fields = {"id": task.id, "skill": task.skill, "robot": task.robot, "worker": task.worker,
              "state": state_name(task), "attempts": attempts(task)}
    if hasattr(task, "progress"):
        fields["progress"] = round(task.progress, 4)
    if hasattr(task, "error_code"):
        fields |= {"started_s": seconds(task.started), "finished_s": seconds(task.finished),
                   "error_code": task.error_code, "error_msg": task.error_msg, "result": task.result}
    return fields


class MissionClient:
    def __init__(self, options, reporter):
        self.options = options
        self.reporter = reporter
        self.interrupts = 0
        signal.signal(signal.SIGINT, self.interrupted)
        signal.signal(signal.SIGTERM, self.interrupted)
        rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
        self.node = rclpy.create_node(f"mission_client_{uuid.uuid4().hex[:8]}", namespace=options.namespace)
        self.executor = SingleThreadedExecutor()
        self.executor.add_node(self.node)
        self.client = ActionClient(self.node, ExecuteMission, "execute_mission")
        self.confirmation = self.node.create_client(ConfirmMission, "confirm_mission")
        self.validation = self.node.create_client(ValidateMission, "validate_mission")
        self.mission_id = None
        self.asked = False
        self.missions = {}
        self.missions_changed = False
        self.fed_back_at = 0.0
        self.workers = []
        self.node.create_subscription(MissionStatusArray, "missions", self.heard_missions, LATCHED)
        self.node.create_subscription(WorkerStatusArray, "workers", self.heard_workers, LATCHED)

    def close(self):
        self.client.destroy()
        self.node.destroy_node()
        rclpy.shutdown()

    def interrupted(self, _number, _frame):
        self.interrupts += 1
        if self.interrupts > 1:
            sys.exit(130)

    def heard_missions(self, message):
        self.missions = {mission.mission_id: mission for mission in message.missions}
        self.missions_changed = True

    def heard_feedback(self, message):
        self.fed_back_at = time.monotonic()
        self.tell(message.feedback)

    def tell(self, progress):
        """Shows feedback, or the same from `missions`; answers once if the plan waits for that."""
        self.reporter.feedback(progress)
        if progress.phase != "confirming" or not progress.plan or self.asked:
            return
        self.asked = True
        self.reporter.plan(self.mission_id, progress)
        if self.options.confirm is None:
            self.reporter.say(f"`physical-ai mission confirm {self.mission_id}` runs it, with --no it is declined")
            return
        answer = ConfirmMission.Request(mission_id=self.mission_id, confirm=self.options.confirm == "yes")
        self.confirmation.call_async(answer).add_done_callback(self.heard_answer)

    def heard_answer(self, future):
        # What comes of an answer that was taken shows in the mission's phase.
        if future.result().error_code:
            self.reporter.say(f"not confirmed: {future.result().error_msg}")

    def heard_workers(self, message):
        self.workers = message.workers

    def spin_until(self, condition, wait_s):
        """True once `condition` holds; false after `wait_s`, or when the user wants to stop."""
        end = time.monotonic() + wait_s
        while not condition():
            if self.interrupts or time.monotonic() > end:
                return False
            self.executor.spin_once(timeout_sec=0.1)
        return True

    def wait_until_ready(self):
        wait_s = self.options.wait_s
        name = f"{self.node.get_namespace().rstrip('/')}/execute_mission"
        if not self.spin_until(self.client.server_is_ready, wait_s):
            if self.interrupts:
                raise Unreachable("interrupted before the mission was sent")
            raise Unreachable(f"no orchestrator serves {name!r} within {wait_s:g} s: is the suite running "
                              "in this namespace and ROS_DOMAIN_ID? Start it with `physical-ai up`")
        wanted = self.options.wait_for_robot
        if not self.spin_until(lambda: not self.robots_not_ready(wanted), wait_s):
            if self.interrupts:
                raise Unreachable("interrupted before the mission was sent")
            missing = "; ".join(f"{robot}: {why}" for robot, why in self.robots_not_ready(wanted).items())
            raise Unreachable(f"not ready within {wait_s:g} s: {missing}")

    def robots_not_ready(self, wanted):
        missing = {}
        for robot in wanted:
            offers = [offer for worker in self.workers for offer in worker.capabilities if offer.robot == robot]
            reasons = {offer.reason for offer in offers if not offer.ready}
            if not offers:
                missing[robot] = "no worker offers it"
            elif reasons:
                missing[robot] = ", ".join(sorted(reasons))
        return missing

    def ros_now_s(self):
        """Simulated time where a clock is published, else the system's."""
        namespace = self.node.get_namespace().rstrip("/")
        for topic in dict.fromkeys((f"{namespace}/clock", "/clock")):
            if self.node.count_publishers(topic):
                heard = []
                subscription = self.node.create_subscription(
                    Clock, topic, lambda clock: heard.append(seconds(clock.clock)), qos_profile_sensor_data)
                self.spin_until(lambda: heard, 2.0)
                self.node.destroy_subscription(subscription)
                if heard:
                    return heard[-1]
        return time.time()

    def goal(self):
        goal = ExecuteMission.Goal(
            # Known beforehand, so that the mission is found again if the orchestrator is restarted.
            mission_id=self.options.mission_id or f"mission-{uuid.uuid4().hex[:8]}",
            text=self.options.text or "",
            plan=self.options.plan or "",
            priority=self.options.priority,
        )
        end = self.options.deadline_at_s
        if self.options.deadline_s is not None:
            end = self.ros_now_s() + self.options.deadline_s
        if end is not None:
            goal.deadline = Time(sec=int(end), nanosec=int(end % 1.0 * 1e9))
        self.mission_id = goal.mission_id
        return goal

    def validate(self):
        """Checks the mission without running it; true if it would be taken."""
        self.wait_until_ready()
        if not self.spin_until(self.validation.service_is_ready, self.options.wait_s):
            raise Unreachable("nobody serves validate_mission")
        goal = self.goal()
        request = ValidateMission.Request(text=goal.text, plan=goal.plan, deadline=goal.deadline)
        answer = self.validation.call_async(request)
        if not self.spin_until(answer.done, 60.0):
            raise Unreachable("validate_mission does not answer within 60 s")
        answer = answer.result()
        self.reporter.event(event="validation", valid=answer.valid, violations=list(answer.violations),
                            planner=answer.planner, error_code=answer.error_code)
        self.reporter.say("valid" if answer.valid else "not valid: " + "; ".join(answer.violations))
        return answer.valid

    def run(self):
        """Executes the mission; its result, or raises Unreachable."""
        self.wait_until_ready()
        goal = self.goal()
        sent = self.client.send_goal_async(goal, feedback_callback=self.heard_feedback)
        answered = time.monotonic() + 10.0
        # An interrupt has to wait for the answer: only an accepted goal can be cancelled.
        while not sent.done():
            if time.monotonic() > answered:
                raise Unreachable("the orchestrator does not answer the goal request within 10 s")
            self.executor.spin_once(timeout_sec=0.1)
        handle = sent.result()
        if not handle.accepted:
            raise Unreachable("the orchestrator rejects the goal: it is shutting down, or the goal is malformed "
                              "(exactly one of text and plan; an id that is not in use)")
        self.reporter.event(event="accepted", mission_id=goal.mission_id)
        self.reporter.say(f"mission {goal.mission_id} accepted")
        return self.await_result(goal.mission_id, handle)

    def await_result(self, mission_id, handle):
        future = handle.get_result_async()
        began = time.monotonic()
        cancel_at = began + self.options.cancel_after_s if self.options.cancel_after_s is not None else None
        give_up = began + self.options.timeout_s
        cancelled_at = ended_at = gone_since = None
        while not future.done():
            self.executor.spin_once(timeout_sec=0.1)
            now = time.monotonic()
            wants_cancel = self.interrupts or now > give_up or (cancel_at is not None and now > cancel_at)
            if wants_cancel and cancelled_at is None:
                cancelled_at = now
                self.reporter.event(event="cancelling", mission_id=mission_id)
                self.reporter.say("cancelling: waits until the robots stopped")
                handle.cancel_goal_async()
            if cancelled_at is not None and now > cancelled_at + CANCEL_WAIT_S:
                raise Unreachable(f"the mission did not end within {CANCEL_WAIT_S:g} s of its cancellation")
            status = self.missions.get(mission_id)
            # A restarted orchestrator sends this goal no feedback, but says the same in `missions`.
            if status and self.missions_changed and now > self.fed_back_at + FEEDBACK_SILENCE_S:
                self.missions_changed = False
                self.tell(status)
            ended_at = (ended_at or now) if status and status.phase in ENDED else None
            if ended_at and now > ended_at + RESULT_WAIT_S:
                return self.result_of(status)
            gone_since = None if self.client.server_is_ready() else gone_since or now
            if gone_since and now > gone_since + SERVER_GONE_S:
                raise Unreachable(f"the orchestrator has been gone for {SERVER_GONE_S:g} s; mission {mission_id} "
                                  "goes on when it is back: `physical-ai mission show` tells how")
        answer = future.result()
        if answer.status == GoalStatus.STATUS_UNKNOWN:
            status = self.missions.get(mission_id)
            if status is None or not self.spin_until(lambda: self.missions[mission_id].phase in ENDED,
                                                     max(give_up - time.monotonic(), 0.0)):
                raise Unreachable(f"the orchestrator does not know mission {mission_id} any more")
            return self.result_of(self.missions[mission_id])
        return answer.result

    @staticmethod
    def result_of(status):
        """The result of a mission whose action was forgotten in a restart of the orchestrator."""
        return ExecuteMission.Result(
            error_code=status.error_code,
            error_msg=status.error_msg,
            mission_id=status.mission_id,
            tasks=[
                TaskResult(id=task.id, skill=task.skill, robot=task.robot, worker=task.worker,
                           state=task.state, attempts=task.attempt)
                for task in status.tasks
            ],
        )


def positive(text):
    value = float(text)
    if not 0.0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} must be a number above 0")
    return value


def priority(text):
    value = int(text)
    if not 0 <= value <= 255:
        raise argparse.ArgumentTypeError(f"{text!r} must be from 0 to 255")
    return value


def plan_file(name):
    try:
        return Path(name).read_bytes().decode()
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{name}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise argparse.ArgumentTypeError(f"{name}: byte {error.start} is not UTF-8") from error


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    mission = parser.add_mutually_exclusive_group(required=True)
    mission.add_argument("--text", help="the mission in plain English")
    mission.add_argument("--plan-file", dest="plan", metavar="FILE", type=plan_file,
                         help="the mission as a plan in YAML or JSON")
    parser.add_argument("--mission-id", help="id of the mission; default: a new one")
    parser.add_argument("--namespace", default="", help="ROS namespace of the suite")
    parser.add_argument("--priority", type=priority, default=100, help="0 lowest, 255 highest")
    parser.add_argument("--confirm", choices=("yes", "no"),
                        help="answer for a plan that waits for a user's word; default: somebody else does")
    parser.add_argument("--validate", action="store_true", help="check the mission without running it")
    deadline = parser.add_mutually_exclusive_group()
    deadline.add_argument("--deadline-s", type=positive, metavar="S",
                          help="the mission fails after this many seconds of ROS time")
    deadline.add_argument("--deadline-at-s", type=positive, metavar="S",
                          help="the mission fails at this ROS time")
    parser.add_argument("--timeout-s", type=positive, metavar="S", default=600.0,
                        help="cancel the mission after this many seconds")
    parser.add_argument("--cancel-after-s", type=positive, metavar="S",
                        help="cancel the mission after this many seconds, as Ctrl-C would")
    parser.add_argument("--wait-s", type=positive, metavar="S", default=10.0,
                        help="longest wait for the orchestrator, and for the robots named")
    parser.add_argument("--wait-for-robot", action="append", default=[], metavar="ROBOT",
                        help="send the mission once this robot is ready; may be repeated")
    parser.add_argument("--json", action="store_true", help="print one JSON object per line")
    return parser.parse_args()


def main():
    options = arguments()
    reporter = Reporter(options.json)
    client = MissionClient(options, reporter)
    try:
        if options.validate:
            return 0 if client.validate() else 1
        result = client.run()
    except Unreachable as problem:
        reporter.event(event="error", error_msg=str(problem))
        print(f"error: {problem}", file=sys.stderr, flush=True)
        return 3
    finally:
        client.close()
    reporter.result(result)
    return 0 if result.error_code == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
