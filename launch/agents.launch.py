"""The agent layer: one or more agent workers, each of which controls some of the robots."""

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
            "world", "model_folder", "robots", "agents",
        ),
        nodes(start),
    ])


def start(settings):
    """Starts the nodes of this layer."""
    return [
        *settings.profile(),
        *(
            settings.node("physical_ai_agent", "agent_worker", name=name, robots=robots)
            for name, robots in settings.agents().items()
        ),
    ]
