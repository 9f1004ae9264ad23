#!/usr/bin/env python3
"""Runs our engine and llama.cpp in turn on the same file and prints ours divided by theirs.

Each is measured in a process of its own. Of llama.cpp's settings the best is taken for each row; a setting
that crashes on this machine or file is not available. A ratio is that of two runs of the same round; the
value printed is the median of the rounds.
"""
import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

SETTINGS = {
    "mapped": [],
    "mapped, flash": ["--flash-attention"],
    "repacked": ["--repack"],
    "repacked, flash": ["--repack", "--flash-attention"],
}


@dataclass
class Row:
    name: str
    quantity: str
    what: str
    more_is_better: bool
    # Only these settings are compared with, if any of them is available.
    among: str = ""


ROWS = [
    Row("prompt_512", "llm.prompt_512_tokens_per_s", "prompt of 512, tokens/s", True),
    Row("decode_1", "llm.decode_1_tokens_per_s", "decode 1 at 128, tokens/s", True),
    Row("decode_1_ctx512", "llm.decode_1_ctx512_tokens_per_s", "decode 1 at 512, tokens/s", True),
    Row("decode_8", "llm.decode_8_tokens_per_s", "decode 8 at 128, tokens/s", True),
    Row("peak_rss", "llm.peak_rss_mb", "peak memory, MB", False),
    # Repacking at load is what its faster decoding costs.
    Row("load", "llm.load_s", "load, s, against repacked", False, "repacked"),
    Row("load_mapped", "llm.load_s", "load, s, against mapped", False, "mapped"),
]


def note(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def ours(options):
    command = [options.ours, "bench", "llm", "--json", "--no-prefix", "--runs", "1"]
    command += ["--model", options.model, "--threads", str(options.threads)]
    output = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if output.returncode != 0:
        sys.exit(f"physical-ai bench llm failed: {output.stderr.strip()}")
    lines = map(json.loads, output.stdout.splitlines())
    return {line["name"]: line["value"] for line in lines}


def theirs(options, setting):
    """What llama.cpp measured, or nothing with the reason."""
    script = Path(__file__).with_name("measure_llama.py")
    command = [sys.executable, str(script), options.model, "--threads", str(options.threads)]
    output = subprocess.run(command + SETTINGS[setting], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if output.returncode < 0:
        return None, f"ended by {signal.Signals(-output.returncode).name}"
    if output.returncode > 0:
        return None, (output.stderr.strip().splitlines() or ["no reason told"])[-1]
    return json.loads(output.stdout), ""


def measure(options):
    """What each side measured, one entry for each round; none where it was not available."""
    rounds = {side: [] for side in ["ours", *SETTINGS]}
    for number in range(1, options.runs + 1):
        for side, measured in rounds.items():
            found, reason = (ours(options), "") if side == "ours" else theirs(options, side)
            measured.append(found)
            who = side if side == "ours" else f"llama.cpp, {side}"
            speeds = f"not available ({reason})"
            if found:
                speeds = ", ".join(f"{found[row.quantity]:.1f}" for row in ROWS[:4]) + " tokens/s"
            note(f"round {number} of {options.runs}: {who}: {speeds}")
    return rounds


def values(rounds, side, row):
    return [found[row.quantity] if found else None for found in rounds[side]]


def median(rounds, side, row):
    """None if the side was never available."""
    found = [value for value in values(rounds, side, row) if value is not None]
    return statistics.median(found) if found else None


def best_setting(rounds, row):
    """None if llama.cpp was never available."""
    available = [side for side in SETTINGS if median(rounds, side, row) is not None]
    wanted = [side for side in available if side.startswith(row.among)] or available
    pick = max if row.more_is_better else min
    return pick(wanted, key=lambda side: median(rounds, side, row), default=None)


def ratios(rounds, row):
    pairs = zip(values(rounds, "ours", row), values(rounds, best_setting(rounds, row), row))
    return [mine / their for mine, their in pairs if their is not None]


def result(rounds, row):
    found = ratios(rounds, row)
    return {
        "name": f"llm.ratio.{row.name}",
        "value": round(statistics.median(found), 4),
        "unit": "ratio",
        "min": round(min(found), 4),
        "max": round(max(found), 4),
        "runs": len(found),
    }


def number(value):
    return f"{value:.3f}" if value < 10 else f"{value:.1f}"


def table(rounds):
    """Medians of all sides; a star marks the one that ours is compared with."""
    sides = ["ours", *SETTINGS]
    lines = [["", *sides, "ours ÷ best", "min", "max"]]
    for row in ROWS:
        cells = [row.what]
        best = best_setting(rounds, row)
        for side in sides:
            value = median(rounds, side, row)
            cells.append("n/a" if value is None else number(value) + ("*" if side == best else ""))
        found = result(rounds, row)
        cells += [f"{found[key]:.2f}" for key in ("value", "min", "max")]
        lines.append(cells)
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    rows = ("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines)
    return "\n".join(rows)


def count(text):
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} must be at least 1")
    return value


def main():
    cores = len(os.sched_getaffinity(0))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ours", required=True, help="the physical-ai program")
    parser.add_argument("--model", required=True, help="GGUF file")
    parser.add_argument("--runs", type=count, default=3, help="rounds; 5 to 12 minutes each on 2 cores")
    parser.add_argument("--threads", type=count, default=cores, help="default: one per core")
    parser.add_argument("--json", action="store_true", help="one object a line and nothing else on standard output")
    options = parser.parse_args()
    note(f"{options.runs} rounds of 5 to 12 minutes, {options.threads} threads, {options.model}")
    rounds = measure(options)
    if best_setting(rounds, ROWS[0]) is None:
        sys.exit("llama.cpp is not available in any of its settings")
    text = f"{table(rounds)}\nmedian of {options.runs} rounds; * the setting of llama.cpp that ours is compared with"
    print(text, file=sys.stderr if options.json else sys.stdout)
    if options.json:
        for row in ROWS:
            print(json.dumps(result(rounds, row)))


if __name__ == "__main__":
    main()
