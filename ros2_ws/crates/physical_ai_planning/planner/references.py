"""Short references for a fleet's names, so that the model points at names and never has to spell them.

Each name has a reference that is one token: `ref_r3` is the third robot, `ref_o…` are objects, `ref_s…`
surfaces and `ref_f…` floors, counted in sorted order. Where a sentence says a name, its reference is put in
its place (`linker.py`); what is said otherwise ("the other arm", "docks a and b") is left to the model.
`src/plan_question/references.rs` does the same; `references_golden.jsonl` holds both to it.
"""

import random
import re

from linker import Linker
from plan_format import Fleet, is_arm, sentence_text

MOST = 24
"""Names of a kind that references reach."""
KINDS = "rosf"


def reference(kind: str, index: int) -> str:
    return f"ref_{kind}{index + 1}"


ALL = [reference(kind, index) for kind in KINDS for index in range(MOST)]


class References:
    def __init__(self, fleet: Fleet, rng: random.Random | None = None) -> None:
        """Counted from one; with `rng`, any different numbers, so that a model learns them all."""
        self.fleet = fleet
        self.of: dict[str, dict[str, str]] = {}
        for kind, names in zip(KINDS, (list(fleet.robots), fleet.objects, fleet.surfaces, fleet.floors)):
            numbers = rng.sample(range(MOST), len(names)) if rng else range(len(names))
            self.of[kind] = {name: reference(kind, index) for name, index in zip(sorted(names), numbers)}
        self.to_name = {ref: name for names in self.of.values() for name, ref in names.items()}
        names: dict[str, list[str]] = {}
        for ref, name in self.to_name.items():
            names.setdefault(name, []).append(ref)
        robots = self.of["r"]
        arms = [r for robot, r in robots.items() if is_arm(fleet.robots[robot])]
        self.linker = Linker(names, arms, [r for r in robots.values() if r not in arms])

    def fleet_text(self) -> str:
        """The system message. All lists are sorted; robots with the same skills share a line."""
        groups: dict[tuple[str, ...], list[str]] = {}
        for robot in sorted(self.fleet.robots):
            groups.setdefault(tuple(sorted(self.fleet.robots[robot])), []).append(robot)
        lines = [f"{self._list('r', robots)}:{','.join(skills)}" for skills, robots in groups.items()]
        for kind, title in zip("osf", ("objects", "surfaces", "floors")):
            lines.append(f"{title}:{self._list(kind, list(self.of[kind]))}")
        return "\n".join(lines)

    def _list(self, kind: str, names: list[str]) -> str:
        # Behind its name, a reference can gather what the name says.
        return ",".join(f"{name}={self.of[kind][name]}" for name in names)

    def question(self, sentence: str) -> str:
        """The user message."""
        return self.linker.link(sentence_text(sentence))

    def answer(self, plan: dict) -> dict:
        """What the model is to answer: the plan with references."""
        if "refusal" in plan:
            return {"refusal": self.linker.link(plan["refusal"])}
        return {"tasks": [self._task(task) for task in plan["tasks"]]}

    def _task(self, task: dict) -> dict:
        task = {**task, "robot": self.of["r"][task["robot"]]}
        if "params" in task:
            places = self.of["f" if task["skill"] in ("navigate_to", "patrol") else "s"]
            change = {"object": self.of["o"].get, "place": places.get, "places": lambda names: [places[n] for n in names]}
            task["params"] = {name: change.get(name, lambda v: v)(value) for name, value in task["params"].items()}
        return task

    def names(self, text: str) -> str:
        """An answer with names for references."""
        return re.sub(f"ref_[{KINDS}][0-9]+", lambda m: self.to_name.get(m[0], m[0]), text)
