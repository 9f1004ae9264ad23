"""The simulation: physics, sensors and drives as drivers would show them, and the clock."""

import sys
from pathlib import Path

from launch import LaunchDescription

sys.path.append(str(Path(__file__).absolute().parent))

from physical_ai_nodes import arguments, nodes  # noqa: E402


def generate_launch_description():
    """Describes the launch."""
    return LaunchDescription([
        # No use_sim_time: this node makes the time.
        *arguments("namespace", "params_file", "autostart", "use_respawn", "log_level", "world", "model_folder"),
        nodes(start),
    ])


def start(settings):
    """Starts the nodes of this layer."""
    return [*settings.profile(), settings.node("physical_ai_simulation", "simulation_worker", makes_time=True)]
