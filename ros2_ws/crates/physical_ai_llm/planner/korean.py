"""Says missions in Korean."""

import random

from missions import Action, Group, Strand, kind_of, same_kind
from names import ARM_KINDS, COLOUR_VARIANTS, FLOORS, PREFIXES, ROVER_KINDS, SURFACES, THINGS, Said
from plan_format import DEFAULT_POLICY, MAX_OPENING_M, Fleet, number

# Order of the forms of a verb.
PLAIN, STATES, AND, PAST, NOW, NOUN, IF, POLITE = range(8)
VERBS = {
    line.split("|")[0]: line.split("|")
    for line in """넣어|넣는다|넣고|넣은|넣는|넣기|넣으면|넣으세요
놓아|놓는다|놓고|놓은|놓는|놓기|놓으면|놓으세요
올려놓아|올려놓는다|올려놓고|올려놓은|올려놓는|올려놓기|올려놓으면|올려놓으세요
내려놓아|내려놓는다|내려놓고|내려놓은|내려놓는|내려놓기|내려놓으면|내려놓으세요
가져다 놓아|가져다 놓는다|가져다 놓고|가져다 놓은|가져다 놓는|가져다 놓기|가져다 놓으면|가져다 놓으세요
둬|둔다|두고|둔|두는|두기|두면|두세요
담아|담는다|담고|담은|담는|담기|담으면|담으세요
쌓아|쌓는다|쌓고|쌓은|쌓는|쌓기|쌓으면|쌓으세요
옮겨|옮긴다|옮기고|옮긴|옮기는|옮기기|옮기면|옮기세요
올려|올린다|올리고|올린|올리는|올리기|올리면|올리세요
집어|집는다|집고|집은|집는|집기|집으면|집으세요
집어 올려|집어 올린다|집어 올리고|집어 올린|집어 올리는|집어 올리기|집어 올리면|집어 올리세요
들어|든다|들고|든|드는|들기|들면|드세요
들어 올려|들어 올린다|들어 올리고|들어 올린|들어 올리는|들어 올리기|들어 올리면|들어 올리세요
잡아|잡는다|잡고|잡은|잡는|잡기|잡으면|잡으세요
가|간다|가고|간|가는|가기|가면|가세요
움직여|움직인다|움직이고|움직인|움직이는|움직이기|움직이면|움직이세요
돌아|돈다|돌고|돈|도는|돌기|돌면|도세요
둘러봐|둘러본다|둘러보고|둘러본|둘러보는|둘러보기|둘러보면|둘러보세요
돌아가|돌아간다|돌아가고|돌아간|돌아가는|돌아가기|돌아가면|돌아가세요
돌아와|돌아온다|돌아오고|돌아온|돌아오는|돌아오기|돌아오면|돌아오세요
기다려|기다린다|기다리고|기다린|기다리는|기다리기|기다리면|기다리세요
멈춰 있어|멈춰 있는다|멈춰 있고|멈춰 있은|멈춰 있는|멈춰 있기|멈춰 있으면|멈춰 있으세요
쉬어|쉰다|쉬고|쉰|쉬는|쉬기|쉬면|쉬세요
열어|연다|열고|연|여는|열기|열면|여세요
벌려|벌린다|벌리고|벌린|벌리는|벌리기|벌리면|벌리세요
닫아|닫는다|닫고|닫은|닫는|닫기|닫으면|닫으세요
맞춰|맞춘다|맞추고|맞춘|맞추는|맞추기|맞추면|맞추세요
접어|접는다|접고|접은|접는|접기|접으면|접으세요
보내|보낸다|보내고|보낸|보내는|보내기|보내면|보내세요
들러|들른다|들르고|들른|들르는|들르기|들르면|들르세요""".split("\n")
}
HADA = ["이동", "순찰", "점검", "방문", "확인", "대기", "복귀", "도착", "출발", "설정", "정지", "적재", "운반", "순회", "주행", "귀환"]
for _stem in HADA:
    VERBS[f"{_stem}해"] = [_stem + e for e in ("해", "한다", "하고", "한", "하는", "하기", "하면", "하세요")]
COUNTS = ["", "한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉", "열", "열한", "열두"]
SINO = ["", "일", "이", "삼", "사", "오", "육", "칠", "팔", "구", "십"]
DICTIONARY = {**PREFIXES, **COLOUR_VARIANTS, **SURFACES, **FLOORS, **THINGS}
# Whether a digit's name ends in a consonant; l counts apart for 로.
DIGIT_FINALS = {"0": "n", "1": "l", "2": "", "3": "n", "4": "", "5": "", "6": "n", "7": "l", "8": "l", "9": ""}


def final(text: str, rng: random.Random) -> str:
    last = text.rstrip(")")[-1:]
    if "가" <= last <= "힣":
        code = (ord(last) - 0xAC00) % 28
        return "" if code == 0 else "l" if code == 8 else "n"
    return DIGIT_FINALS.get(last, rng.choice(["", "", "n"]) if last not in "aeiouy" else "")


class Korean:
    def __init__(self, rng: random.Random, fleet: Fleet, said: Said) -> None:
        self.rng, self.fleet, self.said = rng, fleet, said
        self.carried: list[str] | None = None
        self.rivals: list[list[str]] = []
        self.held: dict[str, str] = {}
        self.mentioned: list[str] = []
        self.named: set[str] = set()
        """A name that the fleet lacks, and how it was said."""
        self.unknown: str | None = None
        self.unknown_text: str | None = None
        self.explicit = False
        self.level = rng.choice(["줘", "줘", "plain", "라", "polite", "polite", "주세요", "states", "주세요"])
        self.subject_sends = False

    def pick(self, *options: str) -> str:
        return self.rng.choice(options)

    # Particles.

    def particle(self, text: str, with_final: str, without: str) -> str:
        has = final(text, self.rng)
        if with_final == "으로" and has == "l":
            has = ""
        if self.rng.random() < 0.04:
            has = "" if has else "n"
        return text + (with_final if has else without)

    def topic(self, text: str) -> str:
        return self.particle(text, "은", "는")

    def subject(self, text: str) -> str:
        return self.particle(text, "이", "가")

    def thing(self, text: str) -> str:
        return text if self.rng.random() < 0.04 else self.particle(text, "을", "를")

    def to(self, text: str) -> str:
        return self.particle(text, "으로", "로")

    def join(self, texts: list[str]) -> str:
        text = texts[0]
        for index, more in enumerate(texts[1:], start=1):
            comma = self.rng.random() < (0.7 if index < len(texts) - 1 else 0.25)
            text = f"{text}, {more}" if comma else f"{self.particle(text, *self.rng.choice([('과', '와'), ('과', '와'), ('이랑', '랑'), ('하고', '하고')]))} {more}"
        return text

    # Names.

    def words(self, name: str) -> str:
        text = self._words(name)
        if name == self.unknown and self.unknown_text is None:
            self.unknown_text = text
        return text

    def _words(self, name: str) -> str:
        rng = self.rng
        if name in self.said.hangul and rng.random() < 0.35:
            return self.said.hangul[name]
        words = self.said.words.get(name, [name])
        known = [w for w in words if w in DICTIONARY]
        if known and all(w in DICTIONARY or len(w) <= 2 for w in words) and rng.random() < 0.45:
            return self._translated(words)
        return name if rng.random() < 0.85 else " ".join(words)

    def _translated(self, words: list[str]) -> str:
        rng = self.rng
        text = ""
        for word in words:
            if word in DICTIONARY:
                said = rng.choice(DICTIONARY[word])
            else:
                said = word.lstrip("0") or word
                if word.isdigit() and rng.random() < 0.15:
                    said += "번"
            tight = not text or (word not in DICTIONARY and rng.random() < 0.4)
            text += said if tight else f" {said}"
        return text

    def robot(self, name: str) -> str:
        if name == self.unknown:
            return self.words(name)
        rng = self.rng
        kind = kind_of(self.fleet, name)
        peers = same_kind(self.fleet, kind)
        if len(self.fleet.robots) == 1 and rng.random() < 0.15:
            return "로봇"
        noun = self.said.kind.get(name, "")
        kinds = ARM_KINDS.get(noun) or ROVER_KINDS.get(noun) or []
        general = ["팔", "로봇팔", "로봇 팔", "팔"] if kind == "arm" else ["로버", "로버", "이동 로봇"]
        if len(peers) == 1 and rng.random() < 0.35:
            return rng.choice(general + kinds)
        if len(peers) == 2 and self.mentioned and self.mentioned[-1] != name and self.mentioned[-1] in peers and rng.random() < 0.25:
            return self.pick(f"다른 {rng.choice([*general, *kinds])}", "나머지 하나", f"나머지 {rng.choice([*general, *kinds])}", "다른 하나", "다른 한 대")
        if name in self.said.hangul and rng.random() < 0.35:
            return self.said.hangul[name]
        words = self.said.words.get(name, [name])
        if kinds and words[-1].isdigit() and rng.random() < 0.25:
            digit = words[-1].lstrip("0")
            return self.pick(f"{rng.choice(kinds)} {digit}", f"{rng.choice(kinds)}{digit}", f"{digit}번 {rng.choice(kinds)}")
        if words[0] in ("left", "right") and kind == "arm" and rng.random() < 0.4:
            return {"left": "왼", "right": "오른"}[words[0]] + self.pick("팔", "쪽 팔")
        return name if rng.random() < 0.85 else " ".join(words)

    def robots(self, strand: Strand) -> str:
        rng, names = self.rng, strand.robots
        if len(names) == 1:
            text = self.robot(names[0])
            self.mentioned.append(names[0])
            self.named.add(names[0])
            return text
        left = [r for r in sorted(self.fleet.robots) if r not in names]
        if len(left) == 1 and rng.random() < 0.5:
            one = left[0]
            if self.mentioned and self.mentioned[-1] == one and rng.random() < 0.6:
                return self.pick("나머지", "나머지 로봇들", "나머지 로봇 모두", f"나머지 {COUNTS[len(names)]} 대")
            return f"{one}{self.pick(' 빼고', '만 빼고', ' 말고', '를 제외하고', ' 제외')} {self.pick('모두', '전부', '다', '모든 로봇')}"
        if set(names) == self.named and rng.random() < 0.5:
            return rng.choice(["둘 다", "둘 다", "둘 모두", "두 로봇 모두", "모두", "두 대 모두", "두 대 다"] if len(names) == 2 else ["모두", "다들", "전부", f"{COUNTS[len(names)]} 대 모두", f"{COUNTS[len(names)]} 대 다"])
        self.named.update(names)
        if strand.whole_kind and rng.random() < 0.7:
            kind = {"arm": ["팔", "로봇팔"], "rover": ["로버"], "robot": ["로봇"]}[strand.whole_kind]
            noun = rng.choice(kind)
            options = [f"{noun} 전부", f"{noun} {COUNTS[len(names)]} 대 모두", f"{noun} {COUNTS[len(names)]} 대", f"{noun} {COUNTS[len(names)]} 대 다", f"모든 {noun}", f"{noun} 모두", f"{noun}들", f"전체 {noun}", f"각 {noun}"]
            if strand.whole_kind == "robot":
                options += ["모두", "전부", "모든 로봇", "다들", "전 로봇", "로봇 전부", f"{COUNTS[len(names)]} 대 모두"]
            if len(names) == 2:
                options += [f"두 {noun}", f"두 {noun} 모두", f"{noun} 둘 다", "둘 다" if strand.whole_kind == "robot" else f"양쪽 {noun}"]
                if strand.whole_kind == "arm":
                    options += ["양팔"]
            return rng.choice(options)
        self.mentioned.extend(names)
        text = self.join([n if rng.random() < 0.85 else " ".join(self.said.words.get(n, [n])) for n in names])
        return f"{text} 모두" if rng.random() < 0.15 else text

    # Phrases.

    def verb(self, form: int, *options: str) -> str:
        word = self.rng.choice(options)
        if form == -1:
            return self._end(word)
        return VERBS[word][form]

    def _end(self, word: str) -> str:
        """The form at the end of a sentence."""
        level = self.level if self.rng.random() < 0.85 else self.pick("줘", "plain", "polite", "states")
        forms = VERBS[word]
        if self.rng.random() < 0.2:
            # Also 쓸 것, 쓰자, 쓰기 바랍니다, 써 주시겠어요.
            return self.pick(f"{forms[NOUN]} 바랍니다", f"{forms[PLAIN]} 주시겠어요", f"{forms[PLAIN]} 줄래", f"{forms[NOUN]}", f"{forms[PLAIN]}야 해", f"{forms[PLAIN]} 주시면 감사하겠습니다",
                             f"{forms[PLAIN]} 봐", f"{forms[PLAIN]} 주시겠습니까", f"{forms[PLAIN]}줄래", f"{forms[PLAIN]}주시길", f"{forms[NOW]} 게 좋겠어", f"{forms[PLAIN]} 주시기 바랍니다",
                             *([word[:-1], f"{word[:-1]} 바람", f"{word[:-1]} 바랍니다", f"{word[:-1]}하자", f"{word[:-1]}할 것", f"{word[:-1]} 요망", f"{word[:-1]} 부탁해", f"{word[:-1]} 부탁드립니다"] * 2 if word.endswith("해") else []))
        if level == "줘":
            return forms[PLAIN] + self.pick("줘", "줘", " 줘")
        if level == "주세요":
            return forms[PLAIN] + self.pick("주세요", " 주세요", "주십시오")
        if level == "라":
            return forms[PLAIN] + "라" if not forms[PLAIN].endswith("둬") else "둬라"
        if level == "polite":
            return forms[POLITE]
        return forms[STATES] if level == "states" else forms[PLAIN]

    def action(self, action: Action, form: int, robots: list[str]) -> str:
        return getattr(self, f"_{action.skill}")(action, form, robots)

    def _pick_and_place(self, action: Action, form: int, robots: list[str]) -> str:
        rng = self.rng
        thing, place = self.thing(self.words(action.object)), self.words(action.place)
        if rng.random() < 0.17:
            first = self.pick("집어서", "집어", "들어서", "잡아서", "집어 들고", "가져와서", "들고", "집고")
            verb = self.verb(form, "넣어", "놓아", "놓아", "둬", "담아", "내려놓아", "올려놓아")
            return f"{thing} {first} {place}{self.pick('에', '에', ' 위에', ' 안에')} {verb}"
        if rng.random() < 0.3:
            return f"{thing} {self.to(place)} {self.verb(form, '옮겨', '옮겨', '옮겨', '운반해', '보내')}"
        where = f"{place}{self.pick('에', '에', '에', '에', ' 위에', ' 안에', '에다')}"
        word = self.verb(form, "넣어", "넣어", "놓아", "놓아", "둬", "담아", "올려놓아", "가져다 놓아", "쌓아", "올려", "내려놓아", "옮겨")
        return f"{where} {thing} {word}" if rng.random() < 0.1 else f"{thing} {where} {word}"

    def _pick(self, action: Action, form: int, robots: list[str]) -> str:
        self.held[robots[0]] = action.object
        return f"{self.thing(self.words(action.object))} {self.verb(form, '집어', '집어', '집어 올려', '들어', '들어 올려', '잡아')}"

    def _place(self, action: Action, form: int, robots: list[str]) -> str:
        held = self.held.pop(robots[0], None)
        what = self.thing(self.words(held)) if held and self.rng.random() < 0.35 else self.pick("", "그것을", "그걸", "", *([] if held else ["들고 있는 것을", "들고 있는 걸", "지금 들고 있는 거", "손에 든 것을", "잡고 있는 것을", "들고 있는 물건을"]))
        verb = self.verb(form, "놓아", "놓아", "내려놓아", "내려놓아", "넣어", "둬", "담아", "올려놓아")
        return f"{what} {self.words(action.place)}{self.pick('에', '에', ' 위에', ' 안에')} {verb}".strip()

    def _coordinates(self, numbers: list[float], yaw: float | None = None) -> str:
        shown = [str(number(n)) for n in numbers]
        if yaw is None and self.rng.random() < 0.1:
            unit, factor = self.rng.choice([("cm", 100), ("센티", 100), ("mm", 1000), ("센티미터", 100), ("m", 1), ("미터", 1)])
            shown = [f"{number(round(n * factor, 3))}{unit}" for n in numbers]
            return self.pick(", ".join(shown), " ".join(f"{a} {v}" for a, v in zip("xyz", shown)), ", ".join(f"{a}={v}" for a, v in zip("xyz", shown)), ", ".join(f"{a} {v}" for a, v in zip("xyz", shown)))
        if yaw is not None:
            shown.append(str(number(yaw)))
            axes = ("x", "y", "yaw")
            return self.pick(f"({', '.join(shown)})", " ".join(f"{a} {v}" for a, v in zip(axes, shown)), ", ".join(f"{a}={v}" for a, v in zip(axes, shown)))
        return self.pick(f"({', '.join(shown)})", f"({', '.join(shown)})", f"좌표 ({', '.join(shown)})", ", ".join(shown),
                         f"{', '.join(shown)} 위치", " ".join(f"{a} {v}" for a, v in zip("xyz", shown)), f"({', '.join(shown)}) 지점",
                         ", ".join(f"{a}={v}" for a, v in zip("xyz", shown)))

    def _navigate_to(self, action: Action, form: int, robots: list[str]) -> str:
        target = self.words(action.place) if action.place else self._coordinates(action.numbers[:2], *action.numbers[2:])
        if self.subject_sends:
            return f"{self.to(target)} {self.verb(form, '보내', '보내', '이동해', '움직여')}"
        if form in (PAST, IF) and self.rng.random() < 0.45:
            return f"{target}에 {self.verb(form, '도착해')}"
        if self.rng.random() < 0.15:
            return f"{target}에 {self.verb(form, '가', '가', '들러')}"
        return f"{self.to(target)} {self.verb(form, '가', '가', '가', '이동해', '이동해', '출발해', '움직여', '주행해')}"

    def _patrol(self, action: Action, form: int, robots: list[str]) -> str:
        rng = self.rng
        places = self.join([self.words(p) for p in action.places])
        rounds = ""
        if action.rounds:
            n = action.rounds
            native = COUNTS[n] if n <= 12 and rng.random() < 0.65 else str(n)
            glue = "" if native.isdigit() and rng.random() < 0.7 else " "
            rounds = rng.choice([f"{native}{glue}번", f"{native}{glue}번", f"{native}{glue}바퀴", f"{native}{glue}차례", f"{n}회", f"{native}{glue}번씩"]) + " "
        word = self.verb(form, "순찰해", "순찰해", "순찰해", "점검해", "돌아", "둘러봐", "방문해", "순회해", "확인해")
        between = self.pick("", "", "", "", " 사이를") if len(action.places) > 1 else ""
        place = places + between if between else self.thing(places)
        return f"{rounds}{place} {word}" if rounds and rng.random() < 0.1 else f"{place} {rounds}{word}"

    def _home(self, action: Action, form: int, robots: list[str]) -> str:
        rng = self.rng
        if rng.random() < 0.2 and not self.subject_sends:
            return self.verb(form, "복귀해", "돌아와", "복귀해", "귀환해", "돌아가")
        where = self.pick("집으로", "집으로", "홈으로", "홈 위치로", "원위치로", "출발점으로", "처음 위치로", "집에")
        if all(kind_of(self.fleet, r) == "arm" for r in robots) and rng.random() < 0.5:
            where = self.pick("홈 자세로", "홈으로", "기본 자세로", "대기 자세로", "초기 자세로")
        if self.subject_sends:
            return f"{where} {self.verb(form, '보내')}"
        return f"{where} {self.verb(form, '가', '돌아가', '돌아가', '복귀해', '돌아와', '이동해')}"

    def _duration(self, seconds: float) -> str:
        rng, seconds = self.rng, number(seconds)
        if seconds == 30 and rng.random() < 0.15:
            return "반 분"
        if seconds == 1800 and rng.random() < 0.5:
            return self.pick("반시간", "반 시간")
        if seconds == 3600:
            return self.pick("한 시간", "1시간", "한시간", "60분")
        if seconds >= 60 and isinstance(seconds, int):
            minutes, rest = divmod(seconds, 60)
            if rest == 0 and rng.random() < 0.93:
                word = SINO[minutes] + " " if minutes <= 10 and rng.random() < 0.15 else str(minutes)
                return f"{word}분"
            if rest and rng.random() < 0.6:
                return f"{minutes}분 {rest}초"
        if isinstance(seconds, int) and seconds <= 10 and rng.random() < 0.12:
            return f"{SINO[seconds]} 초" if seconds else "0초"
        return f"{seconds}초" if rng.random() < 0.9 else f"{seconds} 초"

    def _wait(self, action: Action, form: int, robots: list[str]) -> str:
        time = self._duration(action.numbers[0]) + self.pick("", " 동안", "간", "만", " 동안")
        there = self.pick("", "", "", "", "거기서 ", "그 자리에서 ")
        return f"{there}{time} {self.verb(form, '기다려', '기다려', '대기해', '대기해', '쉬어', '정지해', '멈춰 있어')}"

    def _set_gripper(self, action: Action, form: int, robots: list[str]) -> str:
        width, rng = action.numbers[0], self.rng
        hand = self.pick("그리퍼를", "그리퍼를", "집게를", "그리퍼")
        if width in (0.0, MAX_OPENING_M) and rng.random() < 0.95:
            full = self.pick("", "", "", "완전히 ", "다 ", "끝까지 ")
            return f"{hand} {full}{self.verb(form, '닫아') if width == 0 else self.verb(form, '열어', '열어', '벌려')}"
        mm = round(width * 1000)
        shown = [f"{mm}mm", f"{mm}밀리미터", f"{mm} mm", f"{number(width)}m", f"{number(width)}미터"]
        if mm % 10:
            shown += [f"{number(mm / 10)}cm", f"{number(mm / 10)} cm", f"{number(mm / 10)}센티미터"]
        else:
            shown += [f"{mm // 10}cm", f"{mm // 10}센티미터", f"{mm // 10}센티", f"{mm // 10} cm"] * 2
        text = rng.choice(shown)
        return f"{hand} {self.to(text) if rng.random() < 0.8 else text} {self.verb(form, '열어', '벌려', '벌려', '맞춰', '설정해')}"

    def _move_to(self, action: Action, form: int, robots: list[str]) -> str:
        tool = self.pick("", "", "", "툴을 ", "손끝을 ", "손을 ", "그리퍼를 ")
        word = self.verb(form, "움직여", "옮겨") if tool or self.subject_sends else self.verb(form, "이동해", "움직여", "가")
        turn = ", ".join(f"{name} {number(angle)}" for name, angle in action.turn.items())
        where = self._coordinates(action.numbers)
        if turn:
            where += self.pick(", ", " ") + (turn if self.rng.random() < 0.5 else turn.replace(",", ""))
        return f"{'' if self.subject_sends else tool}{self.to(where)} {word}"

    def _move_joints(self, action: Action, form: int, robots: list[str]) -> str:
        shown = self.pick(", ", ", ", ", ", " ").join(str(number(n)) for n in action.numbers)
        return f"{self.pick('관절을', '관절을', '조인트를')} {self.to(self.pick(f'({shown})', shown))} {self.verb(form, '움직여', '맞춰', '설정해')}"

    def policy(self, action: Action) -> str:
        if action.policy == DEFAULT_POLICY:
            return ""
        fails = self.pick("실패하면", "안 되면", "만약 실패하면", "실패할 경우", "문제가 생기면", "실패하면", "만약 안 되면", "실패 시", "실패했을 때", "잘 안되면", "만일 실패하면", "못 하면", "문제가 있으면", "잘 안 되면", "실패할 때는")
        what = {
            "retry": ["다시 시도해", "다시 해", "재시도해", "한 번 더 해", "다시 시도하세요", "재시도하세요", "한 번 더 시도해", "다시 해 봐", "재시도"],
            "skip": ["건너뛰어", "그냥 넘어가", "무시해", "생략해", "건너뛰세요", "무시하고 계속해", "그냥 넘어가도 돼", "그냥 건너뛰어", "건너뛴다", "넘어가도 됨", "신경 쓰지 마"],
            "ask_operator": ["나에게 물어봐", "운영자에게 물어봐", "사람에게 물어봐", "나한테 물어봐", "운영자에게 문의하세요", "도움을 요청해", "사람한테 물어봐", "담당자에게 물어봐", "사람을 불러", "나한테 알려 줘"],
            "fail_mission": ["임무를 중단해", "전부 멈춰", "미션을 취소해", "임무를 포기해", "중단하세요", "모두 중지해", "임무 중단", "전체 임무를 중단해", "미션 중단", "다 그만둬"],
        }[action.policy]
        return f"{fails} {self.rng.choice(what)}"

    def may_elide(self, strand: Strand) -> bool:
        if self.explicit:
            return False
        skill = strand.actions[0].skill
        if self.rivals:
            able = [r for r in self.rivals if all(skill in self.fleet.robots[one] for one in r)]
            return able == [strand.robots]
        if self.carried == strand.robots:
            return True
        if self.carried and all(skill in self.fleet.robots[r] for r in self.carried):
            return False
        if len(strand.robots) > 1:
            return False
        able = self.fleet.able(skill)
        if skill in ("pick_and_place", "pick", "navigate_to", "patrol"):
            return able[0] == strand.robots[0]
        return able == strand.robots and (skill != "place" or strand.robots[0] in self.held)

    def clause(self, strand: Strand, form: int, elide: bool, parallel: bool = False) -> str:
        """The last verb in `form`; -1 ends the sentence."""
        rng = self.rng
        who = "" if elide else self.robots(strand)
        self.carried = strand.robots
        first = strand.actions[0]
        trailing = ""
        self.subject_sends = bool(who) and len(strand.actions) == 1 and first.skill in ("navigate_to", "home", "move_to") and rng.random() < 0.2
        if who:
            if self.subject_sends:
                who = self.thing(who) + " "
            elif len(strand.robots) > 1 and rng.random() < 0.15:
                who = self.subject(who) + self.pick(" 모두 ", " 함께 ", " 모두 ", " 다 ")
            elif form in (PAST, NOW, IF, NOUN) and rng.random() < 0.8:
                who = self.subject(who) + " "
            else:
                style = rng.random()
                if style < 0.62:
                    who = self.topic(who) + " "
                elif style < 0.8:
                    who = self.subject(who) + " "
                elif style < 0.9 and form == -1 and not parallel:
                    who, trailing = f"{who}{self.pick(', ', ': ', '야 ', ' ')}", ""
                elif form == -1 and len(strand.robots) == 1 and not parallel and style < 0.93:
                    who, trailing = "", f" {who}"
                elif form == -1 and first.skill in ("pick_and_place", "pick", "place") and style < 0.97:
                    who = self.to(who) + " "
                else:
                    who = self.topic(who) + " "
        texts = [self._transfers(strand, form)] if len(strand.actions) > 1 and rng.random() < 0.75 else [""]
        for index, action in enumerate([] if texts[0] else strand.actions):
            last = index == len(strand.actions) - 1
            if last:
                text = self.action(action, form, strand.robots)
            else:
                text = self._passing(action) if rng.random() < 0.25 else ""
                text = text or self._then(action, strand.robots)
            texts.append(("마지막으로 " if last and index > 1 and rng.random() < 0.25 else "") + text)
        self.subject_sends = False
        return who + " ".join(t for t in texts if t) + trailing

    def _then(self, action: Action, robots: list[str]) -> str:
        if action.skill in ("navigate_to", "home", "pick", "move_to") and self.rng.random() < 0.45:
            return self.action(action, PLAIN, robots) + self.pick("서", "서", "서 ", "서,")
        text = self.action(action, self.rng.choice([AND, AND, AND, PAST]), robots)
        return text + self._after(text)

    def _passing(self, action: Action) -> str:
        """`dock_a에 갔다가`, `5초 기다렸다가`."""
        if action.skill == "wait":
            return f"{self._duration(action.numbers[0])}{self.pick(' 동안', '', '간', '만')} {self.pick('기다렸다가', '대기했다가', '쉬었다가', '있다가')}"
        if action.skill == "navigate_to" and action.place:
            place = self.words(action.place)
            return self.pick(f"{self.to(place)} 갔다가", f"{place}에 갔다가", f"{place}에 들렀다가", f"{self.thing(place)} 거쳐", f"{self.thing(place)} 들러")
        return ""

    def _transfers(self, strand: Strand, form: int) -> str:
        """Several objects with one verb."""
        actions, rng = strand.actions, self.rng
        if any(a.skill != "pick_and_place" for a in actions):
            return ""
        word = self.verb(form, "넣어", "놓아", "둬", "담아", "올려놓아", "옮겨")
        if len({a.place for a in actions}) > 1:
            texts = [f"{self.thing(self.words(a.object)) if rng.random() < 0.5 else self.topic(self.words(a.object))} {self.words(a.place)}에" for a in actions]
            return f"{self.pick(', ', ' ', ', 그리고 ').join(texts)} {word}"
        things = [a.object for a in actions]
        every = self._every(things) if things == sorted(things) else ""
        thing = every or self.thing(self.join([self.words(t) for t in things]))
        return f"{thing} {self.words(actions[0].place)}{self.pick('에', '에', ' 위에', ' 안에')} {word}"

    def _every(self, things: list[str]) -> str:
        if things == sorted(self.fleet.objects) and self.rng.random() < 0.5:
            return self.pick("모든 물건을", "물건을 모두", "전부", "다", "모든 물체를", "물체를 전부")
        words = [self.said.words.get(t, [t]) for t in things]
        for noun in sorted({w for ws in words for w in ws if w in THINGS}):
            if things == sorted(o for o in self.fleet.objects if noun in self.said.words.get(o, [o])):
                said = self.rng.choice(THINGS[noun])
                return self.pick(f"모든 {self.thing(said)}", f"{self.thing(said)} 모두", f"{self.thing(said)} 전부", f"{self.thing(said)} 다",
                                 *([f"두 {self.thing(said)}", f"{said} 두 개를"] if len(things) == 2 else [f"{said} {COUNTS[len(things)]} 개를"]))
        return ""

    def _after(self, text: str) -> str:
        if text.endswith("고"):
            return self.pick("", "", ",", " 나서", "", " 나서,")
        return self.pick(" 다음", " 후", " 후에", " 뒤", " 뒤에", " 다음에")

    def group(self, group: Group, first: bool, form: int) -> str:
        rng = self.rng
        if len(group) == 1:
            text = self.clause(group[0], form, self.may_elide(group[0]) and rng.random() < 0.6)
            self.rivals = []
            return text
        texts = []
        style = rng.random()
        for index, strand in enumerate(group):
            last = index == len(group) - 1
            if last:
                texts.append(self.clause(strand, form, False, True))
            elif style < 0.45:
                texts.append(self.clause(strand, AND, False, True) + self.pick("", ",", ",", " 동시에", ", 동시에", ", 그동안"))
            elif style < 0.8:
                texts.append(self.clause(strand, NOW, False, True) + self.pick(" 동안", " 동안에", " 동안", " 사이에"))
            else:
                end = self._cut_verb(strand) if rng.random() < 0.4 else ""
                text = end or self.clause(strand, -1, False, True)
                texts.append(text + ("," if end else self.pick(". 동시에", ". 그동안", ". 그 사이에", ", 동시에")))
        self.rivals = [s.robots for s in group]
        return " ".join(texts)

    def _cut_verb(self, strand: Strand) -> str:
        """`rover_1은 dock_a로`."""
        action = strand.actions[0]
        if len(strand.actions) > 1 or action.skill not in ("navigate_to", "home") or (action.skill == "navigate_to" and not action.place):
            return ""
        who = self.topic(self.robots(strand))
        self.carried = strand.robots
        return f"{who} {self.to(self.words(action.place)) if action.place else self.pick('집으로', '홈으로')}"

    def mission(self, groups: list[Group]) -> str:
        rng = self.rng
        text, index = "", 0
        policies = [p for g in groups for p in [self._policy_of(g)]]
        if len(groups) > 1 and not any(policies) and rng.random() < 0.1:
            then, before = groups[1], groups[0]
            first = self.group(then, True, NOUN)
            text = f"{first} 전에 {self._explicit(before)}"
            index = 2
            if index < len(groups):
                text += ". " + self.pick("그 다음 ", "그리고 ", "그 후에 ", "마지막으로 ")
        elif len(groups) > 1 and rng.random() < 0.2:
            text = self.pick("먼저 ", "우선 ", "먼저, ", "처음에 ")
        while index < len(groups):
            last = index == len(groups) - 1
            policy = policies[index]
            if last or policy or rng.random() < 0.3:
                text += self.group(groups[index], index == 0, -1)
                if policy:
                    text += self.pick(". ", ", ", " ", ". ") + policy
                if not last:
                    text += self.pick(". 그 다음 ", ". 그리고 나서 ", ". 그 후에 ", ". ", ". 이어서 ", ". 다음으로 ", ". 그런 다음 ", ". 끝나면 ", ". 그 다음에 ", ". 그다음 ", ". 그게 끝나면 ", ". 그것이 끝나면 ",
                                      ". 다 끝나면 ", ". 그러고 나서 ", *self._both_done(groups[index]), *([". 마지막으로 "] * 3 if index == len(groups) - 2 else []))
            else:
                form = self.rng.choice([AND, PAST, PAST, IF])
                part = self.group(groups[index], index == 0, form)
                if form == AND:
                    # A bare "-고" between robots would mean at the same time.
                    part += self.pick(" 나서 ", " 나서, ", " 그 다음 ", ", 그 다음에 ", " 이어서 ", ", 그 다음 ", ", 그게 끝나면 ", *(m.replace(". ", ", ") for m in self._both_done(groups[index])),
                                      *([", 마지막으로 ", " 마지막으로 ", ", 마지막으로 "] if index == len(groups) - 2 else []))
                elif form == PAST:
                    part += self.pick(" 다음 ", " 후에 ", " 뒤에 ", " 다음에 ", " 후 ", " 뒤 ", " 후, ", " 다음, ")
                else:
                    part += self.pick(" ", ", ", " 그때 ")
                text += part
                if index == len(groups) - 2 and rng.random() < 0.12:
                    text += "마지막으로 "
            index += 1
        return self._polish(text)

    def _both_done(self, group: Group) -> list[str]:
        return [". 둘 다 끝나면 ", ". 둘 다 끝나면 ", ". 모두 끝나면 "] if sum(len(s.robots) for s in group) == 2 else []

    def _policy_of(self, group: Group) -> str:
        return self.policy(group[-1].actions[-1])

    def _explicit(self, group: Group) -> str:
        texts = [self.clause(s, -1 if s is group[-1] else AND, False, True) for s in group]
        self.rivals = [s.robots for s in group] if len(group) > 1 else []
        return ", ".join(texts)

    def _polish(self, text: str) -> str:
        if self.rng.random() < 0.06:
            text = self.pick("자, ", "지금 ", "부탁해, ", "이제 ") + text
        return " ".join(text.split()) + self.pick("", "", ".", ".", "!")
