"""The whole suite with simulated robots: simulation, hardware layer, agents, orchestrator, and the model that plans."""

import sys
from pathlib import Path

from launch import LaunchDescription
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource

HERE = Path(__file__).absolute().parent
sys.path.append(str(HERE))

from physical_ai_nodes import arguments  # noqa: E402

LAYERS = ("simulation", "hardware", "agents", "inference", "orchestrator")


def generate_launch_description():
    """Describes the launch."""
    # The layers see these arguments too.
    return LaunchDescription([
        *arguments(
            "namespace", "params_file", "autostart", "use_respawn", "log_level", "world", "model_folder",
            "robots", "agents", use_sim_time="true", model="planner",
        ),
        *(
            IncludeLaunchDescription(PythonLaunchDescriptionSource(str(HERE / f"{layer}.launch.py")))
            for layer in LAYERS
        ),
    ])
