"""Missions as structure, and what they mean as a plan.

The meaning is that of the deterministic sentence parser: groups run one after the other, strands of a
group side by side, actions of a strand one after the other. The tasks of a group wait for those tasks
of the group before that no other waits for; where a robot goes on, for its own task before.
"""

import random
from dataclasses import dataclass, field, replace

from plan_format import DEFAULT_POLICY, JOINTS, Fleet, is_arm, number


@dataclass
class Action:
    skill: str
    object: str | None = None
    place: str | None = None
    places: list[str] = field(default_factory=list)
    rounds: int | None = None
    numbers: list[float] = field(default_factory=list)
    policy: str = DEFAULT_POLICY
    """Angles of a tool by name."""
    turn: dict[str, float] = field(default_factory=dict)

    def params(self) -> dict | None:
        if self.skill == "navigate_to":
            if self.place:
                return {"place": self.place}
            return dict(zip(("x", "y", "yaw"), map(number, self.numbers)))
        if self.skill == "patrol":
            return {"places": self.places, **({"rounds": self.rounds} if self.rounds else {})}
        if self.skill == "move_to":
            return {**dict(zip(("x", "y", "z"), map(number, self.numbers))), **{name: number(angle) for name, angle in self.turn.items()}}
        if self.skill == "move_joints":
            return {"positions": [number(n) for n in self.numbers]}
        if self.skill in ("wait", "set_gripper"):
            return {"duration_s" if self.skill == "wait" else "opening_m": number(self.numbers[0])}
        fields = {"object": self.object, "place": self.place}
        if self.skill == "place":
            del fields["object"]
        params = {name: value for name, value in fields.items() if value}
        return params or None


@dataclass
class Strand:
    robots: list[str]
    actions: list[Action]
    """Every one of the kind, so that `both rovers` can be said."""
    whole_kind: str | None = None


Group = list[Strand]


def plan(groups: list[Group]) -> dict:
    tasks, barrier = [], []
    for group in groups:
        last_of, ids, followed = {}, [], set()
        for strand in group:
            for action in strand.actions:
                for robot in strand.robots:
                    name = f"t{len(tasks) + 1}"
                    task = {"id": name, "skill": action.skill, "robot": robot}
                    params = action.params()
                    if params is not None:
                        task["params"] = params
                    after = [last_of[robot]] if robot in last_of else barrier
                    followed.update(after)
                    if after:
                        task["after"] = list(after)
                    task["on_failure"] = action.policy
                    last_of[robot] = name
                    ids.append(name)
                    tasks.append(task)
        barrier = [name for name in ids if name not in followed]
    return {"tasks": tasks}


def kind_of(fleet: Fleet, robot: str) -> str:
    if robot in fleet.kinds:
        return fleet.kinds[robot]
    return "arm" if is_arm(fleet.robots[robot]) else "rover"


def same_kind(fleet: Fleet, kind: str) -> list[str]:
    return [r for r in sorted(fleet.robots) if kind_of(fleet, r) == kind]


class Sampler:
    """Draws missions that a fleet can do."""

    def __init__(self, rng: random.Random, fleet: Fleet, simple: bool = False) -> None:
        """`simple`: mostly one thing that one robot does."""
        self.rng, self.fleet, self.simple = rng, fleet, simple
        self.held: dict[str, str] = {}
        self.surface: str | None = None
        self.floor: str | None = None

    def mission(self) -> list[Group]:
        rng = self.rng
        while True:
            self.held = {}
            count = rng.choices([1, 2, 3, 4], [94, 6, 0, 0] if self.simple else [56, 31, 10, 3])[0]
            groups = [self._group() for _ in range(count)]
            if not self.simple and rng.random() < 0.07:
                groups = self._in_turn() + (groups[:1] if rng.random() < 0.3 else [])
            if not self.simple and all(groups) and rng.random() < 0.15:
                groups += self._homeward(groups)
            tasks = sum(len(s.robots) * len(s.actions) for g in groups for s in g)
            # Long missions cost most and are rare.
            if tasks and all(groups) and (tasks <= 4 or (tasks <= 10 and rng.random() < 0.6)):
                return groups

    def _in_turn(self) -> list[Group]:
        """Robots do the same one after the other."""
        rng, robots = self.rng, sorted(self.fleet.robots)
        kinds = [k for k in ("arm", "rover") if same_kind(self.fleet, k)]
        if len(kinds) == 2 and len(robots) > 2 and rng.random() < 0.4:
            rng.shuffle(kinds)
            teams = [same_kind(self.fleet, k) for k in kinds]
            action = Action("home") if rng.random() < 0.7 else Action("wait", **self._numbers("wait"))
            if all(action.skill in self.fleet.robots[r] for r in robots):
                return [[Strand(team, [replace(action)], kind if len(team) > 1 else None)] for team, kind in zip(teams, kinds)]
        count = min(len(robots), rng.choice([2, 2, 3, 3, 4]))
        robots = rng.sample(robots, count)
        action = Action("home") if rng.random() < 0.6 else self._action(robots[0], set(), together=True)
        if count < 2 or action is None or any(action.skill not in self.fleet.robots[r] for r in robots):
            return [[]]
        return [[Strand([r], [replace(action)])] for r in robots]

    def _homeward(self, groups: list[Group]) -> list[Group]:
        """In the end those that did something go home, together or one of them."""
        used = sorted({r for g in groups for s in g for r in s.robots})
        last = {r for s in groups[-1] for r in s.robots if s.actions[-1].skill == "home"}
        able = [r for r in used if "home" in self.fleet.robots[r] and r not in last]
        if not able or last:
            return []
        if len(able) == 1 or self.rng.random() < 0.4:
            able = [self.rng.choice(able)]
        kinds = {kind_of(self.fleet, r) for r in able}
        whole = next((k for k in kinds if len(kinds) == 1 and same_kind(self.fleet, k) == able), None) if len(able) > 1 else None
        return [[Strand(able, [Action("home")], whole)]]

    def _group(self) -> Group:
        rng = self.rng
        robots = sorted(self.fleet.robots)
        rng.shuffle(robots)
        count = min(len(robots), rng.choices([1, 2, 3, 4], [92, 8, 0, 0] if self.simple else [70, 28, 2, 0])[0])
        moved: set[str] = set()
        sorting = self._sorting(robots[0]) if rng.random() < 0.08 else None
        if sorting:
            other = self._strand(robots[1], moved) if len(robots) > 1 and rng.random() < 0.25 else None
            busy = other and any(a.object or a.skill == "place" for a in other.actions)
            return [sorting] + ([other] if other and not busy else [])
        alike = self._alike(robots, moved) if not self.simple and rng.random() < 0.09 else []
        if alike:
            return alike
        if rng.random() < 0.12:
            together = self._together()
            if together:
                others = [r for r in robots if r not in together.robots]
                extra = self._strand(others[0], moved) if others and rng.random() < 0.35 else None
                return [together] + ([extra] if extra else [])
        strands = [self._strand(robot, moved) for robot in robots[:count]]
        return [s for s in strands if s]

    def _alike(self, robots: list[str], moved: set[str]) -> Group:
        """Robots that do the like, each with its own aim."""
        rng = self.rng
        skill = rng.choices(["navigate_to", "pick_and_place", "pick", "set_gripper", "wait", "move_to", "patrol"], [8, 7, 1, 1.5, 1, 1, 1])[0]
        able = [r for r in robots if skill in self.fleet.robots[r] and r not in self.held][: rng.choice([2, 2, 2, 3, 3, 4])]
        if rng.random() < 0.6:
            able.sort()
        strands = []
        for robot in able:
            action = self._of_skill(skill, robot, moved)
            if action is None:
                return []
            strands.append(Strand([robot], [action]))
        if skill == "pick_and_place" and strands and rng.random() < 0.3:
            for strand in strands:
                strand.actions[0].place = strands[0].actions[0].place
        is_varied = len({str(s.actions[0].params()) for s in strands}) > 1
        return strands if len(strands) > 1 and is_varied else []

    def _sorting(self, robot: str) -> Strand | None:
        """One robot puts several objects away."""
        rng, fleet = self.rng, self.fleet
        free = [o for o in fleet.objects if o not in self.held.values()]
        if robot in self.held or "pick_and_place" not in fleet.robots[robot] or not fleet.surfaces or len(free) < 2:
            return None
        things = rng.sample(free, min(len(free), rng.choice([2, 2, 3, 3, 4])))
        if rng.random() < 0.5:
            things.sort()
        same = rng.choice(fleet.surfaces) if rng.random() < 0.6 else None
        return Strand([robot], [Action("pick_and_place", object=o, place=same or rng.choice(fleet.surfaces)) for o in things])

    def _together(self) -> Strand | None:
        """Several robots that do the same."""
        rng = self.rng
        kind = rng.choice(["arm", "rover", None])
        robots = same_kind(self.fleet, kind) if kind else sorted(self.fleet.robots)
        if len(robots) < 2:
            return None
        if len(robots) > 2 and rng.random() < 0.55:
            robots = sorted(rng.sample(robots, 2 if rng.random() < 0.6 else len(robots) - 1))
            whole = None
        else:
            whole = kind or "robot"
        if any(r in self.held for r in robots):
            return None
        actions = []
        for _ in range(1 if rng.random() < 0.75 else 2):
            action = self._action(robots[0], set(), together=True)
            if action is None or any(action.skill not in self.fleet.robots[r] for r in robots):
                return None
            actions.append(action)
        return Strand(robots, actions, whole)

    def _strand(self, robot: str, moved: set[str]) -> Strand | None:
        rng = self.rng
        actions = []
        count = rng.choices([1, 2, 3, 4, 5], [92, 8, 0, 0, 0] if self.simple else [70, 18, 7, 3, 2])[0]
        for index in range(count):
            action = self._action(robot, moved)
            if count > 1 and index == count - 1 and "home" in self.fleet.robots[robot] and rng.random() < 0.25:
                action = Action("home")
            if action is None:
                break
            if actions and action.skill == actions[-1].skill and (action.skill in ("home", "wait", "set_gripper") or action == actions[-1]):
                break
            # "Picks it up and puts it down" is one task for a robot.
            if actions and action.skill == "place" and actions[-1].skill == "pick":
                self.held[robot] = actions[-1].object or ""
                break
            actions.append(action)
        if actions and len(actions) == 1 and rng.random() < 0.1:
            actions[0].policy = rng.choice(["retry", "retry", "skip", "skip", "ask_operator", "fail_mission"])
        return Strand([robot], actions) if actions else None

    def _action(self, robot: str, moved: set[str], together: bool = False) -> Action | None:
        rng, fleet = self.rng, self.fleet
        weights = {
            "home": 3, "wait": 2.2, "navigate_to": 6, "patrol": 5, "pick_and_place": 9, "pick": 2, "place": 0.5,
            "set_gripper": 2.4, "move_to": 2.0, "move_joints": 0.6,
        }
        if robot in self.held:
            weights.update(place=14, pick=0, pick_and_place=0, set_gripper=0, move_joints=0, wait=5)
        free = [o for o in fleet.objects if o not in self.held.values() and o not in moved]
        if together:
            weights.update(pick_and_place=0, pick=0, place=0, move_to=0.1, move_joints=0)
        if not free:
            weights.update(pick_and_place=0, pick=0)
        if not fleet.surfaces:
            weights.update(pick_and_place=0, place=0)
        if not fleet.floors:
            weights.update(patrol=0)
        skills = [s for s in fleet.robots[robot] if weights[s] > 0]
        if not skills:
            return None
        return self._of_skill(rng.choices(skills, [weights[s] for s in skills])[0], robot, moved)

    def _of_skill(self, skill: str, robot: str, moved: set[str]) -> Action | None:
        rng, fleet = self.rng, self.fleet
        if skill in ("pick_and_place", "pick"):
            free = [o for o in fleet.objects if o not in self.held.values() and o not in moved]
            if not free or (skill == "pick_and_place" and not fleet.surfaces):
                return None
            thing = rng.choice(free)
            moved.add(thing)
            if skill == "pick":
                self.held[robot] = thing
                return Action(skill, object=thing)
            return Action(skill, object=thing, place=self._surface())
        if skill == "place":
            self.held.pop(robot, None)
            return Action(skill, place=self._surface())
        if skill == "patrol":
            if not fleet.floors:
                return None
            count = min(len(fleet.floors), rng.choices([1, 2, 3, 4], [20, 50, 25, 5])[0])
            rounds = rng.choices([None, 1, 2, 3, 4, 5, rng.randint(6, 12), rng.choice([15, 20, 25, 30, 40, 50])], [50, 6, 14, 12, 6, 6, 6, 2])[0]
            return Action(skill, places=rng.sample(fleet.floors, count), rounds=rounds)
        return Action(skill, **self._numbers(skill))

    def _surface(self) -> str:
        """Often the one before, so that "the same place" is learnt."""
        if self.surface is None or self.rng.random() > 0.12:
            self.surface = self.rng.choice(self.fleet.surfaces)
        return self.surface

    def _floor(self) -> str:
        if self.floor is None or self.rng.random() > 0.12:
            self.floor = self.rng.choice(self.fleet.floors)
        return self.floor

    def _numbers(self, skill: str) -> dict:
        rng, fleet = self.rng, self.fleet
        if skill == "navigate_to":
            if fleet.floors and rng.random() < 0.85:
                return {"place": self._floor()}
            yaw = [self._coordinate(3.2)] if rng.random() < 0.2 else []
            return {"numbers": [self._coordinate(12) for _ in range(2)] + yaw}
        if skill == "move_to":
            names = [] if rng.random() < 0.8 else rng.choice([["yaw"], ["yaw"], ["roll"], ["pitch"], ["pitch", "yaw"], ["roll", "pitch", "yaw"], ["roll", "pitch", "yaw"]])
            turn = {name: rng.choice([0, 1.57, 3.14, self._coordinate(3.2)]) for name in names}
            return {"numbers": [self._coordinate(1), self._coordinate(1), abs(self._coordinate(1))], "turn": turn}
        if skill == "move_joints":
            return {"numbers": self._joints()}
        if skill == "wait":
            return {"numbers": [self._seconds()]}
        if skill == "set_gripper":
            style = rng.random()
            width = 0.09 if style < 0.35 else 0.0 if style < 0.7 else rng.randint(1, 9) / 100
            return {"numbers": [width if style < 0.9 else rng.randint(1, 90) / 1000]}
        return {}

    def _joints(self) -> list[float]:
        rng = self.rng
        style = rng.random()
        if style < 0.04:
            return [0.0] * JOINTS
        if style < 0.3:
            return [rng.choice([0, 0, 0.5, 1, -1, -0.5, 1.5, 0.2, -0.2]) for _ in range(JOINTS)]
        if style < 0.4:
            return [rng.randint(1, 9) / 10] * JOINTS if rng.random() < 0.3 else [(i + rng.randint(0, 1)) / 10 for i in range(JOINTS)]
        return [self._coordinate(2) for _ in range(JOINTS)]

    def _coordinate(self, most: float) -> float:
        rng = self.rng
        if rng.random() < 0.06:
            return 0.0
        digits = rng.choices([0, 1, 2, 3], [2.5 if most > 1 else 1, 6, 4, 0.5])[0]
        return round(rng.uniform(-most, most), digits) + 0.0

    def _seconds(self) -> float:
        rng = self.rng
        return rng.choice([
            rng.randint(1, 12), rng.randint(1, 60), rng.choice([5, 10, 15, 20, 30, 45, 60, 90]),
            60 * rng.randint(1, 15), rng.choice([300, 600, 900, 1200, 1800, 2700, 3600, 60 * rng.randint(15, 60)]), rng.choice([0.5, 1.5, 2.5, 3.5, rng.randint(5, 95) / 10]), 60, 30, rng.choice([90, 90, 75, 70, 80, 100, 130, 150, rng.randint(61, 300)]),
        ])
