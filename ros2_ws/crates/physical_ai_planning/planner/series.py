"""Several names of a series in one: "docks a, b and c", "carts 2 and 3".

`src/plan_question/series.rs` does the same.
"""

from spoken import NUMBERS, goes_on, is_letters, pieces as pieces_of, plain

ByWords = dict[tuple[str, ...], list[str]]
"""References by the words of names."""

_LINKS = tuple(tuple(pieces_of(link)) for link in (", and ", " and ", ", ", " & ", " or ", ","))


class Series:
    """Names that differ in their ends only."""

    def __init__(self, names: ByWords) -> None:
        self.by_plural: dict[str, ByWords] = {}
        stems: dict[str, set[tuple[str, ...]]] = {}
        for words, references in names.items():
            noun = next((i for i in range(len(words) - 2, -1, -1) if is_letters(words[i]) and len(words[i]) > 1), None)
            if noun is None:
                continue
            stems.setdefault(words[noun], set()).add(words[:noun])
            ends = self.by_plural.setdefault(plural(words[noun]), {})
            ends.setdefault(words[noun + 1:], []).extend(references)
        for word, heads in stems.items():
            # "Boxes 1 and 2" says nothing where there are red and blue ones.
            if len(heads) > 1:
                del self.by_plural[plural(word)]

    def said(self, pieces: list[str], at: int) -> tuple[str, int] | None:
        """The references and what stands between them, and where the last one ends."""
        ends = self.by_plural.get(pieces[at])
        if not ends or pieces[at + 1:at + 2] != [" "]:
            return None
        text, count, at, link = "", 0, at + 2, ""
        while True:
            found = self._one(ends, pieces, at)
            if found is None:
                break
            text += link + found[0]
            count, end = count + 1, found[1]
            step = next((step for step in _LINKS if tuple(pieces[end:end + len(step)]) == step), None)
            if step is None:
                break
            link, at = "".join(step), end + len(step)
        return (text, end) if count > 1 else None

    def _one(self, ends: dict[tuple[str, ...], list[str]], pieces: list[str], at: int) -> tuple[str, int] | None:
        for words, references in ends.items():
            end = at + len(words)
            said = tuple(NUMBERS.get(p, plain(p)) for p in pieces[at:end])
            if said == words and len(references) == 1 and not goes_on(pieces, end):
                return references[0], end
        return None


def plural(word: str) -> str:
    return f"{word}es" if word.endswith(("s", "x", "ch", "sh")) else f"{word}s"
