"""What the model reads and writes: the fleet as text, plans as JSON, and the rules that plans keep.

The rules mirror `plan_schema` of the crate `physical_ai_planning` with numbered tasks.
"""

import json
import re
from dataclasses import dataclass, field

MAX_TASKS = 16
MAX_REFUSAL_CHARS = 300
MAX_WAIT_S = 3600
MAX_OPENING_M = 0.09
JOINTS = 6
POLICIES = ("fail_mission", "retry", "reassign", "ask_operator", "skip")
"""What the sentence parser gives every task, too."""
DEFAULT_POLICY = "reassign"

ARM_SKILLS = ("home", "move_joints", "move_to", "pick", "pick_and_place", "place", "set_gripper", "wait")
ROVER_SKILLS = ("home", "navigate_to", "patrol", "wait")
SKILLS = tuple(sorted(set(ARM_SKILLS) | set(ROVER_SKILLS)))

SYSTEM, USER, ASSISTANT, END = "<|system|>", "<|user|>", "<|assistant|>", "<|end|>"


@dataclass
class Fleet:
    """Skills by robot, and the names that skills take."""

    robots: dict[str, tuple[str, ...]]
    objects: list[str] = field(default_factory=list)
    surfaces: list[str] = field(default_factory=list)
    floors: list[str] = field(default_factory=list)
    """Kinds of robots where skills do not tell; only for saying sentences."""
    kinds: dict[str, str] = field(default_factory=dict)

    def able(self, skill: str) -> list[str]:
        return [robot for robot in sorted(self.robots) if skill in self.robots[robot]]

    def to_json(self) -> dict:
        return {
            "robots": {robot: sorted(self.robots[robot]) for robot in sorted(self.robots)},
            "objects": sorted(self.objects),
            "surfaces": sorted(self.surfaces),
            "floors": sorted(self.floors),
        }

    @staticmethod
    def from_json(value: dict) -> "Fleet":
        robots = {robot: tuple(skills) for robot, skills in value["robots"].items()}
        return Fleet(robots, value["objects"], value["surfaces"], value["floors"])


def is_arm(skills: tuple[str, ...]) -> bool:
    """Robots that can do none of this are called rovers."""
    return any(skill in skills for skill in ("pick", "pick_and_place", "set_gripper"))


def sentence_text(sentence: str) -> str:
    """The user message: ASCII letters small, white space single, numbers with a digit before their point and without
    zeros behind their last decimal."""
    lower = "".join(c.lower() if c.isascii() else c for c in sentence)
    text = re.sub(r"(?<![\w.])\.(?=[0-9])(?![0-9]+\.\S)", "0.", " ".join(lower.split()))
    return re.sub(r"(?<![\d.])(\d+)\.(\d*?)0+(?!\d|\.\S)", lambda m: f"{m[1]}.{m[2]}" if m[2] else m[1], text)


def number(value: float) -> float | int:
    value = round(float(value), 3)
    return int(value) if value == int(value) else value


def dumps(plan: dict) -> str:
    return json.dumps(plan, ensure_ascii=False, separators=(",", ":"))


_FIELDS = {
    "navigate_to": ("place", "x", "y", "yaw"),
    "patrol": ("places", "rounds"),
    "wait": ("duration_s",),
    "home": (),
    "move_to": ("x", "y", "z", "roll", "pitch", "yaw"),
    "move_joints": ("positions",),
    "set_gripper": ("opening_m",),
    "pick": ("object",),
    "place": ("place",),
    "pick_and_place": ("object", "place"),
}
_REQUIRED = {
    "navigate_to": (),
    "patrol": ("places",),
    "move_to": ("x", "y", "z"),
}


def violations(plan: object, fleet: Fleet) -> list[str]:
    """Rules that a plan breaks; none for a plan that the constrained decoder could have written."""
    if not isinstance(plan, dict) or len(plan) != 1:
        return ["must be an object with one field"]
    if "refusal" in plan:
        reason = plan["refusal"]
        fine = isinstance(reason, str) and 1 <= len(reason) <= MAX_REFUSAL_CHARS and reason.isprintable()
        return [] if fine else ["refusal must be 1 to 300 printable characters"]
    tasks = plan.get("tasks")
    if not isinstance(tasks, list) or not 1 <= len(tasks) <= MAX_TASKS:
        return ["tasks must be a list of 1 to 16"]
    found = []
    for index, task in enumerate(tasks):
        found += [f"tasks[{index}]: {problem}" for problem in _task_violations(task, index, fleet)]
    return found


def _task_violations(task: object, index: int, fleet: Fleet) -> list[str]:
    if not isinstance(task, dict):
        return ["must be an object"]
    order = [key for key in ("id", "skill", "robot", "params", "after", "on_failure") if key in task]
    found = [] if list(task) == order else ["fields are unknown or out of order"]
    skill, robot = task.get("skill"), task.get("robot")
    if task.get("id") != f"t{index + 1}":
        found.append("id is not numbered")
    if robot not in fleet.robots or skill not in fleet.robots[robot]:
        return [*found, f"{robot} does not offer {skill}"]
    if "after" in task:
        earlier = [f"t{i + 1}" for i in range(index)]
        after = task["after"]
        if not after or any(a not in earlier for a in after) or len(set(after)) < len(after):
            found.append("after names no earlier task")
    if task.get("on_failure", DEFAULT_POLICY) not in POLICIES:
        found.append("on_failure is unknown")
    return found + _param_violations(skill, task.get("params", {}), fleet)


def _param_violations(skill: str, params: dict, fleet: Fleet) -> list[str]:
    fields = _FIELDS[skill]
    if list(params) != [f for f in fields if f in params]:
        return ["params are unknown or out of order"]
    missing = [f for f in _REQUIRED.get(skill, fields) if f not in params]
    if missing:
        return [f"params lack {', '.join(missing)}"]
    places = fleet.floors if skill in ("navigate_to", "patrol") else fleet.surfaces
    found = []
    for name, value in params.items():
        numeric = isinstance(value, (int, float)) and not isinstance(value, bool)
        fine = {
            "object": lambda: value in fleet.objects,
            "place": lambda: value in places,
            "places": lambda: isinstance(value, list) and value and all(p in places for p in value),
            "rounds": lambda: isinstance(value, int) and 1 <= value <= 1000,
            "duration_s": lambda: numeric and 0 <= value <= MAX_WAIT_S,
            "opening_m": lambda: numeric and 0 <= value <= MAX_OPENING_M,
            "positions": lambda: isinstance(value, list) and len(value) == JOINTS,
        }.get(name, lambda: numeric and abs(value) <= 1e6)()
        if not fine:
            found.append(f"{name} is {value!r}")
    return found
