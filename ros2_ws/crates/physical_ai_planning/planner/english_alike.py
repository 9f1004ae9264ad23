"""Says in English what several robots do alike at the same time, each with its own aim."""

from english_actions import BASE, THIRD
from english_clauses import EnglishClauses
from english_names import NUMBERS
from missions import Action, Group, Strand, kind_of, same_kind
from plan_format import DEFAULT_POLICY


class EnglishAlike(EnglishClauses):
    """`respectively`, `one …, the other …`, and verbs that are said once."""

    def alike(self, group: Group) -> str:
        """Nothing where the strands are not alike."""
        firsts = [s.actions[0] for s in group]
        skill = firsts[0].skill
        if any(len(s.actions) > 1 or len(s.robots) > 1 or s.actions[0].skill != skill or s.actions[0].policy != DEFAULT_POLICY for s in group):
            return ""
        say = {"navigate_to": self._goals, "pick": self._grasps, "pick_and_place": self._moves, "set_gripper": self._openings,
               "wait": self._waits, "move_to": self._points, "patrol": self._patrols}.get(skill)
        if say is None or (skill == "navigate_to" and any(not a.place for a in firsts)):
            return ""
        text = self._one_and_other(group) if self.rng.random() < 0.25 else ""
        if not text:
            whos = [self.robots(s)[0] for s in group]
            self.carried = group[-1].robots
            text = say(firsts, whos, self._all(group, whos))
        self.carried = group[-1].robots
        if skill == "pick":
            for strand in group:
                self.held[strand.robots[0]] = strand.actions[0].object or ""
        return text

    def _all(self, group: Group, whos: list[str]) -> str:
        return self._numbered([s.robots[0] for s in group]) or self.join(whos, " and ")

    def _each(self) -> str:
        return self.pick(" respectively", ", respectively", " respectively")

    def _listed(self, texts: list[str]) -> str:
        return self.join(texts, self.pick(" and ", " and ", ", ", "; ", ", and ", " while ", ", while "))

    def _one_and_other(self, group: Group) -> str:
        """`one rover goes to dock a, the other to dock b`: the first by name is the one."""
        names = [s.robots[0] for s in group]
        kind = kind_of(self.fleet, names[0])
        if self.carried or self.rivals or len(names) != 2 or names != same_kind(self.fleet, kind):
            return ""
        nouns = {self.said.kind.get(n, kind) for n in names}
        noun = nouns.pop().replace("_", " ") if len(nouns) == 1 else kind
        first, second = (s.actions[0] for s in group)
        other = self.pick("the other", "the other one", f"the other {noun}")
        if first.skill == "navigate_to":
            one, to = self.place(first.place), self.pick(", ", " and ", ", and ", "; ")
            send = self.pick("send one {} to", "one {} goes to", "one {} to", "one {} drives to", "one of the {}s goes to").format(noun)
            return f"{send} {one}{to}{other} to {self.place(second.place)}"
        one = self.action(first, THIRD, [names[0]])
        return f"one {noun} {one}{self.pick(', ', ' and ', ', while ', ' while ')}{other} {self.action(second, THIRD, [names[1]])}"

    def _goals(self, firsts: list[Action], whos: list[str], everyone: str) -> str:
        places, rng = [self.place(a.place) for a in firsts], self.rng
        pairs, verb = list(zip(whos, places)), self.pick("go", "drive", "head", "move", "travel")
        style, to = rng.random(), self.pick("to", "to", "over to", "off to")
        if style < 0.3:
            head = self.pick(f"{everyone} {verb} to", f"{everyone} {verb} to", f"send {everyone} to", f"{everyone} to", f"{everyone} should {verb} to", f"let {everyone} {verb} to")
            return f"{head} {self.join(places, ' and ')}{self._each()}"
        if style < 0.37 and len(whos) == 2:
            head = self.pick(f"{everyone} are both needed", f"i need both {everyone}", f"{everyone} are wanted", f"{everyone} have places to be")
            return f"{head}{self.pick(', ', ': ', ' - ')}the former {self.pick('at', 'in')} {places[0]}{self.pick(', ', ' and ')}the latter {self.pick('at', 'in')} {places[1]}"
        if style < 0.45:
            return self._listed([f"{p}{self.pick(' is', '', ' is')} for {w}" if i == 0 else f"{p} for {w}" for i, (w, p) in enumerate(pairs)])
        if style < 0.53:
            wish = self.pick("i want ", "i need ", "i would like ", "i'd like ", "we need ", "")
            return wish + self._listed([f"{w} {self.pick('at', 'in')} {p}" for w, p in pairs])
        if style < 0.75:
            between = self.pick(" ", " ", ": ", " -> ", ", ", f" {to} ", f" {to} ", " → ")
            if between == ", ":
                return "; ".join(f"{w}, {p}" for w, p in pairs)
            return self._listed([f"{w}{between}{p}" for w, p in pairs])
        return self._listed([f"{w} {self.verb(THIRD, verb)} to {p}" if i == 0 else f"{w} to {p}" for i, (w, p) in enumerate(pairs)])

    def _grasps(self, firsts: list[Action], whos: list[str], everyone: str) -> str:
        things = [self.object(a.object) for a in firsts]
        verb = self.pick("pick up", "grab", "take", "lift", "fetch", "pick")
        if self.rng.random() < 0.4:
            return f"{everyone} {verb} {self.join(things, ' and ')}{self._each()}"
        return self._listed([f"{w} {self.verb(THIRD, verb) if i == 0 else ''} {t}".replace("  ", " ") for i, (w, t) in enumerate(zip(whos, things))])

    def _moves(self, firsts: list[Action], whos: list[str], everyone: str) -> str:
        things, style = [self.object(a.object) for a in firsts], self.rng.random()
        into = self.pick("in", "into", "on", "onto")
        if len({a.place for a in firsts}) == 1:
            return self._to_one_place(things, self.place(firsts[0].place), into, whos, everyone)
        places = [self.place(a.place) for a in firsts]
        rows = list(zip(whos, things, places))
        if style < 0.14:
            return f"{self.join([f'{t} {into} {p}' for _, t, p in rows], ' and ')}{self.pick(' - ', ', ', ': ')}{everyone}{self._each()}"
        if style < 0.3:
            return f"{everyone} {self.pick('put', 'bring', 'move', 'place', 'carry', 'take')} {self.join(things, ' and ')} {self.pick('to', into)} {self.join(places, ' and ')}{self._each()}"
        if style < 0.42:
            by = self.pick("by", "with", "by")
            return self._listed([f"{t} {self.pick('goes', 'is to go', 'goes') if i == 0 else ''} {into} {p} {by} {w}".replace("  ", " ") for i, (w, t, p) in enumerate(rows)])
        if style < 0.52:
            return self.pick("; ", ", ", "; ").join(f"{t} is for {w} and goes {into} {p}" for w, t, p in rows)
        if style < 0.6:
            get = self.pick("gets", "gets", "should get", "needs")
            return self._listed([f"{p} {get if i == 0 else ''} {t} from {w}".replace("  ", " ") for i, (w, t, p) in enumerate(rows)])
        if style < 0.8:
            return self.pick("; ", ", ", "; ", " and ").join(f"{w}{between}{t} {into} {p}" for between in [self.pick(": ", " ", " ")] for w, t, p in rows)
        verb = self.pick("put", "take", "bring", "place", "drop")
        to = "to" if verb in ("take", "bring") else into
        return self._listed([f"{w} {self.verb(THIRD, verb) if i == 0 else ''} {t} {to} {p}".replace("  ", " ") for i, (w, t, p) in enumerate(rows)])

    def _to_one_place(self, things: list[str], place: str, into: str, whos: list[str], everyone: str) -> str:
        rng, pairs = self.rng, list(zip(whos, things))
        both = self.pick("both", "both of them", "both items", "both") if len(pairs) == 2 else self.pick("all of them", f"all {NUMBERS[len(pairs)]}", "all")
        style = rng.random()
        if style < 0.3:
            return f"{everyone} {self.pick('put', 'bring', 'place', 'move', 'drop')} {self.join(things, ' and ')} {into} {place}{self.pick('', '', self._each())}"
        if style < 0.45:
            return f"{everyone}, {self.join(things, ' and ')} {self.pick('to', into)} {place}{self._each()}"
        if style < 0.6:
            take = self.pick("handles", "takes", "takes care of", "sees to", "gets")
            goes = self.pick("go", "end up", "belong", "are to go", "should go")
            return f"{self._listed([f'{w} {take if i == 0 else str()} {t}'.replace('  ', ' ') for i, (w, t) in enumerate(pairs)])}{self.pick('; ', '. ', ', ')}{both} {goes} {into} {place}"
        if style < 0.75:
            same = self.pick("same destination", "same place", "same again", "to the same place", "there too")
            rest = "; ".join(f"{t} is for {w}, {same}" for w, t in pairs[1:])
            return f"{things[0]} is for {whos[0]} and goes {into} {place}; {rest}"
        return f"{place} gets {self._listed([f'{t} from {w}' for w, t in pairs])}"

    def _openings(self, firsts: list[Action], whos: list[str], everyone: str) -> str:
        millimetres = [round(a.numbers[0] * 1000) for a in firsts]
        in_cm = all(mm % 10 == 0 for mm in millimetres) and self.rng.random() < 0.6
        unit = self.pick("cm", " cm", " centimetres") if in_cm else self.pick("mm", " mm", " millimetres")
        widths = [str(mm // 10 if in_cm else mm) for mm in millimetres]
        if self.rng.random() < 0.4:
            head = self.pick(f"{everyone} {self.pick('set', 'open', 'move')} their grippers to", f"grippers of {everyone} to", f"the grippers of {everyone} go to")
            return f"{head} {self.join(widths, ' and ')}{unit}{self._each()}"
        if self.rng.random() < 0.4:
            return self._listed([f"{w}'s {'gripper ' if i == 0 else ''}to {n}{unit}" for i, (w, n) in enumerate(zip(whos, widths))])
        return self._listed([f"{w} {self.verb(THIRD, 'set') + ' its gripper' if i == 0 else ''} to {n}{unit}".replace("  ", " ") for i, (w, n) in enumerate(zip(whos, widths))])

    def _waits(self, firsts: list[Action], whos: list[str], everyone: str) -> str:
        times = [self.duration(a.numbers[0]) for a in firsts]
        if self.rng.random() < 0.4:
            return f"{everyone} wait {self.pick('', 'for ')}{self.join(times, ' and ')}{self._each()}"
        return self._listed([f"{w} {self.pick('waits', 'waits', 'rests', 'pauses') if i == 0 else ''} {t}".replace("  ", " ") for i, (w, t) in enumerate(zip(whos, times))])

    def _points(self, firsts: list[Action], whos: list[str], everyone: str) -> str:
        points = [self._coordinates(a.numbers) + self._turned(a.turn) for a in firsts]
        if self.rng.random() < 0.3 and all("(" in p for p in points):
            return f"{everyone} move {self.pick('', 'their tools ', 'their hands ')}to {self.join(points, ' and ')}{self._each()}"
        head = self.pick(" moves to", " moves its tool to", " to", " goes to")
        return self._listed([f"{w}{head if i == 0 else ' to'} {p}" for i, (w, p) in enumerate(zip(whos, points))])

    def _patrols(self, firsts: list[Action], whos: list[str], everyone: str) -> str:
        tours = [f"{self.place_list(a.places)} {self._rounds(a.rounds).strip(', ') if a.rounds else ''}".strip() for a in firsts]
        return self.pick("; ", ", ", " while ", " and ").join(
            f"{w} {self.pick('patrols', 'patrols', 'checks', 'visits') if i == 0 else ''} {t}".replace("  ", " ") for i, (w, t) in enumerate(zip(whos, tours)))

    def itinerary(self, strand: Strand, who: str) -> str:
        """`rover 1: dock a, 2 min there, then dock b, home`."""
        actions, rng = strand.actions, self.rng
        if len(strand.robots) > 1 or len(actions) < 2 or any(a.policy != DEFAULT_POLICY for a in actions):
            return ""
        stops = []
        for action in actions:
            stop = self._stop(action, strand.robots)
            if not stop:
                return ""
            stops.append(stop)
        between = self.pick(", ", ", ", ", then ", " -> ", " → ", "; ")
        text = between.join(stops[:-1]) + (self.pick(between, ", then ", " and then ", " and ") if between in (", ", "; ") else between) + stops[-1]
        head = self.pick(f"{who}: ", f"{who}, ", f"{who}: ", f"{who} ", f"{self.pick('start with', 'take')} {who}: " if not self.carried else f"{who}: ")
        if rng.random() < 0.12:
            return f"{text} - {self.pick('all of it', 'all that', 'all this')} {self.pick('by', 'for')} {who}"
        return head + text

    def _stop(self, action: Action, robots: list[str]) -> str:
        if action.skill == "navigate_to" and action.place:
            return f"{self.pick('', '', 'to ', 'over to ', 'on to ')}{self.place(action.place)}"
        if action.skill == "wait":
            time = self.duration(action.numbers[0])
            return self.pick(f"{time} there", f"{time} wait", f"a {time} wait", f"{time} there", f"{time} of waiting", f"wait {time}", f"a wait of {time}", f"a {time.removesuffix('s').replace(' ', '-')} halt",
                             f"{time}' wait there", f"a stop of {time}")
        if action.skill == "home":
            return self.pick("home", "home", "back home", "home again")
        if action.skill == "pick_and_place":
            return f"{self.object(action.object)} {self.pick('in', 'into', 'on', 'onto', 'to')} {self.place(action.place)}"
        if action.skill in ("set_gripper", "move_joints", "move_to", "patrol", "pick"):
            return self.action(action, BASE, robots)
        return ""
