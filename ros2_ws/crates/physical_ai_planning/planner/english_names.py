"""Says names in English."""

import random
import re

from missions import Strand, kind_of, same_kind
from names import ARM_KINDS, COLOURS, PREFIXES, ROVER_KINDS, Said
from plan_format import Fleet

NUMBERS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]

"""Signs of private use around places, by number."""
MARK = 0xE000
MARK_END = "\uE0FF"


class EnglishNames:
    """What has been said so far decides how names may be said: `the other rover`, `it`, `both`."""

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
        """Nothing stands before the verb, so that it may be left out."""
        self.bare = False

    def pick(self, *options: str) -> str:
        return self.rng.choice(options)

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
        elif len(words) > 1 and rng.random() < 0.22:
            words = self._part(name, words)
        text = (" " if rng.random() < 0.93 else "-").join(self._digits(words))
        article = rng.random() < 0.75 and not (len(words) > 1 and len(words[-1]) <= 2) and name not in self.said.made_up
        return f"the {text}" if article and not bare else text

    def _part(self, name: str, words: list[str]) -> list[str]:
        """Some words of a name that say which of the fleet's is meant; mostly the last ones."""
        others = [*self.fleet.robots, *self.fleet.objects, *self.fleet.surfaces, *self.fleet.floors]
        other_words = [self.said.words.get(o, [o]) for o in others if o != name]
        if name == self.unknown or name not in others:
            return words
        tail = words[1:]
        if len(words) == 2 and (len(tail[0]) <= 3 or any(tail[0] in ws for ws in other_words)):
            tail = []
        if any(ws[-len(tail):] == tail for ws in other_words):
            tail = []
        first = words[0]
        alone = len(first) > 2 and first not in COLOURS and first not in PREFIXES and not any(first in ws for ws in other_words)
        ways = [w for w in (tail, [first] if alone else []) if w]
        return self.rng.choice(ways) if ways else words

    def _digits(self, words: list[str]) -> list[str]:
        rng = self.rng
        found = [w.lstrip("0") if w.isdigit() and w.startswith("0") and rng.random() < 0.5 else w for w in words]
        if len(found) > 1 and found[-1].isdigit() and 0 < int(found[-1]) <= 12 and rng.random() < 0.1:
            found[-1] = NUMBERS[int(found[-1])]
        return found

    def object(self, name: str) -> str:
        return self._contrasted(self.words(name), name, self.fleet.objects)

    def place(self, name: str) -> str:
        """Marked, for `unmarked` to see where it is said again."""
        places = [*self.fleet.surfaces, *self.fleet.floors]
        if self.unknown or name not in places:
            return self.words(name)
        return f"{chr(MARK + places.index(name))}{self.words(name)}{MARK_END}"

    def unmarked(self, text: str) -> str:
        """A place that is said twice in a row may be `the same place`."""
        last = ""

        def shown(found: re.Match) -> str:
            nonlocal last
            mark, words = found.groups()
            again, last = mark == last, mark
            return self.pick("the same place", "the same place", "the same spot", "that place") if again and self.rng.random() < 0.35 else words
        return re.sub(f"([{chr(MARK)}-{chr(MARK + 98)}])([^{MARK_END}]*){MARK_END}", shown, text)

    def _contrasted(self, text: str, name: str, names: list[str]) -> str:
        """`the cup, not the plate,`: what is not meant is said, too."""
        others = [n for n in names if n != name]
        if self.unknown or not others or self.rng.random() > 0.012:
            return text
        other = self.words(self.rng.choice(others))
        return self.pick(f"{text}, not {other},", f"{text} (not {other})", f"{text} and not {other}", f"{text} rather than {other}", f"{text} instead of {other}")

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
        # "The same place" as several says nothing.
        return self.place(names[0]) if len(names) == 1 else self.unmarked(self.join([self.place(n) for n in names]))

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
            return f"the other {rng.choice([noun, noun, kind, 'one'])}"
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
        except_one = self._all_but(names) if rng.random() < 0.7 else ""
        self.named.update(names)
        if except_one:
            return except_one, not except_one.startswith("every")
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

    def _all_but(self, names: list[str]) -> str:
        """`everyone but arm 2`, `the other two rovers`, where one of all or of a kind stays out."""
        rng, known = self.rng, sorted(self.fleet.robots)
        kinds = {kind_of(self.fleet, n) for n in names}
        for group, noun in [(known, "robot")] + [(same_kind(self.fleet, k), k) for k in kinds if len(kinds) == 1]:
            left = [r for r in group if r not in names]
            if len(left) != 1 or len(names) != len(group) - 1:
                continue
            nouns = {self.said.kind.get(n, noun) for n in names}
            plural = (nouns.pop().replace("_", " ") if len(nouns) == 1 and noun != "robot" else noun) + "s"
            if self.mentioned and self.mentioned[-1] == left[0] and not any(n in self.mentioned for n in names):
                count = NUMBERS[len(names)]
                return rng.choice([f"the other {plural}", f"the other {count} {plural}", f"the other {count}", f"all the other {plural}",
                                   f"the remaining {plural}", f"the {count} remaining {plural}"])
            who, but = self.robot_plain(left[0]), rng.choice(["but", "except", "but", "except for", "apart from"])
            some = [f"all {plural} {but} {who}", f"all the {plural} {but} {who}", f"every {plural[:-1]} {but} {who}"]
            return rng.choice(some + ([f"everyone {but} {who}", f"everybody {but} {who}", f"all {but} {who}"] if noun == "robot" else []))
        return ""

    def _numbered(self, names: list[str]) -> str:
        """`rovers 1 and 2`."""
        words = [self.said.words.get(n, [n]) for n in names]
        stems = {w[0] for w in words}
        if len(stems) > 1 or any(len(w) != 2 or not w[1].isdigit() for w in words):
            return ""
        return f"{words[0][0]}s {self.join([w[1] for w in words], ' and ')}"

    def robot_plain(self, name: str) -> str:
        return name if self.rng.random() < 0.7 else " ".join(self._digits(self.said.words.get(name, [name])))
