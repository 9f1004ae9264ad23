"""Says missions in English."""

from english_actions import BASE, GERUND, THIRD
from english_clauses import EnglishClauses
from missions import Group, Strand
from plan_format import DEFAULT_POLICY


class English(EnglishClauses):
    """Groups of clauses, and whole missions."""

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
