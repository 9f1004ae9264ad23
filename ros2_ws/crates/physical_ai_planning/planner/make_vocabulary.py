"""Makes `vocabulary.json` from sentences of the generator (seed 0)."""

import argparse
import re
from collections import Counter
from pathlib import Path

import names
from make_dataset import fleets
from plan_format import SKILLS
from references import References
from tokenizer import BYTE, CONTROL, CONTROL_TYPE, NORMAL, SPACE, UNKNOWN, USER_DEFINED, Tokenizer, skeleton

MERGES_LATIN = 850
MERGES_HANGUL = 400
SPACED_WORDS = 110
# Common in text that templates do not make.
COMMON_HANGUL = (
    "가각간갈감갑강같개거걸것게겠겨결경계고곧골공과관광교구국군그근글금급기긴길김까께꼭끝나난날남낮내너널네년노놓누눈느는늘니다단달담답당대더던덜데도독돈돌동되된될두둘뒤드든들등디따때또"
    "라락란람랑래량러런렇레려력련로록료루류르른를름리린림마막만많말맞매머먼멀멈면명몇모목몸못무문물미민밀및바박반받발밤방배백버번벌법벨변별병보복본볼봇봉부분불비빈빨사산살상새색생서석선설"
    "성세센소속손송쇠수순쉬스습시식신실심싶쓰씨아악안앉않알앞야약양어언얼업없었에여역연열염영옆예오온올옮와완왕왜외왼요용우운울움워원월위유육으은을음응의이인일임입있자작잔잘잠장재저적전절점접정제조족존종좋죄주줄"
    "중즈즉지직진질집짜째쪽차착찬참창채책처천철청체초총최추축출충취층치칠카커컨컵코크큰키타탁태터테텐토통투트특티파판팔패팩퍼편평포표푸품프피필하학한할함합항해행향허현형호혹홈화확환활황회후훈휴흐희흰히힘"
)


def merges(words: Counter, count: int) -> list[str]:
    """Byte-pair merges in their order."""
    parts = {word: list(word) for word in words}
    found: list[str] = []
    while len(found) < count:
        pairs: Counter = Counter()
        for word, symbols in parts.items():
            for pair in zip(symbols, symbols[1:]):
                pairs[pair] += words[word]
        if not pairs:
            break
        (a, b), _ = max(pairs.items(), key=lambda item: (item[1], item[0]))
        if a + b not in found:
            found.append(a + b)
        for word, symbols in parts.items():
            at = 0
            while at < len(symbols) - 1:
                if symbols[at] == a and symbols[at + 1] == b:
                    symbols[at:at + 2] = [a + b]
                at += 1
    return found


def name_words() -> set[str]:
    tables = [names.COLOURS, names.THINGS, names.SURFACES, names.FLOORS, names.PREFIXES, names.ARM_KINDS, names.ROVER_KINDS, names.ARM_NAMES,
              names.ROVER_NAMES]
    return {part for table in tables for word in table for part in word.split("_")}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--out", type=Path, default=Path(__file__).parent / "vocabulary.json")
    options = arguments.parse_args()
    latin, hangul, spaced, letters = Counter(), Counter(), Counter(), Counter(COMMON_HANGUL)
    in_names = name_words() | set(SKILLS)
    for fleet, missions in fleets(0, 2500):
        references = References(fleet)
        all_words = re.findall(r"[a-zA-Z]+", re.sub("=ref_[a-z][0-9]+", "", references.fleet_text()))
        latin.update(w for w in all_words if w in in_names or len(w) < 12)
        for _, text, answer in missions:
            text = f"{references.question(text)} {answer.get('refusal', '')}"
            text = re.sub("ref_[a-z][0-9]+", "", text)
            latin.update(re.findall(r"[a-zA-Z]+", text))
            hangul.update(re.findall(r"[가-힣]+", text))
            letters.update(c for c in text if "가" <= c <= "힣")
            spaced.update(w for w in re.findall(r" ([a-z]+)", text) if w not in in_names)
    # Words that names and plans are made of are whole; made-up names only show which pairs are common.
    for word in list(latin):
        if word in in_names:
            latin[word] += 1500
        elif latin[word] < 8:
            latin[word] = 0
    latin_merges = merges(+latin, MERGES_LATIN)
    hangul_merges = merges(hangul, MERGES_HANGUL)
    whole = set(latin_merges)
    spaced_words = [SPACE + w for w, _ in spaced.most_common(600) if w in whole][:SPACED_WORDS]
    singles = [SPACE, "\n", *[chr(c) for c in range(33, 127)], *[c for c, _ in letters.most_common()]]
    user_defined = skeleton()
    normal = [t for t in [*latin_merges, *hangul_merges, *spaced_words, *singles] if t not in user_defined]
    tokens = [*CONTROL, *[f"<0x{b:02X}>" for b in range(256)], *user_defined, *normal]
    types = [UNKNOWN, *[CONTROL_TYPE] * (len(CONTROL) - 1), *[BYTE] * 256, *[USER_DEFINED] * len(user_defined), *[NORMAL] * len(normal)]
    # User-defined tokens are found before merging; they must not come of merging.
    scores = [0.0] * (len(CONTROL) + 256) + [-1e6] * len(user_defined) + [-1.0 - i for i in range(len(normal))]
    Tokenizer(tokens, types, scores).save(options.out)
    print(f"{len(tokens)} tokens")


if __name__ == "__main__":
    main()
