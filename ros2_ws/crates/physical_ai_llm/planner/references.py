"""Short references for a fleet's names, so that the model points at names and never has to spell them.

Each name has a reference that is one token: `ref_r3` is the third robot, `ref_o…` are objects, `ref_s…`
surfaces and `ref_f…` floors, counted in sorted order. Where a sentence says a name letter by letter, its
reference is put in its place; what is said otherwise ("the arm", "빨간 상자") is left to the model.
`src/plan_question/references.rs` does the same; `references_golden.jsonl` holds both to it.
"""

import json
import random
import re
from pathlib import Path

from plan_format import Fleet, sentence_text

MOST = 24
"""Names of a kind that references reach."""
KINDS = "rosf"
_PIECE = re.compile(r"[a-z]+|[0-9]+|[가-힣]+|.", re.DOTALL)
_SEPARATORS = ("_", "-", " ")


def reference(kind: str, index: int) -> str:
    return f"ref_{kind}{index + 1}"


ALL = [reference(kind, index) for kind in KINDS for index in range(MOST)]


_LEXICON: dict[str, list[str]] = json.loads((Path(__file__).parent / "lexicon.json").read_text(encoding="utf-8"))
"""Korean words for English ones that names are made of; `python names.py` writes it."""
# Revised Romanization of Korean (2000), syllable by syllable.
_INITIALS = "g kk n d tt r m b pp s ss - j jj ch k t p h".split()
_MEDIALS = "a ae ya yae eo e yeo ye o wa wae oe yo u wo we wi yu eu ui i".split()
_FINALS = "- k k k n n n t l k m l l l p l m p p t t ng t t k t p t".split()
_PARTICLES = {"", *"을 를 이 가 은 는 에 로 으로 와 과 랑 이랑 하고 에서 에게 야 아 의 도 까지 부터 만".split()}
"""What may follow a name that is said in Hangul."""


def romanized(hangul: str) -> str:
    text = ""
    for syllable in hangul:
        index, final = divmod(ord(syllable) - ord("가"), 28)
        text += _INITIALS[index // 21] + _MEDIALS[index % 21] + _FINALS[final]
    return text.replace("-", "")


def _sound(latin: str) -> str:
    """Doubled letters count once: people write 공구 as gongu and gonggu."""
    return re.sub(r"(.)\1+", r"\1", latin)


def _is_hangul(piece: str) -> bool:
    return "가" <= piece[0] <= "힣"


def _plain(piece: str) -> str:
    """Numbers without leading zeros."""
    return piece.lstrip("0") or "0" if piece.isdigit() and piece.isascii() else piece


def _words(name: str) -> list[str]:
    return [_plain(p) for p in _PIECE.findall(sentence_text(name)) if p not in _SEPARATORS]


def _joins(before: str, after: str) -> bool:
    """True if a name could go on from one piece to the next."""
    word = re.compile(r"[a-z0-9_]")
    return bool(word.fullmatch(before[-1]) and word.fullmatch(after[0]))


def link(sentence: str, references: dict[str, list[str]]) -> str:
    """The sentence, in small letters, with references for names that it says.

    `references` are those of each name. A name may be said with other signs or a space between its parts, its
    numbers without leading zeros, and in Hangul, translated word by word (`lexicon.json`) or as it sounds, before a
    particle. The longest name counts; one that several things have stays.
    """
    by_words: dict[tuple[str, ...], list[str]] = {}
    for name, found in references.items():
        by_words.setdefault(tuple(_words(name)), []).extend(found)
    by_sound: dict[str, list[str]] = {}
    for words, found in by_words.items():
        by_sound.setdefault(_sound("".join(words)), []).extend(found)
    pieces, text, at = _PIECE.findall(sentence), "", 0
    while at < len(pieces):
        found, end, particle = _longest(pieces, at, by_words)
        if len(found) == 1:
            text += found[0] + particle
        elif found:
            text += "".join(pieces[at:end])
        else:
            text += _in_hangul(pieces[at], by_sound) if _is_hangul(pieces[at]) else pieces[at]
            end = at + 1
        at = end
    return text


def _longest(pieces: list[str], at: int, by_words: dict[tuple[str, ...], list[str]]) -> tuple[list[str], int, str]:
    """References of the longest name that begins at a piece, where it ends, and the particle behind it."""
    best: tuple[list[str], int, str] = ([], at, "")
    if at > 0 and _joins(pieces[at - 1], pieces[at]):
        return best
    for words, found in by_words.items():
        end, particle = _match(words, pieces, at)
        if end > best[1]:
            best = (found, end, particle)
        elif end == best[1] and end > at:
            best = (best[0] + found, end, particle)
    return best


def _match(words: tuple[str, ...], pieces: list[str], at: int) -> tuple[int, str]:
    """Where a name that begins at a piece ends, and the particle behind it; `at` if it does not begin there."""
    end, particle = at, ""
    for index, word in enumerate(words):
        if index > 0 and end < len(pieces) and pieces[end] in _SEPARATORS:
            end += 1
        if end == len(pieces):
            return at, ""
        piece, is_last = pieces[end], index == len(words) - 1
        end += 1
        if _plain(piece) == word:
            continue
        ends = [said for said in _LEXICON.get(word, []) if piece.startswith(said)]
        rests = [piece[len(said):] for said in ends]
        fitting = [rest for rest in rests if rest in (_PARTICLES if is_last else {""})]
        if not fitting:
            return at, ""
        particle = min(fitting, key=len)
    whole = end == len(pieces) or not words or not _joins(pieces[end - 1], pieces[end])
    return (end, particle) if whole and words else (at, "")


def _in_hangul(piece: str, by_sound: dict[str, list[str]]) -> str:
    for end in range(len(piece), 0, -1):
        found = by_sound.get(_sound(romanized(piece[:end])), [])
        if len(found) == 1 and piece[end:] in _PARTICLES:
            return found[0] + piece[end:]
    return piece


class References:
    def __init__(self, fleet: Fleet, rng: random.Random | None = None) -> None:
        """Counted from one; with `rng`, any different numbers, so that a model learns them all."""
        self.fleet = fleet
        self.of: dict[str, dict[str, str]] = {}
        for kind, names in zip(KINDS, (list(fleet.robots), fleet.objects, fleet.surfaces, fleet.floors)):
            numbers = rng.sample(range(MOST), len(names)) if rng else range(len(names))
            self.of[kind] = {name: reference(kind, index) for name, index in zip(sorted(names), numbers)}
        self.to_name = {ref: name for names in self.of.values() for name, ref in names.items()}
        self.all: dict[str, list[str]] = {}
        for ref, name in self.to_name.items():
            self.all.setdefault(name, []).append(ref)

    def fleet_text(self) -> str:
        """The system message. All lists are sorted; robots with the same skills share a line."""
        groups: dict[tuple[str, ...], list[str]] = {}
        for robot in sorted(self.fleet.robots):
            groups.setdefault(tuple(sorted(self.fleet.robots[robot])), []).append(robot)
        lines = [f"{self._list('r', robots)}:{','.join(skills)}" for skills, robots in groups.items()]
        for kind, title in zip("osf", ("objects", "surfaces", "floors")):
            lines.append(f"{title}:{self._list(kind, list(self.of[kind]))}")
        return "\n".join(lines)

    def _list(self, kind: str, names: list[str]) -> str:
        # Behind its name, a reference can gather what the name says.
        return ",".join(f"{name}={self.of[kind][name]}" for name in names)

    def question(self, sentence: str) -> str:
        """The user message."""
        return link(sentence_text(sentence), self.all)

    def answer(self, plan: dict) -> dict:
        """What the model is to answer: the plan with references."""
        if "refusal" in plan:
            return {"refusal": link(plan["refusal"], self.all)}
        return {"tasks": [self._task(task) for task in plan["tasks"]]}

    def _task(self, task: dict) -> dict:
        task = {**task, "robot": self.of["r"][task["robot"]]}
        if "params" in task:
            places = self.of["f" if task["skill"] in ("navigate_to", "patrol") else "s"]
            change = {"object": self.of["o"].get, "place": places.get, "places": lambda names: [places[n] for n in names]}
            task["params"] = {name: change.get(name, lambda v: v)(value) for name, value in task["params"].items()}
        return task

    def names(self, text: str) -> str:
        """An answer with names for references."""
        return re.sub(f"ref_[{KINDS}][0-9]+", lambda m: self.to_name.get(m[0], m[0]), text)
