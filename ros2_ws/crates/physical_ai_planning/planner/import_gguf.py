"""Makes a checkpoint of an exported planner, so that its training can go on without the checkpoint it came from.

    python import_gguf.py --model ../../../../params/models/planner.gguf --minutes 221 --out run/model.pt

What the optimizers remember is lost; they find it again within a few hundred steps.
"""

import argparse
from pathlib import Path

import gguf
import torch

from export_gguf import gguf_name
from model import Phi3, Shape


def shape_of(reader: gguf.GGUFReader) -> Shape:
    def value(name: str) -> int | float:
        return reader.fields[f"phi3.{name}"].contents()

    tokens = len(reader.fields["tokenizer.ggml.tokens"].data)
    return Shape(
        tokens, value("embedding_length"), value("block_count"), value("attention.head_count"), value("feed_forward_length"),
        value("context_length"), value("rope.freq_base"), value("attention.layer_norm_rms_epsilon"))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--model", type=Path, required=True)
    arguments.add_argument("--minutes", type=float, required=True, help="that it was trained for")
    arguments.add_argument("--out", type=Path, required=True)
    options = arguments.parse_args()
    reader = gguf.GGUFReader(options.model)
    model = Phi3(shape_of(reader))
    tensors = {t.name: gguf.quants.dequantize(t.data, t.tensor_type) for t in reader.tensors}
    state = {name: torch.tensor(tensors[gguf_name(name)]).reshape(weight.shape) for name, weight in model.state_dict().items()}
    model.load_state_dict(state)
    # `train.py` makes optimizers anew where none are saved.
    value = {"shape": model.shape.to_dict(), "model": model.state_dict(), "optimizers": [], "step": 0, "used_s": options.minutes * 60, "files_done": 0}
    torch.save(value, options.out)


if __name__ == "__main__":
    main()
