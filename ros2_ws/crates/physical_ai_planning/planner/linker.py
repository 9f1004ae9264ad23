"""Puts references in the place of names that a sentence says.

A name may be said with other signs or a space between its parts, its numbers without leading zeros, and in Korean
(`hangul.py`), and several may be said in one (`series.py`, `groups.py`). The longest name counts; one that several things
have stays. What is said otherwise is the model's to find.
`src/plan_question/linker.rs` does the same; `references_golden.jsonl` holds both to it.
"""

import groups
from groups import Groups
from hangul import HangulNames
from series import ByWords, Series
from spoken import SEPARATORS, goes_on, is_hangul, pieces as pieces_of, plain


class Linker:
    def __init__(self, references: dict[str, list[str]], arms: list[str], rovers: list[str]) -> None:
        """`references` are those of each name, and of robots by what they are."""
        self.names: ByWords = {}
        for name, found in references.items():
            words = tuple(plain(p) for p in pieces_of(name.lower()) if p not in SEPARATORS)
            self.names.setdefault(words, []).extend(found)
        self.series = Series(self.names)
        self.hangul = HangulNames(self.names)
        self.groups = Groups(self.names, arms, rovers)

    def link(self, sentence: str) -> str:
        """`sentence` is in small letters."""
        pieces, text, at = pieces_of(sentence), "", 0
        while at < len(pieces):
            said, at = self._at(pieces, at, text)
            text += said
        return text

    def _at(self, pieces: list[str], at: int, text: str) -> tuple[str, int]:
        """What to write for the piece, and for how many after it; `text` is what came before."""
        if goes_on(pieces, at):
            return pieces[at], at + 1
        listed = self.series.said(pieces, at)
        if listed:
            return listed
        found, end, particle = self._longest(pieces, at)
        group = None if found else self.groups.said(pieces, at, text, self._longest)
        if group:
            return groups.join(group[0]), group[1]
        if not found:
            end = at + 1
        if len(found) == 1:
            return found[0] + particle, end
        if not found and is_hangul(pieces[at]):
            return self.hangul.spelled(pieces[at]) or pieces[at], end
        return "".join(pieces[at:end]), end

    def _longest(self, pieces: list[str], at: int) -> tuple[list[str], int, str]:
        """References of the longest name that begins at a piece, where it ends, and the particle behind it."""
        best = self.hangul.translated(pieces, at)
        for words, references in self.names.items():
            end = _match(words, pieces, at)
            if end == at or goes_on(pieces, end):
                continue
            if end > best[1]:
                best = (list(references), end, "")
            elif end == best[1]:
                best[0].extend(r for r in references if r not in best[0])
        return best


def _match(words: tuple[str, ...], pieces: list[str], at: int) -> int:
    """Where a name that begins at a piece ends; `at` if it does not begin there."""
    end = at
    for index, word in enumerate(words):
        if index > 0 and end < len(pieces) and pieces[end] in SEPARATORS:
            end += 1
        if end == len(pieces):
            return at
        piece = pieces[end]
        end += 1
        if plain(piece) != word:
            return at
    return end
