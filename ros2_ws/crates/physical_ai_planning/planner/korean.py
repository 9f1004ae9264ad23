"""Says missions in Korean."""

import random

from korean_actions import Actions
from korean_shapes import Shapes
from korean_slips import misspelt, run_together
from korean_words import AND, COUNTS, DICTIONARY, END, IF, LETTERS, NOUN, NOW, PAST, PLAIN, final
from missions import Action, Group, Strand, kind_of, same_kind
from names import ARM_KINDS, ROVER_KINDS, THINGS, Said
from plan_format import DEFAULT_POLICY, Fleet

# Kinds of robots, objects and places that no table of names has.
STRANGERS = {
    "robot": "트랙터|드론|굴착기|청소기|로봇개|지게차|포클레인|헬리콥터|불도저|전동차|크레인|순찰차|뽀삐|철수|깡통이|번개|둘리|왕눈이|까망이|방역 로봇|서빙 로봇|안내 로봇|청소 로봇|배달 로봇",
    "object": "우산|안경|지갑|베개|수건|신문|가위|화분|꽃병|주전자|냄비|운동화|모자|인형|라면|우유|김치|수박|이불|담요|노트북|리모컨|저금통|삽|호미|쓰레기|서류 봉투|공책|달력|거울|돋보기|벽시계",
    "surface": "옷장|침대|소파|냉장고|금고|신발장|책꽂이|찬장|욕조|세탁기|우체통|화로|쓰레기통|진열장|의자|창틀|식기세척기|전자레인지",
    "floor": "옥상|양계장|강당|편의점|주유소|운동장|화장실|수영장|체육관|기숙사|은행|우체국|시장|공원|놀이터|버스 정류장|지하실|식당|매점|영화관|목욕탕|다락방|과수원|외양간|약국|수족관|면회실",
}


class Korean(Actions, Shapes):
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
        self.unknown_kind = ""
        """The one place that was said last, so that it can be said as 거기."""
        self.last_place: str | None = None
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
        return text if self._is_whole(text) else self.particle(text, "은", "는")

    def _is_whole(self, text: str) -> bool:
        """`둘 다` and the like seldom have a particle."""
        return text.endswith((" 다", "모두", "전부", "다들")) and self.rng.random() < 0.8

    def subject(self, text: str) -> str:
        return text if self._is_whole(text) else self.particle(text, "이", "가")

    def thing(self, text: str) -> str:
        return text if self.rng.random() < 0.08 or self._is_whole(text) else self.particle(text, "을", "를")

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
        if name == self.unknown and self.unknown_text is None and self.unknown_kind and self.rng.random() < 0.22:
            text = self.rng.choice(STRANGERS[self.unknown_kind].split("|"))
        if name == self.unknown and self.unknown_text is None:
            self.unknown_text = text
        if name not in self.fleet.objects:
            self.last_place = None
        return text

    def place(self, name: str) -> str:
        """Of one action; 거기 where it was said just before."""
        if name == self.last_place and self.unknown is None and self.rng.random() < 0.35:
            return self.pick("거기", "거기", "같은 곳", "같은 곳", "같은 자리", "그곳", "같은 장소")
        text = self.words(name)
        self.last_place = name
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
        if len(words) > 1 and words[-1].isdigit() and all(w in DICTIONARY for w in words[:-1]) and rng.random() < 0.3:
            return f"{words[-1].lstrip('0') or '0'}번 {' '.join(rng.choice(DICTIONARY[w]) for w in words[:-1])}"
        text = ""
        for word in words:
            said = rng.choice(DICTIONARY[word]) if word in DICTIONARY else self._ending(word)
            tight = not text or (word not in DICTIONARY and "가" <= text[-1] <= "힣" and rng.random() < 0.4)
            text += said if tight else f" {said}"
        return text

    def _ending(self, word: str) -> str:
        """Of a name in words: its number or letter."""
        rng = self.rng
        said = word.lstrip("0") or word
        if word.isdigit():
            if said in ("1", "2", "3") and rng.random() < 0.08:
                return {"1": "원", "2": "투", "3": "쓰리"}[said]
            return f"{said}번" if rng.random() < 0.15 else said
        return LETTERS[word] if word in LETTERS and rng.random() < 0.3 else said

    def series(self, names: list[str]) -> str:
        """`테이블 1, 2, 3`; empty for names that differ in more than their ends."""
        some = [self.said.words.get(n, [n]) for n in names]
        stems, ends = {tuple(w[:-1]) for w in some}, [w[-1].lstrip("0") for w in some]
        if len(names) < 2 or len(stems) > 1 or any(len(w) < 2 for w in some) or not all(e.isdigit() or len(e) == 1 for e in ends) or self.unknown in names:
            return ""
        words = stems.pop()
        known = all(w in DICTIONARY for w in words)
        kinds = ARM_KINDS.get(words[-1]) or ROVER_KINDS.get(words[-1]) or []
        head = " ".join(words)
        if kinds and len(words) == 1 and names[0] in self.fleet.robots and self.rng.random() < 0.6:
            head = self.rng.choice(kinds)
        elif known and self.rng.random() < 0.6:
            head = " ".join(self.rng.choice(DICTIONARY[w]) for w in words)
        if not ends[0].isdigit() and self.rng.random() < 0.3:
            ends = [LETTERS.get(e, e) for e in ends]
        listed = self.pick(", ".join(ends), ", ".join(ends), self.join(ends), "·".join(ends))
        if ends[0].isdigit() and self.rng.random() < 0.35:
            return self.pick(f"{listed}번 {head}", f"{self.join([f'{e}번' for e in ends])} {head}")
        return f"{head}{'' if self.rng.random() < 0.15 and not head.isascii() else ' '}{listed}"

    def places(self, names: list[str]) -> str:
        return (self.series(names) if self.rng.random() < 0.4 else "") or self.join([self.words(n) for n in names])

    def listed_robots(self, names: list[str]) -> str:
        """By their names, in this order."""
        text = (self.series(names) if self.rng.random() < 0.5 else "") or self.join(self.robot_names(names))
        self.mentioned.extend(names)
        self.named.update(names)
        return text

    def robot_names(self, names: list[str]) -> list[str]:
        """None of them as "the other one"."""
        mentioned, self.mentioned = self.mentioned, []
        texts = [self.robot(n) for n in names]
        self.mentioned = mentioned
        return texts

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
        if len(peers) == 2 and self.mentioned and self.mentioned[-1] != name and self.mentioned[-1] in peers and rng.random() < 0.3:
            return self.pick(f"다른 쪽 {rng.choice([*general, *kinds])}", "또 다른 하나", f"다른 {rng.choice([*general, *kinds])}", "나머지 하나", f"나머지 {rng.choice([*general, *kinds])}", "다른 하나", "다른 한 대")
        if len(self.fleet.robots) == 2 and self.mentioned and self.mentioned[-1] != name and rng.random() < 0.12:
            return self.pick("다른 로봇", "나머지 로봇", "나머지 하나", "다른 한 대", "나머지 한 대")
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
            text = self._one_of(strand) or self.robot(names[0])
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
            return rng.choice(["둘 다", "둘 다", "둘 모두", "두 로봇 모두", "모두", "두 대 모두", "두 대 다"] if len(names) == 2 else ["모두", "다들", "전부", *(["셋 다", "셋 다", "셋 모두"] if len(names) == 3 else []), f"{COUNTS[len(names)]} 대 모두", f"{COUNTS[len(names)]} 대 다"])
        self.named.update(names)
        if strand.whole_kind and rng.random() < 0.7:
            noun = self._plural(strand)
            options = [f"{noun} 전부", f"{noun} {COUNTS[len(names)]} 대 모두", f"{noun} {COUNTS[len(names)]} 대", f"{noun} {COUNTS[len(names)]} 대 다", f"모든 {noun}", f"{noun} 모두", f"{noun}들", f"{noun}들 모두", f"{noun}들 전부", f"전체 {noun}", f"각 {noun}", f"{noun} {COUNTS[len(names)]} 대 전부"]
            if strand.whole_kind == "robot":
                options += ["모두", "전부", "모든 로봇", "다들", "전 로봇", "로봇 전부", f"{COUNTS[len(names)]} 대 모두", "전원", "다 같이", "모두 다", "전체", *(["셋 다", "셋 모두"] if len(names) == 3 else ["넷 다"] if len(names) == 4 else [])]
            if len(names) == 2:
                options += [f"두 {noun}", f"두 {noun} 모두", f"{noun} 둘 다", "둘 다" if strand.whole_kind == "robot" else f"양쪽 {noun}"]
                if strand.whole_kind == "arm":
                    options += ["양팔"]
            return rng.choice(options)
        self.mentioned.extend(names)
        text = (self.series(names) if rng.random() < 0.5 else "") or self.join([said if rng.random() < 0.5 else n for n, said in zip(names, self.robot_names(names))])
        both = ["둘 다", "둘 다", "두 대 모두"] if len(names) == 2 else ["셋 다"] if len(names) == 3 else ["전부"]
        return f"{text}{self.pick(' 모두', ' 모두', *(f', {b}' for b in both), *(f' {b}' for b in both))}" if rng.random() < 0.2 else text

    def _plural(self, strand: Strand) -> str:
        nouns = {self.said.kind.get(r, "") for r in strand.robots}
        noun = nouns.pop()
        if not nouns and noun and strand.whole_kind != "robot" and self.rng.random() < 0.5:
            return self.pick(noun, *(ARM_KINDS.get(noun) or ROVER_KINDS.get(noun) or []))
        return self.rng.choice({"arm": ["팔", "로봇팔", "로봇 팔"], "rover": ["로버", "로버", "이동 로봇"], "robot": ["로봇"]}[strand.whole_kind])

    def _one_of(self, strand: Strand) -> str:
        """`로버 한 대`: the first of the kind that can."""
        one, skill = strand.robots[0], strand.actions[0].skill
        peers = [r for r in same_kind(self.fleet, kind_of(self.fleet, one)) if skill in self.fleet.robots[r]]
        if len(peers) < 2 or peers[0] != one or self.mentioned or self.carried or self.explicit or one == self.unknown or self.rng.random() > 0.06:
            return ""
        noun = self._plural(Strand(peers, strand.actions, kind_of(self.fleet, one)))
        return self.pick(f"{noun} 한 대", f"{noun} 하나")

    # Phrases.

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
        if not elide and form == END and not parallel and rng.random() < 0.12:
            text = self._told_or_inside(strand)
            if text:
                return text
        who = "" if elide else self.robots(strand)
        self.carried = strand.robots
        first = strand.actions[0]
        trailing = ""
        self.subject_sends = bool(who) and len(strand.actions) == 1 and first.skill in ("navigate_to", "home", "move_to") and rng.random() < 0.2
        if who:
            if self.subject_sends:
                who = self.thing(who) + " "
            elif len(strand.robots) > 1 and rng.random() < 0.15 and not who.endswith(("다", "모두", "전부")):
                who = self.subject(who) + self.pick(" 모두 ", " 함께 ", " 모두 ", " 다 ")
            elif form in (PAST, NOW, IF, NOUN) and rng.random() < 0.8:
                who = self.subject(who) + " "
            else:
                style = rng.random()
                if style < 0.62:
                    who = self.topic(who) + " "
                elif style < 0.8:
                    who = self.subject(who) + " "
                elif style < 0.9 and form == END and not parallel:
                    who, trailing = (self.particle(who, "아", "야") if rng.random() < 0.35 else who) + self.pick(", ", ": ", " ", " "), ""
                elif form == END and len(strand.robots) == 1 and not parallel and style < 0.93:
                    who, trailing = "", f" {who}"
                elif form == END and first.skill in ("pick_and_place", "pick", "place") and style < 0.97:
                    who = self.to(who) + " "
                else:
                    who = self.topic(who) + " "
        texts = [self._at_once(strand, form)]
        for index, action in enumerate([] if texts[0] else strand.actions):
            last = index == len(strand.actions) - 1
            if last:
                text = self.action(action, form, strand.robots)
            else:
                text = self._passing(action) if rng.random() < 0.25 else ""
                text = text or self._then(action, strand.robots)
            texts.append(("마지막으로 " if last and index > 1 and rng.random() < 0.25 else "") + text)
        self.subject_sends = False
        said = " ".join(t for t in texts if t)
        return f"{trailing.strip()} {said}" if trailing and said.endswith(("에", "로", "까지")) else who + said + trailing

    def _told_or_inside(self, strand: Strand) -> str:
        style = self.rng.random()
        text = self.told(strand) if style < 0.5 else self.inside(strand)
        if text:
            self.carried = strand.robots
        return text

    def _at_once(self, strand: Strand, form: int) -> str:
        """Several actions in one phrase, if they fit."""
        if len(strand.actions) < 2:
            return ""
        style = self.rng.random()
        if style < 0.12 and form in (END, AND):
            text = self.turned(strand, form)
            if text:
                return text
        return (self.tour(strand, form) if style < 0.7 else "") or (self._transfers(strand, form) if style < 0.75 else "")

    def _then(self, action: Action, robots: list[str]) -> str:
        if action.skill in ("navigate_to", "home", "pick", "move_to") and self.rng.random() < 0.45:
            return self.action(action, PLAIN, robots) + self.pick("서", "서", "서 ", "서,")
        style = self.rng.random()
        if style < 0.1 and action.skill != "wait":
            return self.action(action, NOUN, robots)[:-1] + "자마자" if style < 0.06 else self.action(action, NOW, robots) + " 대로"
        if style < 0.14:
            return self.action(action, IF, robots)
        if style < 0.19:
            note = self.fragment(action, robots)
            return note + self.linked(note, self.pick(" 후 ", " 후 ", " 뒤 ", ", ", ", 그다음 ")).replace(" → ", ", ").rstrip()
        text = self.action(action, self.rng.choice([AND, AND, AND, PAST]), robots)
        return text + self._after(text)

    def _passing(self, action: Action) -> str:
        """`dock_a에 갔다가`, `5초 기다렸다가`."""
        if action.skill == "wait":
            return f"{self.lasting(action.numbers[0], ' 동안', '', '간', '만', '')} {self.pick('기다렸다가', '대기했다가', '쉬었다가', '있다가', '있다', '기다렸다', '멈췄다가')}"
        if action.skill == "navigate_to" and action.place:
            place = self.words(action.place)
            return self.pick(f"{self.to(place)} 갔다가", f"{place}에 갔다가", f"{place}에 들렀다가", f"{self.thing(place)} 거쳐", f"{self.thing(place)} 들러", f"{place} 갔다가", f"{place} 가서", f"{place} 찍고", f"{place}까지 갔다가", f"{place} 들렀다가", f"{place} 들러서")
        return ""

    def _transfers(self, strand: Strand, form: int) -> str:
        """Several objects with one verb."""
        actions, rng = strand.actions, self.rng
        if any(a.skill != "pick_and_place" for a in actions):
            return ""
        word = self.verb(form, "넣어", "놓아", "놔", "둬", "담아", "올려놓아", "옮겨", "갖다 놔", "실어")
        if len({a.place for a in actions}) > 1:
            if rng.random() < 0.35 and len({a.place for a in actions}) == len(actions):
                things, places = self.join([self.words(a.object) for a in actions]), self.places([a.place for a in actions])
                return f"{self.topic(things) if rng.random() < 0.3 else self.thing(things)} 각각 {places}에 {word}"
            texts = [f"{self.thing(self.words(a.object)) if rng.random() < 0.5 else self.topic(self.words(a.object))} {self.words(a.place)}에" for a in actions]
            return f"{self.pick(', ', ' ', ', 그리고 ').join(texts)} {word}"
        things = [a.object for a in actions]
        every = self._every(things) if things == sorted(things) else ""
        thing = every or self.thing(self.places(things) + (self.pick(" 둘 다", " 모두", " 다", " 전부") if len(things) == 2 and rng.random() < 0.1 else ""))
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
            return self.pick("", "", ",", " 나서", "", " 나서,", " 나면", " 그다음", " 그다음에", ", 그다음", ", 이어서", " 그러고 나서", "")
        return self.pick(" 다음", " 후", " 후에", " 뒤", " 뒤에", " 다음에", " 다음,", " 후,", " 뒤로")

    def group(self, group: Group, first: bool, form: int) -> str:
        rng = self.rng
        if len(group) == 1:
            text = self.clause(group[0], form, self.may_elide(group[0]) and rng.random() < 0.6)
            self.rivals = []
            return text
        shared = self.shared(group, form) if rng.random() < 0.6 and not self._fails_apart([group]) else ""
        if shared:
            self.rivals = [s.robots for s in group]
            return shared
        texts = []
        style = rng.random()
        for index, strand in enumerate(group):
            last = index == len(group) - 1
            if last:
                texts.append(self.clause(strand, form, False, True))
            elif self._fails_apart([[strand, strand]]):
                said = self.policy(strand.actions[-1])
                texts.append(self.clause(strand, NOW, False, True) + f"데 {said}. {self.pick('동시에', '그동안', '그 사이에')}" if style < 0.4 else
                             self.clause(strand, END, False, True) + self.pick(f". {said}. 동시에", f". {said}. 그동안", f" ({said}). 동시에", f", {said}. 동시에"))
            elif style < 0.45:
                texts.append(self.clause(strand, AND, False, True) + self.pick("", ",", ",", " 동시에", ", 동시에", ", 그동안"))
            elif style < 0.53:
                texts.append(self.clause(strand, IF, False, True) + "서")
            elif style < 0.8:
                texts.append(self.clause(strand, NOW, False, True) + self.pick(" 동안", " 동안에", " 동안", " 사이에", " 사이", " 동안,", " 중에"))
            else:
                end = self._cut_verb(strand) if rng.random() < 0.4 else ""
                text = end or self.clause(strand, END, False, True)
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
        self.unknown_kind = self._unknown_kind(groups)
        if rng.random() < 0.09:
            text = self.notes(groups)
            if text:
                return self._polish(text)
        text, index = self._in_turn_first(groups)
        policies = [self.policy(g[-1].actions[-1]) for g in groups]
        if index:
            text += self._next_sentence(groups[index - 1], False) if index < len(groups) else ""
        elif len(groups) > 1 and not any(policies) and not self._fails_apart(groups) and rng.random() < 0.12:
            text, index = self._later_first(groups), 2
        elif len(groups) > 1 and rng.random() < 0.2:
            text = self.pick("먼저 ", "우선 ", "먼저, ", "처음에 ", "일단 ", "일단은 ", "제일 먼저 ", "첫째로 ")
        while index < len(groups):
            last = index == len(groups) - 1
            policy = policies[index]
            if last or policy or rng.random() < 0.3:
                text += self._with_policy(groups[index], index, policy)
                if not last:
                    text += self._next_sentence(groups[index], index == len(groups) - 2)
            else:
                text += self._before_next(groups[index], index, index == len(groups) - 2)
            index += 1
        return self._polish(text)

    def _in_turn_first(self, groups: list[Group]) -> tuple[str, int]:
        """Robots that do the same one after the other, and how many groups that says."""
        teams = groups[:2]
        is_alike = len(teams) == 2 and all(len(g) == 1 and g[0].actions == teams[0][0].actions[:1] and g[0].actions[0].policy == DEFAULT_POLICY for g in teams)
        if is_alike and any(len(g[0].robots) > 1 for g in teams):
            return (self.teams_in_turn([g[0] for g in teams]), 2) if self.rng.random() < 0.6 else ("", 0)
        firsts = [g[0].actions[0] for g in groups if len(g) == 1 and len(g[0].actions) == 1 and len(g[0].robots) == 1]
        count = 0
        while count < min(len(firsts), len(groups)) and len(groups[count]) == 1 and groups[count][0].actions == [firsts[0]]:
            count += 1
        robots = [g[0].robots[0] for g in groups[:count]]
        if count < 2 or len(set(robots)) < count or firsts[0].policy != DEFAULT_POLICY or self.explicit or self.unknown in robots or self.rng.random() < 0.3:
            return "", 0
        return self.in_turn(robots, firsts[0]), count

    def _fails_apart(self, groups: list[Group]) -> bool:
        """Whether a robot that is not the last of a group has its own way of failing."""
        return any(s.actions[-1].policy != DEFAULT_POLICY for g in groups for s in g[:-1])

    def _unknown_kind(self, groups: list[Group]) -> str:
        for strand in (s for g in groups for s in g):
            if self.unknown in strand.robots:
                return "robot"
            for action in strand.actions:
                if action.object == self.unknown:
                    return "object"
                if self.unknown in (action.place, *action.places):
                    return "floor" if action.skill in ("navigate_to", "patrol") else "surface"
        return ""

    def _later_first(self, groups: list[Group]) -> str:
        """`y하기 전에 x해`."""
        first = self.group(groups[1], True, NOUN)
        text = f"{first}{self.pick(' 전에', ' 전에', ' 전에', ' 전에 먼저', ' 전에 우선', '에 앞서')} {self._explicit(groups[0])}"
        return text + (". " + self.pick("그 다음 ", "그리고 ", "그 후에 ", "마지막으로 ") if len(groups) > 2 else "")

    def _with_policy(self, group: Group, index: int, policy: str) -> str:
        if policy and self.rng.random() < 0.2:
            return f"{self.group(group, index == 0, NOW)}데{self.pick(' ', ', ')}{policy}"
        text = self.group(group, index == 0, END)
        return text + self.pick(". ", ", ", " ", ". ") + policy if policy else text

    def _next_sentence(self, group: Group, last_comes: bool) -> str:
        return self.pick(". 그 다음 ", ". 그리고 나서 ", ". 그 후에 ", ". ", ". 이어서 ", ". 다음으로 ", ". 그런 다음 ", ". 끝나면 ", ". 그 다음에 ", ". 그다음 ", ". 그게 끝나면 ", ". 그것이 끝나면 ",
                         ". 다 끝나면 ", ". 그러고 나서 ", ". 그다음에 ", ". 그다음엔 ", ". 그런 뒤 ", ". 그 뒤에 ", ". 다 되면 ", ". 그게 다 되면 ", ". 완료되면 ", ". 완료 후 ", ". 그러고는 ", ". 다 하고 나면 ", ". 그 후 ", ". 끝나는 대로 ",
                         *self._both_done(group), *self._arrived(group), *([". 마지막으로 "] * 3 if last_comes else []))

    def _arrived(self, group: Group) -> list[str]:
        return [". 도착하면 ", ". 도착하면 ", ". 도착한 뒤 ", ". 도착하는 대로 "] if len(group) == 1 and group[0].actions[-1].skill == "navigate_to" else []

    def _before_next(self, group: Group, index: int, last_comes: bool) -> str:
        rng = self.rng
        style = rng.random()
        if any(s.actions[-1].skill == "wait" for s in group):
            style = max(style, 0.15 + 0.85 * rng.random())
        if style < 0.08:
            part = self.group(group, index == 0, NOUN)[:-1] + self.pick("자마자 ", "자마자 ", "자마자, ")
        elif style < 0.15:
            part = self.group(group, index == 0, NOW) + self.pick(" 대로 ", " 대로, ", " 대로 ")
        elif style < 0.35:
            # A bare "-고" between robots would mean at the same time.
            part = self.group(group, index == 0, AND)
            part += self.pick(" 나서 ", " 나서, ", " 나면 ", " 나면, ", " 난 뒤 ", " 난 다음 ", " 그 다음 ", ", 그 다음에 ", " 이어서 ", ", 그 다음 ", ", 그다음 ", ", 그게 끝나면 ", ", 다 되면 ", ", 그러고 나서 ",
                              *(m.replace(". ", ", ") for m in [*self._both_done(group), *self._arrived(group)]),
                              *([", 마지막으로 ", " 마지막으로 ", ", 마지막으로 "] if last_comes else []))
        elif style < 0.78:
            part = self.group(group, index == 0, PAST)
            part += self.pick(" 다음 ", " 후에 ", " 뒤에 ", " 다음에 ", " 후 ", " 뒤 ", " 후, ", " 다음, ", " 뒤에야 ", " 다음에야 ")
        else:
            part = self.group(group, index == 0, IF) + self.pick(" ", ", ", " 그때 ", " 그다음 ")
        return part + ("마지막으로 " if last_comes and rng.random() < 0.12 else "")

    def _both_done(self, group: Group) -> list[str]:
        return [". 둘 다 끝나면 ", ". 둘 다 끝나면 ", ". 모두 끝나면 ", ". 둘 다 하고 나면 ", ". 둘 다 완료되면 "] if sum(len(s.robots) for s in group) == 2 else []

    def _explicit(self, group: Group) -> str:
        texts = [self.clause(s, END if s is group[-1] else AND, False, True) for s in group]
        self.rivals = [s.robots for s in group] if len(group) > 1 else []
        return ", ".join(texts)

    def _polish(self, text: str) -> str:
        rng = self.rng
        if rng.random() < 0.11:
            text = self.pick("자, ", "지금 ", "부탁해, ", "이제 ", "미안한데 ", "미안하지만 ", "죄송한데 ", "이제 됐으니까 ", "됐으니까 이제 ", "자 이제 ", "저기, ", "저기 ", "있잖아 ", "음, ", "그럼 ", "그러면 ", "오케이, ", "좋아, ", "얼른 ",
                             "일단 ", "바쁘겠지만 ", "번거롭겠지만 ", "수고스럽겠지만 ", "수고 많은데 ", "실례지만 ", "아 맞다, ", "급해, ", "급하니까 ", "시간 없으니까 ", "잘 들어, ", "혹시 ", "이번에는 ", "그냥 ", "안녕, ", "준비됐으니까 ",
                             "부탁인데 ", "부탁이 있는데 ", "다음 작업이야. ", "지시: ", "명령: ", "청소 끝났으니까 ", "손님 오니까 ") + text
        end = self.pick("", "", ".", ".", "!", *(["?"] if text.endswith(("까요", "습니까", "줄래", "줄래요", "수 있어", "시겠어요")) else []))
        if rng.random() < 0.05:
            end = self.pick(", 부탁해", ". 부탁해", ". 고마워", ", 알았지?", ", 오케이?", ", 얼른", ", 빨리", ". 수고", ". 이상", "~", "!!", " 부탁드립니다" if text.endswith(("대기", "이동", "복귀", "순찰")) else ". 부탁드려요", ". 감사합니다", ", 알겠지?", "...")
        text = " ".join(text.split()) + end
        if self.unknown is None and rng.random() < 0.06:
            text = misspelt(text, list(self.said.hangul.values()), rng)
        return run_together(text, rng) if self.unknown is None and rng.random() < 0.05 else text
