"""Says single actions in English."""

import random

from english_names import NUMBERS, EnglishNames
from missions import Action, kind_of
from plan_format import MAX_OPENING_M, number

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
position positions positioning positioned|begin begins beginning begun|start starts starting started|walk walks walking walked|ride rides riding ridden|scan scans scanning scanned
pop pops popping popped|stick sticks sticking stuck|toss tosses tossing tossed|chuck chucks chucking chucked|slide slides sliding slid
dispose disposes disposing disposed|hang hangs hanging hung|sit sits sitting sat|halt halts halting halted|remain remains remaining remained
linger lingers lingering lingered|spend spends spending spent|swing swings swinging swung|set sets setting set|pay pays paying paid
look looks looking looked|tuck tucks tucking tucked|push pushes pushing pushed|send sends sending sent|haul hauls hauling hauled
nip nips nipping nipped|freeze freezes freezing frozen|let lets letting let|pass passes passing passed|call calls calling called|show shows showing shown|turn turns turning turned|report reports reporting reported|continue continues continuing continued|look looks looking looked|retire retires retiring retired|get gets getting got|be is being been|adjust adjusts adjusting adjusted|shuttle shuttles shuttling shuttled|monitor monitors monitoring monitored|survey surveys surveying surveyed|sweep sweeps sweeping swept|pace paces pacing paced|stroll strolls strolling strolled|cruise cruises cruising cruised|pack packs packing packed|chill chills chilling chilled|relax relaxes relaxing relaxed|idle idles idling idled|clock clocks clocking clocked|withdraw withdraws withdrawing withdrawn|retreat retreats retreating retreated|widen widens widening widened"""
    .replace("\n", "|").split("|")
}
BASE, THIRD, GERUND, PARTICIPLE = range(4)


def times_word(rng: random.Random, count: int) -> str:
    spelled = NUMBERS[count] if count <= 12 and rng.random() < 0.6 else str(count)
    return spelled


class EnglishActions(EnglishNames):
    """Phrases without a subject, in four forms of their verb."""

    def action(self, action: Action, form: int, robots: list[str]) -> str:
        return getattr(self, f"_{action.skill}")(action, form, robots)

    def verb(self, form: int, *options: str) -> str:
        word, *rest = self.rng.choice(options).split(" ", 1)
        return " ".join([FORMS[word][form], *rest])

    def _pick_and_place(self, action: Action, form: int, robots: list[str]) -> str:
        rng = self.rng
        thing, place = self.object(action.object), self.place(action.place)
        into = self.pick("in", "in", "into", "on", "onto", "to", "at", "inside", "on top of", "over to")
        others = [p for p in self.fleet.surfaces if p != action.place]
        if others and rng.random() < 0.06:
            source = f"{self.pick('from', 'from', 'off', 'out of')} {self.place(rng.choice(others))}"
            if self.bare and rng.random() < 0.25:
                return f"{thing} {source} {self.pick('to', 'into', 'onto', 'over to')} {place}"
            word = self.verb(form, "move", "take", "bring", "carry", "transfer", "get", "shift", "put")
            return f"{word} {thing} {source} {self.pick('to', 'into', 'onto', 'over to', 'and put it in' if form == BASE else 'to')} {place}"
        if self.bare and rng.random() < 0.12:
            return f"{thing} {self.pick('into', 'onto', 'to', 'in', 'on', '->', 'over to', 'away in')} {place}"
        if rng.random() < 0.02:
            return f"{self.verb(form, 'dispose of', 'get rid of')} {thing} in {place}"
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
                             "move", "sort", "deposit", "position", "pop", "stick", "toss", "chuck", "slide", "throw", "tuck", "push", "set down",
                             "unload", "get")
        return f"{word} {thing} {into} {place}"

    def _pick(self, action: Action, form: int, robots: list[str]) -> str:
        for robot in robots:
            self.held[robot] = action.object
        word = self.verb(form, "pick", "pick up", "pick up", "grab", "grasp", "lift", "fetch", "take", "collect", "get", "get hold of", "retrieve", "go get", "go and get", "pick")
        word = word.replace("and get", f"and {FORMS['get'][form]}") if " and get" in word else word
        thing = self.object(action.object)
        if word.endswith(" up") and self.rng.random() < 0.3:
            return f"{word[:-3]} {thing} up"
        return f"{word} {thing}"

    def _place(self, action: Action, form: int, robots: list[str]) -> str:
        held = self.held.pop(robots[0], None)
        thing = self.object(held) if held and self.rng.random() < 0.35 else "it"
        if not held and self.rng.random() < 0.4:
            thing = self.pick("what it has in its hand", "whatever it's holding", "what is in its hand", "the thing in its hand", "what it's got", "what it is holding", "what it holds", "whatever it holds", "what it's holding", "what it has got", "the thing it holds",
                              "what it carries", "whatever it is holding", "its load")
        word = self.verb(form, "put", "put", "place", "drop", "lay", "set", "leave", "release", "deposit")
        down = self.pick("", "", " down") if word.split()[0] in FORMS["put"] + FORMS["set"] + FORMS["lay"] else ""
        return f"{word} {thing}{down} {self.pick('in', 'in', 'into', 'on', 'onto', 'at')} {self.place(action.place)}"

    def _coordinates(self, numbers: list[float], yaw: float | None = None) -> str:
        rng, shown = self.rng, [str(number(n)) for n in numbers]
        style = rng.random()
        if yaw is None and rng.random() < (0.2 if len(numbers) == 3 else 0.14):
            return self._measured(numbers)
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
        if style < 0.38:
            return f"({', '.join(shown)})"
        if style < 0.42:
            return self.pick(" ", "/", " / ", " ").join(shown)
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

    def _measured(self, numbers: list[float]) -> str:
        """With units of length."""
        rng = self.rng
        unit, factor = rng.choice([("cm", 100), ("cm", 100), ("mm", 1000), ("m", 1)])
        shown = [str(number(round(n * factor, 3))) for n in numbers]
        word = {"cm": ["cm", "cm", " cm", " cm", " centimetres", " centimeters"], "mm": ["mm", " mm", " mm", " millimetres"], "m": [" m", "m", " metres", " meters"]}[unit]
        unit = rng.choice(word)
        if rng.random() < 0.15:
            shown = [s.replace("-", "minus ") for s in shown]
        if rng.random() < 0.08:
            shown[-1] = "half a metre" if numbers[-1] == 0.5 and unit.strip() in ("m", "metres") else shown[-1]
        style = rng.random()
        if style < 0.35:
            return self.pick(", ", ", ", " ", " and ").join(f"{a} {v}{unit}" if v[-1].isdigit() else f"{a} {v}" for a, v in zip("xyz", shown))
        if style < 0.45:
            return ", ".join(f"{a}={v}{unit}" if v[-1].isdigit() else f"{a}={v}" for a, v in zip("xyz", shown))
        if style < 0.55:
            return ", ".join(f"{a} = {v}{unit}" if v[-1].isdigit() else f"{a} = {v}" for a, v in zip("xyz", shown))
        if style < 0.75:
            return self.pick(", ", " / ", " ", "/").join(f"{v}{unit}" if v[-1].isdigit() else v for v in shown)
        if all(v[-1].isdigit() for v in shown):
            return self.pick(f"({', '.join(shown)}){unit}", f"{', '.join(shown)}{unit}", f"{' / '.join(shown)}{unit}", f"({', '.join(shown)}) in{' ' + unit.strip()}")
        return ", ".join(shown)

    def _navigate_to(self, action: Action, form: int, robots: list[str]) -> str:
        target = self._target(action)
        verbs = ["go to", "go to", "go to", "drive to", "drive to", "head to", "head for", "navigate to", "travel to", "proceed to",
                 "move to", "come to", "roll to", "run to", "go over to", "drive over to", "return to", "walk to", "ride to", "head over to", "make for",
                 "make POS way to", "make POS way over to", "swing by", "swing over to", "get to", "get over to", "set off for", "leave for", "call at", "nip over to",
                 "pay a visit to", "go and park at", "show up at", "turn up at", "go straight to", "go on to", "continue to", "move over to", "drive on to",
                 "come round to", "go round to", "run along to", "report to"]
        verbs = [v for v in verbs if v.split()[0] in FORMS]
        if form == PARTICIPLE:
            verbs += ["arrive at"] * 2 + ["reach"] * 4
        elif self.rng.random() < 0.1:
            verbs += ["reach"] * 4
        if self.bare and self.rng.random() < 0.12:
            return f"{self.pick('', '', '', 'off ', 'over ', 'now ')}to {target}"
        if action.place and self.rng.random() < 0.05:
            verbs = ["park at", "stop at", "park in"]
        word = self.verb(form, *verbs).replace("POS", "its" if len(robots) == 1 else "their")
        return f"{word.replace('and park', 'and ' + FORMS['park'][form])} {target}"

    def _target(self, action: Action) -> str:
        return self.place(action.place) if action.place else self._coordinates(action.numbers[:2], *action.numbers[2:])

    def _rounds(self, rounds: int) -> str:
        if rounds == 1:
            return self.pick("once", "once", "one time", "for one round", "one round", "just once", "only once", "a single time", "one lap", ", one round", "for a single round", ", once only", "one time only", ", one lap", "exactly once", "once through")
        count = times_word(self.rng, rounds)
        options = [f"{count} times", f"{count} times", f"for {count} rounds", f"{count} rounds", f"{count} laps", f"for {count} laps", f"{count}x",
                   f", over and over, {count} times", f", {count} times in all", f"{count} times over", f"{count} times round", f"{count} times in a row", f"in {count} rounds", f", {count} laps", f", {count} rounds", f", {count} times"]
        options += ["a dozen times", "a dozen rounds"] * 4 * (rounds == 12)
        if rounds == 2:
            options += ["twice"] * 6 + ["a couple of times", "two times"]
        if rounds == 3:
            options += ["thrice", "three times", "thrice"]
        return self.rng.choice(options)

    def _patrol(self, action: Action, form: int, robots: list[str]) -> str:
        rng, places = self.rng, self.place_list(action.places)
        if self.bare and rng.random() < 0.1 and action.rounds and action.rounds > 1:
            count = times_word(rng, action.rounds)
            return self.pick(f"{count} rounds of {places}", f"{count} patrol rounds between {places}", f"{places}, {count} rounds", f"{places}: {count} laps", f"{count} laps between {places}", f"{places} {count} times")
        if rng.random() < 0.14 and action.rounds:
            count = times_word(rng, action.rounds) if action.rounds > 1 else self.pick("one", "a", "1")
            noun = self.pick("round", "lap", "tour", "patrol") + ("s" if action.rounds > 1 else "")
            return f"{self.verb(form, 'make', 'do', 'drive', 'run')} {count} {noun} {self.pick('of', 'around', 'through', 'between', 'of')} {places}"
        word = self.verb(form, "patrol", "patrol", "patrol", "patrol", "patrol between", "visit", "visit", "inspect", "check", "tour", "circle between",
                         "circle around", "patrol around", "make the rounds of", "make a tour of", "check on", "loop through", "cover", "scan",
                         "patrol through", "take a look at", "watch over", "keep an eye on", "go around", "do the rounds of",
                         "look in on", "keep watch over", "do a tour of", "go back and forth between", "walk", "run a patrol of", "run a patrol through", "make rounds between",
                         "patrol the area between", "check up on", "shuttle between", "monitor", "survey", "sweep", "go round", "run back and forth between", "make a circuit of", "do a round of", "pace between",
                         "keep going between", "stroll through", "cruise between")
        if not action.rounds:
            return f"{word} {places}"
        often = self._rounds(action.rounds).strip(", ")
        if rng.random() < 0.1 and "," not in often:
            return f"{often} {word} {places}" if self.bare or form == THIRD else f"{word} {places} {often}"
        return f"{word} {places} {self._rounds(action.rounds)}".replace(" , ", ", ")

    def _home(self, action: Action, form: int, robots: list[str]) -> str:
        words = ["go home", "go home", "go home", "return home", "return home", "come home", "head home", "go back", "come back home",
                 "return", "come back", "go back home", "go back to POS home position", "go to POS home position", "return to POS start",
                 "go to the home position", "return to the home position", "head back", "drive home", "return to base", "go back to base",
                 "get back home", "make POS way home", "be home", "head on home", "head back home", "set off home", "make for home",
                 "retire to POS home position", "get home", "pack up", "clock off", "retreat home", "withdraw to POS home position", "withdraw home"]
        if all(kind_of(self.fleet, r) == "arm" for r in robots):
            words = words[:5] + ["go to POS home posture", "fold", "fold up", "return to POS rest posture", "go to the home position",
                                 "move to POS home position", "go back to POS resting posture", "move home", "return home"]
        return self.verb(form, *words).replace("POS", "its" if len(robots) == 1 else "their")

    def duration(self, seconds: float) -> str:
        rng, seconds = self.rng, number(seconds)
        special = {30: ["half a minute"], 15: ["a quarter of a minute"], 60: ["a minute", "one minute", "1 minute", "1 min"],
                   90: ["one and a half minutes", "1.5 minutes", "a minute and a half"], 150: ["two and a half minutes", "2.5 minutes"], 0.5: ["half a second"], 1: ["a second", "one second"],
                   20: ["twenty seconds"], 45: ["forty-five seconds", "0.75 minutes", "three quarters of a minute"], 75: ["1.25 minutes", "one and a quarter minutes"],
                   3600: ["an hour", "one hour", "60 minutes", "a full hour", "1 hour", "1 h"], 1800: ["half an hour", "30 minutes"], 900: ["a quarter of an hour", "fifteen minutes"], 120: ["two minutes", "a couple of minutes"]}
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
        if self.bare and self.rng.random() < 0.18:
            return self.pick(f"pause of {time}", f"a pause of {time}", f"a {time} pause", f"a {time} break", f"{time} pause", f"a {time} wait", f"{time} wait",
                             f"a {time.removesuffix('s').replace(' ', '-')} break", f"{time}' wait", f"{time} of waiting", f"a break of {time}")
        if self.rng.random() < 0.05:
            return self.verb(form, f"take a break of {time}", f"take a {time} break", f"make a pause of {time}", f"pause there for {time}",
                             f"take a rest of {time}", f"do nothing for {time}", f"let {time} pass")
        word = self.verb(form, "wait", "wait", "wait", "wait there", "pause", "stay there", "rest", "hold still", "stand by", "stop", "hold position",
                         "stand still", "stay put", "hang on", "hold on", "hang around",
                         "sit tight", "stay where it is" if len(robots) == 1 else "stay", "remain there", "remain in place", "halt", "linger", "stay like that", "freeze", "stop there",
                         "keep still", "sit still", "chill", "relax", "idle")
        if word.split()[0] in FORMS["wait"] and self.rng.random() < 0.4:
            return f"{word} {time}"
        return f"{word} for {time}"

    def _set_gripper(self, action: Action, form: int, robots: list[str]) -> str:
        width, rng = action.numbers[0], self.rng
        owner = self.pick("the", "the", "its" if len(robots) == 1 else "their", "its" if len(robots) == 1 else "their")
        hand = self.pick("gripper", "gripper", "gripper", "gripper", "hand", "fingers", "claw", "jaws") + ("s" if len(robots) > 1 and rng.random() < 0.5 else "")
        hand = hand.replace("fingerss", "fingers").replace("jawss", "jaws")
        terse = self.bare and rng.random() < 0.3
        if width in (0.0, MAX_OPENING_M) and rng.random() < 0.95:
            verbs = ["close", "close", "close", "shut"] if width == 0 else ["open", "open", "open", "open up", "widen"]
            whole = self.pick("", "", "", "", "", "", "", " completely", " fully", " all the way", *([" wide"] if width else [" tight"]))
            if terse:
                return f"{hand} {self.pick('closed', 'shut', 'close') if width == 0 else self.pick('open', 'wide open', 'all the way open', 'fully open')}"
            return f"{self.verb(form, *verbs)} {owner} {hand}{whole}"
        mm = round(width * 1000)
        shown = [f"{mm} mm", f"{mm}mm", f"{mm} millimetres", f"{number(width)} m", f"{number(width)} metres"]
        if mm % 10:
            shown += [f"{number(mm / 10)} cm", f"{number(mm / 10)}cm", f"{number(mm / 10)} centimetres"]
        else:
            cm = mm // 10
            shown += [f"{cm} cm", f"{cm}cm", f"{cm} centimetre{'s' if cm != 1 else ''}", f"{NUMBERS[cm] if cm <= 12 else cm} centimeters"] * 2
        if mm % 10 == 5 and mm < 90:
            shown += [f"{NUMBERS[mm // 10]} and a half {rng.choice(['centimetres', 'centimeters', 'cm'])}"] * 2
        if terse:
            return f"{hand} {self.pick('to ', 'at ', '', 'to ', '')}{rng.choice(shown)}{self.pick('', '', ' wide', ' open', ' apart')}"
        wide = self.pick("", "", "", "", " wide") if "m" in shown[-1] else ""
        return f"{self.verb(form, 'open', 'set', 'close', 'move', 'open', 'set', 'adjust')} {owner} {hand} to {rng.choice(shown)}{wide}"

    def _move_to(self, action: Action, form: int, robots: list[str]) -> str:
        tool = self.pick("", "", "", " its tool", " the tool", " its hand", " the hand", " the gripper") if len(robots) == 1 else ""
        verbs = ["move", "move", "move", "go", "reach", "position"] if not tool else ["move", "bring", "position"]
        word = self.verb(form, *verbs)
        if word.split()[0] in FORMS["position"] and not tool:
            word = FORMS["move"][form]
        where = self._coordinates(action.numbers) + self._turned(action.turn)
        if self.bare and self.rng.random() < 0.25:
            return f"{self.pick('tool', 'tool tip', 'hand', 'tool')} {self.pick('to', 'to', 'at', 'to')} {where}"
        if word.split()[0] in FORMS["reach"]:
            return f"{word} for {where}"
        return f"{word}{tool} to {where}"

    def _turned(self, turn: dict[str, float]) -> str:
        parts = [f"{name} {number(angle)}" for name, angle in turn.items()]
        if not parts:
            return ""
        if len(parts) == 1:
            name, angle = parts[0].split()
            return self.pick(f" with {name} {angle}", f" with a {name} of {angle}", f", {name} {angle}", f" {name} {angle}", f", {name}={angle}", f" and {name} {angle}", f", {name} of {angle}", f" at {name} {angle}")
        shown = self.pick(", ".join(parts), " ".join(parts), f"{', '.join(parts[:-1])} and {parts[-1]}", ", ".join(p.replace(" ", "=") for p in parts))
        return self.pick(" with ", ", ", " ", ", with ", " at ") + shown

    def _move_joints(self, action: Action, form: int, robots: list[str]) -> str:
        numbers = [str(number(n)) for n in action.numbers]
        shown = ", ".join(numbers)
        shown = self.pick(f"({shown})", shown, shown, f"[{shown}]", " ".join(numbers), f"{', '.join(numbers[:-1])} and {numbers[-1]}")
        owner = self.pick("its", "the", "the") if len(robots) == 1 else "their"
        if len(set(action.numbers)) == 1 and self.rng.random() < 0.6:
            shown = numbers[0] if numbers[0] != "0" else self.pick("zero", "0", "zero")
            owner = self.pick("all", "all six", f"all {owner}", "all of the")
            if self.bare and self.rng.random() < 0.4:
                return self.pick(f"all joints {shown}", f"joints all {shown}", f"all six joints {shown}", f"joints all six {shown}", f"every joint to {shown}", f"all joints at {shown}", f"joints all to {shown}")
            if self.rng.random() < 0.15:
                return f"{self.verb(form, 'move', 'set', 'bring')} every joint to {shown}"
            return f"{self.verb(form, 'move', 'set', 'bring')} {owner} joints to {shown}"
        if self.bare and self.rng.random() < 0.35:
            return f"joints {self.pick('to ', '', ': ', 'at ')}{shown}".replace(" : ", ": ")
        joints = self.pick("joints", "joints", "joints", "joint angles", "joint positions", "six joints")
        return f"{self.verb(form, 'move', 'set', 'bring')} {owner} {joints} to {shown}"
