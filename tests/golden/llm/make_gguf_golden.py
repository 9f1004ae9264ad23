"""Expected logits of the shipped GGUF files: HF transformers' Phi3ForCausalLM in F32 with their dequantised weights.

    python make_gguf_golden.py

Run it after make_model_golden.py and make_gguf.py. Needs torch, transformers, safetensors, numpy and gguf. Writes gguf.json and
gguf.f32: for each file its tensors with their types, and the last row of logits for prompts before and after the switch. An
engine that quantises its activations differs from them by about as much as llama.cpp does (llama_cpp.json).
"""

import importlib.metadata

import gguf
import numpy as np
import torch
import transformers

import hash_model
import make_model_golden as reference

LENGTHS = [8, 64, 65, 100]
FILES = ["narrow/f16", "narrow/q8_0", "narrow/q4_0", "kquant/q4_k_m", "kquant/q6_k"]


def dequantised(file: str, config: dict) -> tuple:
    """HF names and F32 values; and the type of each tensor by its GGUF name."""
    stored = {tensor.name: tensor for tensor in gguf.GGUFReader(hash_model.HERE / f"{file}.gguf").tensors}
    weights = {}
    for name, shape in hash_model.shapes(config).items():
        tensor = stored[hash_model.gguf_name(name)]
        assert tuple(reversed(tensor.shape)) == shape, name
        weights[name] = gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32).reshape(shape)
    return weights, {name: tensor.tensor_type.name for name, tensor in stored.items()}


def golden(file: str, blob: reference.Blob) -> dict:
    model_name = file.split("/")[0]
    config, _ = hash_model.MODELS[model_name]
    weights, types = dequantised(file, config)
    exact = hash_model.weights(model_name)
    worst = max(float(np.abs(weights[k] - exact[k]).max()) for k in exact)
    model = reference.load(config, weights, torch.float32)
    rows = {}
    for length in LENGTHS:
        tokens = hash_model.prompt("prompt", length, config["vocab_size"])
        rows[str(length)] = blob.add(reference.forward(model, config, tokens)[0][-1])
    print(file, "largest error of a weight", worst)
    return {"tensors": types, "largest_error_of_a_weight": worst, "last": rows}


def main() -> None:
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    blob = reference.Blob()
    provenance = reference.provenance() | {"command": "python make_gguf_golden.py", "gguf": importlib.metadata.version("gguf")}
    found = {
        "provenance": provenance,
        "floats": "gguf.f32: little-endian F32; offset counts floats",
        "files": {file: golden(file, blob) for file in FILES},
    }
    (hash_model.HERE / "gguf.json").write_text(hash_model.compact(found))
    blob.write(hash_model.HERE / "gguf.f32")


if __name__ == "__main__":
    main()
