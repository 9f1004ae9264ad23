"""Korean verbs in their forms, numbers and particles."""

import random

from names import COLOUR_VARIANTS, FLOORS, PREFIXES, SURFACES, THINGS

# Order of the forms of a verb.
PLAIN, STATES, AND, PAST, NOW, NOUN, IF, POLITE = range(8)
END, QUOTE, CAUSE = -1, -2, -3
"""Ends the sentence; -(으)라고; -게 or -도록."""
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
들러|들른다|들르고|들른|들르는|들르기|들르면|들르세요
놔|놓는다|놓고|놓은|놓는|놓기|놓으면|놓으세요
내려놔|내려놓는다|내려놓고|내려놓은|내려놓는|내려놓기|내려놓으면|내려놓으세요
올려놔|올려놓는다|올려놓고|올려놓은|올려놓는|올려놓기|올려놓으면|올려놓으세요
갖다 놔|갖다 놓는다|갖다 놓고|갖다 놓은|갖다 놓는|갖다 놓기|갖다 놓으면|갖다 놓으세요
옮겨 놔|옮겨 놓는다|옮겨 놓고|옮겨 놓은|옮겨 놓는|옮겨 놓기|옮겨 놓으면|옮겨 놓으세요
옮겨 담아|옮겨 담는다|옮겨 담고|옮겨 담은|옮겨 담는|옮겨 담기|옮겨 담으면|옮겨 담으세요
얹어|얹는다|얹고|얹은|얹는|얹기|얹으면|얹으세요
꽂아|꽂는다|꽂고|꽂은|꽂는|꽂기|꽂으면|꽂으세요
실어|싣는다|싣고|실은|싣는|싣기|실으면|실으세요
가져가|가져간다|가져가고|가져간|가져가는|가져가기|가져가면|가져가세요
가져와|가져온다|가져오고|가져온|가져오는|가져오기|가져오면|가져오세요
날라|나른다|나르고|나른|나르는|나르기|나르면|나르세요
집어 들어|집어 든다|집어 들고|집어 든|집어 드는|집어 들기|집어 들면|집어 드세요
잡아 들어|잡아 든다|잡아 들고|잡아 든|잡아 드는|잡아 들기|잡아 들면|잡아 드세요
쥐어|쥔다|쥐고|쥔|쥐는|쥐기|쥐면|쥐세요
챙겨|챙긴다|챙기고|챙긴|챙기는|챙기기|챙기면|챙기세요
와|온다|오고|온|오는|오기|오면|오세요
모여|모인다|모이고|모인|모이는|모이기|모이면|모이세요
살펴봐|살펴본다|살펴보고|살펴본|살펴보는|살펴보기|살펴보면|살펴보세요
훑어봐|훑어본다|훑어보고|훑어본|훑어보는|훑어보기|훑어보면|훑어보세요
순찰 돌아|순찰 돈다|순찰 돌고|순찰 돈|순찰 도는|순찰 돌기|순찰 돌면|순찰 도세요
있어|있는다|있고|있은|있는|있기|있으면|있으세요
멈춰|멈춘다|멈추고|멈춘|멈추는|멈추기|멈추면|멈추세요
펴|편다|펴고|편|펴는|펴기|펴면|펴세요
오므려|오므린다|오므리고|오므린|오므리는|오므리기|오므리면|오므리세요
이동시켜|이동시킨다|이동시키고|이동시킨|이동시키는|이동시키기|이동시키면|이동시키세요
복귀시켜|복귀시킨다|복귀시키고|복귀시킨|복귀시키는|복귀시키기|복귀시키면|복귀시키세요
돌려보내|돌려보낸다|돌려보내고|돌려보낸|돌려보내는|돌려보내기|돌려보내면|돌려보내세요""".split("\n")
}
HADA = ["이동", "순찰", "점검", "방문", "확인", "대기", "복귀", "도착", "출발", "설정", "정지", "적재", "운반", "순회", "주행", "귀환", "픽업", "투입", "배치", "보관", "거치", "수납", "전달", "이송", "배달",
        "직행", "향", "왕복", "시찰", "감시", "개방", "휴식", "파지", "진입"]
for _stem in HADA:
    VERBS[f"{_stem}해"] = [_stem + e for e in ("해", "한다", "하고", "한", "하는", "하기", "하면", "하세요")]
# 넣어 둬, 열어 놔.
for _verb in ("넣어", "열어", "닫아", "벌려", "가져다", "갖다", "올려"):
    for _more in ("둬", "놔"):
        VERBS[f"{_verb} {_more}"] = [f"{_verb} {form}" for form in VERBS[_more]]
COUNTS = ["", "한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉", "열", "열한", "열두"]
SINO = ["", "일", "이", "삼", "사", "오", "육", "칠", "팔", "구", "십"]
LETTERS = dict(zip("abcdefghxyz", "에이 비 씨 디 이 에프 지 에이치 엑스 와이 제트".split()))
DICTIONARY = {**PREFIXES, **COLOUR_VARIANTS, **SURFACES, **FLOORS, **THINGS}
# Whether a digit's name ends in a consonant; l counts apart for 로.
DIGIT_FINALS = {"0": "n", "1": "l", "2": "", "3": "n", "4": "", "5": "", "6": "n", "7": "l", "8": "l", "9": ""}


def final(text: str, rng: random.Random) -> str:
    last = text.rstrip(")")[-1:]
    if "가" <= last <= "힣":
        code = (ord(last) - 0xAC00) % 28
        return "" if code == 0 else "l" if code == 8 else "n"
    return DIGIT_FINALS.get(last, rng.choice(["", "", "n"]) if last not in "aeiouy" else "")


def sino(number: int) -> str:
    """Below a hundred, as in 삼십오."""
    tens, ones = divmod(number, 10)
    return (SINO[tens] if tens > 1 else "") + ("십" if tens else "") + SINO[ones] if number else "영"


def with_last_final(text: str, index: int) -> str:
    """`text` with another final consonant of its last syllable: 4 ㄴ, 8 ㄹ, 17 ㅂ, 20 ㅆ."""
    code = ord(text[-1]) - 0xAC00
    return text[:-1] + chr(0xAC00 + code // 28 * 28 + index)


def stem(word: str) -> str:
    """넣, 가, 열."""
    return VERBS[word][AND][:-1]


def base(word: str) -> str:
    """넣으, 가, 열: what -렴, -면 and -라고 follow."""
    return VERBS[word][IF][:-1]


def _bound(word: str, index: int, after_consonant: str) -> str:
    text = base(word)
    if text.endswith("으") and text != stem(word):
        return text[:-1] + after_consonant
    return with_last_final(text, index)


def future(word: str) -> str:
    """넣을, 갈, 열."""
    return _bound(word, 8, "을")


def proposal(word: str) -> str:
    """넣읍시다, 갑시다, 엽시다."""
    return _bound(word, 17, "읍") + "시다"


def formal(word: str) -> str:
    """넣습니다, 갑니다, 엽니다."""
    text = stem(word)
    code = (ord(text[-1]) - 0xAC00) % 28
    return (with_last_final(text, 17) + "니다") if code in (0, 8) else text + "습니다"


def wish(word: str) -> str:
    """넣었으면, 갔으면."""
    return with_last_final(VERBS[word][PLAIN], 20) + "으면"


def endings(word: str) -> list[str]:
    """Less common forms at the end of a sentence."""
    forms = VERBS[word]
    plain = forms[PLAIN]
    found = [
        f"{forms[NOUN]} 바랍니다", f"{forms[NOUN]} 바람", forms[NOUN], f"{plain} 주시겠어요", f"{plain} 줄래", f"{plain}줄래", f"{plain} 줄래요", f"{plain} 봐",
        f"{plain} 주시겠습니까", f"{plain} 주시면 감사하겠습니다", f"{plain}주시길", f"{plain} 주시기 바랍니다", f"{plain} 줄 수 있어", f"{plain} 줄 수 있을까요",
        f"{plain} 주면 고맙겠어", f"{plain} 주면 돼", f"{plain} 주라", f"{plain} 다오", f"{plain}야 해", f"{plain}야 한다", f"{plain}야 합니다", f"{plain}야겠다", f"{plain}야겠어",
        f"{forms[NOW]} 게 좋겠어", f"{stem(word)}자", f"{stem(word)}자", f"{proposal(word)}", f"{base(word)}렴", f"{base(word)}렴", f"{stem(word)}거라", f"{stem(word)}도록",
        f"{stem(word)}도록 해", f"{stem(word)}도록 하세요", f"{stem(word)}도록 해 주세요", f"{stem(word)}게 해 줘", f"{future(word)} 것", f"{future(word)} 것", f"{plain}요", f"{plain}요",
        formal(word), f"{wish(word)} 좋겠어", f"{wish(word)} 해", f"{wish(word)} 합니다", f"{wish(word)} 좋겠습니다", f"{forms[IF]} 돼", f"{forms[IF]} 됩니다",
        f"{forms[POLITE][:-2]}십시오", f"{forms[POLITE][:-2]}십시오", f"{forms[POLITE][:-2]}시오",
    ]
    if word.endswith("해") and word != "향해":
        noun = word[:-1]
        found += [noun, noun, noun, noun, f"{noun} 바람", f"{noun} 바람", f"{noun} 바랍니다", f"{noun} 요망", f"{noun} 요청", f"{noun} 부탁", f"{noun} 부탁해", f"{noun} 부탁드립니다", f"{noun} 부탁드려요",
                  f"{noun} 좀 부탁해", f"{noun} 실시", f"{noun}함"]
    return found

