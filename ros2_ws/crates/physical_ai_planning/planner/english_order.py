"""Says in English what comes first and what waits for it."""

import re

from english_actions import BASE, GERUND
from english_alike import EnglishAlike
from missions import Group, Strand
from plan_format import DEFAULT_POLICY

ORDINALS = ["first", "second", "third", "fourth"]


class EnglishOrder(EnglishAlike):
    """Groups that wait for groups."""

    def subordinate(self, before: Group, then: Group) -> str:
        """Two groups in one sentence."""
        rng = self.rng
        style = rng.random()
        after = self.pick("after", "once", "as soon as", "when", "after", "once", "only after")
        if style < 0.3:
            first = self.group(before, True, "perfect")
            strict = self.pick("and not before", "and not a moment earlier", "and only then", "not earlier") + ", " if rng.random() < 0.05 else ""
            return f"{after} {first}, {strict or self.pick('', '', '', 'then ')}{self.group(then, False, 'main')}"
        turned = self._turned_round(before, then, after) if style < 0.5 else ""
        if turned:
            return turned
        if style < 0.7 and not any(s.robots == before[0].robots for s in then):
            # Said in the other order, so nothing may be left out that only the first part would tell.
            second = self.explicitly(then)
            first = self.explicitly(before, "perfect")
            if rng.random() < 0.06:
                return f"{second}, but not before {first}"
            return f"{second}{self.pick(' ', ' ', ', but only ', ' only ')}{self.pick('after', 'once', 'as soon as', 'when', 'after')} {first}"
        strand = then[0]
        if style < 0.76 and len(then) == 1 and self.may_elide(strand) and not any(s.robots == strand.robots for s in before):
            waits = self.pick("hold off on", "wait with", "hold off", "do not begin")
            return f"{waits} {self.actions(strand, GERUND)} until {self.explicitly(before, 'perfect')}"
        if style < 0.85:
            first = self.explicitly(before)
            return f"{first} before {self.explicitly(then, 'sub')}"
        second = self.explicitly(then, "sub")
        return f"before {second}, {self.explicitly(before)}"

    def _turned_round(self, before: Group, then: Group, after: str) -> str:
        """`the arm goes home, but first the rover …`, `only once … may the rover …`, `arm 1, when … you may go home`."""
        rng, strand = self.rng, then[0]
        style = rng.random()
        if style > 0.85 and not any(s.robots == b.robots for s in then for b in before):
            return self._followed(before, then)
        if style < 0.4:
            second = self.explicitly(then)
            but = self.pick(", but first ", ", but before that ", ", but beforehand ", ". before that, ", "; before that ", ", but first of all ", ". but first, ", ", though first ")
            return second + but + self.explicitly(before)
        if len(then) > 1 or any(s.robots == strand.robots for s in before) or strand.actions[-1].policy != DEFAULT_POLICY:
            return ""
        if style < 0.65:
            first = self.explicitly(before, "perfect")
            may = self.pick("may", "should", "can", "must", "is", "does") if len(strand.robots) == 1 else self.pick("may", "should", "can", "must", "do")
            who, _ = self.robots(strand)
            self.carried = strand.robots
            return f"only {self.pick('after', 'once', 'when')} {first} {may} {who} {'to ' if may == 'is' else ''}{self.actions(strand, BASE)}"
        if len(strand.robots) > 1:
            return ""
        who, _ = self.robots(strand)
        first = self.explicitly(before, "perfect")
        self.carried = strand.robots
        you = self.pick("", "", "you may ", "please ", "you should ", "you can ", "you are to ")
        return f"{who}, {after} {first}, {you}{self.actions(strand, BASE)}"

    def _followed(self, before: Group, then: Group) -> str:
        """`rover 1 goes home, followed by arm 1 opening its gripper`."""
        doing = [f"{self.robots(s)[0]} {self.actions(s, GERUND)}" for s in then] if self.rng.random() < 0.7 else []
        self.carried = then[-1].robots
        if doing:
            return f"{self.explicitly(before)}{self.pick(', followed by ', ' followed by ')}{self.join(doing, ' and ')}"
        second = self.explicitly(then)
        done = [f"{self.robots(s)[0]} {self.actions(s, GERUND)}" for s in before]
        return f"{second}{self.pick(', preceded by ', ' following ', ', but only following ')}{self.join(done, ' and ')}"

    def explicitly(self, group: Group, mood: str = "main") -> str:
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

    def in_turn(self, groups: list[Group]) -> tuple[str, int]:
        """`arm 1 first, arm 2 second: go home`; how many groups that says, or none."""
        run: list[Strand] = []
        for group in groups:
            if len(group) > 1 or len(group[0].actions) > 1 or group[0].actions[0].policy != DEFAULT_POLICY:
                break
            if run and (group[0].robots in [s.robots for s in run] or group[0].actions[0] != run[0].actions[0]):
                break
            run.append(group[0])
        if not 2 <= len(run) <= 4:
            return "", 0
        whos, robots = [self.robots(s)[0] for s in run], [r for s in run for r in s.robots]
        self.carried, self.rivals = [*robots], []
        if len(robots) > len(run) and self.rng.random() < 0.6:
            return self._teams_in_turn(run, whos), len(run)
        deed = self.action(run[0].actions[0], BASE, robots)
        turn = self.pick("one after the other", "one after another", "in turn", "one by one", "one at a time", "in this order", "in that order", "in sequence", "one by one, in this order")
        listed, style = self.join(whos, " and "), self.rng.random()
        if style < 0.45:
            return self.pick(f"{listed} {deed} {turn}", f"{listed}, {turn}: {deed}", f"{turn}, {listed} {deed}", f"{deed} {turn}: {', '.join(whos)}", f"{deed}, {turn}: {listed}"), len(run)
        if style < 0.7:
            places = [f"{w} {o}" for w, o in zip(whos, ORDINALS)]
            if self.rng.random() < 0.5:
                places[-1] = f"{whos[-1]} last"
            return self.pick(f"{self.join(places, ', ')}: {deed}", f"{deed}: {self.join(places, ', ')}", f"{deed}, {self.join(places, ' and ')}"), len(run)
        then = self.pick(", then ", " and then ", ", after that ")
        return self.pick(f"{self.pick('first ', '')}{then.join(whos)}: {deed}", f"{deed}: first {then.join(whos)}", f"first {whos[0]} {self.action(run[0].actions[0], 1, robots[:1])}{then}{then.join(whos[1:])}"), len(run)

    def _teams_in_turn(self, run: list[Strand], whos: list[str]) -> str:
        """`first both arms go home, then the rovers`."""
        first, *others = whos
        deed = self.action(run[0].actions[0], BASE, [*run[0].robots, *run[-1].robots])
        then = self.pick(", then ", " and then ", ", and after them ", ", followed by ", ", after that ", " and only then ", " before ", ", next ", " and afterwards ", "; then ")
        rest = then.join(others)
        return self.pick(f"{self.pick('', 'first ', 'first ')}{first} {deed}{then}{rest}", f"{self.pick('', 'first ')}{first}{then}{rest} {deed}", f"{deed}: {self.pick('', 'first ')}{first}{then}{rest}",
                         f"{rest} {deed} {self.pick('after', 'once', 'as soon as')} {first} {self.pick('have', 'are done', 'have done so')}", f"{first} first, {rest} second: {deed}",
                         f"{first} {deed}{then}{rest} {self.pick('do so too', 'do the same', 'as well', 'too', 'do likewise')}", f"let {first} {deed} first{then}{rest}",
                         f"{deed}, {first} first{self.pick(', ', ' and ')}{rest} {self.pick('second', 'last', 'after that')}")

    def arrived(self, before: Group) -> list[str]:
        """How to say that what came before is done, by what it was."""
        lasts = [s.actions[-1] for s in before]
        many = sum(len(s.robots) for s in before) > 1
        links = []
        if all(a.skill == "navigate_to" for a in lasts):
            they = self.pick("they have", "they are", "both are", "everybody is", "all are") if many else self.pick("it has", "it is", "it's")
            there = "arrived" if they.endswith("have") or they == "it has" else self.pick("there", "there", "in place", "in position")
            links += [f". once {they} {there}, ", f"; as soon as {they} {there}, ", f", and when {they} {there} ", f". upon arrival, ", f" and on arrival ", f". when {they} {there}, "]
        if all(a.skill == "pick_and_place" for a in lasts):
            it = self.pick("they are", "both are", "everything is") if sum(len(s.actions) for s in before) > 1 else self.pick("it is", "it's", "that is")
            links += [f". once {it} {self.pick('there', 'in there', 'in place')}, ", f"; as soon as {it} {self.pick('there', 'in place')}, ", f", and when {it} {self.pick('there', 'in')} "]
        return links

    def afterwards(self, group: Group) -> str:
        """What may stand behind a group that comes later; nothing where that would say too little."""
        if len(group) > 1 or len(group[0].actions) > 1 or group[0].actions[0].policy != DEFAULT_POLICY or self.rng.random() > 0.12:
            return ""
        return self.pick(" once that's done", " once that is done", " after that", " afterwards", " when that is done", " as soon as that is done", " thereafter", " when done", " as a last step")

    def there(self, text: str) -> str:
        """`to the same place` is `there`."""
        def shorter(found: re.Match) -> str:
            return found.group(0) if self.rng.random() < 0.5 else self.pick("there", "there", "there too", "there as well")
        return re.sub(r"\b(to|in|into|on|onto|at|inside) the same (place|spot)\b", shorter, text)
