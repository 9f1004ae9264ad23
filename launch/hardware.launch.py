"""The hardware layer: state estimation and the last check of every command."""

import sys
from pathlib import Path

from launch import LaunchDescription

sys.path.append(str(Path(__file__).absolute().parent))

from physical_ai_nodes import arguments, nodes  # noqa: E402


def generate_launch_description():
    """Describes the launch."""
    return LaunchDescription([
        *arguments(
            "namespace", "use_sim_time", "params_file", "autostart", "use_respawn", "log_level",
            "world", "model_folder", "robots",
        ),
        nodes(start),
    ])


def start(settings):
    """Starts the nodes of this layer."""
    return [
        *settings.profile(),
        settings.node("physical_ai_sensors", "sensor_worker", robots=settings.robots()),
        settings.node("physical_ai_actuators", "actuator_worker", robots=settings.robots()),
    ]
