"""Weights, prompts and configurations of the golden models, computed from names: nothing random is stored.

Every stored value is a small integer times a power of two, so that it is the same number in F32, BF16 and F16, and both
sides of a comparison hold identical weights. In Rust:

    fn word(name: &str, index: u64) -> u64 {
        let mut h = 0xcbf2_9ce4_8422_2325_u64; // FNV-1a of the name
        for byte in name.bytes() { h = (h ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3); }
        let mut z = (h ^ 35).wrapping_add((index + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)); // splitmix64, seed 35
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    fn matrix(name: &str, index: u64, shift: i32) -> f32 {
        let w = word(name, index);
        f32::from((w >> 56) as i8) * (-(shift + ((w >> 54) & 3) as i32) as f32).exp2()
    }
    fn norm(name: &str, index: u64) -> f32 { 1.0 + f32::from(((word(name, index) >> 56) as i8) >> 4) / 32.0 }

`index` counts row-major over the safetensors shape ([out, in] for matrices), `name` is the safetensors name. `norm` is for
names that end in `norm.weight`; `matrix` for the others, with the model's `embedding_shift` for
`model.embed_tokens.weight` and its `matrix_shift` for the rest. Token `i` of the prompt called NAME is
`3 + word(NAME, i) % (vocabulary - 3)`.
"""

import json
import pathlib
import re

import numpy as np

SEED = 35
HERE = pathlib.Path(__file__).resolve().parent
EMBEDDING = "model.embed_tokens.weight"


def words(name: str, count: int) -> np.ndarray:
    """The first `count` 64-bit words of a name."""
    h = 0xCBF29CE484222325
    for byte in name.encode():
        h = ((h ^ byte) * 0x100000001B3) % 2**64
    with np.errstate(over="ignore"):
        index = np.arange(1, count + 1, dtype=np.uint64)
        z = np.uint64(h ^ SEED) + index * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def signed_bytes(w: np.ndarray) -> np.ndarray:
    return (w >> np.uint64(56)).astype(np.uint8).view(np.int8)


def matrix(name: str, shape: tuple, shift: int) -> np.ndarray:
    w = words(name, int(np.prod(shape)))
    exponent = -(shift + ((w >> np.uint64(54)) & np.uint64(3)).astype(np.int32))
    return np.ldexp(signed_bytes(w).astype(np.float32), exponent).astype(np.float32).reshape(shape)


def norm(name: str, width: int) -> np.ndarray:
    return (1.0 + (signed_bytes(words(name, width)) >> 4).astype(np.float32) / 32.0).astype(np.float32)


def prompt(name: str, length: int, vocabulary: int) -> list:
    return [3 + int(w) % (vocabulary - 3) for w in words(name, length)]


def rope_factors(width: int) -> tuple:
    """Distinct short and long factors; multiples of 1/512 and 1/32, so that JSON and F32 agree."""
    top = lambda name: (words(name, width) >> np.uint64(56)).astype(np.float64)
    return (1.0 + top("short_factor") / 512).tolist(), (1.25 + top("long_factor") / 32).tolist()


def config(width, layers, heads, kv_heads, ffn, sliding_window, vocabulary=320) -> dict:
    """A config.json with the keys of the published Phi-3.5-mini, which has `rope_scaling` and `rope_theta` side by side."""
    short, long = rope_factors(width // heads // 2)
    return {
        "architectures": ["Phi3ForCausalLM"],
        "attention_bias": False,
        "attention_dropout": 0.0,
        "bos_token_id": 1,
        "embd_pdrop": 0.0,
        "eos_token_id": 315,
        "hidden_act": "silu",
        "hidden_size": width,
        "initializer_range": 0.02,
        "intermediate_size": ffn,
        "max_position_embeddings": 1024,
        "model_type": "phi3",
        "num_attention_heads": heads,
        "num_hidden_layers": layers,
        "num_key_value_heads": kv_heads,
        "original_max_position_embeddings": 64,
        "pad_token_id": 315,
        "resid_pdrop": 0.0,
        "rms_norm_eps": 1e-05,
        "rope_scaling": {"long_factor": long, "short_factor": short, "type": "longrope"},
        "rope_theta": 10000.0,
        "sliding_window": sliding_window,
        "tie_word_embeddings": False,
        "torch_dtype": "bfloat16",
        "transformers_version": "4.43.3",
        "use_cache": True,
        "vocab_size": vocabulary,
    }


# Name of a model: its configuration, and the shift of its matrices (narrow models need larger weights).
# 262144 is the published sliding window: wider than any context here, so it must change nothing.
MODELS = {
    "mha": (config(256, 2, 4, 4, 512, 262144), 9),
    "gqa": (config(256, 2, 4, 2, 512, None), 9),
    "window": (config(256, 2, 4, 2, 512, 24), 9),
    # Phi-3 with a short context: no scaling, and a sliding window that matters.
    "plain": (
        config(256, 2, 4, 4, 512, 48) | {"rope_scaling": None, "original_max_position_embeddings": 1024},
        9,
    ),
    "narrow": (config(64, 2, 2, 2, 128, None), 8),
    "kquant": (config(256, 1, 4, 1, 256, None), 9),
}
EMBEDDING_SHIFT = 6


def shapes(c: dict) -> dict:
    """Safetensors names and shapes in the order of a checkpoint."""
    d, f, v = c["hidden_size"], c["intermediate_size"], c["vocab_size"]
    head = d // c["num_attention_heads"]
    found = {EMBEDDING: (v, d)}
    for i in range(c["num_hidden_layers"]):
        p = f"model.layers.{i}."
        found[p + "input_layernorm.weight"] = (d,)
        found[p + "self_attn.qkv_proj.weight"] = (d + 2 * c["num_key_value_heads"] * head, d)
        found[p + "self_attn.o_proj.weight"] = (d, d)
        found[p + "post_attention_layernorm.weight"] = (d,)
        found[p + "mlp.gate_up_proj.weight"] = (2 * f, d)
        found[p + "mlp.down_proj.weight"] = (d, f)
    found["model.norm.weight"] = (d,)
    found["lm_head.weight"] = (v, d)
    return found


def gguf_name(name: str) -> str:
    """What llama.cpp calls a tensor; both keep query, key and value, and gate and up, fused."""
    fixed = {
        EMBEDDING: "token_embd.weight",
        "model.norm.weight": "output_norm.weight",
        "lm_head.weight": "output.weight",
    }
    inner = {
        "input_layernorm": "attn_norm",
        "self_attn.qkv_proj": "attn_qkv",
        "self_attn.o_proj": "attn_output",
        "post_attention_layernorm": "ffn_norm",
        "mlp.gate_up_proj": "ffn_up",
        "mlp.down_proj": "ffn_down",
    }
    if name in fixed:
        return fixed[name]
    _, _, layer, rest = name.split(".", 3)
    return f"blk.{layer}.{inner[rest.removesuffix('.weight')]}.weight"


def weights(model: str) -> dict:
    """All tensors of a model in F32, exactly representable in BF16 and F16."""
    c, shift = MODELS[model]
    found = {}
    for name, shape in shapes(c).items():
        if name.endswith("norm.weight"):
            found[name] = norm(name, shape[0])
        else:
            found[name] = matrix(name, shape, EMBEDDING_SHIFT if name == EMBEDDING else shift)
        assert np.array_equal(found[name], found[name].astype(np.float16).astype(np.float32)), name
        assert not (found[name].view(np.uint32) & 0xFFFF).any(), f"{name} is not exact in BF16"
    return found


def samples(model: str) -> dict:
    """What a reader of the hash can check itself against: first and last values and the exact sum of each tensor."""
    return {
        name: {
            "shape": list(t.shape),
            "first": t.ravel()[:4].tolist(),
            "last": float(t.ravel()[-1]),
            "sum": float(t.astype(np.float64).sum()),
        }
        for name, t in weights(model).items()
    }


def compact(found: dict) -> str:
    """JSON with each list of numbers on one line."""
    text = json.dumps(found, indent=1, ensure_ascii=False)
    joined = lambda match: "[" + ",".join(part.strip() for part in match[1].split(",")) + "]"
    return re.sub(r"\[([-+0-9.e,\s]+)\]", joined, text) + "\n"


def write_config(model: str) -> None:
    folder = HERE / model
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(MODELS[model][0], indent=2) + "\n")


if __name__ == "__main__":
    for name in MODELS:
        write_config(name)
    w = [int(x) for x in words("model.norm.weight", 2)]
    print("word('model.norm.weight', 0 and 1):", [hex(x) for x in w])
