"""The model's own tokenizer: SentencePiece's BPE with byte fallback, as GGUF's `llama` vocabulary.

Words are cut so that names are the same tokens wherever they stand: no token joins letters with
digits, `_` or other signs, and only words that are no part of names include the space before them.
The skeleton of plans is made of user-defined tokens, which are found before any other.
"""

import json
import re
from pathlib import Path

from plan_format import ASSISTANT, END, MAX_TASKS, POLICIES, SYSTEM, USER, dumps
from references import ALL, References

SPACE = "\u2581"
CONTROL = ["<unk>", "<s>", "<|endoftext|>", SYSTEM, USER, ASSISTANT, END]
NORMAL, UNKNOWN, CONTROL_TYPE, USER_DEFINED, BYTE = 1, 2, 3, 4, 6


def skeleton() -> list[str]:
    """Pieces of plans in JSON."""
    pieces = ['{"tasks":[', '{"refusal":"', '{"id":"t1","skill":"']
    pieces += [f',{{"id":"t{n}","skill":"' for n in range(2, MAX_TASKS + 1)]
    pieces += ['","robot":"', '","params":{', '"}', "]}", '"]}', "}", '","', '"],"rounds":', '"]']
    pieces += [f'","params":{{{field}' for field in ('"object":"', '"place":"', '"x":', '"places":["', '"duration_s":', '"opening_m":', '"positions":[')]
    pieces += ['","place":"', ',"y":', ',"z":', ',"yaw":', ',"after":["t', '","t', '","after":["t']
    pieces += [f'{quote},"on_failure":"{policy}"}}' for policy in POLICIES for quote in ("", '"')]
    return pieces + ["pick_and_place", "navigate_to", "set_gripper", "move_joints", "move_to", *ALL]


class Tokenizer:
    def __init__(self, tokens: list[str], types: list[int], scores: list[float]) -> None:
        self.tokens, self.types, self.scores = tokens, types, scores
        self.ids = {text: index for index, text in enumerate(tokens)}
        self.rank = {t: s for t, k, s in zip(tokens, types, scores) if k == NORMAL}
        fixed = [t for t, k in zip(tokens, types) if k in (USER_DEFINED, CONTROL_TYPE)]
        self.special = re.compile("(" + "|".join(re.escape(t) for t in sorted(fixed, key=len, reverse=True)) + ")")
        self.user_defined = re.compile("(" + "|".join(re.escape(t) for t, k in sorted(zip(tokens, types), key=lambda x: -len(x[0])) if k == USER_DEFINED) + ")")
        self.cache: dict[str, list[int]] = {}
        self.end = self.ids[END]

    @staticmethod
    def load(path: Path) -> "Tokenizer":
        value = json.loads(path.read_text(encoding="utf-8"))
        return Tokenizer(value["tokens"], value["types"], value["scores"])

    def save(self, path: Path) -> None:
        value = {"tokens": self.tokens, "types": self.types, "scores": self.scores}
        path.write_text(json.dumps(value, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")

    def encode(self, text: str) -> list[int]:
        """Tokens of text without control tokens."""
        found = []
        for index, part in enumerate(self.user_defined.split(text)):
            if index % 2:
                found.append(self.ids[part])
            elif part:
                for chunk in chunks(part.replace(" ", SPACE)):
                    found += self._chunk(chunk)
        return found

    def _chunk(self, chunk: str) -> list[int]:
        if chunk not in self.cache:
            symbols = list(chunk)
            while len(symbols) > 1:
                ranked = [(self.rank.get(a + b), -i) for i, (a, b) in enumerate(zip(symbols, symbols[1:]))]
                best = max((r for r in ranked if r[0] is not None), default=None)
                if best is None:
                    break
                at = -best[1]
                symbols[at:at + 2] = [symbols[at] + symbols[at + 1]]
            ids = []
            for symbol in symbols:
                if symbol in self.rank:
                    ids.append(self.ids[symbol])
                else:
                    ids += [self.ids[f"<0x{byte:02X}>"] for byte in symbol.encode()]
            if len(self.cache) > 200_000:
                self.cache.clear()
            self.cache[chunk] = ids
        return self.cache[chunk]

    def encode_prefix(self, references: References) -> list[int]:
        return [self.ids[SYSTEM], *self.encode(references.fleet_text()), self.end]

    def encode_question(self, references: References, sentence: str) -> list[int]:
        return [self.ids[USER], *self.encode(references.question(sentence)), self.end, self.ids[ASSISTANT]]

    def encode_answer(self, references: References, answer: dict) -> list[int]:
        return [*self.encode(dumps(references.answer(answer))), self.end]

    def encode_row(self, references: References, missions: list[tuple[str, dict]]) -> list[int]:
        row = self.encode_prefix(references)
        for sentence, answer in missions:
            row += self.encode_question(references, sentence) + self.encode_answer(references, answer)
        return row

    def decode(self, ids: list[int]) -> str:
        data = b""
        for token in ids:
            text, kind = self.tokens[token], self.types[token]
            data += bytes([int(text[3:5], 16)]) if kind == BYTE else b"" if kind == CONTROL_TYPE else text.replace(SPACE, " ").encode()
        return data.decode(errors="replace")


_CHUNK = re.compile(f"{SPACE}?[a-zA-Z]+|[가-힣]+|.", re.DOTALL)


def chunks(text: str) -> list[str]:
    """Parts that no token crosses."""
    return _CHUNK.findall(text)
