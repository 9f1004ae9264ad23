"""Several robots, objects or places in one: "both arms", "all three docks", "the other rover", "everyone but arm 2".

`src/plan_question/groups.rs` does the same.
"""

import re
from collections.abc import Callable

from series import plural
from spoken import NUMBERS, is_letters, plain, starts_at

ALL_ROBOTS = ("everyone", "everybody")
THINGS = ("object", "thing", "item")
BUT = (" but ", " except for ", " except ", " apart from ", " other than ")
ENDING = ("abort", "cancel", "stop", "drop", "end", "aborts", "stops", "cancels")
"""What is done with a mission as a whole."""
Found = tuple[list[str], int]
One = Callable[[list[str], int], tuple[list[str], int, str]]
"""References of the name that begins at a piece, where it ends, and what is behind it."""


class Groups:
    def __init__(self, names: dict[tuple[str, ...], list[str]], arms: list[str], rovers: list[str]) -> None:
        """References of names, and of robots by what they are."""
        self.by_noun: dict[str, list[str]] = {}
        kinds: dict[str, set[str]] = {}
        for words, references in names.items():
            letters = [w for w in words if is_letters(w) and len(w) > 1]
            for word in set(letters):
                kinds.setdefault(word, set()).update(r[4] if word == letters[-1] else "?" for r in references)
            if letters:
                self.by_noun.setdefault(letters[-1], []).extend(references)
        # A noun that means things of several kinds, or is a part of other names, says too little.
        self.by_noun = {noun: _sorted(some) for noun, some in self.by_noun.items() if len(kinds[noun]) == 1}
        objects = [r for references in names.values() for r in references if r.startswith("ref_o")]
        self.robots = _sorted(arms + rovers)
        for nouns, some in ((("arm",), arms), (("rover",), rovers), (("robot",), self.robots), (THINGS, objects)):
            for noun in nouns:
                self.by_noun[noun] = _sorted(some)
        self.everything = _sorted(objects)
        self.plurals = {plural(noun): some for noun, some in self.by_noun.items()}

    def said(self, pieces: list[str], at: int, text: str, one: One) -> Found | None:
        """The references, and where what says them ends; `text` is what came before."""
        if pieces[at] == "everything" and len(self.everything) > 1 and pieces[max(at - 2, 0)] not in ENDING:
            return self.everything, at + 1
        if pieces[at] in ALL_ROBOTS and self.robots:
            return self._but(self.robots, pieces, at + 1, one)
        for head in ("the other ", "the remaining ", "all the other "):
            if starts_at(pieces, at, head):
                return self._others(pieces, at + len(head.split(" ")) * 2 - 2, text)
        some, end = self._all(pieces, at)
        if pieces[end:end + 1] == [" "] and end + 1 < len(pieces) and one(pieces, end + 1)[0]:
            # "The two docks dock_a and dock_b" are those only.
            return None
        return self._but(some, pieces, end, one) if len(some) > 1 else None

    def _all(self, pieces: list[str], at: int) -> Found:
        for head, least, most in (("both of the ", 2, 2), ("both the ", 2, 2), ("both ", 2, 2), ("all of the ", 2, 99), ("all the ", 2, 99), ("all ", 2, 99),
                                  ("each of the ", 2, 99), ("the ", 2, 99)):
            if not starts_at(pieces, at, head):
                continue
            end = at + len(head.split(" ")) * 2 - 2
            number = pieces[end] if end < len(pieces) and most == 99 else ""
            if number in NUMBERS or plain(number).isdigit():
                least = most = int(NUMBERS.get(number, plain(number)))
                end += 2
            some = self.plurals.get(pieces[end], []) if end < len(pieces) else []
            # "The docks a and b" are those only.
            goes_on = len(pieces) > end + 2 and pieces[end + 1] in " _-" and (len(pieces[end + 2]) == 1 and pieces[end + 2] != "&" or pieces[end + 2].isdigit())
            return (some, end + 1) if least <= len(some) <= most and not goes_on else ([], at)
        for head in ("every ", "each "):
            if starts_at(pieces, at, head) and at + 2 < len(pieces):
                return self.by_noun.get(pieces[at + 2], []), at + 3
        return [], at

    def _others(self, pieces: list[str], at: int, text: str) -> Found | None:
        said = re.findall("ref_[a-z][0-9]+", text)
        number = pieces[at] if at < len(pieces) else ""
        count = int(NUMBERS[number]) if number in NUMBERS else 0
        at += 2 if count else 0
        word = pieces[at] if at < len(pieces) else ""
        group = self.plurals.get(word) or self.by_noun.get(word, [])
        known = [r for r in said if r in group]
        if not known:
            return None
        left = [r for r in group if r not in known]
        if word in self.plurals:
            return (left, at + 1) if len(left) > 1 and count in (0, len(left)) else None
        if len(group) == 2:
            left = [r for r in group if r != known[-1]]
        return (left, at + 1) if len(left) == 1 and not count else None

    def _but(self, some: list[str], pieces: list[str], end: int, one: One) -> Found:
        for word in BUT:
            if not starts_at(pieces, end, word):
                continue
            begin = end + len(word.split(" ")) * 2 - 3
            if starts_at(pieces, begin, "the "):
                begin += 2
            out, behind, _ = one(pieces, begin) if begin < len(pieces) else ([], begin, "")
            if len(out) == 1 and out[0] in some and len(some) > 1:
                return [r for r in some if r != out[0]], behind
        return some, end


def join(references: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(references[:-1]), references[-1]]))


def _sorted(references: list[str]) -> list[str]:
    return sorted(set(references), key=lambda r: (r[4], int(r[5:])))
