"""Korean sentences of other shapes than one clause for each robot: notes, 각각, arrows, one verb for several."""

from korean_words import CAUSE, END, NOUN, QUOTE
from missions import Action, Group, Strand, kind_of
from plan_format import DEFAULT_POLICY

ONE_BY_ONE = ("navigate_to", "wait", "pick_and_place", "patrol", "pick")


class Shapes:
    """What `Korean` says of several actions at once."""

    # Several robots with one verb.

    def shared(self, group: Group, form: int) -> str:
        """`a는 x, b는 y로 가`; empty where robots do not do the same."""
        firsts = [s.actions[0] for s in group]
        skills = {a.skill for a in firsts}
        if len(group) < 2 or any(len(s.actions) > 1 or len(s.robots) > 1 for s in group):
            return ""
        if skills == {"navigate_to", "home"} and all(a.place for a in firsts if a.skill == "navigate_to") and self.rng.random() < 0.4:
            text = self._contrasted(group, firsts, form)
            self.carried = group[-1].robots
            return text
        if len(skills) > 1:
            return ""
        skill = skills.pop()
        if skill not in ONE_BY_ONE or any(skill == "navigate_to" and not a.place for a in firsts):
            return ""
        distinct = len({a.place or tuple(a.places) or tuple(a.numbers) for a in firsts}) == len(firsts)
        if skill not in ("patrol", "pick") and distinct and self.rng.random() < 0.5:
            text = self._respectively(group, firsts, form)
        else:
            text = self._contrasted(group, firsts, form)
        self.carried = group[-1].robots
        return text

    def _respectively(self, group: Group, firsts: list[Action], form: int) -> str:
        skill = firsts[0].skill
        robots = [r for s in group for r in s.robots]
        who = self.listed_robots(robots)
        if skill == "wait":
            times = self.join([self.duration(a.numbers[0]) for a in firsts])
            return f"{self.topic(who)} 각각 {times} {self.verb(form, '대기해', '기다려')}"
        places = self.places([a.place for a in firsts])
        if skill == "navigate_to":
            cut = form == END and self.rng.random() < 0.25
            word = "" if cut else self.verb(form, "이동해", "이동해", "가", "가", "출발해")
            return f"{self.topic(who)} 각각 {self.to(places)} {word}".strip()
        things = self.join([self.words(a.object) for a in firsts])
        if form == END and len(group) == 2 and self.rng.random() < 0.4:
            one, two = (self.subject(self.robots(s)) for s in group)
            first, second = self.rng.choice([("앞의 것은", "뒤의 것은"), ("전자는", "후자는"), ("앞엣것은", "뒤엣것은"), ("첫 번째는", "두 번째는")])
            return f"{self.thing(things)} 각각 {self.to(places)}{self.pick(' 옮겨', '', ' 옮긴다', ' 옮겨줘')}. {first} {one}, {second} {two} {self.pick('맡아', '맡는다', '맡아줘', '해', '담당', '담당한다', '처리해')}"
        return f"{self.topic(who)} 각각 {self.thing(things)} {places}에 {self.verb(form, '넣어', '놓아', '올려놓아', '둬')}"

    def _contrasted(self, group: Group, firsts: list[Action], form: int) -> str:
        skill = "navigate_to" if any(a.skill == "home" for a in firsts) else firsts[0].skill
        one_place = skill == "pick_and_place" and len({a.place for a in firsts}) == 1
        word = {"pick": ["집어", "들어", "잡아", "집어 들어"], "navigate_to": ["이동해", "이동해", "가", "가", "출발해"], "wait": ["대기해", "기다려"], "patrol": ["순찰해", "돌아", "점검해"],
                "pick_and_place": ["넣어", "놓아", "올려놓아", "둬", "옮겨"]}[skill]
        bare = skill == "navigate_to" and all(a.place for a in firsts) and self.rng.random() < 0.5
        texts = []
        for index, (strand, action) in enumerate(zip(group, firsts)):
            who = self.topic(self.robots(strand))
            if skill == "wait":
                what = self.duration(action.numbers[0])
            elif skill == "navigate_to":
                place = self.words(action.place) if action.place else self._home_place(strand.robots)
                what = place if bare and index < len(group) - 1 else self.to(place)
            elif skill == "patrol":
                what = self.places(action.places) + (f" {self._rounds(action.rounds, strand.robots)}" if action.rounds else "")
            elif skill == "pick":
                self.held[strand.robots[0]] = action.object
                what = self.thing(self.words(action.object))
            elif one_place and index < len(group) - 1:
                what = self.thing(self.words(action.object))
            else:
                what = f"{self.thing(self.words(action.object))} {self.words(action.place)}에"
            texts.append(f"{who} {what}")
        end = "" if skill in ("navigate_to", "pick_and_place") and form == END and self.rng.random() < 0.2 else self.verb(form, *word)
        return f"{', '.join(texts)} {end}".strip()

    def in_turn(self, robots: list[str], action: Action) -> str:
        """`a, b, c 순으로 하나씩 홈으로 가`."""
        kind = [r for r in sorted(self.fleet.robots) if kind_of(self.fleet, r) == kind_of(self.fleet, robots[0])]
        self.carried = [robots[-1]]
        if robots in (kind, sorted(self.fleet.robots)) and self.rng.random() < 0.35:
            noun = self._plural(Strand(robots, [action], kind_of(self.fleet, robots[0]) if robots == kind else "robot"))
            who = f"{noun}{self.pick('들은', ' 전부', ' 모두', '들')} {self.pick('이름순으로', '이름 순서대로', '이름순으로 하나씩', '이름 순서로 한 대씩')}"
        elif self.rng.random() < 0.35:
            first, *more = self.robot_names(robots)
            middle = "".join(f", {self.pick('그다음', '그 다음', '다음으로', '다음에')} {r}" for r in more[:-1])
            who = f"{first} 먼저{middle}, {self.pick('그다음', '그 다음에', '마지막으로', '다음으로')} {self.subject(more[-1])}"
        else:
            arrows = self.pick(", ", ", ", " → ", " -> ").join(self.robot_names(robots))
            who = self.pick(f"{arrows} {self.pick('순으로', '순서로', '순서대로')}{self.pick('', ' 하나씩', ' 한 대씩')}", f"{self.topic(self.listed_robots(robots))} {self.pick('차례로', '차례대로', '순서대로', '한 대씩 차례로', '하나씩 순서대로')}")
        self.mentioned.extend(robots)
        self.named.update(robots)
        return f"{who} {self.action(action, END, robots[-1:])}"

    def teams_in_turn(self, teams: list[Strand]) -> str:
        """`팔들이 먼저 홈으로 가고 그다음 로버들이 가`: the same action, said once or twice."""
        first, second = (self.robots(t) for t in teams)
        action, robots = teams[0].actions[0], [*teams[0].robots, *teams[1].robots]
        self.carried = teams[1].robots
        then = self.pick("그다음", "그 다음에", "그리고 나서", "이어서", "그다음엔", "그 뒤에", "끝나면")
        style = self.rng.random()
        if style < 0.3:
            return f"{first} 먼저, {then} {self.subject(second)} {self.action(action, END, robots)}"
        if style < 0.5:
            return f"{first}{self.pick(' 다음에', '부터', ' 먼저', ' 먼저 그다음')} {self.pick(second, self.subject(second))} {self.action(action, END, robots)}"
        again = self.pick(self.action(action, END, teams[1].robots), self.action(action, END, teams[1].robots), "똑같이 해")
        return f"{self.pick('', '먼저 ', '우선 ')}{self.pick(self.subject(first), self.topic(first), first)} {self.action(action, END, teams[0].robots)}. {then} {self.pick(self.subject(second), second + '도')} {again}"

    # One robot.

    def tour(self, strand: Strand, form: int) -> str:
        """Places that a robot goes to one after the other, perhaps with the same wait at each."""
        actions = strand.actions
        waits = actions[1::2]
        halts = len(actions) > 3 and len(actions) % 2 == 0 and all(a.skill == "wait" and a.numbers == waits[0].numbers for a in waits)
        stops = actions[::2] if halts else actions
        if len(stops) < 2 or any(a.skill != "navigate_to" or not a.place for a in stops):
            return ""
        names = [self.words(a.place) for a in stops]
        arrows = self.pick(" → ", " → ", "→", " -> ", " > ", ", ", ", ").join(names)
        ways = [f"{arrows} {self.pick('순으로', '순으로', '순서로')}", f"{self.thing(', '.join(names))} {self.pick('차례로', '순서대로', '차례대로')}"]
        if not halts and len(names) == 2:
            ways += [f"{names[0]} {self.pick('갔다가', '들렀다가', '들렀다', '갔다', '들러서', '거쳐서', '찍고')} {self.to(names[1])}"]
        way = self.rng.choice(ways)
        move = ["방문해" if halts else "들러", "들러", "가" if halts else "들러"] if "를 " in way or "을 " in way else ["이동해", "이동해", "가"]
        if not halts:
            return f"{way} {self.verb(form, *move)}"
        time = self.duration(waits[0].numbers[0])
        where = self.pick("각 지점에서", "지점마다", "각 장소에서", "가는 곳마다", "각각의 지점에서", "도착할 때마다", "각 지점마다")
        before = self.pick("이동하면서", "이동하며", "이동하고", "이동하되", "이동,", "이동,") if move[0] == "이동해" else self.pick("방문하고", "방문하면서", "방문하되", "들르고")
        return f"{way} {before} {where} {time}{self.pick('', '씩', '간', ' 동안')} {self.verb(form, '대기해', '대기해', '기다려', '쉬어')}"

    def turned(self, strand: Strand, form: int) -> str:
        """`y하기 전에 x해`."""
        actions = strand.actions
        if len(actions) != 2 or any(a.skill == "place" for a in actions) or actions[0].skill == "pick":
            return ""
        later = self.action(actions[1], NOUN, strand.robots)
        before = self.pick(" 전에", " 전에", " 전에", " 전에 먼저", " 전에 우선", "에 앞서")
        return f"{later}{before} {self.action(actions[0], form, strand.robots)}"

    def inside(self, strand: Strand) -> str:
        """The robot behind the object or the place: `x는 r이 s에 놓아`."""
        action = strand.actions[0]
        if len(strand.actions) > 1 or len(strand.robots) > 1 or action.skill not in ("pick_and_place", "pick", "navigate_to") or (action.skill == "navigate_to" and not action.place):
            return ""
        if action.skill == "navigate_to":
            place = self.words(action.place)
            who = self.robots(strand)
            return f"{place}{self.pick('에는', '에', '에는')} {self.subject(who)} {self.verb(END, '가', '가', '가', '들러')}"
        thing = self.words(action.object)
        who = self.robots(strand)
        head = self.topic(thing) if self.rng.random() < 0.5 else self.thing(thing)
        if action.skill == "pick":
            self.held[strand.robots[0]] = action.object
            return f"{head} {self.subject(who)} {self.verb(END, '집어', '들어', '잡아')}"
        place = self.words(action.place)
        if self.rng.random() < 0.35:
            return f"{self.thing(thing)} {self.to(who)} {self.pick('들어서', '집어서', '잡아서', '집어', '들고')} {self.to(place)} {self.verb(END, '옮겨', '가져가', '운반해')}"
        return f"{head} {self.subject(who)}{self.pick('', '', ' 들어서', ' 맡아서')} {self._onto(place)} {self.verb(END, '놓아', '넣어', '놔', '올려놓아', '둬', '갖다 놔', '옮겨')}"

    def told(self, strand: Strand) -> str:
        """`r한테 x로 가라고 해`, `r이 x로 가게 해`."""
        who = self.robots(strand)
        *before, last = strand.actions
        head = " ".join(self._then(a, strand.robots) for a in before)
        if self.rng.random() < 0.6:
            after = self.pick("해", "해줘", "해 줘", "해라", "하세요", "해 주세요", "전해", "전해 줘", "전해 주세요", "말해", "말해 줘", "지시해", "시켜", "일러 줘")
            return f"{who}{self.pick('한테', '한테', '에게', '더러', '한테는')} {head} {self.action(last, QUOTE, strand.robots)} {after}"
        end = self.pick("해", "해줘", "하세요", "해 주세요", "하자", "해라", "만들어")
        return f"{self.subject(who)} {head} {self.action(last, CAUSE, strand.robots)} {end}"

    # Notes.

    def notes(self, groups: list[Group]) -> str:
        """`rover_1: dock_a로 이동, 5초 대기, 복귀`; empty where that would say too little."""
        if any(len(g) > 2 for g in groups):
            return ""
        numbered = len(groups) > 1 and all(len(g) == 1 for g in groups) and self.rng.random() < 0.2
        mark = self.pick("{}. ", "{}) ", "({}) ", "{}번 ") if numbered else ""
        text = self.pick("", "", "", "", "할 일: ", "다음 작업: ", "임무: ", "작업 지시: ", *(["오늘 동선: ", "작업 순서: ", "순서: "] if len(groups) > 1 else []))
        before: list[str] | None = None
        for index, group in enumerate(groups):
            last = index == len(groups) - 1
            same = len(group) == 1 and group[0].robots == before
            text += mark.format(index + 1) if numbered else ""
            text += self._noted_group(group, same)
            self.rivals = [s.robots for s in group] if len(group) > 1 else []
            before = group[0].robots if len(group) == 1 else None
            policy = self.policy(group[-1].actions[-1], note=True) if len(group) == 1 else ""
            text += policy
            if last:
                continue
            goes_on = len(groups[index + 1]) == 1 and groups[index + 1][0].robots == before and not policy
            if numbered:
                text += self.pick(" ", ", ", ". ", "; ")
            elif goes_on and self.rng.random() < 0.5:
                text += self.linked(text, ", " if "→" in text else self.pick(", ", " → ", ". ", " 후 ", ", "))
            else:
                text += self.pick(". 그다음 ", ", 그다음 ", ", 그 후 ", ". 완료 후 ", ", 끝나면 ", ". 끝나면 ", ". 이후 ", ". 다 되면 ", ". 이어서 ", ", 이어서 ", ". 그러고 나서 ", ". 그런 뒤 ", ". 완료되면 ")
        return text

    def _noted_group(self, group: Group, same: bool) -> str:
        texts = []
        for strand in group:
            elide = len(group) == 1 and (self.may_elide(strand) and (same or self.rng.random() < 0.5))
            who = "" if elide else self.robots(strand)
            if who:
                who = self.topic(who) + " " if self.rng.random() < 0.4 else who + self.pick(": ", " ", ", ", " ", " - ")
            self.carried = strand.robots
            link = self.pick(", ", ", ", " 후 ", " → ", ", 그다음 ", " 뒤 ") if len(group) == 1 else self.pick(" 후 ", " 뒤 ", " 후 ", " → ")
            said = ""
            for action in strand.actions:
                note = self.fragment(action, strand.robots)
                if said:
                    # One kind of arrow is enough.
                    said += ", " if "→" in said + note and link != " 후 " else self.linked(said, link)
                said += note
            failing = f" ({self.policy(strand.actions[-1])})" if len(group) > 1 and strand.actions[-1].policy != DEFAULT_POLICY else ""
            texts.append(who + said + failing)
        if len(texts) == 1:
            return texts[0]
        style = self.rng.random()
        if style < 0.4:
            return self.pick(", ", ". ", ", ").join(texts) + self.pick(". 동시에 진행", ". 동시에", ". 동시 진행", ", 동시에", ". 둘이 동시에", ". 같이 진행", " (동시에)")
        return self.pick(", ", ", ", ". 동시에 ", ", 동시에 ", ", 그동안 ", ". 그동안 ", ". 그 사이 ", " / ").join(texts)

    def linked(self, note: str, link: str) -> str:
        """Behind `…에` and `…기` nothing can be "후"."""
        return self.pick(", ", " → ", ", 그다음 ") if link in (" 후 ", " 뒤 ") and note.endswith(("기", "에", "로", "까지", "행")) else link

    # What is to be done where it fails.

    def policy(self, action: Action, note: bool = False) -> str:
        if action.policy == DEFAULT_POLICY and self.rng.random() > 0.02:
            return ""
        fails = self.pick("실패하면", "안 되면", "만약 실패하면", "실패할 경우", "문제가 생기면", "실패하면", "만약 안 되면", "실패 시", "실패했을 때", "잘 안되면", "만일 실패하면", "못 하면", "문제가 있으면", "잘 안 되면",
                          "실패할 때는", "혹시 안 되면", "안되면", "혹시 실패하면", "실패하거든", "잘못되면", "일이 틀어지면", "도중에 실패하면", "하다가 안 되면", "제대로 안 되면", "혹시라도 안 되면", "실패하는 경우", "안 될 경우")
        what = {
            "retry": ["다시 시도해", "다시 해", "재시도해", "한 번 더 해", "다시 시도하세요", "재시도하세요", "한 번 더 시도해", "다시 해 봐", "재시도", "다시 하자", "한 번 더 해 봐", "다시 해줘", "또 해 봐", "될 때까지 다시 해",
                      "다시 해 보렴", "재시도 바람", "다시 시도할 것", "다시 시도해 주세요", "한 번 더"],
            "skip": ["건너뛰어", "그냥 넘어가", "무시해", "생략해", "건너뛰세요", "무시하고 계속해", "그냥 넘어가도 돼", "그냥 건너뛰어", "건너뛴다", "넘어가도 됨", "신경 쓰지 마", "패스해", "그냥 패스", "건너뛰자",
                     "말고 다음으로 넘어가", "다음 거 해", "다음 작업으로 넘어가", "건너뛸 것", "건너뛰기", "넘어가자", "무시하고 진행해"],
            "ask_operator": ["나에게 물어봐", "운영자에게 물어봐", "사람에게 물어봐", "나한테 물어봐", "운영자에게 문의하세요", "도움을 요청해", "사람한테 물어봐", "담당자에게 물어봐", "사람을 불러", "나한테 알려 줘",
                             "사람 불러", "나 불러", "관리자 호출", "운영자 호출해", "작업자를 불러 줘", "담당자를 불러", "나한테 얘기해", "운영자한테 확인받아", "사람한테 도와달라고 해", "직원한테 물어봐", "운영자에게 문의"],
            "fail_mission": ["임무를 중단해", "전부 멈춰", "미션을 취소해", "임무를 포기해", "중단하세요", "모두 중지해", "임무 중단", "전체 임무를 중단해", "미션 중단", "다 그만둬", "전부 취소해", "다 취소", "그만두자",
                             "임무를 끝내", "모든 작업 중단", "전체 중단", "미션 포기", "싹 다 멈춰", "작업을 전부 중단해"],
            "reassign": ["다른 로봇한테 맡겨", "다른 로봇에게 넘겨", "다른 로봇한테 시켜", "다른 로봇에게 맡겨 줘", "다른 로봇이 하게 해", "다른 애한테 맡겨", "다른 로봇으로 바꿔", "다른 로봇에게 재할당", "다른 로봇이 대신 해"],
        }[action.policy]
        said = f"{fails} {self.rng.choice(what)}"
        if action.policy == "skip" and self.rng.random() < 0.3:
            said = f"{self.pick('실패해도', '안 돼도', '못 해도', '실패하더라도', '잘 안 돼도')} {self.pick('그냥 넘어가', '계속 진행해', '괜찮아', '상관없어', '그냥 넘어가도 돼', '신경 쓰지 마', '계속해', '무방함', '넘어가도 됨', '그냥 둬')}"
        deed = {"navigate_to": "이동", "patrol": "순찰", "home": "복귀", "pick": "집기"}.get(action.skill)
        if deed and self.rng.random() < 0.1:
            where = f"{self.words(action.place)} " if action.place and self.rng.random() < 0.6 else ""
            said = f"{where}{deed}{'는' if deed in ('복귀', '집기') else '은'} {said}"
        return self.pick(f". {said}", f", {said}", f" ({said})") if note else said
