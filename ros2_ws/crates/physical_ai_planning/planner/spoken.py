"""Sentences in pieces. `src/plan_question/spoken.rs` does the same."""

import re

NUMBERS: dict[str, str] = {word: str(index) for index, word in enumerate(
    "zero one two three four five six seven eight nine ten eleven twelve".split())}

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
