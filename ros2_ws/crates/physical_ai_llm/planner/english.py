"""Says missions in English."""

import random

from missions import Action, Group, Strand, kind_of, same_kind
from names import ARM_KINDS, COLOURS, ROVER_KINDS, THINGS, Said
from plan_format import DEFAULT_POLICY, MAX_OPENING_M, Fleet, number

NUMBERS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
TENS = {15: "fifteen", 20: "twenty", 30: "thirty", 40: "forty", 45: "forty five", 50: "fifty", 60: "sixty", 90: "ninety"}
# Base, third person, gerund, participle; then the particle.
FORMS = {
    w.split()[0]: w.split()
    for w in """put puts putting put|place places placing placed|drop drops dropping dropped|lay lays laying laid
set sets setting set|move moves moving moved|bring brings bringing brought|carry carries carrying carried
transfer transfers transferring transferred|take takes taking taken|deliver delivers delivering delivered
stow stows stowing stowed|load loads loading loaded|stack stacks stacking stacked|store stores storing stored
leave leaves leaving left|pick picks picking picked|grab grabs grabbing grabbed|grasp grasps grasping grasped
lift lifts lifting lifted|fetch fetches fetching fetched|collect collects collecting collected|get gets getting got
go goes going gone|drive drives driving driven|head heads heading headed|navigate navigates navigating navigated
travel travels travelling travelled|proceed proceeds proceeding proceeded|come comes coming come
roll rolls rolling rolled|run runs running run|return returns returning returned|patrol patrols patrolling patrolled
visit visits visiting visited|inspect inspects inspecting inspected|check checks checking checked
tour tours touring toured|circle circles circling circled|watch watches watching watched|make makes making made
do does doing done|wait waits waiting waited|pause pauses pausing paused|stay stays staying stayed
rest rests resting rested|hold holds holding held|stop stops stopping stopped|open opens opening opened
close closes closing closed|shut shuts shutting shut|fold folds folding folded|release releases releasing released
reach reaches reaching reached|hover hovers hovering hovered|shift shifts shifting shifted|throw throws throwing thrown
stand stands standing stood|park parks parking parked|loop loops looping looped|arrive arrives arriving arrived
cover covers covering covered|keep keeps keeping kept|relocate relocates relocating relocated|sort sorts sorting sorted
unload unloads unloading unloaded|deposit deposits depositing deposited|retrieve retrieves retrieving retrieved
position positions positioning positioned|begin begins beginning begun|start starts starting started|walk walks walking walked|ride rides riding ridden|scan scans scanning scanned"""
    .replace("\n", "|").split("|")
}
BASE, THIRD, GERUND, PARTICIPLE = range(4)


def times_word(rng: random.Random, count: int) -> str:
    spelled = NUMBERS[count] if count <= 12 and rng.random() < 0.6 else str(count)
    return spelled


class English:
    def __init__(self, rng: random.Random, fleet: Fleet, said: Said) -> None:
        self.rng, self.fleet, self.said = rng, fleet, said
        self.carried: list[str] | None = None
        self.held: dict[str, str] = {}
        """A name that the fleet lacks, and how it was said."""
        self.unknown: str | None = None
        self.unknown_text: str | None = None
        self.explicit = False
        self.parallel = False
        self.mentioned: list[str] = []
        self.named: set[str] = set()
        """Robots of the strands of the group before, if those were several."""
        self.rivals: list[list[str]] = []

    def pick(self, *options: str) -> str:
        return self.rng.choice(options)

    # Names.

    def words(self, name: str, bare: bool = False) -> str:
        text = self._words(name, bare)
        if name == self.unknown and self.unknown_text is None:
            self.unknown_text = text.removeprefix("the ")
        return text

    def _words(self, name: str, bare: bool) -> str:
        rng, words = self.rng, self.said.words.get(name, [name])
        if rng.random() < 0.42:
            return name if bare or rng.random() < 0.85 else f"the {name}"
        if len(words) == 2 and words[1] in ("left", "right", "middle") and rng.random() < 0.7:
            words = words[::-1]
        elif len(words) == 2 and self._is_enough(name, words[1]) and rng.random() < 0.12:
            words = words[1:]
        text = (" " if rng.random() < 0.93 else "-").join(self._digits(words))
        article = rng.random() < 0.75 and not (len(words) > 1 and len(words[-1]) <= 2) and name not in self.said.made_up
        return f"the {text}" if article and not bare else text

    def _is_enough(self, name: str, word: str) -> bool:
        """Whether the last word says which of the fleet's names is meant."""
        others = [*self.fleet.robots, *self.fleet.objects, *self.fleet.surfaces, *self.fleet.floors]
        return len(word) > 3 and name != self.unknown and not any(word in self.said.words.get(o, [o]) for o in others if o != name)

    def _digits(self, words: list[str]) -> list[str]:
        rng = self.rng
        return [w.lstrip("0") if w.isdigit() and w.startswith("0") and rng.random() < 0.5 else w for w in words]

    def object(self, name: str) -> str:
        return self.words(name)

    def place(self, name: str) -> str:
        return self.words(name)

    def join(self, texts: list[str], last: str | None = None) -> str:
        if len(texts) == 1:
            return texts[0]
        if last is None and len(texts) > 2 and self.rng.random() < 0.05:
            return " ".join(texts)
        last = last or self.pick(" and ", " and ", " and ", ", ", " & ", ", and ")
        return ", ".join(texts[:-1]) + last + texts[-1]

    def place_list(self, names: list[str]) -> str:
        words = [self.said.words.get(n, [n]) for n in names]
        stems = {w[0] for w in words}
        if len(names) > 1 and len(stems) == 1 and all(len(w) == 2 for w in words) and self.rng.random() < 0.35:
            stem = words[0][0]
            return f"{stem}{'es' if stem.endswith(('s', 'x', 'ch')) else 's'} {self.join([w[1] for w in words])}"
        return self.join([self.place(n) for n in names])

    def robot(self, name: str) -> str:
        if name == self.unknown:
            text = self.robot_plain(name)
            self.unknown_text = self.unknown_text or text
            return text
        rng = self.rng
        kind = kind_of(self.fleet, name)
        peers = same_kind(self.fleet, kind)
        if len(self.fleet.robots) == 1 and rng.random() < 0.15:
            return "the robot"
        if len(peers) == 1 and rng.random() < 0.3:
            noun = self.said.kind.get(name, "")
            nouns = ["arm", "robot arm", "arm"] if kind == "arm" else ["rover", "rover", "rover", "mobile robot"]
            if noun in ARM_KINDS or noun in ROVER_KINDS:
                nouns += [noun.replace("_", " ")] * 3
            return f"the {rng.choice(nouns)}" if rng.random() < 0.85 else rng.choice(nouns)
        pair = [r[0] for r in self.rivals if len(r) == 1]
        if len(pair) == 2 and len(self.rivals) == 2 and name in pair and rng.random() < 0.06:
            return self.pick("the former", "the first one") if name == pair[0] else self.pick("the latter", "the second one")
        if len(peers) == 2 and self.mentioned and self.mentioned[-1] != name and self.mentioned[-1] in peers and rng.random() < 0.3:
            noun = self.said.kind.get(name, kind).replace("_", " ")
            return f"the other {rng.choice([noun, noun, kind])}"
        words = self._digits(self.said.words.get(name, [name]))
        if rng.random() < 0.55 or len(words) == 1:
            return name
        text = " ".join(words)
        return f"the {text}" if not words[-1].isdigit() and len(words[-1]) > 2 and rng.random() < 0.6 else text

    def robots(self, strand: Strand) -> tuple[str, bool]:
        """Who, and whether it is many."""
        rng, names = self.rng, strand.robots
        if len(names) == 1:
            text = self.robot(names[0])
            self.mentioned.append(names[0])
            self.named.add(names[0])
            return text, False
        if set(names) == self.named and rng.random() < 0.55:
            two = [("both", True), ("both", True), ("they both", True), ("both of them", True), ("the two of them", True), ("they", True)]
            more = [("they", True), ("they all", True), ("all of them", True)]
            return rng.choice(two if len(names) == 2 else more)
        self.named.update(names)
        if strand.whole_kind and rng.random() < 0.7:
            kind = strand.whole_kind
            nouns = [self.said.kind.get(n, kind) for n in names]
            noun = nouns[0].replace("_", " ") if len(set(nouns)) == 1 and kind != "robot" else kind
            plural = f"{noun}s"
            if kind == "robot":
                options = [("everyone", False), ("all robots", True), ("everybody", False), ("all the robots", True), ("each robot", False)]
                if len(names) == 2:
                    options += [("both robots", True), ("both", True), ("the two robots", True)]
            else:
                options = [(f"all {plural}", True), (f"all {NUMBERS[len(names)]} {plural}" if len(names) > 2 else f"all {plural}", True),
                           (f"all the {plural}", True), (f"each {noun}", False),
                           (f"every {noun}", False), (f"the {plural}", True)]
                if len(names) == 2:
                    options += [(f"both {plural}", True), (f"both the {plural}", True), (f"both {plural}", True), (f"the two {plural}", True)]
            return rng.choice(options)
        self.mentioned.extend(names)
        text = self._numbered(names) if rng.random() < 0.3 else ""
        text = text or self.join([self.robot_plain(n) for n in names], " and ")
        return (f"both {text}" if len(names) == 2 and rng.random() < 0.15 else text), True

    def _numbered(self, names: list[str]) -> str:
        """`rovers 1 and 2`."""
        words = [self.said.words.get(n, [n]) for n in names]
        stems = {w[0] for w in words}
        if len(stems) > 1 or any(len(w) != 2 or not w[1].isdigit() for w in words):
            return ""
        return f"{words[0][0]}s {self.join([w[1] for w in words], ' and ')}"

    def robot_plain(self, name: str) -> str:
        return name if self.rng.random() < 0.7 else " ".join(self._digits(self.said.words.get(name, [name])))

    # Phrases of actions.

    def action(self, action: Action, form: int, robots: list[str]) -> str:
        return getattr(self, f"_{action.skill}")(action, form, robots)

    def verb(self, form: int, *options: str) -> str:
        word, *rest = self.rng.choice(options).split(" ", 1)
        return " ".join([FORMS[word][form], *rest])

    def _pick_and_place(self, action: Action, form: int, robots: list[str]) -> str:
        rng = self.rng
        thing, place = self.object(action.object), self.place(action.place)
        into = self.pick("in", "in", "into", "on", "onto", "to", "at", "inside", "on top of", "over to")
        if form == BASE and rng.random() < 0.06:
            return f"{thing} {self.pick('into', 'onto', 'to', 'in', 'on')} {place}"
        if rng.random() < 0.2:
            first = self.verb(form, "pick", "pick up", "grab", "take", "fetch", "get", "grasp", "collect", "lift", "retrieve")
            second = self.verb(form, "put", "place", "drop", "lay", "set", "leave", "deposit", "release", "stow")
            again = self.pick("it", "it", "it", "it down", "this", "that")
            if first.endswith("up") and rng.random() < 0.4:
                first, thing = first[:-3], f"{thing} up"
            link = self.pick(" and ", " and ", ", ", " and then ", ", then ")
            if link in (", ", ", then ") and form in (GERUND, PARTICIPLE):
                link = " and "
            return f"{first} {thing}{link}{second} {again} {self.pick('in', 'into', 'on', 'onto', 'at')} {place}"
        if into in ("to", "over to"):
            word = self.verb(form, "move", "bring", "carry", "transfer", "take", "deliver", "shift", "relocate")
        else:
            word = self.verb(form, "put", "put", "put", "place", "place", "drop", "lay", "set", "stow", "load", "stack", "store", "leave",
                             "move", "sort", "deposit", "position")
        return f"{word} {thing} {into} {place}"

    def _pick(self, action: Action, form: int, robots: list[str]) -> str:
        for robot in robots:
            self.held[robot] = action.object
        word = self.verb(form, "pick", "pick up", "pick up", "grab", "grasp", "lift", "fetch", "take", "collect", "get", "get hold of", "retrieve")
        thing = self.object(action.object)
        if word.endswith(" up") and self.rng.random() < 0.3:
            return f"{word[:-3]} {thing} up"
        return f"{word} {thing}"

    def _place(self, action: Action, form: int, robots: list[str]) -> str:
        held = self.held.pop(robots[0], None)
        thing = self.object(held) if held and self.rng.random() < 0.35 else "it"
        word = self.verb(form, "put", "put", "place", "drop", "lay", "set", "leave", "release", "deposit")
        down = self.pick("", "", " down") if word.split()[0] in FORMS["put"] + FORMS["set"] + FORMS["lay"] else ""
        return f"{word} {thing}{down} {self.pick('in', 'in', 'into', 'on', 'onto', 'at')} {self.place(action.place)}"

    def _coordinates(self, numbers: list[float], yaw: float | None = None) -> str:
        rng, shown = self.rng, [str(number(n)) for n in numbers]
        style = rng.random()
        if yaw is not None:
            turned = str(number(yaw))
            if style < 0.3:
                return f"({', '.join([*shown, turned])})"
            if style < 0.45:
                return ", ".join(f"{a}={v}" for a, v in zip(("x", "y", "yaw"), [*shown, turned]))
            if style < 0.6:
                return " ".join(f"{a} {v}" for a, v in zip(("x", "y", "yaw"), [*shown, turned]))
            turn = self.pick(" with yaw ", " with a yaw of ", ", yaw ", " and yaw ", " facing ", " at yaw ", " with heading ")
            return self._coordinates(numbers) + turn + turned
        if style < 0.42:
            return f"({', '.join(shown)})"
        if style < 0.45:
            return " / ".join(shown)
        if style < 0.47:
            return ", ".join(f"{a} {v.replace('-', 'minus ')}" for a, v in zip("xyz", shown))
        if style < 0.52:
            return " ".join(shown)
        if style < 0.56:
            return ", ".join(shown[:-1]) + " and " + shown[-1]
        if style < 0.65:
            return f"{self.pick('the point', 'coordinates', 'position', 'point', 'the position', 'the coordinates')} ({', '.join(shown)})"
        if style < 0.8:
            return ", ".join(shown)
        if style < 0.9:
            return ", ".join(f"{a}={v}" for a, v in zip("xyz", shown))
        parts = [f"{a} {v}" for a, v in zip("xyz", shown)]
        return self.join(parts, " and ") if rng.random() < 0.4 else self.pick(", ", " ", " and ").join(parts)

    def _navigate_to(self, action: Action, form: int, robots: list[str]) -> str:
        target = self._target(action)
        verbs = ["go to", "go to", "go to", "drive to", "drive to", "head to", "head for", "navigate to", "travel to", "proceed to",
                 "move to", "come to", "roll to", "run to", "go over to", "drive over to", "return to", "walk to", "ride to", "head over to"]
        if form == PARTICIPLE:
            verbs += ["arrive at"] * 2 + ["reach"] * 4
        elif self.rng.random() < 0.1:
            verbs += ["reach"] * 4
        if form == BASE and self.rng.random() < 0.1:
            return f"{self.pick('', '', '', 'off ', 'over ', 'now ')}to {target}"
        if action.place and self.rng.random() < 0.05:
            verbs = ["park at", "stop at", "park in"]
        return f"{self.verb(form, *verbs)} {target}"

    def _target(self, action: Action) -> str:
        return self.place(action.place) if action.place else self._coordinates(action.numbers[:2], *action.numbers[2:])

    def _rounds(self, rounds: int) -> str:
        if rounds == 1:
            return self.pick("once", "once", "one time", "for one round", "one round")
        count = times_word(self.rng, rounds)
        options = [f"{count} times", f"{count} times", f"for {count} rounds", f"{count} rounds", f"{count} laps", f"for {count} laps", f"{count}x"]
        if rounds == 2:
            options += ["twice"] * 6 + ["a couple of times", "two times"]
        if rounds == 3:
            options += ["thrice", "three times", "thrice"]
        return self.rng.choice(options)

    def _patrol(self, action: Action, form: int, robots: list[str]) -> str:
        rng, places = self.rng, self.place_list(action.places)
        if rng.random() < 0.14 and action.rounds:
            count = times_word(rng, action.rounds) if action.rounds > 1 else self.pick("one", "a", "1")
            noun = self.pick("round", "lap", "tour") + ("s" if action.rounds > 1 else "")
            return f"{self.verb(form, 'make', 'do', 'drive', 'run')} {count} {noun} {self.pick('of', 'around', 'through', 'between', 'of')} {places}"
        word = self.verb(form, "patrol", "patrol", "patrol", "patrol", "patrol between", "visit", "visit", "inspect", "check", "tour", "circle between",
                         "circle around", "patrol around", "make the rounds of", "make a tour of", "check on", "loop through", "cover", "scan",
                         "patrol through", "take a look at", "watch over", "keep an eye on", "go around")
        if not action.rounds:
            return f"{word} {places}"
        if rng.random() < 0.1:
            return f"{self._rounds(action.rounds)} {word} {places}" if form != THIRD else f"{word} {self._rounds(action.rounds)} {places}"
        return f"{word} {places} {self._rounds(action.rounds)}"

    def _home(self, action: Action, form: int, robots: list[str]) -> str:
        words = ["go home", "go home", "go home", "return home", "return home", "come home", "head home", "go back", "come back home",
                 "return", "come back", "go back home", "go back to POS home position", "go to POS home position", "return to POS start",
                 "go to the home position", "return to the home position", "head back", "drive home", "return to base", "go back to base"]
        if all(kind_of(self.fleet, r) == "arm" for r in robots):
            words = words[:5] + ["go to POS home posture", "fold", "fold up", "return to POS rest posture", "go to the home position",
                                 "move to POS home position", "go back to POS resting posture", "move home", "return home", "rest at home"]
            words = [w for w in words if w != "rest at home"]
        return self.verb(form, *words).replace("POS", "its" if len(robots) == 1 else "their")

    def duration(self, seconds: float) -> str:
        rng, seconds = self.rng, number(seconds)
        special = {30: ["half a minute"], 15: ["a quarter of a minute"], 60: ["a minute", "one minute", "1 minute", "1 min"],
                   90: ["one and a half minutes", "1.5 minutes", "a minute and a half"], 150: ["two and a half minutes", "2.5 minutes"], 0.5: ["half a second"], 1: ["a second", "one second"],
                   3600: ["an hour"], 1800: ["half an hour", "30 minutes"], 900: ["a quarter of an hour", "fifteen minutes"], 120: ["two minutes", "a couple of minutes"]}
        if seconds in special and rng.random() < 0.6:
            return rng.choice(special[seconds])
        if seconds >= 60 and seconds % 60 == 0 and rng.random() < 0.85:
            minutes = int(seconds // 60)
            word = NUMBERS[minutes] if minutes <= 12 and rng.random() < 0.4 else str(minutes)
            return f"{word} {'minute' if minutes == 1 else self.pick('minutes', 'minutes', 'min', 'mins')}"
        if isinstance(seconds, int) and seconds > 60 and seconds % 60 and rng.random() < 0.65:
            minutes, rest = divmod(seconds, 60)
            one = "one" if rng.random() < 0.3 else "1"
            first = f"{one} minute" if minutes == 1 else f"{minutes} minutes"
            return rng.choice([f"{first} and {rest} seconds", f"{minutes} min {rest} s", f"{first} {rest} seconds"])
        if isinstance(seconds, int):
            spelled = NUMBERS[seconds] if seconds <= 12 else TENS.get(seconds)
            if spelled and rng.random() < 0.45:
                return f"{spelled} {'second' if seconds == 1 else 'seconds'}"
        return f"{seconds}{self.pick(' seconds', ' seconds', ' s', 's', ' sec', ' secs')}"

    def _wait(self, action: Action, form: int, robots: list[str]) -> str:
        time = self.duration(action.numbers[0])
        if form == BASE and self.rng.random() < 0.05:
            return f"{self.pick('pause', 'then a pause', 'rest')} of {time}".removeprefix("then ")
        word = self.verb(form, "wait", "wait", "wait", "wait there", "pause", "stay there", "rest", "hold still", "stand by", "stop", "hold position",
                         "stand still", "stay put")
        if word.split()[0] in FORMS["wait"] and self.rng.random() < 0.4:
            return f"{word} {time}"
        return f"{word} for {time}"

    def _set_gripper(self, action: Action, form: int, robots: list[str]) -> str:
        width, rng = action.numbers[0], self.rng
        owner = self.pick("the", "the", "its" if len(robots) == 1 else "their", "its" if len(robots) == 1 else "their")
        hand = self.pick("gripper", "gripper", "gripper", "hand", "fingers") + ("s" if len(robots) > 1 and rng.random() < 0.5 else "")
        hand = hand.replace("fingerss", "fingers")
        terse = form == BASE and rng.random() < 0.07
        if width in (0.0, MAX_OPENING_M) and rng.random() < 0.95:
            verbs = ["close", "close", "close", "shut"] if width == 0 else ["open", "open", "open", "open up"]
            whole = self.pick("", "", "", "", "", "", "", " completely", " fully", " all the way")
            if terse:
                return f"{hand} {'closed' if width == 0 else 'open'}"
            return f"{self.verb(form, *verbs)} {owner} {hand}{whole}"
        mm = round(width * 1000)
        shown = [f"{mm} mm", f"{mm}mm", f"{mm} millimetres", f"{number(width)} m", f"{number(width)} metres"]
        if mm % 10:
            shown += [f"{number(mm / 10)} cm", f"{number(mm / 10)}cm", f"{number(mm / 10)} centimetres"]
        else:
            cm = mm // 10
            shown += [f"{cm} cm", f"{cm}cm", f"{cm} centimetre{'s' if cm != 1 else ''}", f"{NUMBERS[cm] if cm <= 12 else cm} centimeters"] * 2
        if terse:
            return f"{hand} to {rng.choice(shown)}"
        return f"{self.verb(form, 'open', 'set', 'close', 'move', 'open', 'set')} {owner} {hand} to {rng.choice(shown)}"

    def _move_to(self, action: Action, form: int, robots: list[str]) -> str:
        tool = self.pick("", "", "", " its tool", " the tool", " its hand", " the hand", " the gripper") if len(robots) == 1 else ""
        verbs = ["move", "move", "move", "go", "reach", "position"] if not tool else ["move", "bring", "position"]
        word = self.verb(form, *verbs)
        if word.split()[0] in FORMS["position"] and not tool:
            word = FORMS["move"][form]
        if word.split()[0] in FORMS["reach"]:
            return f"{word} for {self._coordinates(action.numbers)}"
        return f"{word}{tool} to {self._coordinates(action.numbers)}"

    def _move_joints(self, action: Action, form: int, robots: list[str]) -> str:
        numbers = [str(number(n)) for n in action.numbers]
        shown = ", ".join(numbers)
        shown = self.pick(f"({shown})", shown, shown, f"[{shown}]", " ".join(numbers), f"{', '.join(numbers[:-1])} and {numbers[-1]}")
        owner = self.pick("its", "the", "the") if len(robots) == 1 else "their"
        joints = self.pick("joints", "joints", "joints", "joint angles", "joint positions", "six joints")
        return f"{self.verb(form, 'move', 'set', 'bring')} {owner} {joints} to {shown}"

    # Clauses.

    def policy(self, action: Action) -> str:
        if action.policy == DEFAULT_POLICY:
            return ""
        fails = self.pick("if it fails", "if that fails", "if this fails", "if it does not work", "on failure", "in case it fails", "should it fail",
                          "if something goes wrong", "when it fails", "if that does not work", "if that doesn't work", "if it doesn't work",
                          "in case of failure", "in case that fails", "should that fail", "if there is a problem", "if it goes wrong",
                          "if that goes wrong", "if this should fail", "upon failure", "if it fails", "if that fails", "if it cannot")
        what = {
            "retry": ["try again", "retry", "try it again", "repeat it", "retry it", "try once more", "have another go"],
            "skip": ["skip it", "just skip it", "skip that", "carry on", "go on without it", "ignore it", "continue anyway"],
            "ask_operator": ["ask me", "ask the operator", "ask a human", "call the operator", "let me decide", "ask for help"],
            "fail_mission": ["abort", "abort the mission", "stop the mission", "stop everything", "give up", "cancel everything", "fail the mission"],
        }[action.policy]
        short = {"retry": ["try twice", "up to two tries"], "skip": ["this is optional", "optional"]}.get(action.policy, [])
        if short and self.rng.random() < 0.12:
            return f" ({self.rng.choice(short)})"
        return self.pick(f", {self.rng.choice(what)} {fails}", f" and {self.rng.choice(what)} {fails}", f"; {fails}, {self.rng.choice(what)}",
                         f", and {fails} {self.rng.choice(what)}", f" ({self.rng.choice(what)} {fails})", f". {fails}, {self.rng.choice(what)}", f". {self.rng.choice(what)} {fails}",
                         f", {fails} {self.rng.choice(what)}")

    def may_elide(self, strand: Strand) -> bool:
        if self.explicit:
            return False
        if self.rivals:
            skill = strand.actions[0].skill
            able = [r for r in self.rivals if all(skill in self.fleet.robots[one] for one in r)]
            return able == [strand.robots]
        if self.carried == strand.robots:
            return True
        if self.carried and all(strand.actions[0].skill in self.fleet.robots[r] for r in self.carried):
            return False
        if len(strand.robots) > 1:
            return False
        skill = strand.actions[0].skill
        able = self.fleet.able(skill)
        if skill in ("pick_and_place", "pick", "navigate_to", "patrol"):
            return able[0] == strand.robots[0]
        return able == strand.robots and (skill != "place" or strand.robots[0] in self.held)

    def actions(self, strand: Strand, form: int) -> str:
        """Strands side by side have no "then": that begins a new group."""
        if len(strand.actions) > 1 and self.rng.random() < 0.75:
            text = self._transfers(strand, form) or self._ways(strand, form) or self._stay(strand, form)
            if text:
                return text + self.policy(strand.actions[-1])
        begins = len(strand.actions) > 1 and form in (BASE, THIRD) and self.rng.random() < 0.05
        texts = [self.action(a, GERUND if begins and not index else form, strand.robots) for index, a in enumerate(strand.actions)]
        text = f"{self.verb(form, 'start by', 'begin by', 'start with')} {texts[0]}" if begins else texts[0]
        for index, more in enumerate(texts[1:], start=2):
            links = [" and ", " and ", " and then ", ", then ", ", and ", ", and then ", " then ", " and finally "] if index == len(texts) else [", ", ", ", ", ", ", then ", " and "]
            if self.parallel:
                links = [" and ", " and ", ", and "] if index == len(texts) else [", "]
            if form in (GERUND, PARTICIPLE):
                links = [" and "]
            text += self.rng.choice(links) + more
        return text + self.policy(strand.actions[-1])

    def _transfers(self, strand: Strand, form: int) -> str:
        """`puts the cup and the plate in the sink`, `puts the cup in bin a and the plate in bin b`."""
        actions = strand.actions
        if any(a.skill != "pick_and_place" for a in actions):
            return ""
        word = self.verb(form, "put", "put", "place", "drop", "move", "sort", "stow", "load", "store", "lay")
        into = self.pick("in", "in", "into", "on", "onto", "to" if word.split()[0] in FORMS["move"] else "in")
        things = [a.object for a in actions]
        if len({a.place for a in actions}) > 1:
            texts = [f"{self.object(a.object)} {into} {self.place(a.place)}" for a in actions]
            if form == BASE and self.rng.random() < 0.08:
                return ", ".join(texts)
            return f"{word} {self.join(texts, self.pick(' and ', ' and ', ', ', ', and '))}"
        place = self.place(actions[0].place)
        every = self._every(things)
        if self.rng.random() < 0.2:
            first = self.verb(form, "pick up", "grab", "collect", "take", "get")
            second = self.verb(form, "put", "place", "drop", "leave")
            return f"{first} {every or self.join([self.object(t) for t in things], ' and ')} and {second} them {into} {place}"
        return f"{word} {every or self.join([self.object(t) for t in things])} {into} {place}"

    def _every(self, things: list[str]) -> str:
        """`both boxes`, `every cube`, `all objects`, where that is what they are."""
        if things != sorted(things) or self.rng.random() < 0.15:
            return ""
        count = len(things)
        if things == sorted(self.fleet.objects):
            return self.pick("all objects", "everything", "all the objects", "all things", "every object", *(["both objects"] if count == 2 else []))
        words = [self.said.words.get(t, [t]) for t in things]
        for noun in sorted({w for ws in words for w in ws if w in THINGS or w in COLOURS}):
            same = sorted(o for o in self.fleet.objects if noun in self.said.words.get(o, [o]))
            if same != things:
                continue
            if noun in COLOURS:
                return self.pick(f"all {noun} things", f"everything {noun}", f"every {noun} object", f"all {noun} objects")
            plural = "knives" if noun == "knife" else f"{noun}es" if noun.endswith(("x", "s", "h")) else f"{noun}s"
            plural = "batteries" if noun == "battery" else plural
            return self.pick(f"all {plural}", f"all the {plural}", f"every {noun}", f"the {plural}", f"each {noun}",
                             *([f"both {plural}", f"both {plural}", f"the two {plural}"] if count == 2 else [f"the {NUMBERS[count]} {plural}"]))
        return ""

    def _stay(self, strand: Strand, form: int) -> str:
        """`wait at dock a for 5 s` means to go there first."""
        if [a.skill for a in strand.actions] != ["navigate_to", "wait"] or not strand.actions[0].place or self.rng.random() < 0.6:
            return ""
        where, time = self.place(strand.actions[0].place), self.duration(strand.actions[1].numbers[0])
        word = self.verb(form, "wait", "wait", "stay", "stop", "pause", "stand by")
        go = f"{FORMS['go'][form]} and " if form in (BASE, THIRD) and self.rng.random() < 0.3 else ""
        return f"{go}{word} {self.pick('at', 'at', 'in front of', 'in')} {where} for {time}"

    def _ways(self, strand: Strand, form: int) -> str:
        """`goes to dock a, then to dock b`."""
        if any(a.skill != "navigate_to" or not a.place for a in strand.actions):
            return ""
        word = self.verb(form, "go", "drive", "head", "travel", "proceed", "navigate")
        places = [self.place(a.place) for a in strand.actions]
        style = self.rng.random()
        if style < 0.35:
            return f"{word} to {self.join(places, self.pick(' and ', ' and ', ' and to '))}"
        if style < 0.55 and len(places) == 2:
            return f"{word} {self.pick('via', 'by way of', 'over')} {places[0]} to {places[1]}"
        if style < 0.7:
            return f"{word} from {places[0]} to {places[1]}" + "".join(f" and to {p}" for p in places[2:])
        then = self.pick(" and to ", " and on to ", " and ") if self.parallel else self.pick(", then to ", " and then to ", ", then ", " and then ", " and to ")
        return f"{word} to {then.join(places)}"

    def clause(self, strand: Strand, mood: str, elide: bool = False) -> str:
        """`mood`: main, subordinate, while, perfect."""
        rng = self.rng
        if elide:
            self.carried = strand.robots
            if mood == "while":
                return self.actions(strand, GERUND)
            form = BASE if mood == "main" else THIRD
            return self.actions(strand, form)
        text = self._passive(strand, mood) if rng.random() < 0.08 else ""
        if not text and mood == "main" and rng.random() < 0.4:
            text = self._possessive(strand)
        if text:
            self.carried = strand.robots
            return text
        who, many = self.robots(strand)
        self.carried = strand.robots
        finite = BASE if many else THIRD
        if mood == "perfect":
            style = rng.random()
            if style < 0.75:
                return f"{who} {'have' if many else 'has'} {self.actions(strand, PARTICIPLE)}"
            return f"{who} {self.actions(strand, finite)}"
        if mood == "while":
            if rng.random() < 0.35:
                return f"{who} {'are' if many else 'is'} {self.actions(strand, GERUND)}"
            return f"{who} {self.actions(strand, finite)}"
        if mood == "main":
            style = rng.random()
            first, last = strand.actions[0], strand.actions[-1]
            if len(strand.actions) == 2 and not self.parallel and first.policy == last.policy == DEFAULT_POLICY and style < 0.3:
                if rng.random() < 0.5:
                    return f"after {self.action(first, GERUND, strand.robots)}, {who} {self.action(last, finite, strand.robots)}"
                begin = f"{self.pick('before', 'prior to')} {self.action(last, GERUND, strand.robots)}"
                return f"{begin}, {who} {self.action(first, finite, strand.robots)}"
            if style < 0.12:
                return f"{who}{self.pick(', ', ', ', ': ', ', please ', ' ', ' - ')}{self.actions(strand, BASE)}"
            if style < 0.15:
                return f"{self.pick('could', 'can', 'would', 'will')} {who} {self.pick('', 'please ')}{self.actions(strand, BASE)}"
            if style < 0.17 and first.skill == "navigate_to" and len(strand.actions) == 1 and first.policy == DEFAULT_POLICY:
                return self.pick(f"{who} off to {self._target(first)}", f"get {who} over to {self._target(first)}", f"to {self._target(first)}, {who}",
                                 f"{who}, to {self._target(first)}")
            if first.skill == "pick_and_place" and len(strand.actions) == 1 and first.policy == DEFAULT_POLICY and style < 0.2:
                return f"{self.action(first, BASE, strand.robots)} {self.pick('with', 'using', 'with')} {who}"
            if style < 0.2:
                return f"{self.pick('tell', 'ask', 'order', 'command', 'instruct')} {who} to {self.actions(strand, BASE)}"
            if style < 0.27:
                return f"{self.pick('have', 'let', 'make', 'let')} {who} {self.actions(strand, BASE)}"
            if style < 0.36:
                return f"{who} {self.pick('should', 'must', 'shall', 'will', 'has to' if not many else 'have to', 'needs to' if not many else 'need to', 'is to' if not many else 'are to', 'may')} {self.actions(strand, BASE)}"
            if style < 0.42:
                wish = self.pick("i want", "i would like", "i'd like", "i need", "we want", "we need", "i'd want")
                return f"{wish} {who} to {self.actions(strand, BASE)}"
            if style < 0.45:
                return f"{who} {'are' if many else 'is'} {self.pick('going to', 'supposed to', 'to')} {self.actions(strand, BASE)}"
            short = self._short(strand)
            if style < 0.55 and short:
                return f"{self.pick('send', 'send', 'bring', 'get') if rng.random() < 0.6 else ''} {who}{short}".strip()
        return f"{who} {self.actions(strand, finite)}"

    def _passive(self, strand: Strand, mood: str) -> str:
        """`the cup is put in bin a by arm 1`, `have the cup put in bin a`."""
        actions, rng = strand.actions, self.rng
        action = actions[0]
        if len(strand.robots) > 1 or actions[-1].policy != DEFAULT_POLICY or mood == "while":
            return ""
        if len(actions) > 1 and (any(a.skill != "pick_and_place" for a in actions) or len({a.place for a in actions}) > 1):
            return ""
        many, done = len(actions) > 1, ""
        if action.skill == "pick_and_place":
            done = self.pick("put", "put", "placed", "moved", "brought", "laid", "dropped", "stowed", "stored")
            into = "to" if done in ("moved", "brought") else self.pick("in", "into", "on", "onto")
            what, where = self.join([self.object(a.object) for a in actions], " and "), f" {into} {self.place(action.place)}"
        elif action.skill == "pick":
            what, where, done = self.object(action.object), "", self.pick("picked up", "picked", "lifted", "grabbed", "picked up")
            self.held[strand.robots[0]] = action.object or ""
        elif action.skill == "patrol" and not action.rounds:
            what, where, many = self.place_list(action.places), "", len(action.places) > 1
            done = self.pick("patrolled", "visited", "inspected", "checked", "toured")
        else:
            return ""
        nobody = self.may_elide(strand) and self.carried is None and not self.rivals and rng.random() < 0.6
        if mood == "main" and nobody and rng.random() < 0.3:
            return f"{self.pick('have', 'get')} {what} {done}{where}"
        if action.skill == "pick_and_place" and mood in ("main", "sub") and rng.random() < 0.35:
            go = self.pick("go", "belong", "go") if many else self.pick("goes", "goes", "belongs", "has to go", "should go", "needs to go")
            by = "" if nobody else f" {self.pick('with', 'by means of', 'via')} {self.robots(strand)[0]}"
            return f"{what} {go} {self.pick('in', 'into', 'on', 'onto')} {self.place(action.place)}{by}"
        be = "are" if many else "is"
        if mood == "perfect":
            be = "have been" if many else "has been"
        elif mood == "main" and rng.random() < 0.5:
            be = self.pick("should be", "must be", "shall be", f"{'have' if many else 'has'} to be", f"{'need' if many else 'needs'} to be")
        return f"{what} {be} {done}{where}" + ("" if nobody else f" by {self.robots(strand)[0]}")

    def _possessive(self, strand: Strand) -> str:
        """`open the gripper of arm 1`, `move arm_1's hand to (1, 2, 3)`."""
        action = strand.actions[0]
        if len(strand.actions) > 1 or len(strand.robots) > 1 or action.policy != DEFAULT_POLICY:
            return ""
        text = self.action(action, BASE, strand.robots)
        for part in ("gripper", "hand", "fingers", "tool", "joints"):
            for owner in ("the", "its"):
                if f" {owner} {part}" in text:
                    who, _ = self.robots(strand)
                    whose = f"{who}'s {part}" if self.rng.random() < 0.6 else f"the {part} of {who}"
                    return text.replace(f"{owner} {part}", whose, 1)
        return ""

    def _short(self, strand: Strand) -> str:
        if len(strand.actions) > 1 or strand.actions[0].policy != DEFAULT_POLICY:
            return ""
        action = strand.actions[0]
        if action.skill == "home":
            return " home"
        if action.skill == "navigate_to":
            return f" to {self._target(action)}"
        return ""

    def group(self, group: Group, first: bool, mood: str = "main") -> str:
        self.parallel = len(group) > 1
        text = self._group(group, first, mood)
        self.rivals = [s.robots for s in group] if len(group) > 1 else []
        return text

    def _group(self, group: Group, first: bool, mood: str) -> str:
        rng = self.rng
        if len(group) == 1:
            strand = group[0]
            if len(strand.robots) == 2 and mood in ("main", "sub") and strand.actions[-1].policy == DEFAULT_POLICY and rng.random() < 0.15:
                one, other = strand.robots
                text = self.clause(Strand([one], strand.actions), "sub")
                who = self.robots(Strand([other], strand.actions))[0]
                self.carried = strand.robots
                return text + self.pick(f" and so does {who}", f", and so does {who}", f", as does {who}", f" and {who} does the same", f" and {who} does so too")
            elide = self.may_elide(strand) and rng.random() < (0.45 if first else 0.6)
            if mood in ("perfect", "while"):
                elide = False
            if elide and not first and rng.random() < 0.3 and self.carried == strand.robots:
                self.carried = strand.robots
                if len(strand.robots) == 1:
                    return f"it {self.actions(strand, THIRD)}"
                return f"{self.pick('they', 'both') if len(strand.robots) == 2 else 'they'} {self.actions(strand, BASE)}"
            return self.clause(strand, mood, elide)
        style = rng.random()
        if mood == "perfect":
            return self.join([self.clause(s, "perfect") for s in group], " and ")
        if style < 0.18 and len(group) == 2:
            second, one = self.clause(group[0], "while"), None
            one = self.clause(group[1], "sub")
            return f"{self.pick('while', 'while', 'as', 'whilst')} {second}, {one}"
        gapped = self._gapped(group) if rng.random() < 0.35 else ""
        if gapped:
            return gapped
        main = self.clause(group[0], "main", first and self.may_elide(group[0]) and rng.random() < 0.3)
        rest = []
        for index, strand in enumerate(group[1:]):
            last = index == len(group) - 2
            link = self.pick(" while ", " while ", " while ", " and ", ", ", ", while ", ". meanwhile, ", "; meanwhile ", " as ", ", and ",
                             " and at the same time ", ", meanwhile ", " and in parallel ", ". at the same time ", " whilst ", ", and meanwhile ",
                             ". in parallel, ", " and simultaneously ") if last else self.pick(", ", ", ", " and ", " while ")
            while_like = any(w in link for w in ("while ", " as ", "whilst"))and "mean" not in link
            rest.append(link + self.clause(strand, "while" if while_like else "main" if rng.random() < 0.4 else "sub"))
        tail = self.pick(" at the same time", " in parallel", " simultaneously", " together", ", all at once") if rest and " and " in rest[-1][:5] and rng.random() < 0.3 else ""
        return main + "".join(rest) + tail

    def _gapped(self, group: Group) -> str:
        """`the rover drives to dock a and the agv to dock b`: the verb is said once."""
        firsts = [s.actions[0] for s in group]
        skill = firsts[0].skill
        if any(len(s.actions) > 1 or len(s.robots) > 1 or s.actions[0].skill != skill or s.actions[0].policy != DEFAULT_POLICY for s in group):
            return ""
        if skill not in ("navigate_to", "pick", "pick_and_place") or any(skill == "navigate_to" and not a.place for a in firsts):
            return ""
        whos = [self.robots(s)[0] for s in group]
        self.carried = group[-1].robots
        for strand in group:
            if skill == "pick":
                self.held[strand.robots[0]] = strand.actions[0].object or ""
        if skill == "navigate_to":
            verb, rests = self.verb(THIRD, "go", "drive", "head", "move", "travel"), [f"to {self.place(a.place)}" for a in firsts]
        elif skill == "pick":
            verb, rests = self.verb(THIRD, "pick up", "pick", "grab", "take", "lift"), [self.object(a.object) for a in firsts]
        else:
            into = self.pick("in", "into", "on", "onto")
            verb, rests = self.verb(THIRD, "put", "place", "drop", "lay"), [f"{self.object(a.object)} {into} {self.place(a.place)}" for a in firsts]
        if len(group) == 2 and skill != "pick_and_place" and self.rng.random() < 0.15:
            both = self._numbered([s.robots[0] for s in group]) or self.join(whos, " and ")
            verb = self.verb(BASE, *(["go", "drive", "head"] if skill == "navigate_to" else ["pick up", "grab", "take"]))
            rests = [r.removeprefix("to ") for r in rests]
            return f"{both} {verb} {'to ' if skill == 'navigate_to' else ''}{self.join(rests, ' and ')} respectively"
        texts = [f"{whos[0]} {verb} {rests[0]}"] + [f"{who} {rest}" for who, rest in zip(whos[1:], rests[1:])]
        return self.join(texts, self.pick(" and ", " and ", ", ", " while ", ", and "))

    def mission(self, groups: list[Group]) -> str:
        rng = self.rng
        text = ""
        index = 0
        ordered = len(groups) > 1 and all(g[-1].actions[-1].policy == DEFAULT_POLICY for g in groups)
        if ordered and rng.random() < 0.34:
            text = self._subordinate(groups[0], groups[1])
            index = 2
        else:
            start = self.pick("first, ", "first ", "to begin with, ", "at first ") if len(groups) > 1 and rng.random() < 0.2 else ""
            text = start + self.group(groups[0], True)
            index = 1
        while index < len(groups):
            last = index == len(groups) - 1
            links = [", then ", ", then ", " and then ", ". then ", ". then, ", ". after that, ", ", after that ", "; then ", ". ", "; ",
                     ". afterwards ", " and afterwards ", ", and after that ", ". next, ", ". once that is done, ", ", and once this is done, ",
                     " and when finished ", ", and when that is done ", ", followed by: ", ". when done, ", ". subsequently ", " and after that ",
                     "; after that ", "; once that is done ", "; once that is done, ", " then ", ", and when thats done ", ". when that is finished, ",
                     ". when all that is done, ", ", and afterwards ", "; and then ", ". after this ", ". as soon as that is done, ", ", whereupon ", " and once done ", ", upon completion "]
            before = groups[index - 1]
            if sum(len(s.robots) for s in before) == 2:
                links += ["; once both are done, ", ", and once both are done ", ". once both have finished, ", ". when both are done, ", ". when both have finished ",
                          " and when both are done ", ". when both are finished, ", ", and when they are both done ", ", once both have finished, "]
            if last:
                links += [". finally, ", " and finally ", ", finally ", ", and finally ", ". at last, ", ". in the end, ", "; finally ", ". finally ", ". lastly, "]
            link = rng.choice(links)
            text += link + self.group(groups[index], False, "main" if rng.random() < 0.7 else "sub")
            index += 1
        return self._polish(text)

    def _subordinate(self, before: Group, then: Group) -> str:
        rng = self.rng
        style = rng.random()
        after = self.pick("after", "once", "as soon as", "when", "after", "once", "only after")
        if style < 0.35:
            first = self.group(before, True, "perfect")
            return f"{after} {first}, {self.pick('', '', '', 'then ')}{self.group(then, False, 'main')}"
        if style < 0.7 and not any(s.robots == before[0].robots for s in then):
            # Said in the other order, so nothing may be left out that only the first part would tell.
            second = self._explicit(then)
            first = self._explicit(before, "perfect")
            return f"{second}{self.pick(' ', ' ', ', but only ', ' only ')}{self.pick('after', 'once', 'as soon as', 'when', 'after')} {first}"
        strand = then[0]
        if style < 0.76 and len(then) == 1 and self.may_elide(strand) and not any(s.robots == strand.robots for s in before):
            waits = self.pick("hold off on", "wait with", "hold off", "do not begin")
            return f"{waits} {self.actions(strand, GERUND)} until {self._explicit(before, 'perfect')}"
        if style < 0.85:
            first = self._explicit(before)
            return f"{first} before {self._explicit(then, 'sub')}"
        second = self._explicit(then, "sub")
        return f"before {second}, {self._explicit(before)}"

    def _explicit(self, group: Group, mood: str = "main") -> str:
        """With every subject; a list of clauses may have no "then" within."""
        self.parallel = True
        text = self._clauses(group, mood)
        self.rivals = [s.robots for s in group] if len(group) > 1 else []
        return text

    def _clauses(self, group: Group, mood: str) -> str:
        if mood == "main":
            texts = [self.clause(s, "main" if self.rng.random() < 0.3 else "sub") for s in group]
        else:
            texts = [self.clause(s, mood) for s in group]
        return self.join(texts, " and ") if len(texts) < 3 else self.join(texts, ", and ")

    def _polish(self, text: str) -> str:
        rng = self.rng
        style = rng.random()
        if style < 0.1:
            text = self.pick("please ", "please, ", "could you please ", "can you ", "hey, ", "ok, ", "now ", "would you ", "could you ", "your task: ",
                             "mission: ", "hi! ", "hello, ", "i need you to ", "i want you to ", "you should ", "let us ", "kindly ",
                             "i would be grateful if you could ", "go ahead and ", "ok so ", "um ", "right, ", "alright, ", "so ", "next up: ", "uh ", "well, ",
                             "would you be so kind as to ", "be so kind and ", "next: ", "hi, could you please ") + text
        elif style < 0.14:
            text = f"{text}{self.pick(', please', ' please', ' now', ', thanks', ' thank you')}"
        return text + self.pick("", "", ".", ".", "!") if not text.endswith((")", ".")) else text
