"""Small GGUF files of the golden models, quantised by llama.cpp, and blocks of each quantised type with their values.

    python make_gguf.py

Needs numpy, gguf and llama-cpp-python. Writes MODEL/FORMAT.gguf as llama.cpp's converter would from the same config.json
(fused attn_qkv and ffn_up, rope_factors_{short,long}, phi3.rope.scaling.*), blocks.json and blocks.f32 (gguf-py's
`dequantize`), and llama_cpp.json: what llama.cpp itself says of these files. That last file is information, not truth:
llama.cpp quantises activations too, and chooses long factors by the size of its context, not by the sequence.
"""

import ctypes
import importlib.metadata
import math
import pathlib
import platform
import tempfile

import gguf
import llama_cpp
import numpy as np

import hash_model

# What is shipped: formats whose blocks fit the model's width (K-quants need multiples of 256).
FORMATS = {
    "narrow": {"f16": None, "q8_0": llama_cpp.LLAMA_FTYPE_MOSTLY_Q8_0, "q4_0": llama_cpp.LLAMA_FTYPE_MOSTLY_Q4_0},
    "kquant": {"q4_k_m": llama_cpp.LLAMA_FTYPE_MOSTLY_Q4_K_M, "q6_k": llama_cpp.LLAMA_FTYPE_MOSTLY_Q6_K},
}
PIECES = (
    "▁t he ▁the in er on ro bo robo robot ▁robot go ▁go to ▁to ar arm . , "
    "▁ a b c d e f g h i j k l m n o p q r s t u v w x y z 0 1 2 3 4 5 6 7 8 9"
).split()
CHAT_TOKENS = ["<|endoftext|>", "<|assistant|>", "<|system|>", "<|end|>", "<|user|>"]
CHAT_TEMPLATE = (
    "{% for message in messages %}{% if message['role'] == 'system' and message['content'] %}{{'<|system|>\n' + "
    "message['content'] + '<|end|>\n'}}{% elif message['role'] == 'user' %}{{'<|user|>\n' + message['content'] + "
    "'<|end|>\n'}}{% elif message['role'] == 'assistant' %}{{'<|assistant|>\n' + message['content'] + '<|end|>\n'}}"
    "{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% else %}{{ eos_token }}{% endif %}"
)
TEXTS = ["", "robot", "the robot", " the robot", "go to the arm.", "Go to 27!", "로봇 🤖", "a\nb\tc", "<|user|>\ngo<|end|>\n"]


DEFAULT_SETTINGS = llama_cpp.llama_cpp.llama_model_default_params


def vocabulary() -> list:
    """(text, score, type) of 320 tokens: 3 special ones, the 256 bytes, 56 pieces, 5 of the chat template."""
    kind = gguf.TokenType
    found = [("<unk>", 0.0, kind.UNKNOWN), ("<s>", 0.0, kind.CONTROL), ("</s>", 0.0, kind.CONTROL)]
    found += [(f"<0x{b:02X}>", 0.0, kind.BYTE) for b in range(256)]
    found += [(piece, -float(i), kind.NORMAL) for i, piece in enumerate(PIECES)]
    found += [(text, -1000.0, kind.CONTROL) for text in CHAT_TOKENS]
    assert len(found) == 320 == len({text for text, _, _ in found})
    return found


def write_metadata(w: gguf.GGUFWriter, model: str, c: dict) -> None:
    original, longest = c["original_max_position_embeddings"], c["max_position_embeddings"]
    w.add_name(f"golden {model}")
    w.add_context_length(longest)
    w.add_rope_scaling_orig_ctx_len(original)
    w.add_embedding_length(c["hidden_size"])
    w.add_feed_forward_length(c["intermediate_size"])
    w.add_block_count(c["num_hidden_layers"])
    w.add_head_count(c["num_attention_heads"])
    w.add_head_count_kv(c["num_key_value_heads"])
    w.add_layer_norm_rms_eps(c["rms_norm_eps"])
    w.add_rope_dimension_count(c["hidden_size"] // c["num_attention_heads"])
    w.add_rope_freq_base(c["rope_theta"])
    w.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    w.add_sliding_window(c["sliding_window"] or 0)
    w.add_rope_scaling_attn_factors(math.sqrt(1 + math.log(longest / original) / math.log(original)))
    texts, scores, types = zip(*vocabulary())
    w.add_tokenizer_model("llama")
    w.add_tokenizer_pre("default")
    w.add_token_list([text.encode() for text in texts])
    w.add_token_scores(list(scores))
    w.add_token_types([int(t) for t in types])
    w.add_bos_token_id(c["bos_token_id"])
    w.add_eos_token_id(c["eos_token_id"])
    w.add_unk_token_id(0)
    w.add_pad_token_id(c["pad_token_id"])
    w.add_add_bos_token(False)
    w.add_add_eos_token(False)
    w.add_chat_template(CHAT_TEMPLATE)


def write_f16(path: pathlib.Path, model: str) -> None:
    c, _ = hash_model.MODELS[model]
    w = gguf.GGUFWriter(str(path), "phi3")
    write_metadata(w, model, c)
    for kind in ("long", "short"):
        w.add_tensor(f"rope_factors_{kind}.weight", np.array(c["rope_scaling"][f"{kind}_factor"], np.float32))
    for name, values in hash_model.weights(model).items():
        w.add_tensor(hash_model.gguf_name(name), values if values.ndim == 1 else values.astype(np.float16))
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def quantize(source: pathlib.Path, target: pathlib.Path, ftype: int) -> None:
    settings = llama_cpp.llama_model_quantize_default_params()
    settings.ftype = ftype
    settings.nthread = 1
    code = llama_cpp.llama_model_quantize(str(source).encode(), str(target).encode(), ctypes.byref(settings))
    assert code == 0, f"{target.name}: llama.cpp's quantiser returned {code}"


def finite_scales(raw: np.ndarray, at: list) -> None:
    """Replaces F16 scales (byte offsets in each block) by small finite ones; their sign and mantissa stay."""
    for offset in at:
        raw[:, offset + 1] = (raw[:, offset + 1] & 0x83) | 0x20


def blocks() -> None:
    """Arbitrary blocks of each type, so that every bit of their layout counts, and the floats gguf-py makes of them."""
    kind = gguf.GGMLQuantizationType
    scales = {kind.Q4_0: [0], kind.Q8_0: [0], kind.Q4_K: [0, 2], kind.Q5_K: [0, 2], kind.Q6_K: [208], kind.F16: [], kind.BF16: []}
    found, floats, offset = {}, [], 0
    for each, at in scales.items():
        per_block, size = gguf.GGML_QUANT_SIZES[each]
        count = 1024 // per_block
        raw = hash_model.words(f"blocks.{each.name}", count * size // 8 + 1).astype("<u8").view(np.uint8)[: count * size]
        raw = raw.reshape(count, size).copy()
        finite_scales(raw, at)
        if not at:  # plain floats: no infinities, no NaN
            raw[:, 1] &= 0xBF
        values = gguf.quants.dequantize(raw.reshape(1, -1), each).astype("<f4").ravel()
        assert values.size == 1024 and np.isfinite(values).all()
        found[each.name] = {"values_per_block": per_block, "bytes_per_block": size, "hex": raw.tobytes().hex(), "offset": offset}
        floats.append(values.tobytes())
        offset += values.size
    head = {"provenance": provenance(), "floats": "blocks.f32: little-endian F32, 1024 values from each offset (counted in floats)"}
    (hash_model.HERE / "blocks.json").write_text(hash_model.compact(head | {"types": found}))
    (hash_model.HERE / "blocks.f32").write_bytes(b"".join(floats))


def provenance() -> dict:
    return {
        "command": "python make_gguf.py",
        "seed": hash_model.SEED,
        "python": platform.python_version(),
        "gguf": importlib.metadata.version("gguf"),
        "llama_cpp_python": llama_cpp.__version__,
        "numpy": np.__version__,
    }


def as_stored():
    """Model settings without repacked weights, with which llama-cpp-python 0.3.36 crashed on these matrices (a CPU with AMX)."""
    settings = DEFAULT_SETTINGS()
    settings.use_extra_bufts = False
    return settings


def logits(path: pathlib.Path, tokens: list, original: int) -> list:
    """llama.cpp's last row. Its contexts are multiples of 256, so `original` above 256 gives short factors, below long ones."""
    model = llama_cpp.Llama(
        str(path),
        n_ctx=256,
        n_batch=256,
        n_threads=1,
        n_threads_batch=1,
        verbose=False,
        logits_all=True,
        kv_overrides={"phi3.rope.scaling.original_context_length": original},
    )
    model.eval(tokens)
    return [float(np.format_float_positional(x, unique=True)) for x in model.scores[len(tokens) - 1].astype(np.float32)]


def opinion(model: str, path: pathlib.Path) -> dict:
    c, _ = hash_model.MODELS[model]
    found = {}
    for length, original in [(8, 4096), (65, 64)]:
        found[str(length)] = logits(path, hash_model.prompt("prompt", length, c["vocab_size"]), original)
    return found


def tokenised(path: pathlib.Path) -> list:
    model = llama_cpp.Llama(str(path), vocab_only=True, verbose=False)
    ids = lambda text: model.tokenize(text.encode(), add_bos=False, special=True)
    return [{"text": text, "ids": ids(text)} for text in TEXTS]


def main() -> None:
    llama_cpp.llama_cpp.llama_model_default_params = as_stored
    blocks()
    said = {"provenance": provenance(), "last_logits": {}}
    with tempfile.TemporaryDirectory() as folder:
        for model, formats in FORMATS.items():
            source = pathlib.Path(folder) / f"{model}.gguf"
            write_f16(source, model)
            for name, ftype in formats.items():
                target = hash_model.HERE / model / f"{name}.gguf"
                if ftype is None:
                    target.write_bytes(source.read_bytes())
                else:
                    quantize(source, target, ftype)
                target.chmod(0o644)
                said["last_logits"][f"{model}/{name}"] = opinion(model, target)
                print(target.name, target.stat().st_size)
            said["tokens"] = tokenised(source)
    (hash_model.HERE / "llama_cpp.json").write_text(hash_model.compact(said))


if __name__ == "__main__":
    main()
