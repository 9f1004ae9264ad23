"""The whole suite with simulated robots: simulation, hardware layer, agents, orchestrator, and a planner if there is a model."""

import sys
from pathlib import Path

from launch import LaunchDescription
from launch.actions import IncludeLaunchDescription
from launch.conditions import IfCondition
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, NotEqualsSubstitution

HERE = Path(__file__).absolute().parent
sys.path.append(str(HERE))

from physical_ai_nodes import arguments  # noqa: E402

LAYERS = ("simulation", "hardware", "agents", "orchestrator")


def generate_launch_description():
    """Describes the launch."""
    # The layers see these arguments too.
    return LaunchDescription([
        *arguments(
            "namespace", "params_file", "autostart", "use_respawn", "log_level", "world", "model_folder",
            "robots", "agents", "model", use_sim_time="true",
        ),
        *(
            IncludeLaunchDescription(PythonLaunchDescriptionSource(str(HERE / f"{layer}.launch.py")))
            for layer in LAYERS
        ),
        IncludeLaunchDescription(
            PythonLaunchDescriptionSource(str(HERE / "inference.launch.py")),
            condition=IfCondition(NotEqualsSubstitution(LaunchConfiguration("model"), "")),
        ),
    ])
