#!/usr/bin/env python3
"""Measures llama.cpp once, in one of its settings, in this process; prints one JSON object.

Does what `physical-ai bench llm` does with our engine: the same numbers of tokens, random token ids, no
sampling but the likeliest token.
"""
import argparse
import ctypes
import json
import time

import llama_cpp as lc
import numpy as np

PROMPT, DECODED, SEQUENCES = 512, 32, 8
ROOM, ROOM_OF_MANY = 1024, 256


@lc.llama_log_callback
def be_quiet(_level, _text, _data):
    pass


def peak_rss_mb():
    with open("/proc/self/status", encoding="ascii") as status:
        line = next(line for line in status if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024 / 1e6


class Model:
    def __init__(self, path, threads, repack, flash_attention):
        self.threads, self.flash_attention = threads, flash_attention
        parameters = lc.llama_model_default_params()
        parameters.n_gpu_layers = 0
        parameters.use_extra_bufts = repack
        begin = time.perf_counter()
        self.model = lc.llama_model_load_from_file(path.encode(), parameters)
        self.load_s = time.perf_counter() - begin
        if not self.model:
            raise SystemExit(f"llama.cpp cannot open {path}")
        self.vocabulary = lc.llama_vocab_n_tokens(lc.llama_model_get_vocab(self.model))

    def context(self, sequences, room):
        parameters = lc.llama_context_default_params()
        parameters.n_ctx = sequences * room
        parameters.n_batch = parameters.n_ubatch = PROMPT
        parameters.n_threads = parameters.n_threads_batch = self.threads
        parameters.n_seq_max = sequences
        parameters.flash_attn_type = int(self.flash_attention)
        parameters.kv_unified = False
        context = lc.llama_init_from_model(self.model, parameters)
        if not context:
            raise SystemExit("llama.cpp cannot make a context")
        return Context(context, self.vocabulary)


class Context:
    def __init__(self, context, vocabulary):
        self.context, self.vocabulary = context, vocabulary
        self.random = np.random.default_rng(1)

    def free(self):
        lc.llama_free(self.context)

    def clear(self):
        lc.llama_memory_clear(lc.llama_get_memory(self.context), True)

    def tokens(self, count):
        return self.random.integers(0, self.vocabulary, count)

    def run(self, rows):
        """One pass over rows of (token, position, sequence, whether logits are wanted)."""
        batch = lc.llama_batch_init(len(rows), 0, 1)
        batch.n_tokens = len(rows)
        for i, (token, position, sequence, wanted) in enumerate(rows):
            batch.token[i], batch.pos[i], batch.logits[i] = int(token), position, wanted
            batch.n_seq_id[i], batch.seq_id[i][0] = 1, sequence
        code = lc.llama_decode(self.context, batch)
        lc.llama_synchronize(self.context)
        lc.llama_batch_free(batch)
        if code != 0:
            raise SystemExit(f"llama_decode: code {code}")

    def read(self, sequence, count):
        rows = [(token, i, sequence, i == count - 1) for i, token in enumerate(self.tokens(count))]
        self.run(rows)
        return self.best(count - 1)

    def best(self, row):
        logits = lc.llama_get_logits_ith(self.context, row)
        return int(np.ctypeslib.as_array(logits, shape=(self.vocabulary,)).argmax())

    def prompt(self, count):
        """Tokens per second."""
        self.clear()
        begin = time.perf_counter()
        self.read(0, count)
        return count / (time.perf_counter() - begin)

    def decode(self, sequences, context):
        """Tokens per second of all sequences together."""
        self.clear()
        tokens = [self.read(sequence, context) for sequence in range(sequences)]
        begin = time.perf_counter()
        for step in range(DECODED):
            self.run([(token, context + step, i, True) for i, token in enumerate(tokens)])
            tokens = [self.best(i) for i in range(sequences)]
        return DECODED * sequences / (time.perf_counter() - begin)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--repack", action="store_true", help="weights repacked at load, not mapped as they are")
    parser.add_argument("--flash-attention", action="store_true")
    options = parser.parse_args()
    lc.llama_backend_init()
    lc.llama_log_set(be_quiet, ctypes.c_void_p(0))
    model = Model(options.model, options.threads, options.repack, options.flash_attention)
    one = model.context(1, ROOM)
    one.prompt(PROMPT)
    measured = {
        "llm.load_s": model.load_s,
        "llm.prompt_512_tokens_per_s": one.prompt(PROMPT),
        "llm.decode_1_tokens_per_s": one.decode(1, 128),
        "llm.decode_1_ctx512_tokens_per_s": one.decode(1, 512),
        "llm.peak_rss_mb": peak_rss_mb(),
    }
    one.free()
    many = model.context(SEQUENCES, ROOM_OF_MANY)
    measured["llm.decode_8_tokens_per_s"] = many.decode(SEQUENCES, 128)
    print(json.dumps(measured))


if __name__ == "__main__":
    main()
