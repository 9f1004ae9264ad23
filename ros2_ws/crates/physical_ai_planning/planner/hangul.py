"""Names in Korean sentences: translated, read out as loanwords, with numbers before or behind, or spelled as they sound.

`src/plan_question/hangul.rs` does the same.
"""

import itertools
import json
import re
from pathlib import Path

from spoken import SEPARATORS, goes_on, is_hangul, is_letters, plain

LEXICON: dict[str, list[str]] = json.loads((Path(__file__).parent / "lexicon.json").read_text(encoding="utf-8"))
"""Korean words for English ones that names are made of, and for several in one (`rice_cooker`)."""
MOST_WAYS = 240
"""To say a name."""
# Revised Romanization of Korean (2000), syllable by syllable.
_INITIALS = "g kk n d tt r m b pp s ss - j jj ch k t p h".split()
_MEDIALS = "a ae ya yae eo e yeo ye o wa wae oe yo u wo we wi yu eu ui i".split()
_FINALS = "- k k k n n n t l k m l l l p l m p p t t ng t t k t p t".split()
PARTICLES = {"", *"""을 를 이 가 은 는 에 로 으로 와 과 랑 이랑 하고 에서 에게 한테 야 아 의 도 까지 부터 만 에다 에다가 쪽으로 에는 에도 로는 으로는
이나 나 께서 에만 로만 까지만""".split()}
"""What may follow a name that is said in Hangul."""


def romanized(hangul: str) -> str:
    text = ""
    for syllable in hangul:
        index, final = divmod(ord(syllable) - ord("가"), 28)
        text += _INITIALS[index // 21] + _MEDIALS[index % 21] + _FINALS[final]
    return text.replace("-", "")


def sound(latin: str) -> str:
    """Doubled letters count once: people write 공구 as gongu and gonggu."""
    return re.sub(r"(.)\1+", r"\1", latin)


def ways(words: tuple[str, ...]) -> list[str]:
    """Ways to say a name with some Hangul, without spaces."""
    found = list(itertools.islice(_ways(words), MOST_WAYS))
    if len(words) > 1 and words[-1].isdigit():
        number, stems = words[-1], list(itertools.islice(_ways(words[:-1]), MOST_WAYS))
        for stem in stems:
            found += [f"{stem}{number}번", f"{stem}{number}호", f"{number}번{stem}", f"{number}호{stem}", f"{number}{stem}"]
    return [way for way in dict.fromkeys(found) if any(map(is_hangul, way))]


def _ways(words: tuple[str, ...]):
    if not words:
        yield ""
        return
    for count in range(min(3, len(words)), 0, -1):
        said = LEXICON.get("_".join(words[:count]), [])
        if count == 1:
            said = [*said, words[0]]
        for head, rest in itertools.product(said, list(itertools.islice(_ways(words[count:]), MOST_WAYS))):
            yield head + rest


class HangulNames:
    def __init__(self, names: dict[tuple[str, ...], list[str]]) -> None:
        self.by_first: dict[str, list[tuple[str, list[str]]]] = {}
        self.by_sound: dict[str, list[str]] = {}
        for words, references in names.items():
            self.by_sound.setdefault(sound("".join(words)), []).extend(references)
            for way in ways(words):
                self.by_first.setdefault(way[0], []).append((way, references))

    def translated(self, pieces: list[str], at: int) -> tuple[list[str], int, str]:
        """References of the longest name that is said from a piece on, where it ends, and the particle behind it."""
        best: tuple[list[str], int, str] = ([], at, "")
        for way, references in self.by_first.get(plain(pieces[at])[0], []):
            found = match(way, pieces, at)
            if found is None:
                continue
            end, particle = found
            longer = (end, -len(particle)) > (best[1], -len(best[2]))
            if longer:
                best = (list(references), end, particle)
            elif (end, particle) == best[1:]:
                best[0].extend(r for r in references if r not in best[0])
        return best

    def spelled(self, piece: str) -> str | None:
        """The reference of a name that is spelled as it sounds, with the particle behind it."""
        for end in range(len(piece), 0, -1):
            found = self.by_sound.get(sound(romanized(piece[:end])), [])
            if len(found) == 1 and piece[end:] in PARTICLES:
                return found[0] + piece[end:]
        return None


def match(way: str, pieces: list[str], at: int) -> tuple[int, str] | None:
    """Where a way to say a name that begins at a piece ends, and the particle behind it."""
    done, end = 0, at
    while done < len(way):
        if end > at and end < len(pieces) and pieces[end] in SEPARATORS:
            end += 1
        if end == len(pieces):
            return None
        piece, rest = pieces[end], way[done:]
        end += 1
        if not is_hangul(piece):
            said = plain(piece)
            splits = said.isdigit() and rest[len(said):len(said) + 1].isdigit()
            if not rest.startswith(said) or splits or is_letters(said) and is_letters(rest[len(said):len(said) + 1]):
                return None
            done += len(said)
        elif rest.startswith(piece):
            done += len(piece)
        elif piece.startswith(rest):
            return (end, piece[len(rest):]) if piece[len(rest):] in PARTICLES else None
        else:
            return None
    return None if goes_on(pieces, end) else (end, "")
