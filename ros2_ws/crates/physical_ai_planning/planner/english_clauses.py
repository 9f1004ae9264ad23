"""Says what a robot does in English: clauses, and what they leave out."""

from english_actions import BASE, FORMS, GERUND, PARTICIPLE, THIRD, EnglishActions
from english_names import NUMBERS
from missions import Action, Strand, kind_of
from names import COLOURS, THINGS
from plan_format import DEFAULT_POLICY


class EnglishClauses(EnglishActions):
    """Strands of actions with their subjects."""

    def policy(self, action: Action) -> str:
        if action.policy == DEFAULT_POLICY:
            return ""
        fails = self.pick("if it fails", "if that fails", "if this fails", "if it does not work", "on failure", "in case it fails", "should it fail",
                          "if something goes wrong", "when it fails", "if that does not work", "if that doesn't work", "if it doesn't work",
                          "in case of failure", "in case that fails", "should that fail", "if there is a problem", "if it goes wrong",
                          "if that goes wrong", "if this should fail", "upon failure", "if it fails", "if that fails", "if it cannot", "if it can't", "if that does not work out",
                          "if that doesn't work out", "in the event of failure", "should that go wrong", "should it not work", "should this not work out", "if need be",
                          "if anything goes wrong", "if it slips", "should it slip", "if it is dropped", "should you drop it", "if you can't", "if it proves impossible", "should there be a problem", "if this goes wrong", "if it won't work", "when that fails", "if that turns out impossible")
        what = {
            "retry": ["try again", "retry", "try it again", "repeat it", "retry it", "try once more", "have another go", "give it another try", "try one more time", "have another try", "do it again", "just try again", "keep trying"],
            "skip": ["skip it", "just skip it", "skip that", "carry on", "go on without it", "ignore it", "continue anyway", "never mind", "no problem", "just carry on", "simply carry on without it", "leave it",
                     "move on", "carry on regardless", "forget it", "it may be skipped", "it can be skipped", "don't worry", "proceed anyway"],
            "ask_operator": ["ask me", "ask the operator", "ask a human", "call the operator", "let me decide", "ask for help", "call a human", "ask somebody", "ask the supervisor", "get a human",
                             "call me", "let a human decide", "check with me", "check with the operator", "consult the operator", "call for help"],
            "fail_mission": ["abort", "abort the mission", "stop the mission", "stop everything", "give up", "cancel everything", "fail the mission", "call the whole thing off", "abort everything", "stop the whole mission",
                             "the mission is off", "abort the whole mission", "end the mission", "drop the whole mission", "call it off"],
        }[action.policy]
        short = {"retry": ["try twice", "up to two tries", "retrying if need be", "with a retry"], "skip": ["this is optional", "optional", "if possible", "skippable", "which is optional", "not essential", "nice to have"],
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
            if self.bare and self.rng.random() < 0.12:
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
                                f"{where}, {time}"] if self.bare else []))
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
        if self.bare and not self.parallel and style < 0.24:
            return self.pick(", then ", " → ", ", ", ", then ", ", then ", " then ", " -> ", " and then ").join(places)
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
            return self._bare(strand) if mood == "main" else self.actions(strand, THIRD)
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
            done = self._state(strand, who, many) if style < 0.2 else ""
            if done:
                return done
            if 0.2 < style < 0.3:
                done = self.pick("have finished", "are finished", "are done") if many else self.pick("has finished", "is finished", "is done")
                return f"{who} {done} {self.actions(strand, GERUND)}"
            if style < 0.8:
                return f"{who} {'have' if many else 'has'} {self.actions(strand, PARTICIPLE)}"
            return f"{who} {self.actions(strand, finite)}"
        if mood == "while":
            if rng.random() < 0.35:
                return f"{who} {'are' if many else 'is'} {self.actions(strand, GERUND)}"
            return f"{who} {self.actions(strand, finite)}"
        if mood == "main":
            return self._main(strand, who, many) or f"{who} {self.actions(strand, finite)}"
        return f"{who} {self.actions(strand, finite)}"

    def _state(self, strand: Strand, who: str, many: bool) -> str:
        """What is so when a thing is done: `the cup is in bin a`, `rover 1 is at dock a`."""
        action, be = strand.actions[0], "are" if many else "is"
        if len(strand.actions) > 1 or action.policy != DEFAULT_POLICY:
            return ""
        if action.skill == "navigate_to" and action.place:
            return f"{who} {self.pick(be, 'arrive' if many else 'arrives', 'have arrived' if many else 'has arrived')} {self.pick('at', 'at', 'in')} {self.place(action.place)}"
        if action.skill == "pick_and_place":
            thing, into, place = self.object(action.object), self.pick("in", "on", "in"), self.place(action.place)
            alone = self.explicit is False and not self.rivals and self.carried is None and self.fleet.able(action.skill)[0] == strand.robots[0]
            if alone and self.rng.random() < 0.7:
                return f"{thing} {self.pick('is', 'is', 'has arrived', 'lies')} {into} {place}"
            return f"{who} {self.pick('has', 'has got', 'has')} {thing} {into} {place}"
        if action.skill == "pick":
            self.held[strand.robots[0]] = action.object or ""
            return f"{who} {self.pick('has', 'has got', 'holds', 'is holding')} {self.object(action.object)}"
        if action.skill == "home":
            return f"{who} {be} {self.pick('home', 'back home', 'back')}"
        return ""

    def _main(self, strand: Strand, who: str, many: bool) -> str:
        """Wishes, orders and questions, and short forms; nothing where a plain clause is as good."""
        rng, finite = self.rng, BASE if many else THIRD
        style = rng.random()
        first, last = strand.actions[0], strand.actions[-1]
        if style > 0.85 and not many and not self.parallel and rng.random() < 0.6:
            listed = self.itinerary(strand, who)
            if listed:
                return listed
        terse = (self._terse_team(strand, who) if many else self._terse(strand, who)) if style > 0.9 else ""
        if terse:
            return terse
        if 0.85 < style < 0.9 and last.policy == DEFAULT_POLICY and not self.parallel:
            return f"{self._addressed(self._bare(strand))}{self.pick(', ', ', ', ' please, ')}{who}"
        if len(strand.actions) == 2 and not self.parallel and first.policy == last.policy == DEFAULT_POLICY and style < 0.3:
            if rng.random() < 0.5:
                return f"after {self.action(first, GERUND, strand.robots)}, {who} {self.action(last, finite, strand.robots)}"
            if rng.random() < 0.35 and not many:
                deed, later = self.action(first, BASE, strand.robots), self.action(last, BASE, strand.robots)
                return self._addressed(self.pick(f"before you {later}, {who}, {deed}", f"{who}, {deed} before you {later}", f"{who}, before you {later}, {deed}",
                                                 f"{who}, {later}, but first {deed}", f"{who}, first {deed}, {later} afterwards"))
            begin = f"{self.pick('before', 'prior to')} {self.action(last, GERUND, strand.robots)}"
            return f"{begin}, {who} {self.action(first, finite, strand.robots)}"
        if style < 0.12:
            if rng.random() < 0.5:
                return self._addressed(f"{who}{self.pick(', ', ', ', ': ', ', please ', ' ', ' - ')}{self._bare(strand)}")
            return self._addressed(f"{who}{self.pick(', ', ', please ', ', you ', ', kindly ', ', could you ', ', go and ')}{self.actions(strand, BASE)}")
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
        return ""

    def _bare(self, strand: Strand) -> str:
        self.bare = True
        text = self.actions(strand, BASE)
        self.bare = False
        return text

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
        return f"{who}{self.pick(': ', ' ', ', ', ' - ')}{self._bare(strand)}"

    def _terse_team(self, strand: Strand, who: str) -> str:
        """`all rovers home`, `both carts to dock a`."""
        first = strand.actions[0]
        if len(strand.actions) > 1 or first.policy != DEFAULT_POLICY:
            return ""
        if first.skill == "home":
            return self.pick(f"{who} home", f"{who} home", f"{who}, home", f"{who}: home", f"{who} back home", f"home, {who}", f"{who} back", f"home with {who}", f"{who}, back you go", f"{who} home now", f"{who} return", f"{who}, come home")
        if first.skill == "navigate_to":
            target = self._target(first)
            return self.pick(f"{who} to {target}", f"{who} to {target}", f"{who}: {target}", f"{target}, {who}", f"{who} at {target}", f"i need {who} at {target}", f"{target} for {who}", f"to {target}, {who}")
        if first.skill == "set_gripper" and first.numbers[0] in (0, 0.09):
            state = "closed" if first.numbers[0] == 0 else "open"
            return self.pick(f"grippers of {who} {state}", f"{who}: grippers {state}", f"{who} grippers {state}")
        return ""

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
