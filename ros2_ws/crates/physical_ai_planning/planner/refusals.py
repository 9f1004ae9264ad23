"""Requests that must be refused, with reasons from a closed set."""

import random

from english import English
from english_names import NUMBERS
from korean import COUNTS, Korean
from missions import Action, Sampler, Strand, kind_of
from names import COLOURS, FLOORS, SURFACES, THINGS, Said, korean_word, made_up_word
from plan_format import ARM_SKILLS, ROVER_SKILLS, Fleet
from references import References

NOT_A_MISSION = "not a mission"
NOBODY_CAN = "no robot can do that"
OUT_OF_RANGE = "value out of range"
SAY_PLACE, SAY_OBJECT, SAY_TIME = "say which place", "say which object", "say how long"
SAY_WHAT_TO_DO = "say what to do, not what not to do"
NO_CONDITIONS = "conditions are not supported"

CHAT_EN = """hello|hi there|good morning|thank you very much|how are you|who are you|what is your name|tell me a joke|what time is it
what can you do|i am hungry|i love robots|the sky is blue|what is two plus two|who won the game|where am i|why|ok|yes|no|never mind|help
this is a test|foo bar baz|asdf|qwerty|lorem ipsum|the quick brown fox jumps over the lazy dog|once upon a time there was a king
how far is the moon|what is the capital of france|do you like music|write a poem about the sea|translate this into german
is it raining|will it snow tomorrow|what day is it|i had a great weekend|see you later|good night|you are great|that was wrong
how old are you|sing me a song|what does this button do|explain quantum physics|i think therefore i am|blah blah blah|hmm|nice
which robots are there|how many robots do you have|what happened yesterday|are you ready|is everything fine|what are you doing
thank you ever so much|thanks for yesterday|thanks for your help last night|you did well today|how was your day|what a lovely morning|that will be all|long time no see
i am going to lunch|my name is peter|the weather is awful|do you know the way|have a nice evening|congratulations|happy birthday|it smells good in here|the coffee is cold
my feet hurt|what should i wear|nobody told me|i forgot my keys|it was not me|you look tired|so what|really|maybe later|of course|i have no idea|what was that noise
is anybody there|did you sleep well|what is for dinner|the guests were happy|it is very quiet today|i will be back soon|excuse me|sorry|oops|wow|well done|good job everyone
list all robots|show me the status|give me a report|what is going on|how long does it take|can robots dream|where is everybody"""
"""Who might be a robot, but is none of the fleet's."""
STRANGERS = ["housekeeper", "forklift", "butler", "nurse", "porter", "driver", "drone", "janitor", "crane", "gardener", "guard", "cook", "waiter", "mechanic", "crawler", "dog", "humanoid",
             "loader", "tractor", "excavator", "scout", "courier", "assistant", "welder", "painter", "sorter", "picker", "chef", "tugboat", "helicopter", "walker", "cleaner", "foreman"]
CHAT_KO = """안녕|안녕하세요|고마워|감사합니다|너는 누구니|이름이 뭐야|지금 몇 시야|배고파|오늘 기분 어때|농담 하나 해줘|뭐 할 수 있어|날씨가 좋네
내일 비가 올까|사랑해|심심해|테스트입니다|가나다라마바사|아무 말|잘 자|수고했어|하늘은 왜 파래|한국의 수도는 어디야|로봇이 몇 대 있어
지금 뭐 하고 있어|상태를 알려줘|괜찮아|왜|응|아니|도와줘|어제 무슨 일이 있었어|시 한 편 써줘|번역해줘|몇 살이야|재미있다|글쎄|그렇구나
준비됐어|얼마나 걸려|누가 이겼어|음악 좋아해|무슨 요일이야|비밀이야|좋은 아침|또 보자|맞아|틀렸어
오늘 점심 뭐 먹지|너 진짜 똑똑하다|잘했어|고생 많았어|힘들다|졸려|퇴근하고 싶다|반가워|처음 뵙겠습니다|누가 널 만들었어|할 줄 아는 게 뭐야|로봇은 꿈을 꿔
지금 바빠|다들 어디 있어|무슨 로봇이 있어|어떤 물건들이 있는지 알려줘|지금까지 뭐 했어|보고해 줘|현재 상태 보고|진행 상황이 어때|다 끝났어|언제 끝나|왜 안 움직여|방금 뭐라고 했어
이게 무슨 뜻이야|아 그렇구나|ㅋㅋㅋ|ㅎㅎ|음|어|네|아니요|알겠어|알겠습니다|그래|됐어|아무것도 아니야|미안|죄송합니다|테스트|하나 둘 셋|마이크 테스트|오늘 며칠이야|몇 시에 시작해
내일 뭐 해|주말에 뭐 했어|축구 좋아해|노래 추천해 줘|영화 추천해 줘|삼 더하기 오는 얼마야|수학 문제 풀어줘|영어로 번역해 줘|세상에서 제일 높은 산이 뭐야|지구는 둥글다
배터리 얼마나 남았어|지금 어디야|거기 날씨는 어때|사람이 몇 명 있어|로봇이 사람보다 나을까|나랑 놀자|재미있는 얘기 해 줘|무서운 이야기 해 줘|생일 축하해|화이팅|ㅇㅇ|ㄴㄴ"""
ASK_EN = ["where is {o}", "where is {r}", "is {r} at {f}", "what is in {s}", "how many {n}s are there", "does {r} have {o}", "why is {r} so slow",
          "what is {r} doing", "is there a {n} in {s}", "can {r} see {o}", "how heavy is {o}", "when will {r} be back", "did {r} put {o} in {s}",
          "who moved {o}", "what colour is {o}", "has {r} reached {f}", "how far is {f}", "is {s} empty", "{o} is nice", "{r} is a good robot",
          "i like {f}", "are there any {n}s left", "which robot is at {f}", "tell me where {o} is", "what is the battery level of {r}",
          "was {r} in {f}", "is {r} free", "where are all the {n}s", "do you see {o}", "how big is {s}"]
ASK_KO = ["{o} 어디 있어", "{r} 어디 있어", "{r}는 지금 뭐 해", "{s}에 뭐가 있어", "{o} 무게가 얼마야", "{r}는 왜 느려", "{f}까지 얼마나 멀어", "{o}는 무슨 색이야",
          "{r} 배터리 얼마나 남았어", "{s}는 비어 있어", "누가 {o}를 옮겼어", "{r}는 좋은 로봇이야", "{f}에 누가 있어", "{o} 보여", "{r}는 언제 와", "{o}가 몇 개야",
          "{r}가 {f}에 도착했어", "{f}는 어디야", "{o} 어디다 뒀어", "{o} 지금 어디에 있지", "{r} 지금 어디쯤이야", "{s}에 {o} 있어", "{s} 위에 뭐 있는지 알려 줘", "{r} 고장 났어", "{r} 아직 안 왔어",
          "{r} 뭐 하는 중이야", "{f}에서 {r} 봤어", "{o} 무거워", "{r} 괜찮아", "{s} 꽉 찼어", "{f}에 사람 있는지 알려 줘", "{o} 누가 가져갔어", "{o} 찾았어", "{r} 언제 끝나", "{r} 속도가 얼마야", "{f}까지 몇 분 걸려",
          "왜 {r} 아직 {f}에 있어", "{o} 참 예쁘다", "{f} 너무 멀다", "{s}에 {n} 몇 개 있어", "{r} 쓸 수 있어", "{r} 상태 좀 알려 줘", "{o}랑 {n} 중에 뭐가 더 커", "아까 {o} 옮겼어", "{r} 집에 갔어", "{f}에 충전기 있어",
          "{r} 혹시 {o} 들고 있어", "{r} 어제 {f} 갔었지", "{o} 몇 개 남았는지 말해 줘", "어느 로봇이 {f}에 있어", "{f} 문 열려 있어", "{s}에 자리 있어"]
DEEDS_EN = """paint {o}|paint {s} {c}|fly to {f}|fly around|clean {f}|wash {o}|cook dinner|cut {o}|weld {o} to {s}|sing a song|dance|assemble {o}
take a picture of {o}|photograph {f}|push {o} off {s}|kick {o}|jump over {f}|swim to {f}|break {o}|repair {o}|paint the walls|eat {o}|call my mother
turn on the light|switch off the lights|play some music|charge {o}|count the {n}s|read {o}|weigh {o}|measure {o}|open the door|close the window|unlock {f}
mow the lawn|make a sandwich|brew some tea|water the plants|vacuum {f}|sweep {f}|mop the floor|burn {o}|shake {o}|rotate {o}|flip {o}|drill a hole into {s}
screw {o} into {s}|glue {o} to {s}|water {f}|plow {f}|feed the animals|milk the cow|polish {s}|inflate {o}|sharpen {o}|heat {o}|freeze {o}|label {o}|open the window|close the door|empty {s}|explode|self destruct|order a pizza|send an email to bob|build a house|write a letter|draw a circle|wave at me
shoot at {f}|hide|climb the stairs|dig a hole|speak louder|buy a new {n}|delete everything|hack the server|polish {o}|wrap {o}|fill {o} with water|squeeze {o}
solder {o}|chop {o}|stir {o}|fry {o}|boil {o}|heat {o} to eighty degrees|make me a coffee|make some coffee|make tea|sell {o}|peel {o}|scrub {s}|disinfect {s}|hoover {f}|iron {o}|unscrew {o}
tighten {o}|engrave {o}|sew {o}|bend {o}|melt {o}|hammer {o}|grind {o}|prune the trees|harvest the tomatoes|paint {f} green|decorate {f}|guard my car|answer the phone|speak to {r}|smile|whistle
make me a coffee in {f}|make tea in {f}|take the dog for a walk|do the dishes|set the table|feed the cat|fold the laundry|pour me a glass of water|empty the bins|dust {s}
wipe {s}|clean {s}|tidy up {f}|rinse {o}|dry {o}|unwrap {o}|open {o}|close {o}|mend {o}|oil {o}|tie up {o}|cut {o} in half|taste {o}|scan {o}|calibrate {o}|lock the front door|ring the bell
check in with the boss|write down the temperature|take notes|tell me a story|translate {o}|count to ten|turn off the heating|water the north side|spray the plants|shovel the snow
print {o}|scratch {s}|hug me|bake a cake|knit a sweater|polish the floor|fix {s}|teleport to {f}|dive into {f}|iron the shirts""".replace("\n", "|").split("|")
DEEDS_KO = """{o}를 칠해|{f}로 날아가|춤을 춰|노래를 불러|{f}를 청소해|{o}를 씻어|{o}를 잘라|요리를 해|사진을 찍어|{o}를 고쳐|{o}를 던져|점프해|수영해|불을 켜|불을 꺼
음악을 틀어|{o}의 무게를 재|{o}를 용접해|{o}를 조립해|문을 잠가|창문을 닫아|커피를 만들어|{o}를 먹어|전화를 걸어|이메일을 보내|피자를 주문해|{o}를 부숴|{o}를 흔들어
{s}를 닦아|빨래를 해|나무를 심어|{f}를 파|계단을 올라가|그림을 그려|{o}를 돌려|{o}를 밀어|물을 마셔|집을 지어|{o}를 태워|헤엄쳐|{f}로 순간이동해|{o}를 차
{o} 좀 설거지해|{o} 깨끗이 씻어|{o} 말려|{s} 행주로 닦아|{f} 바닥 쓸어|{f} 걸레질해|{f} 물청소해|{f} 소독해|{o} 포장해|{o} 뜯어|{o} 열어|{o} 접어|{o} 껍질 벗겨|{o} 썰어|{o} 볶아|{o} 끓여|{o} 데워
{o} 얼려|{o} 구워|{o}에 물 채워|{o}에 물 따라|{o}에 라벨 붙여|{o} 충전해|{o} 세어 봐|{o} 개수 세|{o} 길이 재|{o} 사진 찍어|{f} 사진 찍어|{f} 녹화해|{o} 주문해|{o} 팔아|{o} 망가뜨려|{o} 나사 조여
{o} 페인트칠해|{s} 고쳐|{s} 조립해|{o}에 구멍 뚫어|{o} 갈아|{o} 다려|옷 다려|설거지해|밥해|라면 끓여|차 끓여|청소기 돌려|세탁기 돌려|쓰레기 분리수거해|화분에 물 뿌려|잔디 깎아|눈 치워|강아지 산책시켜|아기 재워
에어컨 켜|난방 꺼|텔레비전 켜|문 좀 열어|문 닫아|창문 열어|초인종 눌러|엘리베이터 불러|택시 불러|경찰에 신고해|사장님께 전화해|문자 보내|메일 확인해|숙제해|책 읽어|{o} 읽어|휘파람 불어|박수 쳐|손 흔들어|인사해
{f}까지 날아가|{f}까지 헤엄쳐|공중제비 돌아|물구나무서|{r} 안아|{r}한테 인사해|{r} 수리해|{r} 충전시켜|{s} 부숴|{s} 비워|{o} 냄새 맡아|{o} 맛봐|자폭해|{f}에 나무 심어|{f}에서 춤춰|벽에 그림 그려|{o} 분해해|{o} 용접해""".replace("\n", "|").split("|")
PARTIAL_EN = [("put {o}", SAY_PLACE), ("place {o}", SAY_PLACE), ("move {o}", SAY_PLACE), ("bring {o}", SAY_PLACE), ("go to", SAY_PLACE),
              ("drive to", SAY_PLACE), ("drive", SAY_PLACE), ("patrol", SAY_PLACE), ("patrol twice", SAY_PLACE), ("pick up", SAY_OBJECT),
              ("grab", SAY_OBJECT), ("put into {s}", SAY_OBJECT), ("pick something up", SAY_OBJECT), ("wait", SAY_TIME), ("pause", SAY_TIME),
              ("wait a while", SAY_TIME), ("wait for a bit", SAY_TIME), ("head somewhere", SAY_PLACE), ("put {o} somewhere", SAY_PLACE),
              ("transfer {o}", SAY_PLACE), ("carry {o} away", SAY_PLACE), ("take {o} and put it somewhere", SAY_PLACE), ("pick up {o} and leave it somewhere", SAY_PLACE),
              ("put {o} away", SAY_PLACE), ("put {o} away somewhere", SAY_PLACE), ("tidy {o} away", SAY_PLACE), ("put {o} where it belongs", SAY_PLACE), ("find a place for {o}", SAY_PLACE),
              ("set {o} down", SAY_PLACE), ("drop {o} off", SAY_PLACE), ("get going", SAY_PLACE), ("go and patrol", SAY_PLACE), ("bring me something", SAY_OBJECT), ("put it in {s}", SAY_OBJECT),
              ("place something on {s}", SAY_OBJECT), ("lift something", SAY_OBJECT), ("wait until i say so", SAY_TIME), ("wait for me", SAY_TIME), ("wait until later", SAY_TIME), ("go somewhere", SAY_PLACE), ("wait for some time", SAY_TIME), ("wait a bit", SAY_TIME),
              ("pick up something", SAY_OBJECT), ("grab anything", SAY_OBJECT), ("put something in {s}", SAY_OBJECT), ("hang on a while", SAY_TIME), ("hold on", SAY_TIME), ("hold on a moment", SAY_TIME),
              ("wait a moment", SAY_TIME), ("wait here", SAY_TIME), ("stay there for a while", SAY_TIME), ("drive over there", SAY_PLACE), ("go over there", SAY_PLACE), ("move somewhere else", SAY_PLACE),
              ("bring {o} over there", SAY_PLACE), ("put {o} over there", SAY_PLACE), ("patrol a bit", SAY_PLACE), ("do a patrol", SAY_PLACE), ("do three rounds", SAY_PLACE), ("fetch", SAY_OBJECT),
              ("pick it up", SAY_OBJECT), ("fetch that thing", SAY_OBJECT), ("take that", SAY_OBJECT), ("deliver something to {s}", SAY_OBJECT), ("get me something", SAY_OBJECT), ("put {o} down somewhere nice", SAY_PLACE),
              ("take {o} elsewhere", SAY_PLACE), ("deliver {o}", SAY_PLACE), ("stand by", SAY_TIME), ("rest a little", SAY_TIME), ("take a break", SAY_TIME), ("wait there for some time", SAY_TIME)]
PARTIAL_KO = [("{o}를 옮겨", SAY_PLACE), ("{o}를 넣어", SAY_PLACE), ("{o}를 놓아", SAY_PLACE), ("이동해", SAY_PLACE), ("순찰해", SAY_PLACE), ("집어", SAY_OBJECT),
              ("{s}에 넣어", SAY_OBJECT), ("기다려", SAY_TIME), ("잠시 대기해", SAY_TIME), ("잠깐 쉬어", SAY_TIME), ("어딘가로 가", SAY_PLACE), ("아무거나 집어", SAY_OBJECT), ("뭔가 집어", SAY_OBJECT), ("{o}를 아무 데나 놓아", SAY_PLACE), ("좀 기다려", SAY_TIME), ("조금 기다려", SAY_TIME),
              ("{o}를 어딘가에 놓아", SAY_PLACE), ("무언가를 {s}에 넣어", SAY_OBJECT), ("{o} 좀 옮겨", SAY_PLACE), ("{o} 좀 치워", SAY_PLACE), ("{o} 다른 데로 옮겨", SAY_PLACE), ("{o} 저기다 놔", SAY_PLACE),
              ("{o} 저쪽으로 옮겨", SAY_PLACE), ("{o} 적당한 데 놔", SAY_PLACE), ("{o} 어디 좀 갖다 놔", SAY_PLACE), ("{o} 들어서 거기에 놔", SAY_PLACE), ("{o} 가져다 놔", SAY_PLACE), ("{o} 배달해", SAY_PLACE), ("{o} 운반해", SAY_PLACE),
              ("저기로 가", SAY_PLACE), ("거기로 가", SAY_PLACE), ("저쪽으로 좀 가", SAY_PLACE), ("다른 데로 가", SAY_PLACE), ("아무 데나 가", SAY_PLACE), ("좀 움직여", SAY_PLACE), ("출발해", SAY_PLACE), ("어디든 가", SAY_PLACE), ("순찰 돌아", SAY_PLACE),
              ("순찰 두 번 돌아", SAY_PLACE), ("세 바퀴 돌아", SAY_PLACE), ("한 바퀴 돌아", SAY_PLACE), ("순찰 좀 해", SAY_PLACE), ("세 번 순찰해", SAY_PLACE), ("그것 좀 집어", SAY_OBJECT), ("그거 집어", SAY_OBJECT), ("저거 들어", SAY_OBJECT),
              ("저것 좀 잡아", SAY_OBJECT), ("그거 {s}에 갖다 놔", SAY_OBJECT), ("아무거나 {s}에 올려", SAY_OBJECT), ("뭐라도 집어", SAY_OBJECT), ("물건 하나 들어", SAY_OBJECT), ("하나 집어서 {s}에 넣어", SAY_OBJECT), ("{s}로 뭐 좀 옮겨", SAY_OBJECT),
              ("{s} 위에 뭔가 올려놔", SAY_OBJECT), ("거기서 좀 기다려", SAY_TIME), ("거기서 좀 기다리고 있어", SAY_TIME), ("거기서 기다려", SAY_TIME), ("잠깐만 기다려", SAY_TIME), ("잠깐 멈춰", SAY_TIME), ("잠시만 쉬어", SAY_TIME),
              ("가만히 있어", SAY_TIME), ("그대로 대기하고 있어", SAY_TIME), ("제자리에서 대기해", SAY_TIME), ("한동안 기다려", SAY_TIME), ("조금만 쉬어", SAY_TIME), ("잠깐 대기해", SAY_TIME), ("기다리고 있어", SAY_TIME), ("얼마간 대기해", SAY_TIME)]
CONDITIONS_EN = ["if {r} is at {f}, {m}", "{m} if the battery is low", "unless {r} is busy, {m}", "if it rains, {m}", "{m} if {o} is in {s}",
                 "if there is a {n} in {s}, {m}", "in case {s} is empty, {m}", "{m} unless {o} is broken", "{m} only if {f} is free", "if it starts raining {m}", "if it starts to rain, {m}",
                 "if the door is open {m}", "if somebody comes {m}", "{m} if {s} is full", "if {o} is missing {m}", "{m} if it is dark", "if it gets dark, {m}",
                 "if you see {o}, {m}", "if the light is on {m}", "unless {f} is closed, {m}", "when it starts raining, {m}", "if {r}'s battery drops below 20 percent, {m}", "whenever somebody comes, {m}",
                 "as long as {f} is empty {m}", "{m} when the battery is low", "should it rain, {m}", "{m} in case {o} is still there", "only if {s} is free {m}", "if nobody is at {f}, {m}", "{m} if there is time", "{m} provided that {f} is clear", "if anyone asks {m}"]
CONDITIONS_KO = ["배터리가 부족하면 {m}", "비가 오면 {m}", "만약 {s}가 비어 있으면 {m}", "{o}가 {s}에 있으면 {m}", "{r}가 바쁘지 않으면 {m}", "{f}가 비어 있을 때만 {m}", "비가 오기 시작하면 {m}", "어두워지면 {m}", "누가 오면 {m}", "문이 열려 있으면 {m}", "{s}가 가득 차면 {m}",
                 "배터리가 부족할 때 {m}", "{o}가 보이면 {m}", "배터리가 20퍼센트 아래로 떨어지면 {m}", "배터리가 절반 이하면 {m}", "{r} 배터리가 30% 밑으로 떨어지면 {m}", "온도가 30도를 넘으면 {m}", "사람이 있으면 {m}", "{f}에 아무도 없으면 {m}",
                 "{f}에 사람이 있으면 {m}", "{s} 위에 {o} 있으면 {m}", "{s}에 아무것도 없으면 {m}", "{s}에 자리가 있으면 {m}", "손님이 오면 {m}", "누가 부르면 {m}", "문이 닫혀 있으면 {m}", "불이 켜져 있으면 {m}", "해가 지면 {m}", "밤이 되면 {m}",
                 "세 시가 되면 {m}", "오후 5시가 되면 {m}", "시간이 남으면 {m}", "{r}가 놀고 있으면 {m}", "{r}가 고장 나면 {m}", "{r}가 {f}에 있으면 {m}", "만일 {o}가 없으면 {m}", "{o}가 깨져 있으면 {m}", "비가 그치면 {m}", "눈이 오면 {m}",
                 "물이 새면 {m}", "연기가 나면 {m}", "알람이 울리면 {m}", "소리가 나면 {m}", "{n}이 세 개 넘게 쌓이면 {m}", "{s} 비면 {m}", "만약 {f} 문이 열려 있다면 {m}", "{o}가 {s}에 없다면 {m}", "{r}가 한가하면 {m}", "전기가 나가면 {m}",
                 "필요하면 {m}", "비 오는 날에는 {m}", "사람이 지나갈 때마다 {m}", "{f}가 붐비지 않을 때 {m}", "주문이 들어오면 {m}", "{s}가 꽉 차기 전까지 {m}", "누가 시키면 {m}"]
NOT_KO = ["{f}로 가지 마", "집으로 가지 마", "{s}로 가지 마", "{o}를 집지 마", "{f}로 가지 마세요", "집으로 가지 마세요", "움직이지 마", "{o}를 옮기지 마라", "{f}를 순찰하지 마", "{f} 쪽으로는 가지 마", "{f}에는 절대 가지 마", "{o} 건드리지 마",
          "{o} 만지지 마세요", "{o}는 손대지 마", "{s}에 아무것도 놓지 마", "{o} {s}에 넣지 마", "{s} 위에 {o} 올려놓지 마라", "홈으로 돌아가지 마", "그리퍼 열지 마", "집게 닫지 마세요", "아무것도 하지 마", "기다리지 마", "거기 서 있지 마",
          "{f}로 이동하지 말 것", "{o} 옮기지 말 것", "{f} 순찰 금지", "{f} 출입 금지", "{f}로 가면 안 돼", "{o} 집으면 안 돼", "{o} 들면 안 됩니다", "{f}에 가지 말아 줘", "{o} 내려놓지 말아 주세요", "{f}에는 가지 않도록 해",
          "{o} 떨어뜨리지 마", "{f}는 돌지 마", "{f} 근처에도 가지 마", "다시는 {f}에 가지 마", "{o}는 옮기지 말아라", "{f}로 안 갔으면 좋겠어", "{o}는 {s}에 두지 마", "멈추지 마", "{f}에 들르지 마"]


class Refusals:
    def __init__(self, rng: random.Random, fleet: Fleet, said: Said, language: str) -> None:
        self.rng, self.fleet, self.said, self.korean = rng, fleet, said, language == "ko"

    def speaker(self, fleet: Fleet) -> English | Korean:
        return (Korean if self.korean else English)(self.rng, fleet, self.said)

    def sample(self) -> tuple[str, str] | None:
        ways = [(self._unknown, 38), (self._cannot, 20), (self._wrong_place, 10), (self._chat, 12), (self._deed, 12), (self._range, 9),
                (self._partial, 8), (self._not, 4), (self._condition, 5), (self._nobody, 4)]
        way = self.rng.choices([w for w, _ in ways], [n for _, n in ways])[0]
        return way()

    def _unknown(self) -> tuple[str, str] | None:
        rng, fleet = self.rng, self.fleet
        groups = Sampler(rng, fleet, simple=rng.random() < 0.5).mission()
        strands = [s for g in groups for s in g]
        strand = rng.choice(strands)
        action = rng.choice(strand.actions)
        lists = {"object": fleet.objects, "place": fleet.surfaces + fleet.floors, "robot": list(fleet.robots)}
        options = [k for k in ("object", "place") if getattr(action, k)] + (["place"] if action.places else [])
        options += ["robot"] if len(strand.robots) == 1 else []
        if not options:
            return None
        kind = rng.choice(options)
        nouns = {"object": THINGS, "place": FLOORS if strand.actions[0].skill in ROVER_SKILLS else SURFACES, "robot": {}}[kind]
        new = self._new_name(lists[kind], nouns, kind)
        if new is None or new in fleet.objects + fleet.surfaces + fleet.floors + list(fleet.robots):
            return None
        shown = fleet
        if kind == "robot":
            old = strand.robots[0]
            shown = Fleet({**fleet.robots, new: fleet.robots[old]}, fleet.objects, fleet.surfaces, fleet.floors)
            strand.robots = [new]
        elif kind == "place" and action.places:
            action.places = [p if i else new for i, p in enumerate(action.places)] if rng.random() < 0.5 else [*action.places[:-1], new]
        else:
            setattr(action, kind, new)
        speaker = self.speaker(shown)
        speaker.unknown = new
        speaker.explicit = kind == "robot"
        text = speaker.mission(groups)
        return (text, f"unknown {kind}: {speaker.unknown_text}") if speaker.unknown_text else None

    def _new_name(self, known: list[str], nouns: dict, kind: str) -> str | None:
        """Near to a known one, or another altogether."""
        rng, said = self.rng, self.said
        style = rng.random()
        if known and style < 0.5:
            words = list(said.words.get(rng.choice(known), ["x"]))
            if words[0] in COLOURS:
                words[0] = rng.choice(sorted(COLOURS))
            elif len(words) > 1:
                words[-1] = rng.choice([*"bcdefghkxyz", *"3456789"])
            else:
                words.append(rng.choice("23456789bcxyz"))
        elif style < 0.85 and (nouns or kind == "robot"):
            words = [rng.choice(sorted(nouns))] if nouns else [rng.choice(STRANGERS)] if rng.random() < 0.4 and kind == "robot" else [rng.choice(["drone", "arm", "rover", "robot", "agv", "walker", "truck", "helper"]), str(rng.randint(1, 9))]
            if kind == "object" and rng.random() < 0.6:
                words.insert(0, rng.choice(sorted(COLOURS)))
        elif rng.random() < 0.7:
            words = [made_up_word(rng)]
            said.made_up.add(words[0])
        else:
            words = [korean_word(rng)[0]]
            said.made_up.add(words[0])
        name = "_".join(words)
        if any(said.words.get(k) == words for k in known) or self._is_known(" ".join(words)):
            return None
        said.words[name] = words
        return name

    def _is_known(self, text: str) -> bool:
        """Whether somebody who says it means one of the fleet's names."""
        references = References(self.fleet)
        return any(reference in references.question(said) for said in (text, f"the {text}") for reference in references.to_name)

    def _explicit(self, strand: Strand, fleet: Fleet) -> str:
        speaker = self.speaker(fleet)
        speaker.explicit = True
        groups = [[strand]]
        if self.rng.random() < 0.3:
            others = Sampler(self.rng, self.fleet).mission()[:1]
            if not any(a.skill == "place" for g in others for s in g for a in s.actions):
                groups = [*others, *groups] if self.rng.random() < 0.5 else [*groups, *others]
        return speaker.mission(groups)

    def _cannot(self) -> tuple[str, str] | None:
        rng, fleet = self.rng, self.fleet
        robot = rng.choice(sorted(fleet.robots))
        kind = kind_of(fleet, robot)
        lacking = [s for s in (ROVER_SKILLS if kind == "arm" else ARM_SKILLS) if s not in fleet.robots[robot]]
        lacking += [s for s in (ARM_SKILLS if kind == "arm" else ROVER_SKILLS) if s not in fleet.robots[robot]]
        if not lacking:
            return None
        skill = rng.choice(lacking)
        # "The rover goes to (x, y, z)" and "the arm goes to (x, y)" are too easily mistaken for slips.
        if skill in ("move_to", "place"):
            return None
        shown = Fleet({**fleet.robots, robot: (skill,)}, fleet.objects or ["box"], fleet.surfaces or ["bin"], fleet.floors or ["dock"],
                      {robot: kind})
        if (skill in ("pick", "pick_and_place") and not fleet.objects) or (skill == "pick_and_place" and not fleet.surfaces) or (
                skill in ("navigate_to", "patrol") and not fleet.floors):
            return None
        action = Sampler(rng, shown)._action(robot, set())
        if action is None or (skill == "navigate_to" and not action.place):
            return None
        said = Fleet({**fleet.robots, robot: (*fleet.robots[robot], skill)}, fleet.objects, fleet.surfaces, fleet.floors,
                     {r: kind_of(fleet, r) for r in fleet.robots})
        return self._explicit(Strand([robot], [action]), said), f"{robot} cannot {skill}"

    def _wrong_place(self) -> tuple[str, str] | None:
        rng, fleet = self.rng, self.fleet
        robot = rng.choice(sorted(fleet.robots))
        if kind_of(fleet, robot) == "arm":
            if not fleet.floors or not fleet.objects or "pick_and_place" not in fleet.robots[robot]:
                return None
            place = rng.choice(fleet.floors)
            action = Action("pick_and_place", object=rng.choice(fleet.objects), place=place)
        else:
            if not fleet.surfaces or not {"navigate_to", "patrol"} <= set(fleet.robots[robot]):
                return None
            place = rng.choice(fleet.surfaces)
            action = Action("navigate_to", place=place) if rng.random() < 0.6 else Action("patrol", places=[place])
        return self._explicit(Strand([robot], [action]), fleet), f"{robot} cannot reach {place}"

    def _fill(self, template: str, **more: str) -> str:
        rng, fleet, speaker = self.rng, self.fleet, self.speaker(self.fleet)
        def some(names: list[str], fallback: list[str]) -> str:
            if names and rng.random() < 0.85:
                return speaker.words(rng.choice(names))
            return rng.choice(fallback) if self.korean else f"the {rng.choice(fallback)}"
        return template.format(
            o=some(fleet.objects, sorted(THINGS)), s=some(fleet.surfaces, sorted(SURFACES)), f=some(fleet.floors, sorted(FLOORS)),
            r=speaker.robot(rng.choice(sorted(fleet.robots))), n=rng.choice(sorted(THINGS)), c=rng.choice(sorted(COLOURS)), **more)

    def _chat(self) -> tuple[str, str]:
        rng = self.rng
        style = rng.random()
        if style < 0.4:
            text = rng.choice((CHAT_KO if self.korean else CHAT_EN).replace("\n", "|").split("|"))
        elif style < 0.8:
            text = self._fill(rng.choice(ASK_KO if self.korean else ASK_EN))
        elif style < 0.92:
            text = " ".join(made_up_word(rng) for _ in range(rng.randint(1, 6)))
        else:
            text = " ".join(rng.choice([*THINGS, *COLOURS, *FLOORS]) for _ in range(rng.randint(1, 5)))
        return text + rng.choice(["", "", "?", "?", ".", "!"]), NOT_A_MISSION

    def _subject(self, text: str) -> str:
        rng, speaker = self.rng, self.speaker(self.fleet)
        if rng.random() < 0.35:
            return text
        who = speaker.robot(rng.choice(sorted(self.fleet.robots)))
        if self.korean:
            return f"{rng.choice([speaker.topic(who), speaker.subject(who), who + ','])} {text}"
        word, *rest = text.split(" ", 1)
        third = word + ("es" if word.endswith(("s", "h", "x")) else "s")
        if word.endswith("y") and word[-2:-1] not in "aeiou":
            third = word[:-1] + "ies"
        style = rng.random()
        if style < 0.5:
            return " ".join([who, third, *rest])
        return f"{rng.choice(['let', 'have', 'make'])} {who} {text}" if style < 0.65 else f"{who}{rng.choice([', ', ' should ', ': ', ' must '])}{text}"

    def _end_ko(self, text: str) -> str:
        return text + self.rng.choice(["", "줘", "라", "", "주세요", " 줘"]) if self.korean else text

    def _deed(self) -> tuple[str, str]:
        text = self._subject(self._end_ko(self._fill(self.rng.choice(DEEDS_KO if self.korean else DEEDS_EN))))
        if self.rng.random() < 0.15:
            text += self.rng.choice([". 그 다음 집으로 가", " 그리고 집으로 돌아가"] if self.korean else [" and go home", ", then return home", " and then go home"])
        return text + self.rng.choice(["", "", ".", "!"]), NOBODY_CAN

    def _range(self) -> tuple[str, str] | None:
        rng = self.rng
        robot = rng.choice(sorted(self.fleet.robots))
        skill = rng.choice(["wait", "wait", "set_gripper", "patrol"])
        if skill not in self.fleet.robots[robot]:
            return None
        if skill == "wait":
            style = rng.random()
            speaker = self.speaker(self.fleet)
            hours = rng.randint(2, 30)
            if style < 0.5:
                said = COUNTS[hours] + " " if hours <= 12 and rng.random() < 0.5 else str(hours)
                spelled = NUMBERS[hours] if hours <= 12 and rng.random() < 0.5 else hours
                word = f"{said}시간 {rng.choice(['동안 ', ''])}{rng.choice(['기다려', '대기해'])}" if self.korean else self._wait_for(f"{spelled} hours")
            elif style < 0.75:
                word = f"{rng.randint(61, 900)}분 {rng.choice(['기다려', '대기해'])}" if self.korean else self._wait_for(f"{rng.randint(61, 900)} minutes")
            else:
                n = rng.choice([rng.randint(3601, 99999), -rng.randint(1, 60)])
                word = f"{n}초 {rng.choice(['기다려', '대기해'])}" if self.korean else f"wait {rng.choice(['for ', ''])}{n} seconds"
            return self._subject(self._end_ko(word)), OUT_OF_RANGE
        if skill == "set_gripper":
            action = Action(skill, numbers=[rng.choice([rng.randint(10, 60), rng.randint(10, 30)]) / 100])
        else:
            if not self.fleet.floors:
                return None
            action = Action(skill, places=[rng.choice(self.fleet.floors)], rounds=rng.choice([1001, 2000, 5000, rng.randint(1001, 9999)]))
            if not self.korean and rng.random() < 0.4:
                places = self._fill(rng.choice(["{f}", "{f}", "{f} and {f}"]))
                count = f"{NUMBERS[rng.randint(2, 12)]} thousand"
                return self._subject(rng.choice([f"patrol {places} {count} times", f"patrol {places} for {count} rounds", f"visit {places} {count} times"])), OUT_OF_RANGE
        return self._explicit(Strand([robot], [action]), self.fleet), OUT_OF_RANGE

    def _wait_for(self, time: str) -> str:
        word = self.rng.choice(["wait", "wait", "wait", "stay put", "stand by", "rest", "pause", "stay where you are", "remain there", "hold still", "sit tight", "do nothing"])
        where = self._fill(self.rng.choice([" in {f}", " at {f}", " there", " here", " at your spot", " in your corner"])) if word in ("wait", "stand by", "rest") and self.rng.random() < 0.3 else ""
        return f"{word}{where} for {time}" if self.rng.random() < 0.6 else f"{word} {time}{where}"

    def _partial(self) -> tuple[str, str]:
        template, reason = self.rng.choice(PARTIAL_KO if self.korean else PARTIAL_EN)
        return self._subject(self._end_ko(self._fill(template))) + self.rng.choice(["", "", "."]), reason

    def _nobody(self) -> tuple[str, str] | None:
        """What one of the known kinds could do, but none of these can."""
        skills = [s for s in ("pick", "navigate_to", "patrol") if not self.fleet.able(s)]
        if not skills:
            return None
        rng = self.rng
        thing, place = rng.choice(sorted(THINGS)), rng.choice(sorted(FLOORS))
        if self.korean:
            thing, place = rng.choice([thing, *THINGS[thing]]), rng.choice([place, *FLOORS[place]])
        text = {
            "pick": ["{o}를 집어", "{o}를 들어"] if self.korean else ["pick up the {o}", "grab the {o}", "pick the {o}", "lift the {o}"],
            "navigate_to": ["{f}로 가", "{f}로 이동해"] if self.korean else ["go to the {f}", "drive to the {f}", "head to the {f}"],
            "patrol": ["{f}를 순찰해"] if self.korean else ["patrol the {f}", "patrol the {f} twice", "patrol between the {f} and the gate", "do two rounds of the {f}", "make a patrol of the {f}"],
        }[rng.choice(skills)]
        return self._end_ko(rng.choice(text).format(o=thing, f=place)) + rng.choice(["", "", "."]), NOBODY_CAN

    def _plain(self) -> str:
        speaker = self.speaker(self.fleet)
        group = Sampler(self.rng, self.fleet).mission()[0][:1]
        return speaker.group(group, True, -1) if self.korean else speaker.unmarked(speaker.group(group, True, "sub"))

    def _not(self) -> tuple[str, str]:
        rng = self.rng
        text = self._plain()
        if self.korean:
            return self._subject(self._fill(rng.choice(NOT_KO))), SAY_WHAT_TO_DO
        verb = self._fill(rng.choice(["go to {f}", "go home", "pick up {o}", "put {o} in {s}", "patrol {f}", "move", "touch {o}", "open the gripper", "wait"]))
        who = self.speaker(self.fleet).robot(rng.choice(sorted(self.fleet.robots)))
        return rng.choice([f"do not {verb}", f"don't {verb}", f"dont {verb}", f"don't let {who} {verb}", f"don't you {verb}", f"never {verb}", f"{who} must not {verb}", f"{who} should not {verb}", f"{who} does not {verb}",
                           f"{who}, do not {verb}", f"{who} shall never {verb}", f"nobody should {verb}", f"neither robot should {verb}", f"no robot may {verb}",
                           f"make sure that {who} does not {verb}", f"{who} is not to {verb}", f"dont {verb}", f"please do not {verb}", f"nobody is to {verb}", f"{who} mustn't {verb}",
                           f"{who}, don't {verb}", f"under no circumstances {verb}", f"whatever you do, don't {verb}", f"{who} shouldn't {verb}", f"keep {who} from going anywhere",
                           f"i don't want {who} to {verb}", f"no one may {verb}"]), SAY_WHAT_TO_DO

    def _condition(self) -> tuple[str, str]:
        return self._fill(self.rng.choice(CONDITIONS_KO if self.korean else CONDITIONS_EN), m=self._plain()), NO_CONDITIONS
