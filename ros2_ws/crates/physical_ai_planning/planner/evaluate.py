"""Measures plans for sentences with known answers.

    python evaluate.py --model run/model.pt                    # the held-out sentences
    python evaluate.py --model run/model.pt --show             # and what was wrong

Greedy decoding without constraint; an answer counts as exact if its JSON says the same as the expected
one, and as valid if it keeps the rules of plans.
"""

import argparse
import json
from collections import defaultdict
from pathlib import Path

import torch

from model import Phi3, Shape
from plan_format import Fleet, violations
from references import References
from tokenizer import Tokenizer

MAX_ANSWER_TOKENS = 700


def load(path: Path) -> Phi3:
    saved = torch.load(path, map_location="cpu", weights_only=True)
    model = Phi3(Shape(**saved["shape"]))
    model.load_state_dict(saved["model"])
    return model.eval()


@torch.no_grad()
def answer(model: Phi3, tokenizer: Tokenizer, fleet: Fleet, sentence: str) -> str:
    references = References(fleet)
    prompt = tokenizer.encode_prefix(references) + tokenizer.encode_question(references, sentence)
    caches: list[list] = [[] for _ in range(model.shape.layers)]
    tokens, at, found = torch.tensor([prompt]), 0, []
    while len(found) < MAX_ANSWER_TOKENS:
        positions = torch.arange(at, at + tokens.shape[1])[None]
        hidden = model(tokens, positions, None, caches)
        at += tokens.shape[1]
        token = int(model.lm_head(hidden[0, -1]).argmax())
        if token == tokenizer.end:
            break
        found.append(token)
        tokens = torch.tensor([[token]])
    return references.names(tokenizer.decode(found))


def main() -> None:
    folder = Path(__file__).parent
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--model", type=Path, required=True)
    arguments.add_argument("--cases", type=Path, default=folder / "held_out.jsonl")
    arguments.add_argument("--vocabulary", type=Path, default=folder / "vocabulary.json")
    arguments.add_argument("--show", action="store_true")
    options = arguments.parse_args()
    torch.set_num_threads(1)
    model, tokenizer = load(options.model), Tokenizer.load(options.vocabulary)
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for line in options.cases.read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        fleet, expected = Fleet.from_json(case["fleet"]), case["plan"]
        text = answer(model, tokenizer, fleet, case["sentence"])
        try:
            plan = json.loads(text)
        except ValueError:
            plan = None
        exact = plan == expected
        valid = not violations(plan, fleet)
        refused = isinstance(plan, dict) and "refusal" in plan
        group = f"{case['language']} {'refusals' if 'refusal' in expected else 'plans'}"
        for name in (group, "all"):
            counts[name][0] += 1
            counts[name][1] += exact
            counts[name][2] += valid
        counts["refused as expected"][0] += 1
        counts["refused as expected"][1] += refused == ("refusal" in expected)
        counts["refused as expected"][2] += valid
        if options.show and not exact:
            print(f"{case['sentence']}\n  expected {json.dumps(expected, ensure_ascii=False)}\n  answered {text}")
    for name, (total, exact, valid) in sorted(counts.items()):
        print(f"{name}: {exact} of {total} right ({100 * exact / total:.1f} %), {valid} valid")


if __name__ == "__main__":
    main()
