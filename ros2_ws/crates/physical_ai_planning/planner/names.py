"""Names of robots, objects and places, and the ways in which people say them."""

import json
import random
import re
from pathlib import Path

from plan_format import ARM_SKILLS, ROVER_SKILLS, Fleet

COLOURS = {
    "red": "빨간", "blue": "파란", "green": "초록", "yellow": "노란", "black": "검은", "white": "흰",
    "orange": "주황", "purple": "보라", "pink": "분홍", "grey": "회색", "brown": "갈색",
}
COLOUR_VARIANTS = {
    "red": ["빨간", "빨간색", "붉은", "빨강"], "blue": ["파란", "파란색", "푸른"], "green": ["초록", "초록색", "녹색"],
    "yellow": ["노란", "노란색", "노랑"], "black": ["검은", "검은색", "까만", "검정"], "white": ["흰", "흰색", "하얀"],
    "orange": ["주황", "주황색"], "purple": ["보라", "보라색"], "pink": ["분홍", "분홍색"], "grey": ["회색"],
    "brown": ["갈색"],
}
THINGS = {
    "box": ["상자", "박스"], "cube": ["큐브"], "ball": ["공"], "cylinder": ["원통", "실린더"], "bottle": ["병"],
    "cup": ["컵"], "mug": ["머그", "머그컵"], "plate": ["접시"], "bowl": ["그릇"], "spoon": ["숟가락"], "fork": ["포크"],
    "knife": ["칼"], "can": ["캔"], "book": ["책"], "screw": ["나사"], "bolt": ["볼트"], "nut": ["너트"], "gear": ["기어"],
    "hammer": ["망치"], "wrench": ["렌치"], "screwdriver": ["드라이버"], "tape": ["테이프"], "battery": ["배터리"],
    "sensor": ["센서"], "motor": ["모터"], "apple": ["사과"], "orange": ["오렌지"], "banana": ["바나나"],
    "lemon": ["레몬"], "toy": ["장난감"], "pen": ["펜"], "phone": ["전화기", "휴대폰"], "key": ["열쇠"], "block": ["블록"],
    "tube": ["튜브"], "sample": ["샘플", "시료"], "vial": ["바이알"], "part": ["부품"], "pipe": ["파이프"],
    "package": ["소포", "택배"], "parcel": ["소포"], "sponge": ["스펀지"], "brick": ["벽돌"], "lid": ["뚜껑"],
    "valve": ["밸브"], "chip": ["칩"], "board": ["기판"], "cable": ["케이블"], "glass": ["유리잔"], "marker": ["마커"],
}
SURFACES = {
    "bin": ["통", "빈"], "tray": ["쟁반", "트레이"], "shelf": ["선반"], "table": ["테이블", "탁자"], "rack": ["랙"],
    "crate": ["상자"], "basket": ["바구니"], "bench": ["벤치"], "workbench": ["작업대"], "toolbox": ["공구함"],
    "sink": ["싱크대"], "conveyor": ["컨베이어"], "belt": ["벨트"], "pallet": ["팔레트"], "drawer": ["서랍"],
    "counter": ["카운터"], "stand": ["받침대"], "slot": ["슬롯"], "fixture": ["고정대"], "cart": ["카트"],
    "desk": ["책상"], "platform": ["플랫폼"], "holder": ["홀더"], "scale": ["저울"], "oven": ["오븐"],
}
FLOORS = {
    "dock": ["도크"], "gate": ["게이트", "문"], "charger": ["충전기", "충전소"], "entrance": ["입구"], "exit": ["출구"],
    "kitchen": ["주방", "부엌"], "office": ["사무실"], "lab": ["실험실", "연구실"], "hall": ["홀"], "lobby": ["로비"],
    "corridor": ["복도"], "garage": ["차고"], "warehouse": ["창고"], "storage": ["창고", "보관소"], "station": ["스테이션"],
    "aisle": ["통로"], "room": ["방"], "door": ["문"], "parking": ["주차장"], "zone": ["구역"], "bay": ["베이"],
    "yard": ["마당"], "elevator": ["엘리베이터"], "garden": ["정원"], "workshop": ["작업장"], "corner": ["모퉁이"],
    "checkpoint": ["체크포인트"], "point": ["지점"], "spot": ["자리"], "wall": ["벽"], "depot": ["차고지"],
    "reception": ["안내 데스크"], "library": ["도서관"], "ramp": ["경사로"],
}
PREFIXES = {
    "north": ["북쪽"], "south": ["남쪽"], "east": ["동쪽"], "west": ["서쪽"], "left": ["왼쪽"], "right": ["오른쪽"],
    "front": ["앞"], "back": ["뒤"], "upper": ["위쪽"], "lower": ["아래쪽"], "main": ["메인"], "small": ["작은"],
    "big": ["큰"], "old": ["낡은"], "new": ["새"], "loading": ["하역"], "storage": ["저장"], "meeting": ["회의"],
    "charging": ["충전"], "tool": ["공구"], "cold": ["차가운"], "packing": ["포장"], "metal": ["금속"], "glass": ["유리"], "wooden": ["나무"], "plastic": ["플라스틱"],
}
ARM_KINDS = {"arm": ["팔", "로봇팔", "로봇 팔"], "manipulator": ["매니퓰레이터"], "gripper_arm": ["팔"], "picker": ["피커"],
             "robot_arm": ["로봇팔"], "cobot": ["코봇"], "lifter": [], "stacker": [], "loader": [], "gripper": [],
             "packer": [], "welder": [], "claw": []}
ROVER_KINDS = {"rover": ["로버"], "agv": ["에이지브이"], "amr": ["에이엠알"], "cart": ["카트"], "runner": ["러너"],
               "courier": ["쿠리어"], "carrier": ["운반차"], "vehicle": ["차량"], "mover": ["무버"], "scout": ["스카우트"],
               "bot": ["봇"], "base": ["베이스"], "hauler": [], "mule": [], "porter": [], "shuttle": ["셔틀"], "truck": ["트럭"],
               "transporter": [], "buggy": [], "tug": [], "wheelie": []}
ARM_NAMES = ["kuka", "ur5", "panda", "franka", "atlas", "titan", "hercules", "nova", "baxter", "sawyer", "max", "ada",
             "otto", "bora", "hana", "miso"]
ROVER_NAMES = ["spot", "husky", "dusty", "rosie", "turtle", "jackal", "speedy", "wally", "zippy", "bolt", "mina", "duri",
               "nuri", "haneul", "bada", "rex", "max", "leo"]
# Romanised Korean syllables, and their Hangul: names of them can be said in both scripts.
SYLLABLES = {
    "ga": "가", "na": "나", "da": "다", "ra": "라", "ma": "마", "ba": "바", "sa": "사", "ja": "자", "ha": "하", "bo": "보",
    "do": "도", "so": "소", "ho": "호", "mi": "미", "si": "시", "gi": "기", "ji": "지", "nu": "누", "ri": "리", "su": "수",
    "bu": "부", "mu": "무", "gu": "구", "han": "한", "san": "산", "mul": "물", "gang": "강", "dong": "동", "seo": "서",
    "nam": "남", "buk": "북", "jin": "진", "min": "민", "yu": "유", "hwa": "화", "byeong": "병", "sang": "상", "cha": "차",
    "go": "고", "mo": "모", "no": "노", "to": "토", "po": "포", "ro": "로", "bi": "비", "di": "디", "gwa": "과", "il": "일",
    "gyul": "귤", "bae": "배", "gam": "감", "pa": "파", "hae": "해", "dal": "달", "byeol": "별", "chang": "창", "geum": "금",
    "eun": "은", "jeong": "정", "hyeon": "현", "tae": "태", "woo": "우", "yang": "양", "jeju": "제주", "seoul": "서울",
}
ORDINALS = ["first", "second", "third", "fourth"]


class Said:
    """Names of a fleet with their parts, so that they can be said in words."""

    def __init__(self) -> None:
        self.words: dict[str, list[str]] = {}
        self.made_up: set[str] = set()
        self.hangul: dict[str, str] = {}
        self.kind: dict[str, str] = {}


def made_up_word(rng: random.Random) -> str:
    onset = ["b", "d", "f", "g", "h", "j", "k", "l", "m", "n", "p", "q", "r", "s", "t", "v", "w", "x", "z", "br", "dr",
             "fl", "gr", "kl", "pl", "qu", "sk", "st", "th", "tr", "zw"]
    vowel = ["a", "e", "i", "o", "u", "a", "e", "o", "ai", "oo", "y"]
    coda = ["", "", "b", "d", "g", "k", "l", "m", "n", "p", "r", "s", "t", "x", "z", "ll", "ng", "rk", "sh"]
    count = rng.choices([1, 2, 3], [4, 5, 1])[0]
    word = "".join(rng.choice(onset) + rng.choice(vowel) + rng.choice(coda) for _ in range(count))
    if len(word) < 3:
        word += rng.choice("aeioknrt")
    return word[:11]


def korean_word(rng: random.Random) -> tuple[str, str]:
    parts = rng.sample(sorted(SYLLABLES), rng.choice([1, 2, 2, 2, 3]))
    if len("".join(parts)) < 3:
        parts += [rng.choice(sorted(SYLLABLES))]
    return "".join(parts), "".join(SYLLABLES[p] for p in parts)


def _suffix(rng: random.Random) -> str:
    return rng.choice([str(rng.randint(1, 9)), str(rng.randint(1, 9)), str(rng.randint(10, 99)), f"0{rng.randint(1, 9)}",
                       rng.choice("abcdefgh"), rng.choice("abcxyz")])


def _name(rng: random.Random, said: Said, nouns: dict[str, list[str]], colour: bool) -> str:
    style = rng.random()
    if style < 0.18:
        word = made_up_word(rng)
        words = [word]
        said.made_up.add(word)
        if rng.random() < 0.3:
            words.append(_suffix(rng))
        name = ("" if len(words) > 1 and rng.random() < 0.3 else "_").join(words)
        if "_" not in name:
            words = [name]
            said.made_up.add(name)
    elif style < 0.28:
        word, hangul = korean_word(rng)
        words, name = [word], word
        said.made_up.add(word)
        said.hangul[name] = hangul
        if rng.random() < 0.3:
            digit = str(rng.randint(1, 9))
            words, name = [word, digit], f"{word}_{digit}"
            said.hangul[name] = f"{hangul} {digit}"
    else:
        noun = rng.choice(sorted(nouns))
        words = [noun]
        if colour and rng.random() < 0.6:
            words.insert(0, rng.choice(sorted(COLOURS)))
        elif rng.random() < 0.2:
            words.insert(0, rng.choice(sorted(PREFIXES)))
        if rng.random() < (0.25 if len(words) > 1 else 0.45):
            words.append(_suffix(rng))
        name = rng.choices(["_", "-", ""], [12, 1, 0])[0].join(words)
    said.words[name] = words
    return name


def _names(rng: random.Random, said: Said, nouns: dict, count: int, colour: bool, taken: set[str]) -> list[str]:
    """Distinct names; often several of a series, as docks a, b and c are."""
    found: list[str] = []
    while len(found) < count:
        series = rng.random() < 0.45 and count - len(found) >= 2
        if series and colour and rng.random() < 0.7:
            noun = rng.choice(sorted(nouns))
            new = []
            for c in rng.sample(sorted(COLOURS), min(3, count - len(found))):
                name = f"{c}_{noun}"
                said.words[name] = [c, noun]
                new.append(name)
        elif series:
            stem = rng.choice(sorted(nouns)) if rng.random() < 0.75 else made_up_word(rng)
            if stem not in nouns:
                said.made_up.add(stem)
            n = min(rng.randint(2, 4), count - len(found))
            endings = rng.choice(["abcd", "1234", ["01", "02", "03", "04"], "2345", ["left", "right", "middle", "x"], "xyzw"])
            new = []
            for ending in list(endings)[:n]:
                name = f"{stem}_{ending}"
                said.words[name] = [stem, ending]
                new.append(name)
            if rng.random() < 0.15:
                for name in list(new):
                    if len(found) + len(new) < count:
                        twin = f"{name}_2"
                        said.words[twin] = [*said.words[name], "2"]
                        new.append(twin)
        else:
            new = [_name(rng, said, nouns, colour)]
        for name in new:
            if name not in taken and len(found) < count:
                taken.add(name)
                found.append(name)
    return found


def _robots(rng: random.Random, said: Said, kinds: dict, names: list[str], count: int, kind: str, taken: set[str]) -> list[str]:
    found: list[str] = []
    style = rng.random()
    if style < 0.5:
        noun = rng.choices(sorted(kinds), [14 if k in ("arm", "rover") else 1 for k in sorted(kinds)])[0]
        start = rng.choice([1, 1, 1, 1, 2, 7])
        pad = rng.random() < 0.12
        glue = "_" if rng.random() < 0.9 else rng.choice(["", "-"])
        new = [[noun, f"0{start + i}" if pad else str(start + i)] for i in range(count)]
        if rng.random() < 0.1:
            new = [[e, noun] for e in rng.sample(["left", "right", "north", "south", "front", "big"], count)]
            glue = "_"
        candidates = [(glue.join(words), words) for words in new]
        if len(set(taken) & {c for c, _ in candidates}) == 0:
            for name, words in candidates:
                said.words[name] = words if glue else [name]
                said.kind[name] = noun
                found.append(name)
    while len(found) < count:
        if style < 0.7:
            word = rng.choice(names)
        elif style < 0.9:
            word = made_up_word(rng)
            said.made_up.add(word)
        else:
            word, hangul = korean_word(rng)
            said.made_up.add(word)
            said.hangul[word] = hangul
        words, name = [word], word
        if rng.random() < 0.25:
            extra = rng.choice([str(rng.randint(1, 9)), kind, kind])
            words, name = [word, extra], f"{word}_{extra}"
            said.hangul.pop(name, None)
        elif rng.random() < 0.1:
            name = f"{word}{rng.randint(1, 99)}"
            words = [name]
            said.made_up.add(name)
        if name not in taken and name not in found:
            said.words[name] = words
            found.append(name)
    taken.update(found)
    return found


def sample_fleet(rng: random.Random) -> tuple[Fleet, Said]:
    said, taken = Said(), set()
    shape = rng.random()
    if shape < 0.35:
        arms, rovers = 1, 1
    elif shape < 0.6:
        arms, rovers = 2, 2
    elif shape < 0.7:
        arms, rovers = 0, rng.randint(1, 3)
    elif shape < 0.8:
        arms, rovers = rng.randint(1, 3), 0
    else:
        arms, rovers = rng.randint(1, 3), rng.randint(1, 3)
    arm_names = _robots(rng, said, ARM_KINDS, ARM_NAMES, arms, "arm", taken)
    rover_names = _robots(rng, said, ROVER_KINDS, ROVER_NAMES, rovers, "rover", taken)
    robots = {**{a: ARM_SKILLS for a in arm_names}, **{r: ROVER_SKILLS for r in rover_names}}
    if rng.random() < 0.14:
        victim = rng.choice(sorted(robots))
        gone = rng.choice(robots[victim])
        robots[victim] = tuple(s for s in robots[victim] if s != gone)
    objects = _names(rng, said, THINGS, rng.choices([0, 1, 2, 3, 4, 5, 6], [1, 2, 6, 4, 3, 1, 1])[0], True, taken) if arms else []
    surfaces = _names(rng, said, SURFACES, rng.choices([1, 2, 3, 4, 5], [1, 6, 4, 3, 1])[0], False, taken) if arms else []
    floors = _names(rng, said, FLOORS, rng.choices([1, 2, 3, 4, 5, 6], [1, 4, 5, 4, 2, 1])[0], False, taken) if rovers else []
    return Fleet(robots, objects, surfaces, floors), said


def lexicon(known: dict[str, list[str]]) -> dict[str, list[str]]:
    """Korean words for English ones that names are made of, with those of the tables above."""
    found = {word: list(said) for word, said in known.items()}
    for table in (COLOUR_VARIANTS, THINGS, SURFACES, FLOORS, PREFIXES, ARM_KINDS, ROVER_KINDS):
        for word, said in table.items():
            some = found.setdefault(word, [])
            some += [w for w in said if " " not in w and w not in some]
    return dict(sorted((word, said) for word, said in found.items() if said))


if __name__ == "__main__":
    file = Path(__file__).parent / "lexicon.json"
    words = lexicon(json.loads(file.read_text(encoding="utf-8")))
    file.write_text("{\n" + ",\n".join(f"{json.dumps(w)}: {json.dumps(s, ensure_ascii=False)}" for w, s in words.items()) + "\n}\n", encoding="utf-8")
