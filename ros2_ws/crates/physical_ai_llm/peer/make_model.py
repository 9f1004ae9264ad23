#!/usr/bin/env python3
"""Makes a GGUF file of exactly Phi-3.5-mini's shape with random weights, quantised by llama.cpp as Q4_K_M.

Only speed and memory of such a file mean something. The same for the same versions of numpy and llama.cpp.
"""
import argparse
import ctypes
import itertools
import os

import gguf
import llama_cpp
import numpy as np

LAYERS, WIDTH, HEADS, FEED_FORWARD, VOCABULARY, CONTEXT = 32, 3072, 32, 8192, 32064, 4096
# As in the real model: what comes after are control tokens.
TEXT_TOKENS = 32000
SEED = 20240607
LETTERS = "etaoinshrdlucmfwypvbgkjqxz"


def words():
    """Endless distinct words, with and without a space before them."""
    for length in itertools.count(2):
        for letters in itertools.product(LETTERS, repeat=length):
            yield "\u2581" + "".join(letters)
            yield "".join(letters)


def vocabulary():
    """Texts, scores and types of all tokens."""
    kind = gguf.TokenType
    tokens = [("<unk>", 0.0, kind.UNKNOWN), ("<s>", 0.0, kind.CONTROL), ("</s>", 0.0, kind.CONTROL)]
    tokens += [(f"<0x{byte:02X}>", 0.0, kind.BYTE) for byte in range(256)]
    single = ["\u2581", *(chr(code) for code in range(33, 127))]
    tokens += [(text, -1000.0, kind.NORMAL) for text in single]
    free = TEXT_TOKENS - len(tokens)
    tokens += [(text, -float(rank), kind.NORMAL) for rank, text in enumerate(itertools.islice(words(), free))]
    tokens += [("<|endoftext|>", 0.0, kind.CONTROL)]
    tokens += [(f"<|placeholder{n}|>", 0.0, kind.CONTROL) for n in range(VOCABULARY - len(tokens))]
    assert len({text for text, _, _ in tokens}) == VOCABULARY
    return tokens


def shapes():
    """Names and shapes of all tensors."""
    yield "token_embd.weight", (VOCABULARY, WIDTH)
    yield "output_norm.weight", (WIDTH,)
    yield "output.weight", (VOCABULARY, WIDTH)
    for layer in range(LAYERS):
        block = f"blk.{layer}."
        yield block + "attn_norm.weight", (WIDTH,)
        yield block + "attn_qkv.weight", (3 * WIDTH, WIDTH)
        yield block + "attn_output.weight", (WIDTH, WIDTH)
        yield block + "ffn_norm.weight", (WIDTH,)
        yield block + "ffn_up.weight", (2 * FEED_FORWARD, WIDTH)
        yield block + "ffn_down.weight", (WIDTH, FEED_FORWARD)


def describe(writer):
    """Everything but the tensors."""
    writer.add_name("Phi-3.5-mini's shape, random weights")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    writer.add_context_length(CONTEXT)
    writer.add_rope_scaling_orig_ctx_len(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_block_count(LAYERS)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_rope_freq_base(10000.0)
    writer.add_sliding_window(CONTEXT)
    texts, scores, types = zip(*vocabulary())
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([text.encode() for text in texts])
    writer.add_token_scores(scores)
    writer.add_token_types([int(kind) for kind in types])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_pad_token_id(2)
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)


def write_halves(path):
    """The model with weights of 16 bits, tensor after tensor: it need not fit into memory."""
    writer = gguf.GGUFWriter(path, "phi3")
    describe(writer)
    for name, shape in shapes():
        kind = np.dtype(np.float32 if len(shape) == 1 else np.float16)
        writer.add_tensor_info(name, shape, kind, int(np.prod(shape)) * kind.itemsize)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    draw = np.random.default_rng(SEED)
    # Each tensor begins elsewhere in one long row of numbers: drawing all would take much longer.
    pool = (draw.standard_normal(1 << 26, dtype=np.float32) * 0.02).astype(np.float16)
    for _, shape in shapes():
        if len(shape) == 1:
            writer.write_tensor_data(np.ones(shape, np.float32))
        else:
            begin = np.roll(pool, -int(draw.integers(pool.size)))
            writer.write_tensor_data(np.resize(begin, shape))
    writer.close()


def quantize(source, target):
    parameters = llama_cpp.llama_model_quantize_default_params()
    parameters.ftype = llama_cpp.LLAMA_FTYPE_MOSTLY_Q4_K_M
    parameters.nthread = len(os.sched_getaffinity(0))
    code = llama_cpp.llama_model_quantize(source.encode(), target.encode(), ctypes.byref(parameters))
    if code != 0:
        raise SystemExit(f"llama.cpp cannot quantise {source}: code {code}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", help="GGUF file to write")
    out = parser.parse_args().out
    halves, unfinished = out + ".f16", out + ".unfinished"
    try:
        write_halves(halves)
        quantize(halves, unfinished)
        os.replace(unfinished, out)
    finally:
        for path in (halves, unfinished):
            if os.path.exists(path):
                os.remove(path)


if __name__ == "__main__":
    main()
