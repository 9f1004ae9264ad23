"""Says single actions in Korean: with a verb in any form, or as a note without one."""

from korean_words import AND, CAUSE, COUNTS, END, IF, PAST, PLAIN, POLITE, QUOTE, STATES, VERBS, base, endings, sino, stem
from missions import Action, kind_of
from plan_format import MAX_OPENING_M, number


class Actions:
    """What `Korean` says of one action; it has the names, the particles and the level of speech."""

    def verb(self, form: int, *options: str) -> str:
        word = self.rng.choice(options)
        if form == QUOTE:
            text = f"{base(word)}라고"
        elif form == CAUSE:
            text = stem(word) + self.pick("게", "게", "도록")
        else:
            text = self._end(word) if form == END else VERBS[word][form]
        if form in (END, AND, QUOTE) and self.rng.random() < 0.07:
            text = f"좀 {text}" if "기다려" in options else f"{self.pick('좀', '좀', '좀', '얼른', '빨리', '바로', '천천히', '조심해서', '조심히', '다시', '곧바로', '지금 바로', '살살', '어서')} {text}"
        return text

    def _end(self, word: str) -> str:
        """The form at the end of a sentence."""
        level = self.level if self.rng.random() < 0.85 else self.pick("줘", "plain", "polite", "states")
        forms = VERBS[word]
        if self.rng.random() < 0.32:
            return self.rng.choice(endings(word))
        if level == "줘":
            return forms[PLAIN] + self.pick("줘", "줘", " 줘")
        if level == "주세요":
            return forms[PLAIN] + self.pick("주세요", " 주세요", "주십시오")
        if level == "라":
            return forms[PLAIN] + "라"
        if level == "polite":
            return forms[POLITE]
        return forms[STATES] if level == "states" else forms[PLAIN]

    def action(self, action: Action, form: int, robots: list[str]) -> str:
        if form == END and not self.subject_sends and self.rng.random() < 0.09:
            return self.fragment(action, robots)
        return getattr(self, f"_{action.skill}")(action, form, robots)

    def fragment(self, action: Action, robots: list[str]) -> str:
        """As notes say it: `dock_a로`, `5초 대기`, `홈`."""
        return getattr(self, f"_{action.skill}_note")(action, robots)

    # Things that are moved.

    def _onto(self, place: str) -> str:
        return place + self.pick("에", "에", "에", "에", "에", " 위에", " 안에", "에다", "에다가", " 쪽에")

    def _moved(self, text: str) -> str:
        """The object of a sentence."""
        style = self.rng.random()
        if style < 0.8:
            return self.thing(text)
        if style < 0.9:
            return text
        return self.topic(text) if style < 0.95 else f"{text} 좀"

    def _pick_and_place(self, action: Action, form: int, robots: list[str]) -> str:
        rng = self.rng
        thing, place = self._moved(self.words(action.object)), self.place(action.place)
        style = rng.random()
        if style < 0.17:
            first = self.pick("집어서", "집어", "들어서", "잡아서", "집어 들고", "가져와서", "들고", "집고", "들고 가서", "들고 와서", "가져다가", "갖다가", "집어다", "챙겨서", "들어다", "집어 올려서")
            return f"{thing} {first} {self._onto(place)} {self.verb(form, '넣어', '놓아', '놓아', '놔', '둬', '담아', '내려놓아', '내려놔', '올려놓아', '얹어')}"
        if style < 0.42:
            source = ""
            if rng.random() < 0.12:
                others = [s for s in self.fleet.surfaces if s != action.place]
                source = self.pick("거기", "바닥", *([self.words(rng.choice(others))] * 3 if others else [])) + "에서 "
            return f"{thing} {source}{self.to(place)} {self.verb(form, '옮겨', '옮겨', '옮겨', '옮겨', '운반해', '보내', '가져가', '가져와', '날라', '이송해', '전달해', '배달해', '옮겨 놔')}"
        word = self.verb(form, "넣어", "넣어", "넣어", "놓아", "놓아", "놓아", "놔", "둬", "둬", "담아", "담아", "올려놓아", "올려놓아", "올려놔", "가져다 놓아", "갖다 놔", "갖다 놔", "갖다 둬", "가져다 둬", "쌓아", "올려",
                         "내려놓아", "내려놔", "옮겨", "옮겨 놔", "옮겨 담아", "얹어", "꽂아", "실어", "넣어 둬", "보관해", "투입해", "배치해", "거치해", "수납해", "적재해", "올려 둬")
        where = self._onto(place)
        return f"{where} {thing} {word}" if rng.random() < 0.1 else f"{thing} {where} {word}"

    def _pick_and_place_note(self, action: Action, robots: list[str]) -> str:
        thing, place = self.words(action.object), self.words(action.place)
        return self.pick(f"{self.topic(thing)} {self.to(place)}", f"{self.thing(thing)} {self.to(place)}", f"{thing} {self.to(place)}", f"{self.topic(thing)} {place}에", f"{self.thing(thing)} {place}에",
                         f"{thing} → {place}", f"{thing} {place}에 {self.pick('보관', '적재', '투입', '배치', '놓기', '넣기', '올려놓기', '수납')}", f"{thing} {self.to(place)} {self.pick('옮기기', '이동', '운반', '이송')}")

    def _pick(self, action: Action, form: int, robots: list[str]) -> str:
        self.held[robots[0]] = action.object
        tool = self.pick("집게로 ", "그리퍼로 ", "손으로 ") if self.rng.random() < 0.05 else ""
        return f"{tool}{self._moved(self.words(action.object))} {self.verb(form, '집어', '집어', '집어', '집어 올려', '들어', '들어 올려', '잡아', '잡아', '집어 들어', '잡아 들어', '픽업해', '쥐어', '챙겨', '파지해')}"

    def _pick_note(self, action: Action, robots: list[str]) -> str:
        self.held[robots[0]] = action.object
        thing = self.words(action.object)
        return self.pick(f"{thing} 픽업", f"{thing} 픽업", f"{thing} 집기", f"{thing} 들기", f"{thing} 파지", f"{thing} 잡기", f"{self.thing(thing)} 집기")

    def _held(self, robots: list[str]) -> str:
        held = self.held.pop(robots[0], None)
        if held and self.rng.random() < 0.4:
            return self.pick("", "", "집은 ", "들고 있는 ") + self.thing(self.words(held))
        if not held and self.rng.random() < 0.4:
            free = [o for o in self.fleet.objects if o not in self.held.values()]
            noun = self.words(self.rng.choice(free)) if free else self.pick("물건", "물체", "부품")
            return self.pick("들고 있는 ", "들고 있던 ", "지금 들고 있는 ", "손에 든 ", "잡고 있는 ", "쥐고 있는 ", "집어 둔 ", "손에 들고 있는 ") + self._moved(noun)
        return self.pick("", "그것을", "그걸", "", *(["집은 걸", "그거"] if held else ["들고 있는 것을", "들고 있는 걸", "지금 들고 있는 거", "손에 든 것을", "잡고 있는 것을", "들고 있는 물건을", "들고 있는 거", "손에 있는 거", "쥐고 있는 걸", "가지고 있는 걸"]))

    def _place(self, action: Action, form: int, robots: list[str]) -> str:
        what = self._held(robots)
        verb = self.verb(form, "놓아", "놓아", "놔", "내려놓아", "내려놓아", "내려놔", "내려놔", "넣어", "둬", "담아", "올려놓아", "올려놔", "얹어", "꽂아", "넣어 둬")
        return f"{what} {self._onto(self.place(action.place))} {verb}".strip()

    def _place_note(self, action: Action, robots: list[str]) -> str:
        what = self._held(robots)
        return f"{what} {self.words(action.place)}{self.pick('에', '에 내려놓기', '에 놓기', '에 내려놓기')}".strip()

    # Ways.

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

    def _target(self, action: Action) -> str:
        if not action.place:
            return self._coordinates(action.numbers[:2], *action.numbers[2:])
        return self.place(action.place) + (self.pick(" 앞", " 쪽", " 옆", " 근처") if self.rng.random() < 0.06 else "")

    def _navigate_to(self, action: Action, form: int, robots: list[str]) -> str:
        target = self._target(action)
        if self.subject_sends:
            return f"{self.to(target)} {self.verb(form, '보내', '보내', '보내', '이동시켜', '움직여')}"
        if form in (PAST, IF) and self.rng.random() < 0.45:
            return f"{target}에 {self.verb(form, '도착해')}"
        style = self.rng.random()
        if style < 0.15:
            return f"{target}에 {self.verb(form, '가', '가', '들러')}"
        if style < 0.22:
            return f"{target}까지 {self.verb(form, '가', '가', '이동해', '와')}"
        if style < 0.25:
            return f"{target} {self.verb(form, '가', '이동해', '들러')}"
        gather = ["모여", "모여"] if len(robots) > 1 else []
        return f"{self.to(target)} {self.verb(form, '가', '가', '가', '가', '이동해', '이동해', '이동해', '출발해', '움직여', '주행해', '와', '향해', '직행해', *gather)}"

    def _navigate_to_note(self, action: Action, robots: list[str]) -> str:
        target = self._target(action)
        notes = [self.to(target), self.to(target), f"{self.to(target)} 이동", f"{self.to(target)} 이동", f"{target}까지", f"{self.to(target)} 출발"]
        return self.pick(*notes, *([f"{target} 이동", f"{target} 가기", f"{target}행"] if action.place else []))

    def _rounds(self, rounds: int, robots: list[str]) -> str:
        rng = self.rng
        native = COUNTS[rounds] if rounds <= 12 and rng.random() < 0.65 else str(rounds)
        glue = "" if native.isdigit() and rng.random() < 0.7 else " "
        text = rng.choice([f"{native}{glue}번", f"{native}{glue}번", f"{native}{glue}바퀴", f"{native}{glue}바퀴", f"{native}{glue}차례", f"{rounds}회", f"{native}{glue}번씩"])
        if rounds == 1 and not text.endswith("씩") and rng.random() < 0.4:
            text += "만"
        return ("총 " if rng.random() < 0.05 else "") + text

    def _patrol(self, action: Action, form: int, robots: list[str]) -> str:
        rng = self.rng
        places = self.places(action.places)
        rounds = self._rounds(action.rounds, robots) + " " if action.rounds else ""
        if form == END and rng.random() < 0.05:
            # Where to comes last.
            return f"{'순찰 ' + rounds if rounds else '순찰 '}{self.verb(form, '돌아', '돌아')}, {places}"
        several = len(action.places) > 1
        if rounds and rng.random() < 0.12:
            return f"{places} 순찰{self.pick('을', '', '')} {rounds}{self.verb(form, '돌아', '돌아')}"
        word = self.verb(form, "순찰해", "순찰해", "순찰해", "순찰해", "점검해", "돌아", "돌아", "둘러봐", "방문해", "순회해", "확인해", "살펴봐", "훑어봐", "순찰 돌아", "순찰 돌아", "시찰해", "감시해", *(["왕복해"] if len(action.places) == 2 else []))
        if several and rng.random() < 0.15:
            order = self.pick("순서대로 ", "차례대로 ", "차례로 ", "번갈아 ") if rng.random() < 0.7 else ""
            listed = self.pick(", ", ", ", " → ", "→", " -> ").join(map(self.words, action.places))
            # "X, Y 순으로" takes no particle.
            return f"{self.thing(listed)} {order}{rounds}{word}" if order else f"{listed} {self.pick('순으로', '순서로')} {rounds}{word}"
        between = self.pick("", "", "", "", " 사이를", " 구간을") if several else ""
        place = places + between if between else (self.thing(places) if rng.random() < 0.85 else places)
        # "12번 게이트" is a name.
        first = rounds and rng.random() < 0.1 and not (rounds[0].isdigit() and "번" in rounds)
        return f"{rounds}{place} {word}" if first else f"{place} {rounds}{word}"

    def _patrol_note(self, action: Action, robots: list[str]) -> str:
        places = self.places(action.places)
        if not action.rounds:
            return self.pick(f"{places} 순찰", f"{places} 순찰", f"{places} 순회", f"{places} 점검", f"{places} 돌기")
        rounds = self._rounds(action.rounds, robots)
        return self.pick(f"{places} 순찰 {rounds}", f"{places} 순찰 {rounds}", f"{places} {rounds} 순찰", f"{places} {rounds}", f"{places} 순회 {rounds}", f"{places} 순찰 x{action.rounds}")

    # Home, waiting, hands.

    def _home_place(self, robots: list[str]) -> str:
        if all(kind_of(self.fleet, r) == "arm" for r in robots) and self.rng.random() < 0.45:
            return self.pick("홈 자세", "홈", "기본 자세", "대기 자세", "초기 자세", "홈 포즈")
        return self.pick("집", "집", "홈", "홈", "홈 위치", "원위치", "출발점", "처음 위치", "홈 포지션", "제자리", "원래 자리", "시작 위치")

    def _home(self, action: Action, form: int, robots: list[str]) -> str:
        rng = self.rng
        if rng.random() < 0.2 and not self.subject_sends:
            return self.verb(form, "복귀해", "돌아와", "복귀해", "귀환해", "돌아가")
        where = self._home_place(robots)
        if self.subject_sends:
            return f"{self.to(where)} {self.verb(form, '보내', '돌려보내', '복귀시켜', '보내')}"
        if form == END and rng.random() < 0.04:
            return f"{self.to(where)} {self.pick('돌아가', '복귀해', '가')} {self.verb(form, '있어')}"
        if rng.random() < 0.1:
            return f"{where}{self.pick('에', '')} {self.verb(form, '가', '돌아가', '복귀해')}"
        return f"{self.to(where)} {self.verb(form, '가', '돌아가', '돌아가', '복귀해', '복귀해', '돌아와', '이동해', '와')}"

    def _home_note(self, action: Action, robots: list[str]) -> str:
        where = self._home_place(robots)
        return self.pick("홈", "홈", "복귀", "귀환", f"{where} 복귀", f"{where} 복귀", self.to(where), self.to(where), f"{self.to(where)} 복귀", f"{self.to(where)} 이동")

    def duration(self, seconds: float) -> str:
        rng, seconds = self.rng, number(seconds)
        if seconds == 30 and rng.random() < 0.15:
            return self.pick("반 분", "삼십 초", "30초")
        if seconds == 1800 and rng.random() < 0.7:
            return self.pick("반시간", "반 시간", "삼십 분", "30분")
        if seconds == 3600:
            return self.pick("한 시간", "1시간", "한시간", "60분")
        if seconds >= 60 and isinstance(seconds, int):
            minutes, rest = divmod(seconds, 60)
            word = sino(minutes) + self.pick(" ", "") if rng.random() < 0.15 else str(minutes)
            if rest == 0 and rng.random() < 0.93:
                return f"{word}분"
            if rest == 30 and rng.random() < 0.25:
                return f"{word}분 반"
            if rest and rng.random() < 0.6:
                return f"{word}분 {sino(rest) + ' ' if rng.random() < 0.1 else rest}초"
        if isinstance(seconds, int) and 0 < seconds < 100 and rng.random() < 0.12:
            return f"{sino(seconds)}{self.pick(' ', '')}초"
        return f"{seconds}초" if rng.random() < 0.9 else f"{seconds} 초"

    def lasting(self, seconds: float, *behind: str) -> str:
        text, more = self.duration(seconds), self.rng.choice(behind)
        return text + (" 동안" if text.endswith("반") and more == "간" else more)

    def _wait(self, action: Action, form: int, robots: list[str]) -> str:
        each = self.pick("씩", "씩만") if len(robots) > 1 and self.rng.random() < 0.3 else ""
        time = self.lasting(action.numbers[0], *([each] if each else ["", " 동안", "간", "만", " 동안", " 정도"]))
        there = self.pick("", "", "", "", "", "", "거기서 ", "그 자리에서 ", "제자리에서 ", "그대로 ", "가만히 ", "거기 ")
        if form == END and self.rng.random() < 0.05:
            return f"{there}{time} {VERBS[self.pick('기다려', '대기해')][AND]} {self.verb(form, '있어')}"
        return f"{there}{time} {self.verb(form, '기다려', '기다려', '기다려', '대기해', '대기해', '대기해', '쉬어', '정지해', '멈춰 있어', '멈춰', '있어', '휴식해')}"

    def _wait_note(self, action: Action, robots: list[str]) -> str:
        time = self.duration(action.numbers[0])
        each = "씩" if len(robots) > 1 and self.rng.random() < 0.3 else ""
        return self.pick(f"{time}{each} 대기", f"{time}{each} 대기", f"{time}{each} 대기", f"{time} 동안 대기", f"대기 {time}", f"{time}{each} 정지", f"{time} 기다리기", f"대기시간 {time}")

    def _hand(self) -> str:
        return self.pick("그리퍼를", "그리퍼를", "그리퍼를", "집게를", "집게를", "그리퍼", "집게", "손을", "그리퍼 손가락을", "집게손을")

    def _width(self, width: float) -> str:
        mm = round(width * 1000)
        shown = [f"{mm}mm", f"{mm}밀리미터", f"{mm} mm", f"{mm}밀리", f"{number(width)}m", f"{number(width)}미터"]
        if mm % 10:
            shown += [f"{number(mm / 10)}cm", f"{number(mm / 10)} cm", f"{number(mm / 10)}센티미터"]
        else:
            shown += [f"{mm // 10}cm", f"{mm // 10}센티미터", f"{mm // 10}센티", f"{mm // 10} cm"] * 2
        return self.rng.choice(shown)

    def _set_gripper(self, action: Action, form: int, robots: list[str]) -> str:
        width, rng = action.numbers[0], self.rng
        hand = self._hand()
        if width in (0.0, MAX_OPENING_M) and rng.random() < 0.95:
            full = self.pick("", "", "", "", "완전히 ", "다 ", "끝까지 ", "활짝 " if width else "꽉 ", "최대한 " if width else "꼭 ")
            if width == 0:
                return f"{hand} {full}{self.verb(form, '닫아', '닫아', '닫아', '닫아 둬', '오므려')}"
            return f"{hand} {full}{self.verb(form, '열어', '열어', '열어', '벌려', '벌려', '열어 둬', '열어 놔', '개방해', *(['펴', '펴'] if '손' in hand else []))}"
        text = self._width(width)
        if rng.random() < 0.15:
            hand = self.pick("그리퍼 폭을", "그리퍼 간격을", "집게 폭을", "집게 간격을", "그리퍼 너비를", "그리퍼 폭", "그리퍼 개방 폭을")
            return f"{hand} {self.to(text)} {self.verb(form, '맞춰', '설정해', '벌려')}"
        how = self.to(text) if rng.random() < 0.6 else text + self.pick("", "", "만", "만큼", " 정도", "까지")
        return f"{hand} {how} {self.verb(form, '열어', '벌려', '벌려', *(['맞춰', '설정해'] if how.endswith('로') else []))}"

    def _set_gripper_note(self, action: Action, robots: list[str]) -> str:
        hand = self.pick("그리퍼", "그리퍼", "집게")
        if action.numbers[0] == 0:
            return self.pick(f"{hand} 닫기", f"{hand} 닫기", f"{hand} 닫음", f"{hand} 닫힘")
        if action.numbers[0] == MAX_OPENING_M:
            return self.pick(f"{hand} 열기", f"{hand} 열기", f"{hand} 개방", f"{hand} 벌리기", f"{hand} 완전 개방")
        text = self._width(action.numbers[0])
        return self.pick(f"{hand} {text}", f"{hand} {self.to(text)}", f"{hand} 폭 {text}", f"{hand} {text} 열기", f"{hand} {text} 벌리기")

    # Arms by numbers.

    def _pose(self, action: Action) -> str:
        where = self._coordinates(action.numbers)
        turn = ", ".join(f"{name} {number(angle)}" for name, angle in action.turn.items())
        return where + self.pick(", ", " ") + (turn if self.rng.random() < 0.5 else turn.replace(",", "")) if turn else where

    def _move_to(self, action: Action, form: int, robots: list[str]) -> str:
        tool = self.pick("", "", "", "", "툴을 ", "손끝을 ", "손을 ", "그리퍼를 ", "팔끝을 ", "팔 끝을 ", "엔드 이펙터를 ", "말단을 ", "TCP를 ", "툴 위치를 ", "공구 끝을 ")
        word = self.verb(form, "움직여", "옮겨", "보내") if tool or self.subject_sends else self.verb(form, "이동해", "움직여", "가")
        return f"{'' if self.subject_sends else tool}{self.to(self._pose(action))} {word}"

    def _move_to_note(self, action: Action, robots: list[str]) -> str:
        where = self._pose(action)
        return self.pick(f"{self.to(where)} 이동", self.to(where), f"툴 위치 {where}", f"손끝 {self.to(where)}", f"툴 {self.to(where)}", f"엔드 이펙터 {self.to(where)}")

    def _joint_values(self, action: Action) -> tuple[str, str]:
        """Of the joints, and their values."""
        values = [str(number(n)) for n in action.numbers]
        if len(set(values)) == 1 and self.rng.random() < 0.75:
            joints = self.pick("관절 여섯 개", "관절 6개", "모든 관절", "여섯 관절", "전체 관절", "관절", "관절값", "조인트 여섯 개", "관절 전부")
            return joints, f"{self.pick('전부 ', '모두 ', '다 ', '전부 ', '똑같이 ', '') if joints not in ('관절', '관절값') else self.pick('전부 ', '모두 ', '다 ')}{values[0]}"
        shown = self.pick(", ", ", ", ", ", " ").join(values)
        return self.pick("관절", "관절", "조인트", "관절값", "관절 각도", "관절 여섯 개", "각 관절"), self.pick(f"({shown})", shown, shown)

    def _move_joints(self, action: Action, form: int, robots: list[str]) -> str:
        joints, values = self._joint_values(action)
        return f"{self.thing(joints)} {self.to(values)} {self.verb(form, '움직여', '맞춰', '맞춰', '설정해')}"

    def _move_joints_note(self, action: Action, robots: list[str]) -> str:
        joints, values = self._joint_values(action)
        return self.pick(f"{self.thing(joints)} {self.to(values)}", f"{joints} {self.to(values)}", f"{joints} {values}", f"{joints} {values} 설정")
