"""Recomputes the golden logits from the shipped files alone, with numpy and the formula of README.md.

    python check_model_golden.py

Needs numpy and gguf. Independent of torch and transformers, so that a mistake in how the reference was called would show. Also
says how wrong the logits become under each mistake that an engine could make, so that a test's tolerance can be seen to be
tight enough.
"""

import json
import sys

import gguf
import numpy as np

import hash_model


def inverse_frequencies(config: dict, long: bool) -> np.ndarray:
    head = config["hidden_size"] // config["num_attention_heads"]
    scaling = config["rope_scaling"]
    factors = np.ones(head // 2) if scaling is None else scaling["long_factor" if long else "short_factor"]
    exponent = np.arange(0, head, 2, dtype=np.float32) / np.float32(head)
    return np.float32(1) / (np.array(factors, np.float32) * np.float32(config["rope_theta"]) ** exponent)


def attention_factor(config: dict) -> float:
    original = config["original_max_position_embeddings"]
    ratio = config["max_position_embeddings"] / original
    return np.sqrt(1 + np.log(ratio) / np.log(original)) if ratio > 1 else 1.0


def rms_norm(x, weight, eps):
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + eps) * weight


def rotate(x, cos, sin):
    """x: [H, T, d]; the first half of a head pairs with its second half."""
    half = x.shape[-1] // 2
    a, b = x[..., :half], x[..., half:]
    return np.concatenate([a * cos - b * sin, b * cos + a * sin], -1)


def attend(q, k, v, window):
    """q: [H, T, d]; k, v: [Hkv, T, d]. Token i sees itself and the `window - 1` tokens before it."""
    group = q.shape[0] // k.shape[0]
    k, v = np.repeat(k, group, 0), np.repeat(v, group, 0)
    scores = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[-1])
    i, j = np.indices(scores.shape[1:])
    hidden = j > i if window is None else (j > i) | (j <= i - window)
    scores = np.where(hidden, -np.inf, scores)
    scores = np.exp(scores - scores.max(-1, keepdims=True))
    return scores / scores.sum(-1, keepdims=True) @ v


def logits_of(config: dict, w: dict, tokens: list, long=None, factor=None, window="config", dtype=np.float64):
    """Logits [T, V] and the hidden state behind the first layer; the keywords put mistakes in."""
    t, d, heads, kv = len(tokens), config["hidden_size"], config["num_attention_heads"], config["num_key_value_heads"]
    head, eps = d // heads, config["rms_norm_eps"]
    long = t > config["original_max_position_embeddings"] if long is None else long
    factor = attention_factor(config) if factor is None else factor
    window = config["sliding_window"] if window == "config" else window
    angle = np.arange(t, dtype=np.float32)[:, None] * inverse_frequencies(config, long)
    cos, sin = np.cos(angle.astype(dtype)) * factor, np.sin(angle.astype(dtype)) * factor
    split = lambda x, n: x.reshape(t, n, head).transpose(1, 0, 2)
    x, first = w["model.embed_tokens.weight"][tokens], None
    for i in range(config["num_hidden_layers"]):
        p = f"model.layers.{i}."
        qkv = rms_norm(x, w[p + "input_layernorm.weight"], eps) @ w[p + "self_attn.qkv_proj.weight"].T
        q, k, v = np.split(qkv, [d, d + kv * head], -1)
        mixed = attend(rotate(split(q, heads), cos, sin), rotate(split(k, kv), cos, sin), split(v, kv), window)
        x = x + mixed.transpose(1, 0, 2).reshape(t, d) @ w[p + "self_attn.o_proj.weight"].T
        gate, up = np.split(
            rms_norm(x, w[p + "post_attention_layernorm.weight"], eps) @ w[p + "mlp.gate_up_proj.weight"].T, 2, -1
        )
        x = x + (gate / (1 + np.exp(-gate)) * up) @ w[p + "mlp.down_proj.weight"].T
        first = x if i == 0 else first
    return rms_norm(x, w["model.norm.weight"], eps) @ w["lm_head.weight"].T, first


class Model:
    """A model as shipped: its configuration, the weights computed from names, and what is expected of it."""

    def __init__(self, name: str):
        folder = hash_model.HERE / name
        self.config = json.loads((folder / "config.json").read_text())
        self.golden = json.loads((folder / "golden.json").read_text())
        self.floats = np.fromfile(folder / "golden.f32", "<f4")
        self.weights = {k: v.astype(np.float64) for k, v in hash_model.weights(name).items()}

    def rows(self, reference: dict) -> np.ndarray:
        size = int(np.prod(reference["shape"]))
        return self.floats[reference["offset"] :][:size].reshape(reference["shape"])

    def logits(self, tokens: list, **mistakes):
        return logits_of(self.config, self.weights, tokens, **mistakes)


def distance(a, b) -> float:
    return float(np.abs(a - b).max())


def check_prompts(m: Model) -> float:
    worst = 0.0
    for entry in m.golden["prompts"]:
        logits, first = m.logits(entry["tokens"])
        worst = max(worst, distance(logits[-1], m.rows(entry["f32"]["last"])))
        for best in entry["f32"]["top"]:
            row = logits[best["position"]]
            worst = max(worst, distance(row[best["ids"]], best["values"]))
            assert row[best["ids"]].min() >= np.sort(row)[-len(best["ids"])] - 1e-4
        if "after_layer_0" in entry["f32"]:
            worst = max(worst, distance(first, m.rows(entry["f32"]["after_layer_0"])))
    return worst


def check_decode(m: Model) -> float:
    worst = 0.0
    for entry in m.golden["decode"]:
        tokens = list(entry["tokens"])
        for new, row in zip(entry["f32"]["new_tokens"], m.rows(entry["f32"]["logits"])):
            logits = m.logits(tokens)[0][-1]
            worst = max(worst, distance(logits, row))
            assert int(logits.argmax()) == new
            tokens.append(new)
    return worst


def check_mistakes(m: Model) -> dict:
    """Distance from the expected last row of the longest prompt under each mistake."""
    entry = m.golden["prompts"][-1]
    right = m.rows(entry["f32"]["last"])
    off = lambda **mistakes: distance(m.logits(entry["tokens"], **mistakes)[0][-1], right)
    long = len(entry["tokens"]) > m.config["original_max_position_embeddings"]
    found = {}
    if m.config["rope_scaling"] is not None:
        found = {"other factors": off(long=not long), "no attention factor": off(factor=1.0)}
    window = m.config["sliding_window"]
    if window is not None and window < len(entry["tokens"]):
        found |= {"no window": off(window=None), "window one wider": off(window=window + 1)}
    return found


def read_safetensors(path) -> dict:
    """F16 and BF16 tensors as F32, read without the library."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    found = {}
    for name, info in json.loads(data[8 : 8 + length]).items():
        if name != "__metadata__":
            begin, end = (8 + length + at for at in info["data_offsets"])
            half = np.frombuffer(data[begin:end], "<u2")
            wide = half.view(np.float16).astype(np.float32)
            if info["dtype"] == "BF16":
                wide = (half.astype(np.uint32) << 16).view(np.float32)
            found[name] = wide.reshape(info["shape"])
    return found


def check_safetensors(name: str) -> None:
    folder, exact = hash_model.HERE / name, hash_model.weights(name)
    index = json.loads((folder / "bf16_sharded/model.safetensors.index.json").read_text())["weight_map"]
    shards = {file: read_safetensors(folder / "bf16_sharded" / file) for file in set(index.values())}
    for found in (read_safetensors(folder / "f16/model.safetensors"), {k: shards[file][k] for k, file in index.items()}):
        assert found.keys() == exact.keys() and all(np.array_equal(found[k], exact[k]) for k in exact)


def check_gguf(file: str, entry: dict, floats: np.ndarray) -> float:
    """Everything from the GGUF itself: sizes, rope factors and attention factor from its keys and tensors."""
    reader = gguf.GGUFReader(hash_model.HERE / f"{file}.gguf")
    key = lambda name: reader.get_field(f"phi3.{name}").contents()
    values = {t.name: gguf.quants.dequantize(t.data, t.tensor_type).astype(np.float64) for t in reader.tensors}
    config = {
        "hidden_size": key("embedding_length"),
        "num_attention_heads": key("attention.head_count"),
        "num_key_value_heads": key("attention.head_count_kv"),
        "num_hidden_layers": key("block_count"),
        "intermediate_size": key("feed_forward_length"),
        "vocab_size": len(reader.get_field("tokenizer.ggml.tokens").data),
        "rms_norm_eps": key("attention.layer_norm_rms_epsilon"),
        "max_position_embeddings": key("context_length"),
        "original_max_position_embeddings": key("rope.scaling.original_context_length"),
        "rope_theta": key("rope.freq_base"),
        "sliding_window": key("attention.sliding_window") or None,
        "rope_scaling": {f"{kind}_factor": values[f"rope_factors_{kind}.weight"] for kind in ("short", "long")},
    }
    weights = {name: values[hash_model.gguf_name(name)].reshape(shape) for name, shape in hash_model.shapes(config).items()}
    worst = 0.0
    for length, reference in entry["last"].items():
        tokens = hash_model.prompt("prompt", int(length), config["vocab_size"])
        row = logits_of(config, weights, tokens, factor=key("rope.scaling.attn_factor"))[0][-1]
        worst = max(worst, distance(row, floats[reference["offset"] :][: row.size]))
    return worst


def check_embeddings(m: Model) -> tuple:
    """The largest difference, and by how much rows of the other factors are wrong at least."""
    # A head that changes nothing gives the states behind the final norm.
    same = m.weights | {"lm_head.weight": np.eye(m.config["hidden_size"])}
    worst, mistake = 0.0, np.inf

    def row(tokens, **mistakes):
        mean = logits_of(m.config, same, tokens, **mistakes)[0].mean(0)
        return mean / np.linalg.norm(mean)

    for entry in json.loads((hash_model.HERE / "narrow" / "embeddings.json").read_text()):
        tokens = entry["tokens"]
        worst = max(worst, distance(row(tokens), entry["row"]))
        if len(tokens) > 1:
            short = len(tokens) <= m.config["original_max_position_embeddings"]
            mistake = min(mistake, distance(row(tokens, long=short), entry["row"]))
    return worst, mistake


def main() -> None:
    failed = False
    check_safetensors("narrow")
    floats = np.fromfile(hash_model.HERE / "gguf.f32", "<f4")
    for file, entry in json.loads((hash_model.HERE / "gguf.json").read_text())["files"].items():
        worst = check_gguf(file, entry, floats)
        failed |= worst > 1e-4
        print(f"{file}.gguf: largest difference {worst:.1e}")
    for name in hash_model.MODELS:
        m = Model(name)
        assert m.golden["hash"]["samples"] == hash_model.samples(name), name
        worst, mistakes = max(check_prompts(m), check_decode(m)), check_mistakes(m)
        failed |= worst > 1e-4 or min(mistakes.values()) < 0.1
        print(f"{name}: largest difference {worst:.1e}; wrong by", {k: round(v, 2) for k, v in mistakes.items()})
    worst, mistake = check_embeddings(Model("narrow"))
    failed |= worst > 1e-5 or mistake < 0.05
    print(f"embeddings of narrow: largest difference {worst:.1e}; wrong by {mistake:.2f} with the other factors")
    sys.exit("FAIL" if failed else 0)


if __name__ == "__main__":
    main()
