"""Says missions in English."""

from english_actions import BASE, THIRD
from english_order import EnglishOrder
from missions import Group, Strand
from plan_format import DEFAULT_POLICY

HEADS = [
    "please ", "please, ", "could you please ", "can you ", "hey, ", "ok, ", "now ", "would you ", "could you ", "your task: ", "mission: ", "hi! ",
    "hello, ", "i need you to ", "i want you to ", "you should ", "let us ", "kindly ", "i would be grateful if you could ", "go ahead and ",
    "ok so ", "um ", "right, ", "alright, ", "so ", "next up: ", "uh ", "well, ", "would you be so kind as to ", "be so kind and ", "next: ",
    "hi, could you please ", "pls ", "good morning, ", "to do: ", "task: ", "listen, ", "quick one: ", "it would be great if you could ",
    "would you mind, ", "new job: ", "the plan: ", "attention: ", "dear robots, ", "team, ", "time to ", "do me a favour and ", "now then, ",
    "here is the plan: ", "today: ", "right then, ", "morning routine: ", "evening routine: ", "change of plan: ", "good evening, ",
    "sorry to bother you, but ", "as discussed, ", "first thing today: ", "before i forget, ", "the guests are here, so ", "we are late, so ",
    "i'm in a hurry, so ", "visitors are coming, so ", "they are waiting, so ", "it is time: ", "one more thing: ", "if you don't mind, ",
    "when you have a minute, ", "i'd be glad if you could ", "i think it's best to ", "it's getting late: ", "as usual, ", "step by step: ",
    "same as yesterday: ", "just ", "okay team: ", "for the next shift: ", "the shelf must be ready, so ", "my back hurts, so ",
]
TAILS = [
    ", please", " please", " now", ", thanks", " thank you", " asap", ", quickly", ", would you", ", will you", ", if you don't mind", " right away",
    " at once", " immediately", ", pls", " plz", ", ok?", ", quick", " straight away", ", there's a good robot", ", dear", ", that's all",
    ", chop chop", ", if you please", " as quickly as you can", ", carefully", ", gently please", " for me", ", thank you very much", ", cheers",
    ", love", ", mate", ", there's a good lad", ", and be careful", ", and mind your fingers", ", and no dawdling", ", it is for my mother",
    ", it is for the guests", ", the guests are waiting", ", they need it there", " so it is out of the way", " because we need it", " before lunch",
    " before it gets dark", ", and that's it", ", that's your tour", ", that's the whole plan", ", no rush", ", take your time", ", and hurry up",
    ", i am in a hurry", ", it's urgent", " as agreed", " as usual", ", would you?", ", won't you?", ", if that's all right", " for the night shift",
    ", and thank you", ", nice and slow",
]


class English(EnglishOrder):
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
            if len(strand.robots) > 1 and mood in ("main", "sub") and strand.actions[-1].policy == DEFAULT_POLICY and rng.random() < 0.15:
                return self._likewise(strand)
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
        alike = self.alike(group) if rng.random() < 0.6 else ""
        if alike:
            return alike
        if style < 0.18 and len(group) == 2:
            second, one = self.clause(group[0], "while"), None
            one = self.clause(group[1], "sub")
            return f"{self.pick('while', 'while', 'as', 'whilst')} {second}, {one}"
        main = self.clause(group[0], "main", first and self.may_elide(group[0]) and rng.random() < 0.3)
        rest = []
        for index, strand in enumerate(group[1:]):
            last = index == len(group) - 2
            link = self.pick(" while ", " while ", " while ", " and ", ", ", ", while ", ". meanwhile, ", "; meanwhile ", " as ", ", and ",
                             " and at the same time ", ", meanwhile ", " and in parallel ", ". at the same time ", " whilst ", ", and meanwhile ",
                             ". in parallel, ", " and simultaneously ", ", in the meantime ", " and in the meantime ", ". in the meantime, ", ", at the same time ", "; simultaneously ", " and concurrently ",
                             ", during which ", ". while that is going on, ", ". during that time, ", "; at the same time ", " and alongside ", ". simultaneously, ") if last else self.pick(", ", ", ", " and ", " while ")
            while_like = any(w in link for w in ("while ", " as ", "whilst"))and "mean" not in link
            rest.append(link + self.clause(strand, "while" if while_like else "main" if rng.random() < 0.4 else "sub"))
        tail = self.pick(" at the same time", " in parallel", " simultaneously", " together", ", all at once") if rest and " and " in rest[-1][:5] and rng.random() < 0.3 else ""
        return main + "".join(rest) + tail

    def _likewise(self, strand: Strand) -> str:
        """`rover 1 goes home and so does rover 2`."""
        *some, other = strand.robots
        text = self.clause(Strand(some, strand.actions), "sub")
        who = self.robots(Strand([other], strand.actions))[0]
        self.carried = strand.robots
        same = [f" and so does {who}", f", and so does {who}", f", as does {who}", f" and {who} does the same", f" and {who} does so too"]
        return text + self.pick(*same, *same, f", and {who} as well", f", {who} too", f" and {who} too", f", and {who} likewise", f"; {who} as well", f", {who} the same")

    def mission(self, groups: list[Group]) -> str:
        rng = self.rng
        text = ""
        index = 0
        ordered = len(groups) > 1 and all(g[-1].actions[-1].policy == DEFAULT_POLICY for g in groups)
        turns, count = self.in_turn(groups) if rng.random() < 0.6 else ("", 0)
        if turns:
            text, index = turns, count
        elif ordered and rng.random() < 0.34:
            text = self.subordinate(groups[0], groups[1])
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
            links += self.arrived(before) * 2
            link, behind = rng.choice(links), self.afterwards(groups[index])
            if behind:
                link = self.pick(", ", "; ", ". ", " and ", ", and ")
            text += link + self.group(groups[index], False, "sub" if behind or rng.random() > 0.7 else "main") + behind
            index += 1
        return self._polish(self.there(self.unmarked(text)))

    def _polish(self, text: str) -> str:
        rng = self.rng
        text = text.replace(",,", ",").replace(",;", ";").replace(",.", ".").rstrip(",")
        style = rng.random()
        if style < 0.1:
            text = rng.choice(HEADS) + text
        elif style < 0.16:
            text = text if text.endswith((")", ".")) else f"{text}{rng.choice(TAILS)}"
        if text.startswith(("could ", "can ", "would ", "will ")) and rng.random() < 0.6:
            return text + "?"
        return text + self.pick("", "", ".", ".", "!") if not text.endswith((")", ".")) else text
