"""Says missions in English."""

from english_actions import BASE, FORMS, GERUND, NUMBERS, PARTICIPLE, THIRD, EnglishActions
from missions import Action, Group, Strand, kind_of
from names import COLOURS, THINGS
from plan_format import DEFAULT_POLICY


class English(EnglishActions):
    """Clauses, groups of them, and whole missions."""

    def policy(self, action: Action) -> str:
        if action.policy == DEFAULT_POLICY:
            return ""
        fails = self.pick("if it fails", "if that fails", "if this fails", "if it does not work", "on failure", "in case it fails", "should it fail",
                          "if something goes wrong", "when it fails", "if that does not work", "if that doesn't work", "if it doesn't work",
                          "in case of failure", "in case that fails", "should that fail", "if there is a problem", "if it goes wrong",
                          "if that goes wrong", "if this should fail", "upon failure", "if it fails", "if that fails", "if it cannot", "if it can't", "if that does not work out",
                          "if that doesn't work out", "in the event of failure", "should that go wrong", "should it not work", "should this not work out", "if need be",
                          "if anything goes wrong", "if it slips", "if this goes wrong", "if it won't work", "when that fails", "if that turns out impossible")
        what = {
            "retry": ["try again", "retry", "try it again", "repeat it", "retry it", "try once more", "have another go", "give it another try", "try one more time", "have another try", "do it again", "just try again", "keep trying"],
            "skip": ["skip it", "just skip it", "skip that", "carry on", "go on without it", "ignore it", "continue anyway", "never mind", "no problem", "just carry on", "simply carry on without it", "leave it",
                     "move on", "carry on regardless", "forget it", "it may be skipped", "it can be skipped", "don't worry", "proceed anyway"],
            "ask_operator": ["ask me", "ask the operator", "ask a human", "call the operator", "let me decide", "ask for help", "call a human", "ask somebody", "ask the supervisor", "get a human",
                             "call me", "let a human decide", "check with me", "check with the operator", "consult the operator", "call for help"],
            "fail_mission": ["abort", "abort the mission", "stop the mission", "stop everything", "give up", "cancel everything", "fail the mission", "call the whole thing off", "abort everything", "stop the whole mission",
                             "the mission is off", "abort the whole mission", "end the mission", "drop the whole mission", "call it off"],
        }[action.policy]
        short = {"retry": ["try twice", "up to two tries", "retrying if need be", "with a retry"], "skip": ["this is optional", "optional", "if possible", "skippable"],
                 "fail_mission": ["or abort the mission", "or the mission is off", "critical"], "ask_operator": ["or ask me", "or ask a human"]}.get(action.policy, [])
        if short and self.rng.random() < 0.12:
            return self.pick(f" ({self.rng.choice(short)})", f" ({self.rng.choice(short)})", f", {self.rng.choice(short)}")
        return self.pick(f", {self.rng.choice(what)} {fails}", f" and {self.rng.choice(what)} {fails}", f"; {fails}, {self.rng.choice(what)}",
                         f", and {fails} {self.rng.choice(what)}", f" ({self.rng.choice(what)} {fails})", f". {fails}, {self.rng.choice(what)}", f". {self.rng.choice(what)} {fails}",
                         f", {fails} {self.rng.choice(what)}", f" - {self.rng.choice(what)} {fails}", f" - {fails}, {self.rng.choice(what)}", f" ({fails} {self.rng.choice(what)})",
                         f". if it fails, {self.rng.choice(what)}", f", {self.rng.choice(what)} {fails}")

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
            links = [" and ", " and ", ", ", ", and "] + ([] if self.parallel else [", then ", " and then ", " then "])
            return f"{word} {self.join(texts, self.pick(*links))}"
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
        if self.rng.random() < 0.25:
            return self.pick(f"{self.verb(form, 'spend')} {time} {self.pick('at', 'in')} {where}", f"{self.verb(form, 'go', 'head', 'drive')} to {where} and {self.verb(form, 'spend')} {time} there",
                             *([f"{self.verb(form, 'go', 'head')} to {where}, then {time} of waiting", f"{where}, {time} wait there", f"{where}, wait {time}",
                                f"{where}, {time}"] if form == BASE else []))
        word = self.verb(form, "wait", "wait", "stay", "stop", "pause", "stand by", "hang on", "remain", "halt")
        go = f"{FORMS['go'][form]} and " if form in (BASE, THIRD) and self.rng.random() < 0.3 else ""
        return f"{go}{word} {self.pick('at', 'at', 'in front of', 'in')} {where} for {time}"

    def _ways(self, strand: Strand, form: int) -> str:
        """`goes to dock a, then to dock b`."""
        if any(a.skill != "navigate_to" or not a.place for a in strand.actions):
            return ""
        word = self.verb(form, "go", "drive", "head", "travel", "proceed", "navigate")
        places = [self.place(a.place) for a in strand.actions]
        style = self.rng.random()
        if len(places) == 2 and style < 0.1:
            return f"{word} to {places[1]} {self.pick('via', 'by way of', 'over')} {places[0]}"
        if not self.parallel and style < 0.14 and form in (BASE, THIRD):
            return f"{word} first to {places[0]}{self.pick(', then to ', ', then ', ' and then to ', ' and then ')}" + self.pick(", then to ", ", then ").join(places[1:])
        if form == BASE and not self.parallel and style < 0.2:
            return self.pick(", then ", ", then ", " then ", " -> ", " and then ").join(places)
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
        who, many = self._anybody(strand) or self.robots(strand)
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
            terse = self._terse(strand, who) if style > 0.9 and not many else ""
            if terse:
                return terse
            if 0.85 < style < 0.9 and last.policy == DEFAULT_POLICY and not self.parallel:
                return f"{self._addressed(self.actions(strand, BASE))}{self.pick(', ', ', ', ' please, ')}{who}"
            if len(strand.actions) == 2 and not self.parallel and first.policy == last.policy == DEFAULT_POLICY and style < 0.3:
                if rng.random() < 0.5:
                    return f"after {self.action(first, GERUND, strand.robots)}, {who} {self.action(last, finite, strand.robots)}"
                begin = f"{self.pick('before', 'prior to')} {self.action(last, GERUND, strand.robots)}"
                return f"{begin}, {who} {self.action(first, finite, strand.robots)}"
            if style < 0.12:
                return self._addressed(f"{who}{self.pick(', ', ', ', ': ', ', please ', ' ', ' - ', ', you ', ', kindly ', ', could you ', ', go and ')}{self.actions(strand, BASE)}")
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

    def _anybody(self, strand: Strand) -> tuple[str, bool] | None:
        """`somebody`, `one of the rovers`: the first that can."""
        rng, skill = self.rng, strand.actions[0].skill
        if len(strand.robots) > 1 or self.explicit or self.parallel or self.carried or self.rivals or rng.random() > 0.05:
            return None
        able = self.fleet.able(skill)
        if able[0] != strand.robots[0] or any(a.skill not in self.fleet.robots[able[0]] for a in strand.actions):
            return None
        kinds = {kind_of(self.fleet, r) for r in able}
        some = ["somebody", "someone", "one of you", "one of the robots", "any robot"]
        if len(kinds) == 1 and len(able) > 1:
            kind = kinds.pop()
            some += [f"one of the {kind}s", f"one {kind}", f"any {kind}", f"an {kind}" if kind == "arm" else f"a {kind}"]
        return rng.choice(some), False

    def _addressed(self, text: str) -> str:
        """`its gripper` is `your gripper` to whom it is said."""
        return text.replace(" its ", " your ") if self.rng.random() < 0.6 else text

    def _terse(self, strand: Strand, who: str) -> str:
        """`rover 1 dock a`, `dock a is where rover 1 is needed`, `transfer of the cup to bin a by arm 1`."""
        first, rng = strand.actions[0], self.rng
        if len(strand.actions) > 1 or first.policy != DEFAULT_POLICY or len(strand.robots) > 1:
            return ""
        if first.skill == "navigate_to" and first.place:
            place = self.place(first.place)
            wanted = self.pick("needed", "wanted", "expected", "required")
            return rng.choice([f"{who} {place}", f"{who}, {place}", f"{who}: {place}", f"{who} to {place}", f"{who} -> {place}", f"{place}, {who}", f"{place} is where {who} is {wanted}",
                               f"{who} is {wanted} {self.pick('at', 'in')} {place}", f"i need {who} {self.pick('at', 'in', 'over at')} {place}",
                               f"{self.pick('i want', 'i would like', 'i need', 'need', 'get')} {who} {self.pick('at', 'in')} {place}",
                               f"{place} is where {who} {self.pick('should go', 'has to go', 'must go', 'goes')}", f"off to {place} with {who}",
                               f"{who} off to {place}", f"{who} over to {place}", f"{who}, off you go to {place}", f"{who}, off to {place} with you"])
        if first.skill == "navigate_to":
            return rng.choice([f"{who} to {self._target(first)}", f"{who} at {self._target(first)}", f"i need {who} at {self._target(first)}",
                               f"{self.pick('position', 'put', 'place')} {who} at {self._target(first)}"])
        if first.skill == "home":
            return rng.choice([f"{who} home", f"{who}, home", f"{who}: home", f"{who} back home", f"{who} home now", f"home, {who}", f"home you go, {who}",
                               f"{who} goes home again", f"it is home time for {who}", f"take {who} home", f"{who} can go home", f"{who} may go home"])
        if first.skill == "pick_and_place":
            thing, place = self.object(first.object), self.place(first.place)
            into = self.pick("in", "into", "on", "onto", "to")
            return rng.choice([f"{thing} {into} {place}, {who}", f"{thing} {into} {place} {self.pick('by', 'with', 'by')} {who}", f"{who}: {thing} {into} {place}",
                               f"{who}, {thing} {into} {place}", f"{self.pick('transfer', 'delivery', 'transport')} of {thing} to {place} by {who}",
                               f"{place} is where {who} should {self.pick('put', 'place', 'leave')} {thing}", f"{who} {thing} {into} {place}",
                               f"{self.pick('i want', 'i would like', 'i need')} {thing} {into} {place}, {who}", f"{thing} {self.pick('goes', 'is to go', 'belongs')} {into} {place}, {who}",
                               f"{place} gets {thing} from {who}", f"{thing} -> {place} ({who})"])
        if first.skill == "patrol":
            places, rounds = self.place_list(first.places), f" {self._rounds(first.rounds).strip(', ')}" if first.rounds else ""
            return rng.choice([f"{self.pick('patrol', 'inspection', 'a patrol')} of {places} by {who}{',' if rounds else ''}{rounds}", f"{who}: patrol {places}{rounds}",
                               f"{places} {self.pick('need patrolling', 'need a visit', 'want checking', 'to be patrolled')}, {who}{':' if rounds else ''}{rounds}", f"{who} patrol {places}{rounds}"])
        return rng.choice([f"{who}: {self.action(first, BASE, strand.robots)}", f"{who} {self.action(first, BASE, strand.robots)}"])

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
        if mood == "main" and nobody and rng.random() < 0.45:
            if action.skill != "pick_and_place" or rng.random() < 0.5:
                return f"{self.pick('have', 'get')} {what} {done}{where}"
            place, into = self.place(action.place), self.pick("in", "into", "on", "onto")
            return rng.choice([f"{self.pick('transfer', 'delivery', 'transport')} of {what} to {place}", f"{place} is where {what} {self.pick('has to go', 'should go', 'belongs', 'goes')}",
                               f"{self.pick('i want', 'i would like', 'i need', 'we need')} {what} {into} {place}", f"{what}, {place}", f"{what} -> {place}", f"{what} over to {place}",
                               f"{what} wants putting {into} {place}", f"{what} {self.pick('ought to', 'is supposed to')} be {into} {place}", f"{place}: {what}", f"{place} gets {what}"])
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
        if len(group) == 2 and skill == "pick_and_place" and self.rng.random() < 0.12:
            things, places = [self.object(a.object) for a in firsts], [self.place(a.place) for a in firsts]
            same = firsts[0].place == firsts[1].place
            return f"{self.join(whos, ' and ')} {self.verb(BASE, 'put', 'bring', 'move', 'place')} {self.join(things, ' and ')} {'to' if verb.startswith('move') else into} " + (
                f"{places[0]}{self.pick('', ' respectively', ', respectively')}" if same else f"{self.join(places, ' and ')}{self.pick(' respectively', ', respectively')}")
        if skill != "pick_and_place" and self.rng.random() < (0.15 if len(group) == 2 else 0.25):
            both = self._numbered([s.robots[0] for s in group]) or self.join(whos, " and ")
            verb = self.verb(BASE, *(["go", "drive", "head"] if skill == "navigate_to" else ["pick up", "grab", "take"]))
            rests = [r.removeprefix("to ") for r in rests]
            return f"{both} {verb} {'to ' if skill == 'navigate_to' else ''}{self.join(rests, ' and ')} respectively"
        if self.rng.random() < 0.3:
            texts = [f"{who}{self.pick(' ', ' ', ': ', ', ') if len(whos) < 2 else ' '}{rest}" for who, rest in zip(whos, rests)]
            return self.join(texts, self.pick(" and ", ", ", "; ", ", and ", ", ", " while "))
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
                             "would you be so kind as to ", "be so kind and ", "next: ", "hi, could you please ", "pls ", "good morning, ", "to do: ", "task: ", "listen, ", "quick one: ", "it would be great if you could ", "would you mind, ",
                             "new job: ", "the plan: ", "attention: ", "dear robots, ", "team, ", "time to ", "do me a favour and ", "now then, ", "here is the plan: ", "today: ", "right then, ") + text
        elif style < 0.16:
            tail = self.pick(", please", " please", " now", ", thanks", " thank you", " asap", ", quickly", ", would you", ", will you", ", if you don't mind", " right away",
                             " at once", " immediately", ", pls", " plz", ", ok?", ", quick", " straight away", ", there's a good robot", ", dear", ", that's all", ", chop chop",
                             ", if you please", " as quickly as you can", ", carefully", ", gently please", " for me", ", thank you very much", ", cheers")
            text = f"{text}{tail}" if not text.endswith((")", ".")) else text
        if text.startswith(("could ", "can ", "would ", "will ")) and rng.random() < 0.6:
            return text + "?"
        return text + self.pick("", "", ".", ".", "!") if not text.endswith((")", ".")) else text
