"""Sentences in pieces, and words that are the same whatever a fleet's names are (`spoken_words.json`)."""

import json
import re
from pathlib import Path

_WORDS = json.loads((Path(__file__).parent / "spoken_words.json").read_text(encoding="utf-8"))
NEAR_KEYS: dict[str, str] = _WORDS["near_keys"]
NEVER_SLIPS = frozenset(_WORDS["never_slips"])
ARTICLES = frozenset(_WORDS["articles"])
SAID_OF_ANYTHING = frozenset(_WORDS["said_of_anything"])
"""Words that name nothing by themselves."""
SIDES = frozenset(_WORDS["sides"])
AFTER_NAMES = frozenset(_WORDS["after_names"])
"""What may follow an object or a place that is not said in full."""
BEFORE_NAMES = frozenset(_WORDS["before_names"])
"""Behind them a name begins."""
BEFORE_PLACES = frozenset(_WORDS["before_places"])
"""What follows an object that is to be moved."""
MODIFIERS = frozenset(_WORDS["modifiers"])
COUNTED = frozenset(_WORDS["counted"])
NUMBERS: dict[str, str] = {word: str(index) for index, word in enumerate(_WORDS["numbers"])}

SEPARATORS = ("_", "-", " ")
_PIECE = re.compile(r"[a-z]+|[0-9]+|[가-힣]+|.", re.DOTALL)
_IN_WORD = re.compile(r"[a-z0-9_]")


def pieces(text: str) -> list[str]:
    """Runs of small letters, of digits and of Hangul, and other signs one by one."""
    return _PIECE.findall(text)


def plain(piece: str) -> str:
    """Numbers without leading zeros."""
    return piece.lstrip("0") or "0" if piece.isdigit() and piece.isascii() else piece


def is_letters(piece: str) -> bool:
    return piece.isascii() and piece.isalpha()


def is_hangul(piece: str) -> bool:
    return "가" <= piece[0] <= "힣"


def joins(before: str, after: str) -> bool:
    """True if a name could go on from one piece to the next."""
    return bool(_IN_WORD.fullmatch(before[-1]) and _IN_WORD.fullmatch(after[0]))


def starts_at(some: list[str], at: int, words: str) -> bool:
    """Whether these words begin at a piece and end there."""
    wanted = pieces(words)
    end = at + len(wanted)
    return some[at:end] == wanted and not goes_on(some, end)


def goes_on(some: list[str], end: int) -> bool:
    """Whether the word before goes on at a piece."""
    return 0 < end < len(some) and joins(some[end - 1], some[end])
