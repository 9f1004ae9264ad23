"""What the launch files share: arguments, and how a node of the suite is started from them."""

from pathlib import Path

import yaml
from launch.actions import DeclareLaunchArgument, OpaqueFunction, SetEnvironmentVariable
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

# share/physical_ai_bringup once installed, the top folder in a checkout.
ROOT = Path(__file__).absolute().parent.parent

# The Fast DDS of Jazzy reads the first, newer ones the second.
PROFILE_VARIABLES = ("FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE")

# Absolute by convention; two suites in two namespaces must not share them.
SHARED_TOPICS = ("clock", "tf", "tf_static")

# Arguments of every launch file but for what `leave_out` names: name -> (default, description, choices).
ARGUMENTS = {
    "namespace": ("", "Namespace of every node, topic and service, without slashes; empty: none.", None),
    "use_sim_time": ("false", "Take time from the clock topic of a simulation.", ("true", "false")),
    "params_file": ("", "ROS 2 parameter file over the defaults in params/; sections are node names.", None),
    "autostart": ("true", "Configure and activate each node at start; false: wait for a lifecycle manager.", ("true", "false")),
    "use_respawn": ("false", "Start a node again 1 s after it died.", ("true", "false")),
    "log_level": ("info", "Least severe level that is logged.", ("trace", "debug", "info", "warn", "error")),
    "world": ("", "World: a name in params/worlds, or the path of a YAML file; empty: demo.", None),
    "model_folder": ("", "Folder of the robot models (URDF); empty: the urdf/ of this package.", None),
    "model": (
        "",
        "Language model: planner (the small one of this package, made for planning missions), a GGUF file, a "
        "checkpoint folder, or none; empty: what params_file says.",
        None,
    ),
    "planner_worker": ("", "Inference worker that plans missions in plain language; empty: the parser plans.", None),
    "http_port": (
        "",
        "Port of the language model's OpenAI-compatible HTTP endpoint; 0: none; empty: what params_file says.",
        None,
    ),
    "robots": ("", "Robots to serve, for example arm_1,rover_1; empty: all of the world.", None),
    "agents": (
        "{agent_worker: []}",
        "Agent workers as YAML, name: [robots]; an empty list means what `robots` says. "
        "Example: {arm_agent: [arm_1], rover_agent: [rover_1]}.",
        None,
    ),
}

PLANNER = ROOT / "params" / "models" / "planner.gguf"

# It has a few million parameters, is asked as it was trained, and is right often enough only where it is sure.
PLANNER_WORKER = {"threads": 1, "cache_mb": 32}
PLANNER_ASKED = {"planner_prompt": "trained", "planner_min_probability": 0.7}

RESPAWN_DELAY_S = 1.0
MOST_PORT = 65535


def arguments(*names, **defaults):
    """Declares launch arguments by name; a keyword argument declares one with another default."""
    declared = []
    for name in (*names, *defaults):
        default, description, choices = ARGUMENTS[name]
        declared.append(
            DeclareLaunchArgument(
                name, default_value=defaults.get(name, default), description=description, choices=choices
            )
        )
    return declared


def nodes(start):
    """Runs `start(settings)`, which returns actions, once the arguments have values."""
    return OpaqueFunction(function=lambda context: start(Settings(context)))


class Settings:
    """The values of the launch arguments, checked."""

    def __init__(self, context):
        self._values = context.launch_configurations
        self._environment = context.environment
        self.namespace = self._values.get("namespace", "").strip("/")

    def text(self, name):
        """Value of an argument; empty when the launch file does not declare it."""
        return self._values.get(name, "")

    def flag(self, name):
        """Value of a true/false argument."""
        return self.text(name) == "true"

    def robots(self):
        """Names in the argument `robots`."""
        return [name.strip(" '\"") for name in self.text("robots").strip("[] ").split(",") if name.strip()]

    def agents(self):
        """Agent workers: name -> robots."""
        text = self.text("agents")
        agents = yaml.safe_load(text)
        valid = isinstance(agents, dict) and agents and all(
            isinstance(robots, list) and all(isinstance(robot, str) for robot in robots)
            for robots in agents.values()
        )
        if not valid:
            raise ValueError(f"agents:={text}: expected a YAML mapping from agent names to lists of robot names")
        return {name: robots or self.robots() for name, robots in agents.items()}

    def world_file(self):
        """Absolute path of the world file."""
        world = self.text("world") or "demo"
        named = ROOT / "params" / "worlds" / f"{world}.yaml"
        path = named if named.is_file() else Path(world).absolute()
        if not path.is_file():
            known = ", ".join(sorted(file.stem for file in named.parent.glob("*.yaml")))
            raise ValueError(f"world:={world}: neither a file nor one of {known}")
        return str(path)

    def model_folder(self):
        """Absolute path of the folder of robot models."""
        folder = Path(self.text("model_folder") or ROOT / "urdf").absolute()
        if not folder.is_dir():
            raise ValueError(f"model_folder:={folder}: no such folder")
        return str(folder)

    def profile(self):
        """Actions that point Fast DDS to the suite's profile, unless the user has one."""
        return [
            SetEnvironmentVariable(variable, str(ROOT / "params" / "fastdds.xml"))
            for variable in PROFILE_VARIABLES
            if not self._environment.get(variable)
        ]

    def inference(self):
        """The inference worker with the model that was asked for; no worker for model:=none."""
        model = self.text("model")
        if model == "none":
            return []
        given = {}
        if model == "planner":
            given = {**strings({"model_file": str(PLANNER)}), **PLANNER_WORKER}
        elif model:
            path = Path(model).absolute()
            if not path.exists():
                raise ValueError(f"model:={model}: neither planner, none, nor a file or folder")
            given = strings({"model_file": str(path)})
        port = self.text("http_port")
        if port:
            if not port.isdecimal() or int(port) > MOST_PORT:
                raise ValueError(f"http_port:={port}: expected a number from 0 to {MOST_PORT}")
            given["http_port"] = int(port)
        return [self.node("physical_ai_inference", "inference_worker", knows_world=False, more=given)]

    def orchestrator(self):
        """The orchestrator, with the planner that was asked for: a model that is started with it plans."""
        model = self.text("model")
        planner = self.text("planner_worker") or ("inference_worker" if model not in ("", "none") else "")
        given = strings({"planner_worker": planner}) if planner else {}
        if model == "planner":
            given |= PLANNER_ASKED
        return self.node("physical_ai_orchestrator", "orchestrator", knows_world=False, more=given)

    def node(
        self, package, executable, name=None, robots=None, knows_world=True, makes_time=False, more=None
    ):
        """One node of the suite."""
        explicit = {"autostart": self.flag("autostart"), **(more or {})}
        if not makes_time:
            explicit["use_sim_time"] = self.flag("use_sim_time")
        if robots:
            explicit["robots"] = robots
        return Node(
            package=package,
            executable=executable,
            name=name or executable,
            namespace=self.namespace or None,
            parameters=self._parameters(executable, explicit, knows_world),
            remappings=[(f"/{topic}", topic) for topic in SHARED_TOPICS] if self.namespace else [],
            ros_arguments=["--log-level", self.text("log_level")],
            output="screen",
            respawn=self.flag("use_respawn"),
            respawn_delay=RESPAWN_DELAY_S,
        )

    def _parameters(self, executable, explicit, knows_world):
        """Parameters of a node, later ones win: defaults, places in this package, params_file, arguments."""
        parameters = [str(ROOT / "params" / f"{executable}.yaml")]
        if knows_world:
            places = {"world_file": self.world_file(), "model_folder": self.model_folder()}
            parameters.append(strings(places))
            given = {"world_file": self.text("world"), "model_folder": self.text("model_folder")}
            explicit = explicit | strings({key: places[key] for key in places if given[key]})
        if self.text("params_file"):
            parameters.append(self.params_file())
        return [*parameters, explicit]

    def params_file(self):
        """Absolute path of the user's parameter file."""
        path = Path(self.text("params_file")).absolute()
        if not path.is_file():
            raise ValueError(f"params_file:={path}: no such file")
        return str(path)


def strings(values):
    """Parameters that stay text whatever they look like."""
    return {name: ParameterValue(value, value_type=str) for name, value in values.items()}
