"""Writes `plan_words.json`: words whose meaning a plan can hold, by what must be in the plan where they are said.

    python make_plan_words.py

A word that is in no list is one that a plan would drop: the ladder refuses the sentence and quotes it
(`src/plan_question/accounting.rs`).
"""

import json

from english_actions import FORMS
from korean_words import VERBS, base, endings, stem, with_last_final

# Verbs of the templates by what a plan does with them; the first word of each entry of FORMS.
ENGLISH_VERBS = {
    "transfer": "put place drop lay set move bring carry transfer take deliver stow load stack store leave sort deposit position pop stick toss chuck slide "
                "throw tuck push unload shift relocate dispose haul get pack release pick grab fetch collect lift grasp retrieve send pass",
    "pick": "pick grab grasp lift fetch take collect get retrieve hold",
    "go": "go drive head navigate travel proceed move come roll run walk ride swing get call nip show turn report continue park stop reach arrive make pay "
          "pass shuttle cruise send return bring retire set take position stroll",
    "patrol": "patrol visit inspect check tour circle watch make do go loop cover scan take keep look walk run pass shuttle monitor survey sweep pace stroll cruise",
    "home": "go return come head drive fold pack clock retreat withdraw retire make be get bring send set move take",
    "wait": "wait pause stay rest hold stop stand hang sit halt remain linger freeze keep chill relax idle spend take make do let pass",
    "gripper": "set move adjust",
    "open": "open widen release",
    "close": "close shut",
    "tool": "move go reach position bring hover shift get take",
    "joints": "move set bring",
}
# They say which of two is meant.
SIDES = {"left", "right"}
ENGLISH = {
    # Nothing that a plan could hold.
    "plain": "a an the this that these those it its it's they them their he his him she her i me my we us our you your there here who whose which what whatever "
             "is are be been being was were am has have had having do does did done will shall should must would could can may might need needs want wants like likes "
             "please kindly pls plz thanks thank cheers hey hi hello ok okay so well now just also too as of in into on onto to at inside off out up down back over away "
             "for by with through along across round around between and & let lets let's i'd i'm i'll it'll "
             "tell tells ask asks gripper's make makes made sure start starts begin begins starting beginning finish finishes finished complete completed "
             "task tasks mission job jobs plan way position place places point area spot thing object item coordinates coordinate location ready again same immediately straight directly "
             "immediately asap going go's team everyone's itself own via together exactly each one ones that's there's he's she's top where upon reached arrived position positions order sequence turn moment "
             "time times while's floor total altogether",
    # Something waits for something else.
    "after": "then after afterwards afterward before next finally lastly subsequently once when thereafter followed later until soon first firstly last previously whereupon having "
             "finished done turn order sequence completion arrival upon ordered sequentially",
    # Something runs beside something else.
    "together": "while whilst meanwhile simultaneously simultaneous parallel concurrently during alongside meantime same together as at",
    # Several robots, objects or places.
    "several": "both all each every everyone everybody everything they them two three four five six respectively",
    "twice": "twice couple double",
    "thrice": "thrice",
    "once": "once",
    "home": "home homes base start rest resting posture back homewards homeward origin initial",
    "gripper": "gripper grippers hand hands fingers claw jaws wide opening fully completely apart width",
    "open": "open opened wide apart",
    "close": "closed shut",
    "tool": "tool tip hand end effector gripper",
    "joints": "joint joints angle angles positions configuration",
    "wait": "break pause stop halt still there put tight stationary",
    "patrol": "round rounds lap laps tour tours circuit patrol rounds look eye back forth around area watch turns loop loops",
    "transfer": "away rid",
    "go": "visit way drive trip off along",
    "turn": "yaw pitch roll heading facing turned rotation",
    "retry": "try again retry retries once more another go repeat give it trying tries twice attempt keep",
    "skip": "skip skipped carry on without ignore continue anyway never mind regardless forget proceed move leave optional worry don't just no problem",
    "ask": "ask operator human me call help decide consult supervisor somebody check",
    "abort": "abort stop mission everything give up cancel fail whole off end drop call thing",
    "failed": "if fails fail failure fails failed work works not doesn't does can't cannot wrong goes go problem something anything should case event impossible it that this",
}
KOREAN_VERBS = {
    "transfer": "넣어 놓아 올려놓아 내려놓아 가져다_놓아 둬 담아 쌓아 옮겨 올려 놔 내려놔 올려놔 갖다_놔 옮겨_놔 옮겨_담아 얹어 꽂아 실어 가져가 가져와 날라 보내 집어 들어 잡아 집어_올려 들어_올려 "
                "집어_들어 잡아_들어 쥐어 챙겨 적재해 운반해 투입해 배치해 보관해 거치해 수납해 전달해 이송해 배달해 픽업해 파지해 넣어_둬 올려_둬 가져다_둬 갖다_둬 넣어_놔 올려_놔 가져다_놔",
    "pick": "집어 들어 잡아 집어_올려 들어_올려 집어_들어 잡아_들어 쥐어 챙겨 픽업해 파지해 가져와 올려",
    "go": "가 움직여 보내 들러 와 모여 이동해 출발해 도착해 주행해 직행해 향해 이동시켜 진입해 돌아가 방문해 가져가 돌려보내",
    "patrol": "돌아 둘러봐 살펴봐 훑어봐 순찰_돌아 순찰해 점검해 방문해 확인해 순회해 왕복해 시찰해 감시해 들러",
    "home": "돌아가 돌아와 접어 복귀해 귀환해 복귀시켜 돌려보내 가 와 보내 이동해",
    "wait": "기다려 멈춰_있어 쉬어 대기해 멈춰 있어 정지해 휴식해",
    "gripper": "맞춰 설정해",
    "open": "열어 벌려 펴 개방해 열어_둬 벌려_둬 열어_놔 벌려_놔",
    "close": "닫아 오므려 닫아_둬 닫아_놔",
    "tool": "움직여 이동해 옮겨 가 보내 이동시켜 와",
    "joints": "맞춰 설정해 움직여 이동해",
}
KOREAN = {
    "plain": "좀 얼른 바로 곧바로 지금 어서 다시 이제 자 그럼 그러면 그냥 우선 일단 그리고 또 줘 주세요 주십시오 주라 다오 봐 주시겠어요 주시겠습니까 줄래 줄래요 주시면 주면 주시길 주시기 바랍니다 바람 "
             "바라 돼 됩니다 되 해 해줘 해주세요 하세요 해라 하자 합니다 한다 하고 하면 할 것 게 수 있어 있어요 있을까요 있나요 있습니다 좋겠어 좋겠다 좋겠습니다 고맙겠어 고마워 감사하겠습니다 감사합니다 부탁해 부탁드려요 부탁드립니다 "
             "요망 요청 실시 부탁 만들어 시켜 시키 지시해 전해 말해 일러 라고 위치 위 안 속 쪽 지점 좌표 자리 장소 곳 거기 거기서 그곳 여기 저기 그것 그거 그걸 이것 이거 물건 물체 상태 작업 임무 할 일 대 개 하나 한 각각 각 도 "
             "들고 집은 있는 있던 손에 든 잡고 쥐고 가지고 현재 위해 방향 그대로 가만히 제자리 제자리에서 것을 걸 거 뒤 준비 완료 줄 주기 주 야 응 네 예 자신 자기 해요 했으면 했다가 하다가 하며 하면서",
    "after": "다음 다음에 다음으로 그다음 그다음에 그다음엔 그 후 후에 뒤 뒤에 이후 이후에 이어서 나서 나면 난 먼저 우선 처음 처음에 마지막 마지막으로 끝나면 끝나는 끝나고 끝난 끝내고 끝내면 완료되면 완료 되면 다되면 전에 앞서 첫째로 그런 그러고 그리고 "
             "그때 순으로 순서로 순서대로 차례로 차례대로 도착하면 도착한 도착하는 대로 그게 그것이 그뒤 그러고는 한 하고 마치고 마치면 마친",
    "together": "동안 동안에 동시에 동시 그동안 사이 사이에 함께 같이 중에 병행 한꺼번에 그사이 그사이에 나란히 진행",
    "several": "모두 모든 전부 전체 다 다들 각 각각 각자 둘 셋 넷 두 세 네 다섯 여섯 양 양쪽 전원 대 개 양팔 둘다",
    "home": "집 홈 원위치 출발점 제자리 원래 시작 처음 기본 초기 자세 포즈 포지션 대기 복귀 귀환 위치 자리 원점",
    "gripper": "그리퍼 집게 손 손가락 집게손 끝까지 완전히 활짝 꽉 다",
    "joints": "관절 조인트 각도 관절을",
    "tool": "툴 공구 끝 말단 팔 손",
    "wait": "대기 휴식 정지 멈춰 있 그대로 가만히 간 동안",
    "patrol": "순찰 순회 점검 바퀴 번 회 차례 왕복 방문 확인 순찰을 총 사이 사이를 구간 구간을 시찰 감시",
    "go": "주차 주차해 주차시켜 주차하고 주차한다 이동 출발 도착 방문 거쳐 거쳐서 들러 들러서 찍고 경유 경유해 경유해서 통해 통과해 주행 향",
    "transfer": "보관 적재 투입 배치 수납 운반 이송 전달 픽업 파지 담 옮겨서",
    "retry": "다시 시도해 재시도 재시도해 한 번 더 또 시도하세요 재시도하세요 시도해봐 시도",
    "skip": "건너뛰어 건너뛰고 건너뛰세요 넘어가 무시해 무시하고 생략해 패스해 패스 계속 진행해 그냥 괜찮아 상관없어 계속해 넘어가도",
    "ask": "운영자 운영자에게 물어봐 사람에게 나에게 나한테 사람 불러 문의 문의해 알려 알려줘 관리자 담당자 물어봐줘",
    "abort": "중단 중단해 취소 취소해 포기 포기해 임무 미션 전부 멈춰 모두 중지 중지해 그만둬",
    "another": "다른",
    "failed": "실패하면 실패 시 안 되면 안되면 못 하면 문제가 생기면 경우 실패할 실패했을 때 잘 만약 만일 잘못되면 하다가",
}


def english():
    words = {}

    def add(word, kind):
        kinds = words.setdefault(word, [])
        if kind not in kinds:
            kinds.append(kind)
    for kind, verbs in ENGLISH_VERBS.items():
        for verb in verbs.split():
            for form in FORMS[verb]:
                if form not in SIDES:
                    add(form, kind)
    for kind, some in ENGLISH.items():
        for word in some.split():
            add(word, kind)
    return words


def korean():
    words = {}

    def add(word, kind):
        kinds = words.setdefault(word, [])
        if kind not in kinds:
            kinds.append(kind)
    tails = ("", "서", "다가", "가", "니", "니까", "야", "도", "줘", "줘요", "주세요", "주십시오", "라", "요")
    for kind, verbs in KOREAN_VERBS.items():
        for verb in verbs.split():
            verb = verb.replace("_", " ")
            forms = list(VERBS[verb]) + endings(verb)
            plain = VERBS[verb][0]
            forms += [plain + t for t in tails]
            past = with_last_final(plain, 20)
            forms += [past + t for t in ("다가", "으면", "고")]
            forms += [stem(verb) + e for e in ("게", "도록", "고서", "고는", "고나서", "자마자", "자", "면서", "며", "지")] + [base(verb) + e for e in ("면서", "며", "라", "라고", "니", "려고", "십시오", "시오", "시고", "신")]
            for form in forms:
                for word in form.split():
                    if any(part in word for part in ("지마", "않")) or word.endswith("지"):
                        continue
                    add(word, kind)
    for kind, some in KOREAN.items():
        for word in some.split():
            add(word, kind)
    return words


def by_kinds(words):
    """Words with the same kinds in one list."""
    groups = {}
    for word, kinds in sorted(words.items()):
        groups.setdefault(" ".join(kinds), []).append(word)
    return {kinds: " ".join(some) for kinds, some in sorted(groups.items())}


def main():
    made = {"english": by_kinds(english()), "korean": by_kinds(korean())}
    with open("plan_words.json", "w", encoding="utf-8") as file:
        json.dump(made, file, ensure_ascii=False, indent=0)
        file.write("\n")


if __name__ == "__main__":
    main()
