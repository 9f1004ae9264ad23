#!/usr/bin/env python3
"""Loads every launch file as `ros2 launch` does, without starting a process.

Checks that each argument has a description, which nodes come of the arguments, with which parameters and
remappings, and that bad arguments are named. Prints PASS, or SKIPPED where ROS 2's launch is missing.
"""
import sys
import tempfile
from pathlib import Path

import yaml

try:
    from launch import LaunchContext
    from launch.actions import DeclareLaunchArgument
    from launch.launch_description_sources import get_launch_description_from_python_launch_file
    from launch_ros.actions import Node
except ImportError as missing:
    print(f"SKIPPED: {missing}; install ros2launch to check the launch files")
    sys.exit(0)

LAUNCH = Path(__file__).resolve().parents[2] / "launch"
USUAL = {"namespace", "params_file", "autostart", "use_respawn", "log_level"}
SIMULATION = ["simulation_worker"]
HARDWARE = ["actuator_worker", "sensor_worker"]
NODES = {
    "simulation": SIMULATION,
    "hardware": HARDWARE,
    "agents": ["agent_worker"],
    "orchestrator": ["orchestrator"],
    "inference": ["inference_worker"],
    "demo": sorted([*SIMULATION, *HARDWARE, "agent_worker", "inference_worker", "orchestrator"]),
}


class Loader(yaml.SafeLoader):
    """Reads what launch_ros writes: it tags lists as Python tuples."""


Loader.add_constructor("tag:yaml.org,2002:python/tuple", Loader.construct_sequence)


class Started:
    """A node as a launch file would start it."""

    def __init__(self, action, context):
        action._perform_substitutions(context)
        self.name = action.node_name.rsplit("/", 1)[-1]
        self.namespace = action.expanded_node_namespace
        self.respawns = action._ExecuteLocal__respawn
        self.executable = action.node_executable
        self.remappings = dict(action.expanded_remapping_rules or [])
        self.parameters = {}
        for argument, is_file in action._Node__expanded_parameter_arguments:
            assert is_file, argument
            for section in yaml.load(Path(argument).read_text(), Loader).values():
                self.parameters.update(section["ros__parameters"])


def load(name, **arguments):
    """Arguments that a launch file declares, and the nodes that it starts."""
    context = LaunchContext()
    context.launch_configurations.update(arguments)
    declared, started = {}, []
    queue = [get_launch_description_from_python_launch_file(str(LAUNCH / f"{name}.launch.py"))]
    while queue:
        entity = queue.pop(0)
        if isinstance(entity, Node):
            started.append(Started(entity, context))
            continue
        if isinstance(entity, DeclareLaunchArgument):
            declared[entity.name] = entity.description
        queue = [*(entity.visit(context) or []), *queue]
    return declared, {node.name: node for node in started}


def is_refused(name, expected, **arguments):
    """Loading ends with an error that says what is expected."""
    try:
        load(name, **arguments)
    except Exception as error:  # Each check raises what fits it.
        assert expected in str(error), f"{arguments}: {error}"
    else:
        raise AssertionError(f"{arguments}: accepted")


def check_arguments_and_nodes():
    for file in sorted(LAUNCH.glob("*.launch.py")):
        name = file.name.removesuffix(".launch.py")
        declared, started = load(name)
        assert sorted(node.executable for node in started.values()) == NODES[name], (name, list(started))
        missing = USUAL - declared.keys()
        assert not missing, f"{name}: no argument {missing}"
        for argument, description in declared.items():
            assert description and description != "no description given", f"{name}: {argument} has no description"


def check_defaults_are_absolute_and_simulated():
    _, started = load("demo")
    for node in started.values():
        assert "unspecified" in node.namespace, node.namespace
        assert node.remappings == {} and not node.respawns
        assert node.parameters["autostart"] is True
        assert node.parameters["use_sim_time"] is (node.executable != "simulation_worker"), node.name
        if node.executable not in ("orchestrator", "inference_worker"):
            assert Path(node.parameters["world_file"]).is_absolute(), node.parameters
            assert Path(node.parameters["world_file"]).is_file()
            assert Path(node.parameters["model_folder"], "arm.urdf").is_file()


def check_namespace_moves_the_shared_topics():
    _, started = load("demo", namespace="/fleet_a/", use_respawn="true", autostart="false")
    for node in started.values():
        assert node.namespace == "/fleet_a", node.namespace
        assert node.remappings == {"/clock": "clock", "/tf": "tf", "/tf_static": "tf_static"}, node.remappings
        assert node.respawns and node.parameters["autostart"] is False


def check_agents_share_the_robots():
    _, started = load(
        "demo", world="two_by_two", robots="arm_1, rover_1",
        agents="{arm_agent: [arm_1], other_agent: []}",
    )
    assert started["arm_agent"].parameters["robots"] == ["arm_1"]
    assert started["other_agent"].parameters["robots"] == ["arm_1", "rover_1"]
    assert started["sensor_worker"].parameters["robots"] == ["arm_1", "rover_1"]
    assert started["arm_agent"].parameters["world_file"].endswith("params/worlds/two_by_two.yaml")


def check_params_file_wins_over_defaults_and_arguments_over_it():
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "mine.yaml")
        file.write_text("agent_worker: {ros__parameters: {max_speed_mps: 0.2, world_file: mine, autostart: false}}")
        _, started = load("agents", params_file=str(file))
        parameters = started["agent_worker"].parameters
        assert parameters["max_speed_mps"] == 0.2 and parameters["world_file"] == "mine", parameters
        assert parameters["autostart"] is True, parameters
        _, started = load("agents", params_file=str(file), world="demo")
        assert started["agent_worker"].parameters["world_file"].endswith("worlds/demo.yaml")


def check_model_plans_and_must_exist():
    _, started = load("demo")
    assert Path(started["inference_worker"].parameters["model_file"]).is_file()
    assert started["orchestrator"].parameters["planner_worker"] == "inference_worker"
    assert started["orchestrator"].parameters["planner_prompt"] == "trained"
    assert started["orchestrator"].parameters["planner_min_probability"] == 0.7
    _, started = load("demo", model="none")
    assert "inference_worker" not in started
    assert started["orchestrator"].parameters["planner_worker"] == ""
    _, started = load("demo", model="/dev/null")
    assert started["orchestrator"].parameters["planner_prompt"] == "instructed"
    assert started["inference_worker"].parameters["model_file"] == "/dev/null"
    assert started["orchestrator"].parameters["planner_worker"] == "inference_worker"
    _, started = load("inference")
    assert started["inference_worker"].parameters["model_file"] == ""
    is_refused("inference", "model:=/nonexistent.gguf: neither planner, none, nor a file", model="/nonexistent.gguf")


def check_http_port_is_a_number():
    _, started = load("inference", http_port="8080")
    assert started["inference_worker"].parameters["http_port"] == 8080
    is_refused("inference", "http_port:=70000: expected a number", http_port="70000")


def check_bad_arguments_are_named():
    for arguments, expected in (
        ({"world": "atlantis"}, "world:=atlantis: neither a file nor one of demo, "),
        ({"model_folder": "/nonexistent"}, "model_folder:=/nonexistent: no such folder"),
        ({"params_file": "/nonexistent.yaml"}, "params_file:=/nonexistent.yaml: no such file"),
        ({"agents": "arm_agent"}, "agents:=arm_agent: expected a YAML mapping"),
        ({"autostart": "maybe"}, "autostart"),
    ):
        is_refused("demo", expected, **arguments)


def main():
    checks = [check for name, check in sorted(globals().items()) if name.startswith("check_")]
    for check in checks:
        check()
    print(f"PASS: {len(checks)} checks of {len(NODES)} launch files")


if __name__ == "__main__":
    main()
