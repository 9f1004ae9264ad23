"""A plain rclpy peer of the example node of physical_ai_ros.

usage: ros_runtime_peer.py SCENARIO

Each scenario prints PASS, or raises. It is driven by ros2_ws/src/physical_ai_ros/tests/runtime.rs.
"""

import sys
import time

import rclpy
from action_msgs.msg import GoalStatus, GoalStatusArray
from action_msgs.srv import CancelGoal
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.msg import State, Transition, TransitionEvent
from lifecycle_msgs.srv import ChangeState, GetAvailableStates, GetAvailableTransitions, GetState
from physical_ai_msgs.action import Generate
from rcl_interfaces.msg import Log, Parameter, ParameterEvent, ParameterType, ParameterValue
from rcl_interfaces.srv import (
    DescribeParameters,
    GetParameters,
    GetParameterTypes,
    ListParameters,
    SetParameters,
    SetParametersAtomically,
)
from rclpy.action import ActionClient, ActionServer
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rosgraph_msgs.msg import Clock
from std_msgs.msg import String
from std_srvs.srv import SetBool, Trigger
from unique_identifier_msgs.msg import UUID

NODE = "/runtime_node"
LATCHED = QoSProfile(
    depth=1000, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL
)
WAIT_S = 15.0


class Peer:
    def __init__(self):
        rclpy.init()
        self.node = rclpy.create_node("runtime_peer")
        self.executor = SingleThreadedExecutor()
        self.executor.add_node(self.node)
        self.clients = {}

    def until(self, condition, what, wait_s=WAIT_S):
        end = time.monotonic() + wait_s
        while not condition():
            assert time.monotonic() < end, f"waited {wait_s} s for {what}"
            self.executor.spin_once(0.1)

    def result(self, future, what):
        self.until(future.done, what)
        return future.result()

    def call(self, service_type, name, request):
        if name not in self.clients:
            self.clients[name] = self.node.create_client(service_type, name)
        client = self.clients[name]
        self.until(client.service_is_ready, f"service {name}")
        return self.result(client.call_async(request), f"an answer of {name}")

    def listen(self, message_type, topic, qos=10):
        heard = []
        self.node.create_subscription(message_type, topic, heard.append, qos)
        return heard

    def change_state(self, id=0, label=""):
        request = ChangeState.Request(transition=Transition(id=id, label=label))
        return self.call(ChangeState, f"{NODE}/change_state", request).success

    def state(self):
        return self.call(GetState, f"{NODE}/get_state", GetState.Request()).current_state.id


def equal(seen, expected):
    assert seen == expected, f"{seen!r} instead of {expected!r}"


def parameters(peer):
    events = peer.listen(ParameterEvent, "/parameter_events", 100)
    names = peer.call(ListParameters, f"{NODE}/list_parameters", ListParameters.Request()).result.names
    assert {"use_sim_time", "autostart", "log_level", "rate_hz", "number", "names"} <= set(names), names
    request = GetParameters.Request(names=["rate_hz", "number", "names", "unknown"])
    values = peer.call(GetParameters, f"{NODE}/get_parameters", request).values
    equal(values[0].double_value, 80.0)  # from the file, section /**/runtime_node
    equal(values[1].integer_value, 7)  # -p wins over the file
    equal(values[2].string_array_value, ["x", "z"])
    equal(values[3].type, ParameterType.PARAMETER_NOT_SET)
    request = GetParameterTypes.Request(names=["rate_hz", "unknown"])
    types = peer.call(GetParameterTypes, f"{NODE}/get_parameter_types", request).types
    equal(list(types), [ParameterType.PARAMETER_DOUBLE, ParameterType.PARAMETER_NOT_SET])
    request = DescribeParameters.Request(names=["number", "names"])
    number, fixed = peer.call(DescribeParameters, f"{NODE}/describe_parameters", request).descriptors
    equal((number.integer_range[0].from_value, number.integer_range[0].to_value), (0, 100))
    equal(number.description, "A number that the application refuses to be 13.")
    assert fixed.read_only and not number.read_only

    def integer(value, name="number"):
        kind = ParameterType.PARAMETER_INTEGER
        return Parameter(name=name, value=ParameterValue(type=kind, integer_value=value))

    def text(name, value):
        kind = ParameterType.PARAMETER_STRING
        return Parameter(name=name, value=ParameterValue(type=kind, string_value=value))

    def number_now():
        request = GetParameters.Request(names=["number"])
        return peer.call(GetParameters, f"{NODE}/get_parameters", request).values[0].integer_value

    def share(value):
        kind = ParameterType.PARAMETER_DOUBLE
        return Parameter(name="share", value=ParameterValue(type=kind, double_value=value))

    wanted = [share(v) for v in (1.0, 0.9, 0.5, float("nan"))]
    results = peer.call(SetParameters, f"{NODE}/set_parameters", SetParameters.Request(parameters=wanted)).results
    equal([r.successful for r in results], [True, True, False, False])
    assert "0.5 is none of 0 to 1 in steps of 0.3" in results[2].reason, results[2].reason
    wanted = [integer(8), integer(101), integer(13), text("number", "x"), text("names", "z"),
              integer(1, "numbre"), text("log_level", "loud"), text("log_level", "debug")]
    results = peer.call(SetParameters, f"{NODE}/set_parameters", SetParameters.Request(parameters=wanted)).results
    equal([r.successful for r in results], [True] + 6 * [False] + [True])
    for result, reason in zip(results[1:], ["101 is outside 0 to 100", "bad luck", "must be a integer",
                                            "read-only", "known are", "known are trace"]):
        assert reason in result.reason, f"{result.reason!r} does not say {reason!r}"
    equal(number_now(), 8)
    both = SetParametersAtomically.Request(parameters=[integer(9), integer(101)])
    result = peer.call(SetParametersAtomically, f"{NODE}/set_parameters_atomically", both).result
    assert not result.successful
    equal(number_now(), 8)
    peer.until(lambda: any(p.name == "number" and p.value.integer_value == 8
                           for e in events for p in e.changed_parameters), "a parameter event")


def lifecycle(peer):
    events = peer.listen(TransitionEvent, f"{NODE}/transition_event", 100)
    equal(peer.state(), State.PRIMARY_STATE_UNCONFIGURED)
    # What is not allowed is refused, whatever it is, and the node lives on.
    for wrong in ({"id": Transition.TRANSITION_ACTIVATE}, {"id": Transition.TRANSITION_CLEANUP}, {"id": 99},
                  {"label": "fly"}, {}, {"id": Transition.TRANSITION_ON_CONFIGURE_SUCCESS},
                  {"id": Transition.TRANSITION_CONFIGURE, "label": "activate"}):
        assert not peer.change_state(**wrong), wrong
        equal(peer.state(), State.PRIMARY_STATE_UNCONFIGURED)
    assert peer.change_state(Transition.TRANSITION_CONFIGURE)
    equal(peer.state(), State.PRIMARY_STATE_INACTIVE)
    states = peer.call(GetAvailableStates, f"{NODE}/get_available_states", GetAvailableStates.Request())
    equal(len(states.available_states), 4)
    ask = GetAvailableTransitions.Request()
    answer = peer.call(GetAvailableTransitions, f"{NODE}/get_available_transitions", ask)
    labels = {t.transition.label for t in answer.available_transitions}
    equal(labels, {"cleanup", "activate", "shutdown"})
    graph = peer.call(GetAvailableTransitions, f"{NODE}/get_transition_graph", ask)
    equal(len(graph.available_transitions), 7)
    # A second life after cleanup hears and serves as the first did, and each message once.
    for _ in range(3):
        assert peer.change_state(label="activate")
        equal(peer.state(), State.PRIMARY_STATE_ACTIVE)
        echoes(peer, "in", 1)
        assert peer.change_state(Transition.TRANSITION_DEACTIVATE)
        assert peer.change_state(Transition.TRANSITION_CLEANUP)
        equal(peer.state(), State.PRIMARY_STATE_UNCONFIGURED)
        assert peer.change_state(label="configure")
    fail = ParameterValue(type=ParameterType.PARAMETER_STRING, string_value="activate")
    request = SetParameters.Request(parameters=[Parameter(name="fail", value=fail)])
    peer.call(SetParameters, f"{NODE}/set_parameters", request)
    diagnostics = peer.listen(DiagnosticArray, "/diagnostics", 10)
    logs = peer.listen(Log, "/rosout", LATCHED)
    assert not peer.change_state(label="activate")
    equal(peer.state(), State.PRIMARY_STATE_UNCONFIGURED)
    peer.until(lambda: any("told to fail" in s.message and s.name == "runtime_node: lifecycle"
                           for d in diagnostics for s in d.status), "the reason in diagnostics")
    peer.until(lambda: any("told to fail" in m.msg for m in logs), "the reason in the log")
    assert peer.change_state(label="shutdown")
    peer.until(lambda: len(events) >= 12, f"transition events, saw {len(events)}")


def echoes(peer, topic, count):
    heard = peer.listen(String, "out", 100)
    publisher = peer.node.create_publisher(String, topic, 100)
    peer.until(lambda: publisher.get_subscription_count() > 0, f"a subscriber of {topic}")
    peer.until(lambda: peer.node.count_publishers("out") > 0, "the publisher of out")
    # Matching is not the same on both sides at the same instant: knock until the first answer.
    end = time.monotonic() + WAIT_S
    while not any(m.data == "knock" for m in heard):
        assert time.monotonic() < end, f"no echo of {topic}"
        publisher.publish(String(data="knock"))
        peer.executor.spin_once(0.2)
    for i in range(count):
        publisher.publish(String(data=f"{topic} {i}"))
    wanted = [f"{topic} {i}" for i in range(count)]
    peer.until(lambda: [m.data for m in heard if m.data != "knock"] == wanted, f"{count} echoes, each once")
    peer.node.destroy_publisher(publisher)


def topics(peer):
    echoes(peer, "in", 20)
    peer.call(SetBool, "extra", SetBool.Request(data=True))
    echoes(peer, "extra", 20)
    peer.call(SetBool, "extra", SetBool.Request(data=False))
    heard = peer.listen(String, "out", 100)
    publisher = peer.node.create_publisher(String, "extra", 100)
    for _ in range(5):
        publisher.publish(String(data="unheard"))
        peer.executor.spin_once(0.1)
    equal([m.data for m in heard if m.data == "unheard"], [])
    peer.call(SetBool, "extra", SetBool.Request(data=True))
    echoes(peer, "extra", 5)


class Goals:
    def __init__(self, peer):
        self.peer = peer
        self.client = ActionClient(peer.node, Generate, "generate")
        self.feedback = []
        self.cancel_client = peer.node.create_client(CancelGoal, "generate/_action/cancel_goal")
        peer.until(self.client.server_is_ready, "the action server")

    def send(self, prompt, steps=1_000_000):
        goal = Generate.Goal(prompt=prompt, max_tokens=steps)
        future = self.client.send_goal_async(goal, feedback_callback=self.feedback.append)
        return self.peer.result(future, "the goal's acceptance")

    def result(self, handle):
        return self.peer.result(handle.get_result_async(), "the result")

    def cancel(self, goal_id=None, stamp=None):
        request = CancelGoal.Request()
        if goal_id is not None:
            request.goal_info.goal_id = goal_id
        if stamp is not None:
            request.goal_info.stamp = stamp
        answer = self.peer.result(self.cancel_client.call_async(request), "the answer to cancel")
        return answer.return_code, {bytes(g.goal_id.uuid) for g in answer.goals_canceling}

    def ended_as(self, handles, status):
        for handle in handles:
            equal(self.result(handle).status, status)


def ids(*handles):
    return {bytes(h.goal_id.uuid) for h in handles}


def actions(peer):
    goals = Goals(peer)
    assert not goals.send("rejected").accepted
    handle = goals.send("words", 5)
    assert handle.accepted
    answer = goals.result(handle)
    equal((answer.status, answer.result.text), (GoalStatus.STATUS_SUCCEEDED, "words"))
    peer.until(lambda: len(goals.feedback) == 5, "five feedback messages")
    equal([f.feedback.tokens[0] for f in goals.feedback], [4, 3, 2, 1, 0])
    goals.ended_as([goals.send("dropped")], GoalStatus.STATUS_ABORTED)
    # A second client asks late for a result, and gets it.
    late = goals.send("late", 1)
    peer.until(lambda: any(f.feedback.text == "late" for f in goals.feedback), "the goal's end")
    goals.ended_as([late], GoalStatus.STATUS_SUCCEEDED)
    goals.ended_as([late], GoalStatus.STATUS_SUCCEEDED)
    equal(goals.cancel(late.goal_id)[0], CancelGoal.Response.ERROR_GOAL_TERMINATED)
    unknown = UUID(uuid=[7] * 16)
    equal(goals.cancel(unknown)[0], CancelGoal.Response.ERROR_UNKNOWN_GOAL_ID)


def cancels(peer):
    goals = Goals(peer)
    status = peer.listen(GoalStatusArray, "generate/_action/status", LATCHED)
    # By id.
    first, second, third = (goals.send(f"goal {i}") for i in range(3))
    equal(goals.cancel(second.goal_id), (0, ids(second)))
    goals.ended_as([second], GoalStatus.STATUS_CANCELED)
    # By time: all that were accepted until then.
    equal(goals.cancel(stamp=first.stamp), (0, ids(first)))
    goals.ended_as([first], GoalStatus.STATUS_CANCELED)
    # By id or time.
    fourth, fifth = goals.send("goal 4"), goals.send("goal 5")
    equal(goals.cancel(fifth.goal_id, third.stamp), (0, ids(third, fifth)))
    goals.ended_as([third, fifth], GoalStatus.STATUS_CANCELED)
    # All.
    sixth = goals.send("goal 6")
    equal(goals.cancel(), (0, ids(fourth, sixth)))
    goals.ended_as([fourth, sixth], GoalStatus.STATUS_CANCELED)
    stubborn = goals.send("stubborn", 40)
    equal(goals.cancel(stubborn.goal_id), (CancelGoal.Response.ERROR_REJECTED, set()))
    goals.ended_as([stubborn], GoalStatus.STATUS_SUCCEEDED)
    peer.until(lambda: status and len(status[-1].status_list) == 7
               and all(s.status >= GoalStatus.STATUS_SUCCEEDED for s in status[-1].status_list),
               "a status topic on which every goal has ended")


def expiry(peer):
    """The node was started with result_timeout_s 1."""
    goals = Goals(peer)
    status = peer.listen(GoalStatusArray, "generate/_action/status", LATCHED)
    handle = goals.send("short", 1)
    goals.ended_as([handle], GoalStatus.STATUS_SUCCEEDED)
    peer.until(lambda: status and len(status[-1].status_list) == 1, "the goal in the status")
    peer.until(lambda: len(status[-1].status_list) == 0, "the goal to be forgotten")
    goals.ended_as([handle], GoalStatus.STATUS_UNKNOWN)
    equal(goals.cancel(handle.goal_id)[0], CancelGoal.Response.ERROR_UNKNOWN_GOAL_ID)


def stall(peer):
    """A goal keeps the server from spinning for a second; thirty more come meanwhile."""
    goals = Goals(peer)
    sent = [goals.client.send_goal_async(Generate.Goal(prompt=prompt, max_tokens=2))
            for prompt in ["stall"] + 30 * ["many"]]
    results = [peer.result(future, "an acceptance").get_result_async() for future in sent]
    for future in results:
        equal(peer.result(future, "a result").status, GoalStatus.STATUS_SUCCEEDED)


def same_id(peer):
    goals = Goals(peer)
    uuid = UUID(uuid=list(range(16)))
    send = goals.client.send_goal_async
    first = peer.result(send(Generate.Goal(prompt="first", max_tokens=40), goal_uuid=uuid,
                             feedback_callback=goals.feedback.append), "the first acceptance")
    # rclpy refuses this by itself in one client.
    other = ActionClient(peer.node, Generate, "generate")
    peer.until(other.server_is_ready, "the action server")
    second = peer.result(other.send_goal_async(Generate.Goal(prompt="second", max_tokens=3), goal_uuid=uuid),
                         "the second answer")
    assert first.accepted and not second.accepted
    answer = goals.result(first)
    equal((answer.status, answer.result.text), (GoalStatus.STATUS_SUCCEEDED, "first"))
    equal({f.feedback.text for f in goals.feedback}, {"first"})
    # Ended, the id is known for as long as its result is.
    third = peer.result(other.send_goal_async(Generate.Goal(prompt="third"), goal_uuid=uuid), "the third answer")
    assert not third.accepted


def sleepy_server(peer):
    """A foreign server, with the usual depth of 10, that does not spin for a second."""
    def execute(handle):
        if handle.request.prompt == "sleep":
            time.sleep(1.0)
        handle.succeed()
        return Generate.Result(text=handle.request.prompt)

    ActionServer(peer.node, Generate, "generate", execute)
    serve(peer)


def forgetful_server(peer):
    """Accepts goals and knows nothing of them afterwards: what a server answers that dropped them."""
    def accept(_, response):
        response.accepted = True
        return response

    service = peer.node.create_service
    service(Generate.Impl.SendGoalService, "generate/_action/send_goal", accept)
    service(Generate.Impl.GetResultService, "generate/_action/get_result", lambda _, response: response)
    serve(peer)


def serve(peer):
    print("READY", flush=True)
    while True:
        peer.executor.spin_once(1.0)


def orphan(peer):
    """Sends a goal, says so, and waits to be killed."""
    goals = Goals(peer)
    assert goals.send("orphan").accepted
    serve(peer)


def heir(peer):
    """Another client ends what a dead one began, and the server goes on."""
    goals = Goals(peer)
    code, canceled = goals.cancel()
    equal((code, len(canceled)), (0, 1))
    goals.ended_as([goals.send("after", 2)], GoalStatus.STATUS_SUCCEEDED)


def simulated_time(peer):
    """The node was started with use_sim_time. What is due in it is so to the second, and only by /clock."""
    ticks = peer.listen(String, "ticks", LATCHED)
    clock = peer.node.create_publisher(Clock, "/clock", 10)
    sleeper = peer.node.create_client(Trigger, "sleep")
    peer.until(sleeper.service_is_ready, "service sleep")
    peer.until(lambda: clock.get_subscription_count() > 0, "a listener of /clock")
    early = sleeper.call_async(Trigger.Request())

    def tell(seconds):
        # More than once: /clock may lose messages.
        for _ in range(15):
            stamp = Time(sec=int(seconds), nanosec=round(seconds % 1 * 1e9))
            clock.publish(Clock(clock=stamp))
            peer.executor.spin_once(0.03)
        return [m.data for m in ticks]

    end = time.monotonic() + 1.0
    while time.monotonic() < end:
        peer.executor.spin_once(0.1)
    equal(ticks, [])
    assert not early.done(), "slept before the first /clock"
    equal(tell(500.0), [])
    equal(tell(559.9), [])
    assert not early.done(), "slept from zero"
    equal(tell(560.0), ["560.000"])
    equal(peer.result(early, "the end of a sleep").message, "slept until 560.000")
    late = sleeper.call_async(Trigger.Request())
    equal(tell(600.0), ["560.000"])
    equal(tell(400.0), ["560.000"])
    answer = peer.result(late, "the end of an interrupted sleep")
    equal((answer.success, answer.message),
          (False, "interrupted by a jump: the clock went back from 600.000 s to 400.000 s"))
    equal(tell(459.9), ["560.000"])
    equal(tell(460.0), ["560.000", "460.000"])
    equal(tell(519.9), ["560.000", "460.000"])
    equal(tell(520.0), ["560.000", "460.000", "520.000"])


SCENARIOS = [parameters, lifecycle, topics, actions, cancels, expiry, stall, same_id, sleepy_server,
             forgetful_server, orphan, heir, simulated_time]


def main():
    chosen = {s.__name__: s for s in SCENARIOS}[sys.argv[1]]
    peer = Peer()
    chosen(peer)
    print("PASS", flush=True)
    peer.executor.shutdown()
    peer.node.destroy_node()
    rclpy.shutdown()


if __name__ == "__main__":
    main()
