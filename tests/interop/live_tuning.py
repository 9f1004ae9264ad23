"""Tunes an agent's limits while its rover drives, and looks at the wheels: the simulation's own word.

usage: live_tuning.py [--namespace NS] [--agent agent_worker] [--robot rover_1]

Prints READY when it listens, DRIVING once the rover is at full speed, and PASS at the end. It is driven
by tests/e2e/tuning.rs.
"""

import argparse
import math
import time

import rclpy
from rcl_interfaces.msg import Parameter, ParameterEvent, ParameterType, ParameterValue
from rcl_interfaces.srv import DescribeParameters, GetParameters, SetParameters, SetParametersAtomically
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import JointState

WAIT_S = 40.0


def double(name, value):
    kind = ParameterType.PARAMETER_DOUBLE
    return Parameter(name=name, value=ParameterValue(type=kind, double_value=value))


def doubles(name, values):
    kind = ParameterType.PARAMETER_DOUBLE_ARRAY
    return Parameter(name=name, value=ParameterValue(type=kind, double_array_value=values))


class Tuner:
    def __init__(self, options):
        rclpy.init()
        self.node = rclpy.create_node("live_tuning", namespace=options.namespace)
        self.executor = SingleThreadedExecutor()
        self.executor.add_node(self.node)
        self.agent = options.agent
        self.samples = []
        self.events = []
        self.node.create_subscription(JointState, f"{options.robot}/joint_states", self.see, qos_profile_sensor_data)
        self.node.create_subscription(ParameterEvent, "/parameter_events", self.events.append, 100)

    def see(self, message):
        stamp = message.header.stamp.sec + message.header.stamp.nanosec * 1e-9
        self.samples.append((stamp, abs(sum(message.velocity) / len(message.velocity))))

    def until(self, condition, what):
        end = time.monotonic() + WAIT_S
        while not condition():
            assert time.monotonic() < end, f"waited {WAIT_S} s for {what}; the wheels turn at {self.speed():.3f} rad/s"
            self.executor.spin_once(0.05)

    def speed(self):
        """Mean of the last 0.2 s, rad/s: noise of single samples does not count."""
        recent = [v for t, v in self.samples if t > self.samples[-1][0] - 0.2] if self.samples else []
        return sum(recent) / len(recent) if recent else math.nan

    def call(self, kind, name, request):
        client = self.node.create_client(kind, f"{self.agent}/{name}")
        self.until(client.service_is_ready, name)
        future = client.call_async(request)
        self.until(future.done, f"an answer of {name}")
        return future.result()

    def set(self, *parameters):
        request = SetParameters.Request(parameters=list(parameters))
        return self.call(SetParameters, "set_parameters", request).results

    def get(self, name):
        request = GetParameters.Request(names=[name])
        return self.call(GetParameters, "get_parameters", request).values[0].double_value

    def steepest(self, since):
        """Steepest change of the mean wheel speed over 0.1 s, rad/s^2."""
        window = [(t, v) for t, v in self.samples if t >= since]
        return max((abs(v2 - v1) / (t2 - t1) for (t1, v1), (t2, v2) in zip(window, window[20:]) if t2 > t1), default=0.0)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--namespace", default="")
    parser.add_argument("--agent", default="agent_worker")
    parser.add_argument("--robot", default="rover_1")
    tuner = Tuner(parser.parse_args())
    tuner.until(lambda: tuner.samples, "joint states")
    full, acceleration = tuner.get("max_speed_mps"), tuner.get("acceleration_mps2")
    names = ["max_speed_mps", "max_yaw_rate_rps", "acceleration_mps2", "stop_distance_m", "max_state_age_s",
             "geofence_min_m", "geofence_max_m", "min_separation_m"]
    request = DescribeParameters.Request(names=names)
    for description in tuner.call(DescribeParameters, "describe_parameters", request).descriptors:
        assert not description.read_only, description.name
    print("READY", flush=True)
    # At full speed the wheels turn evenly; a rover that turns on the spot has a mean of zero.
    fastest = lambda: max((v for _, v in tuner.samples), default=0.0)
    tuner.until(lambda: len(tuner.samples) > 400 and tuner.speed() > 1.0 and tuner.speed() > 0.97 * fastest()
                and tuner.steepest(tuner.samples[-1][0] - 0.5) < 0.5, "a rover at full speed")
    before = tuner.speed()
    print("DRIVING", flush=True)

    began = tuner.samples[-1][0]
    assert tuner.set(double("max_speed_mps", full / 4))[0].successful
    tuner.until(lambda: abs(tuner.speed() - before / 4) < 0.05 * before, "a slower rover")
    # Within its acceleration, as wheels turn; noise and the tick add a little.
    allowed = 1.3 * acceleration * before / full
    assert tuner.steepest(began) < allowed, f"{tuner.steepest(began):.2f} rad/s^2, allowed are {allowed:.2f}"
    tuner.until(lambda: any(p.name == "max_speed_mps" and p.value.double_value == full / 4
                            for e in tuner.events if e.node.endswith(tuner.agent)
                            for p in e.changed_parameters), "an event on /parameter_events")

    refusals = [
        (double("max_speed_mps", 2.9), "the wheels of rover_1 allow at most "),
        (double("max_speed_mps", 99.0), "99 is outside 0.05 to 3"),
        (double("max_speed_mps", math.nan), "not finite"),
        (double("max_speeds_mps", 0.1), "not declared"),
        (doubles("geofence_min_m", [0.0]), "geofence_min_m has 1 values: x and y are needed"),
        (doubles("geofence_min_m", [2000.0, 0.0]), "must be below that of geofence_max_m, 1000"),
        (Parameter(name="world_file", value=ParameterValue(type=4, string_value="x")), "read-only"),
    ]
    for result, (parameter, reason) in zip(tuner.set(*(p for p, _ in refusals)), refusals):
        assert not result.successful and reason in result.reason, f"{parameter.name}: {result.reason!r}, not {reason!r}"
    both = SetParametersAtomically.Request(parameters=[double("max_speed_mps", full), double("acceleration_mps2", -1.0)])
    result = tuner.call(SetParametersAtomically, "set_parameters_atomically", both).result
    assert not result.successful and "acceleration_mps2" in result.reason, result.reason
    assert tuner.get("max_speed_mps") == full / 4
    assert abs(tuner.speed() - before / 4) < 0.1 * before, "a refused change moved the rover"

    assert tuner.set(double("max_speed_mps", full / 2))[0].successful
    tuner.until(lambda: abs(tuner.speed() - before / 2) < 0.05 * before, "a faster rover")
    print("PASS", flush=True)
    tuner.executor.shutdown()
    tuner.node.destroy_node()
    rclpy.shutdown()


if __name__ == "__main__":
    main()
