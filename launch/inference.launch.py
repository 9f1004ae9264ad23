"""The inference layer: a language model that serves text to whoever asks."""

import sys
from pathlib import Path

from launch import LaunchDescription

sys.path.append(str(Path(__file__).absolute().parent))

from physical_ai_nodes import arguments, nodes  # noqa: E402


def generate_launch_description():
    """Describes the launch."""
    return LaunchDescription([
        *arguments(
            "namespace", "use_sim_time", "params_file", "autostart", "use_respawn", "log_level", "model",
            "http_port",
        ),
        nodes(start),
    ])


def start(settings):
    """Starts the nodes of this layer."""
    return [*settings.profile(), *settings.inference()]
