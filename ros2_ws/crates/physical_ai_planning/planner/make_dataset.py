"""Makes sentences with fleets and plans.

    python make_dataset.py --fleets 5 --seed 1            # shows some
    python make_dataset.py --fleets 20000 --seed 1 --out train.npz

A row is a fleet and several missions for it, as tokens; the vocabulary is made first
(`make_vocabulary.py`).
"""

import argparse
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path

from english import English
from korean import Korean
from missions import Sampler, plan
from names import Said, sample_fleet
from plan_format import Fleet, dumps, violations
from references import References
from refusals import Refusals

REFUSED = 0.13
KOREAN = 0.36
MISTYPED = 0.13
MISSIONS = 10
SIMPLE_MISSIONS = 10
ANY_NUMBERS = 0.4
"""Fleets whose references are not counted from one, so that all are learnt."""
MAX_SENTENCE_CHARS = 320
NEAR_KEYS = {"a": "sq", "b": "vn", "c": "xv", "d": "sf", "e": "wr", "f": "dg", "g": "fh", "h": "gj", "i": "uo", "j": "hk", "k": "jl",
             "l": "k", "m": "n", "n": "bm", "o": "ip", "p": "o", "q": "w", "r": "et", "s": "ad", "t": "ry", "u": "yi", "v": "cb", "w": "qe",
             "x": "zc", "y": "tu", "z": "x"}


def mistype(text: str, said: Said, rng: random.Random) -> str:
    """Slips in one or two plain words; names that nobody could guess stay as they are."""
    parts = re.split(r"(\s+)", text)
    kept = {w for name in said.made_up for w in re.findall(r"[a-z]+", name.lower())}
    able = [i for i, w in enumerate(parts) if re.fullmatch(r"[a-z]{3,}", w.lower()) and w.lower() not in kept]
    for index in rng.sample(able, min(len(able), rng.choice([1, 1, 2]))):
        word = parts[index]
        at = rng.randrange(len(word) - 1)
        parts[index] = rng.choice([
            word[:at] + word[at + 1] + word[at] + word[at + 2:],
            word[:at + 1] + word[at + 2:],
            word[:at] + word[at] + word[at:],
            word[:at] + rng.choice(NEAR_KEYS.get(word[at].lower(), "e")) + word[at + 1:],
        ])
    spaces = [i for i, w in enumerate(parts) if w == " "]
    if spaces and rng.random() < 0.3:
        index = rng.choice(spaces)
        if "가" <= (parts[index - 1] or " ")[-1] <= "힣":
            parts[index] = ""
    return "".join(parts)


def sample_mission(rng: random.Random, fleet: Fleet, said: Said, simple: bool = False) -> tuple[str, str, dict]:
    """Language, sentence and answer."""
    while True:
        language = "ko" if rng.random() < KOREAN else "en"
        if rng.random() < (REFUSED / 2 if simple else REFUSED):
            refused = Refusals(rng, fleet, said, language).sample()
            if refused is None or len(refused[0]) > MAX_SENTENCE_CHARS:
                continue
            return language, refused[0], {"refusal": "".join(c.lower() if c.isascii() and not refused[1].startswith(tuple(fleet.robots)) else c for c in refused[1])}
        groups = Sampler(rng, fleet, simple).mission()
        answer = plan(groups)
        text = (Korean if language == "ko" else English)(rng, fleet, said).mission(groups)
        if rng.random() < MISTYPED:
            text = mistype(text, said, rng)
        if len(text) <= MAX_SENTENCE_CHARS:
            return language, text, answer


def fleets(seed: int, count: int, simple: bool = False) -> Iterator[tuple[Fleet, list[tuple[str, str, dict]]]]:
    for index in range(count):
        rng = random.Random(f"{seed}/{index}")
        fleet, said = sample_fleet(rng)
        missions = [sample_mission(rng, fleet, said, simple) for _ in range(SIMPLE_MISSIONS if simple else MISSIONS)]
        for _, text, answer in missions:
            found = violations(answer, fleet)
            if found:
                raise ValueError(f"{text!r}: {found}")
        yield fleet, missions


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--fleets", type=int, default=5)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--out", type=Path)
    arguments.add_argument("--vocabulary", type=Path, default=Path(__file__).parent / "vocabulary.json")
    arguments.add_argument("--simple", action="store_true", help="mostly single tasks, to begin with: copying names is learnt sooner")
    options = arguments.parse_args()
    if options.out is None:
        for fleet, missions in fleets(options.seed, options.fleets, options.simple):
            print(json.dumps(fleet.to_json(), ensure_ascii=False))
            references = References(fleet)
            for language, text, answer in missions:
                print(f"  {language} {text}\n     {references.question(text)}\n     {dumps(references.answer(answer))}")
        return
    import numpy
    from tokenizer import Tokenizer

    tokenizer = Tokenizer.load(options.vocabulary)
    rows, ends, total, count = [], [], 0, 0
    rng = random.Random(options.seed)
    for fleet, missions in fleets(options.seed, options.fleets, options.simple):
        references = References(fleet, rng if rng.random() < ANY_NUMBERS else None)
        row = tokenizer.encode_row(references, [(text, answer) for _, text, answer in missions])
        rows.append(numpy.array(row, dtype=numpy.uint16))
        total += len(row)
        count += len(missions)
        ends.append(total)
    numpy.savez(options.out, tokens=numpy.concatenate(rows), ends=numpy.array(ends))
    print(f"{len(rows)} fleets, {count} missions, {total} tokens")


if __name__ == "__main__":
    main()
