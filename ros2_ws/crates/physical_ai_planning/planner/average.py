"""Makes one checkpoint of several of one training: the mean of their weights.

    python average.py --models run/model_1.pt run/model_2.pt run/model_3.pt --out run/mean.pt
"""

import argparse
from pathlib import Path

import torch


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--models", type=Path, nargs="+", required=True, help="in the order in which they were saved")
    arguments.add_argument("--out", type=Path, required=True)
    options = arguments.parse_args()
    saved = [torch.load(path, map_location="cpu", weights_only=True) for path in options.models]
    # What optimizers remember is the last one's.
    mean = saved[-1]
    mean["model"] = {name: sum(s["model"][name].float() for s in saved) / len(saved) for name in mean["model"]}
    torch.save(mean, options.out)


if __name__ == "__main__":
    main()
