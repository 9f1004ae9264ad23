"""Golden logits of Phi-3 with LongRoPE, from HF transformers' Phi3ForCausalLM on the models of hash_model.py.

    python make_model_golden.py

Needs torch, transformers, safetensors and numpy (versions of the shipped run: `provenance` in each golden.json). Writes, for
each model, MODEL/config.json, MODEL/golden.json and MODEL/golden.f32; and the narrow model's weights as safetensors, once
whole in F16 and once in two BF16 shards with an index. README.md describes the files and the rope formula.

What the reference does (transformers 5.24), checked here against a formula of our own and against passes without a cache:
- `rope_scaling` and `rope_theta` of config.json become `config.rope_parameters`; `type` becomes `rope_type`; a missing
  `factor` is max_position_embeddings / original_max_position_embeddings.
- Each forward pass takes total = max(position_ids) + 1, and for ALL its positions the long factors if total > original
  context, else the short ones (`longrope_frequency_update`). Keys that are already in a cache are not rotated again.
- `generate` therefore drops the cache when the sequence has at least original + 1 tokens and the cache at most original
  (`prepare_inputs_for_generation`): at the crossing one pass over the whole sequence, with long factors.
"""

import json
import math
import pathlib
import platform
import sys
import tempfile

import numpy as np
import safetensors.torch
import torch
import transformers

import hash_model

DTYPES = {"f32": torch.float32, "bf16": torch.bfloat16}
PLAN = {
    "mha": {"lengths": [8, 63, 64, 65, 100, 200], "decode": [60, 70], "hidden": True},
    "gqa": {"lengths": [50, 100], "decode": [60]},
    "window": {"lengths": [50, 100], "decode": [60]},
    "plain": {"lengths": [8, 100]},
    "narrow": {"lengths": [8, 65]},
    "kquant": {"lengths": [8, 65]},
}
NEW_TOKENS = 12
TOP = 16
# The smallest lead of the winning token that makes a greedy sequence a fair test in each type.
LEAD = {"f32": 0.01, "bf16": 0.1}


class Blob:
    """Little-endian F32 arrays one after another; JSON refers to them by offset (in floats) and shape."""

    def __init__(self):
        self.parts, self.size = [], 0

    def add(self, tensor) -> dict:
        array = tensor.detach().float().numpy().astype("<f4")
        assert np.isfinite(array).all()
        reference = {"offset": self.size, "shape": list(array.shape)}
        self.parts.append(array.tobytes())
        self.size += array.size
        return reference

    def write(self, path: pathlib.Path) -> None:
        path.write_bytes(b"".join(self.parts))


def shortest(values) -> list:
    """Decimals that read back as the same F32."""
    return [float(np.format_float_positional(np.float32(x), unique=True)) for x in values]


def save_checkpoint(folder: pathlib.Path, config: dict, tensors: dict) -> None:
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    save_tensors(tensors, folder / "model.safetensors")


def save_tensors(tensors: dict, path: pathlib.Path) -> None:
    safetensors.torch.save_file(tensors, path, metadata={"format": "pt"})
    path.chmod(0o644)


def load(config: dict, weights: dict, dtype: torch.dtype):
    """The reference, from a checkpoint as published: BF16 loads keep the rope tables in F32, `model.to` would not."""
    with tempfile.TemporaryDirectory() as folder:
        tensors = {k: torch.from_numpy(v.copy()) for k, v in weights.items()}
        save_checkpoint(pathlib.Path(folder), config, tensors)
        model = transformers.Phi3ForCausalLM.from_pretrained(folder, dtype=dtype, attn_implementation="eager")
    model.eval()
    # Every greedy sequence has its full length: the end token is a token like the others here.
    model.generation_config.eos_token_id = None
    assert model.dtype == dtype and model.model.rotary_emb.inv_freq.dtype == torch.float32
    return model


def inverse_frequencies(config: dict, total: int) -> tuple:
    """The formula of README.md: F32 inverse frequencies and the attention factor for a sequence of `total` tokens."""
    head = config["hidden_size"] // config["num_attention_heads"]
    original = config["original_max_position_embeddings"]
    scaling = config["rope_scaling"]
    factors = [1.0] * (head // 2)
    if scaling is not None:
        factors = scaling["long_factor"] if total > original else scaling["short_factor"]
    exponent = torch.arange(0, head, 2).float() / head
    factor = config["max_position_embeddings"] / original
    attention = math.sqrt(1 + math.log(factor) / math.log(original)) if factor > 1 else 1.0
    return 1.0 / (torch.tensor(factors) * config["rope_theta"] ** exponent), attention


@torch.no_grad()
def forward(model, config: dict, tokens: list) -> tuple:
    """Logits [T, V] and the hidden state [T, D] behind the first layer, in one pass without a cache."""
    kept = {}
    hook = model.model.layers[0].register_forward_hook(lambda _m, _i, out: kept.update(h=out))
    logits = model(torch.tensor([tokens]), use_cache=False).logits[0]
    hook.remove()
    expected, attention = inverse_frequencies(config, len(tokens))
    rope = model.model.rotary_emb
    assert torch.equal(rope.inv_freq, expected) and rope.attention_scaling == attention
    return logits, kept["h"][0]


def top(logits, positions: list) -> list:
    found = []
    for position in positions:
        best = logits[position].float().topk(TOP)
        found.append({"position": position, "ids": best.indices.tolist(), "values": shortest(best.values)})
    return found


def prompt_golden(models: dict, config: dict, length: int, blob: Blob, hidden: bool) -> dict:
    tokens = hash_model.prompt("prompt", length, config["vocab_size"])
    entry = {"tokens": tokens}
    rows = {}
    for name, model in models.items():
        logits, state = forward(model, config, tokens)
        rows[name] = logits[-1].float()
        entry[name] = {"last": blob.add(logits[-1]), "top": top(logits, [0, length // 2, length - 1])}
        if hidden:
            entry[name]["after_layer_0"] = blob.add(state)
    entry["largest_difference_bf16_to_f32"] = float((rows["bf16"] - rows["f32"]).abs().max())
    entry["standard_deviation"] = float(rows["f32"].std())
    return entry


@torch.no_grad()
def greedy(model, config: dict, tokens: list) -> tuple:
    """`generate(do_sample=False)`: new tokens, the logits of each step, and how far they are from passes without a cache."""
    out = model.generate(
        torch.tensor([tokens]),
        generation_config=transformers.GenerationConfig(
            do_sample=False, max_new_tokens=NEW_TOKENS, pad_token_id=0, output_logits=True, return_dict_in_generate=True
        ),
    )
    new = out.sequences[0, len(tokens) :].tolist()
    logits = torch.stack([step[0] for step in out.logits]).float()
    assert len(new) == NEW_TOKENS and logits.argmax(-1).tolist() == new
    whole = torch.stack([forward(model, config, tokens + new[:i])[0][-1].float() for i in range(NEW_TOKENS)])
    return new, logits, float((logits - whole).abs().max())


def decode_golden(models: dict, config: dict, length: int, blob: Blob) -> dict:
    """The first prompt, by number, on which every type leads clearly and the types agree on the tokens."""
    for number in range(1000):
        name = f"decode.{length}.{number}"
        tokens = hash_model.prompt(name, length, config["vocab_size"])
        entry = {"prompt": name, "tokens": tokens}
        fair, kept = True, {}
        for kind, model in models.items():
            new, logits, difference = greedy(model, config, tokens)
            two = logits.topk(2).values
            lead = float((two[:, 0] - two[:, 1]).min())
            fair &= lead >= LEAD[kind]
            if not fair:
                break
            kept[kind] = logits
            entry[kind] = {"new_tokens": new, "smallest_lead": lead, "largest_difference_to_whole_passes": difference}
        distinct = len(set(entry["f32"]["new_tokens"])) if fair else 0
        if fair and entry["f32"]["new_tokens"] == entry["bf16"]["new_tokens"] and distinct >= 6:
            for kind, logits in kept.items():
                entry[kind]["logits"] = blob.add(logits)
            return entry
    raise SystemExit(f"no fair prompt of {length} tokens")


def provenance() -> dict:
    return {
        "command": "python make_model_golden.py",
        "seed": hash_model.SEED,
        "implementation": "transformers.Phi3ForCausalLM, attn_implementation=eager, CPU, one thread",
        "python": platform.python_version(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "safetensors": safetensors.__version__,
        "numpy": np.__version__,
    }


def golden(model: str) -> None:
    config, shift = hash_model.MODELS[model]
    plan, blob = PLAN[model], Blob()
    models = {kind: load(config, hash_model.weights(model), dtype) for kind, dtype in DTYPES.items()}
    short, attention = inverse_frequencies(config, 1)
    long, _ = inverse_frequencies(config, config["original_max_position_embeddings"] + 1)
    found = {
        "provenance": provenance(),
        "floats": "golden.f32: little-endian F32; offset counts floats",
        "hash": {
            "seed": hash_model.SEED,
            "matrix_shift": shift,
            "embedding_shift": hash_model.EMBEDDING_SHIFT,
            "samples": hash_model.samples(model),
        },
        "rope": {
            "attention_factor": attention,
            "inverse_frequencies_short": shortest(short),
            "inverse_frequencies_long": shortest(long),
        },
        "prompts": [prompt_golden(models, config, n, blob, plan.get("hidden", False) and n == 8) for n in plan["lengths"]],
        "decode": [decode_golden(models, config, n, blob) for n in plan.get("decode", [])],
    }
    hash_model.write_config(model)
    (hash_model.HERE / model / "golden.json").write_text(hash_model.compact(found))
    blob.write(hash_model.HERE / model / "golden.f32")
    for p in found["prompts"]:
        print(model, len(p["tokens"]), p["standard_deviation"], p["largest_difference_bf16_to_f32"])
    for d in found["decode"]:
        print(model, d["prompt"], {k: (d[k]["smallest_lead"], d[k]["largest_difference_to_whole_passes"]) for k in DTYPES})


def write_safetensors(model: str) -> None:
    """The loader's files: one whole in F16, and one in BF16 split after the first layer, with an index as published."""
    config, _ = hash_model.MODELS[model]
    tensors = {k: torch.from_numpy(v) for k, v in hash_model.weights(model).items()}
    whole = hash_model.HERE / model / "f16"
    whole.mkdir(exist_ok=True)
    save_checkpoint(whole, config | {"torch_dtype": "float16"}, {k: v.half().contiguous() for k, v in tensors.items()})
    sharded = hash_model.HERE / model / "bf16_sharded"
    sharded.mkdir(exist_ok=True)
    first = lambda name: name.startswith("model.embed") or name.startswith("model.layers.0.")
    shards = {"model-00001-of-00002.safetensors": True, "model-00002-of-00002.safetensors": False}
    index = {"metadata": {"total_size": sum(2 * t.numel() for t in tensors.values())}, "weight_map": {}}
    for file, is_first in shards.items():
        part = {k: v.bfloat16().contiguous() for k, v in tensors.items() if first(k) == is_first}
        save_tensors(part, sharded / file)
        index["weight_map"] |= {k: file for k in part}
    index["weight_map"] = dict(sorted(index["weight_map"].items()))
    (sharded / "model.safetensors.index.json").write_text(json.dumps(index, indent=2) + "\n")
    (sharded / "config.json").write_text(json.dumps(config, indent=2) + "\n")


if __name__ == "__main__":
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    for each in sys.argv[1:] or PLAN:
        golden(each)
        if each == "narrow":
            write_safetensors(each)
