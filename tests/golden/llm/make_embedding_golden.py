"""Golden embeddings: the mean of the reference's hidden states behind the final norm, scaled to length 1.

    python make_embedding_golden.py

Needs what make_model_golden.py needs. Writes narrow/embeddings.json: for each prompt, before, at and after the switch of
factors, `tokens` and the F32 `row`. Pooling is that of Sentence-BERT (Reimers & Gurevych 2019).
"""

import torch

import hash_model
from make_model_golden import load, shortest

LENGTHS = [1, 8, 64, 65, 100]


@torch.no_grad()
def row(model, tokens: list) -> list:
    states = model.model(torch.tensor([tokens]), use_cache=False).last_hidden_state[0]
    return shortest(torch.nn.functional.normalize(states.mean(0), dim=0))


def main() -> None:
    config = hash_model.MODELS["narrow"][0]
    model = load(config, hash_model.weights("narrow"), torch.float32)
    prompts = [hash_model.prompt("prompt", length, config["vocab_size"]) for length in LENGTHS]
    rows = [{"tokens": tokens, "row": row(model, tokens)} for tokens in prompts]
    (hash_model.HERE / "narrow" / "embeddings.json").write_text(hash_model.compact(rows))


if __name__ == "__main__":
    main()
