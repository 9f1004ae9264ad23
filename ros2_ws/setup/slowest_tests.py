"""Passes the output of tests that run one after another on, and names the slowest before each summary."""

import sys
import time

SHOWN = 10
OUTCOMES = ("ok", "FAILED")


def main():
    durations, name, began = [], None, time.monotonic()
    for line in sys.stdin:
        if line.startswith("running "):
            durations, began = [], time.monotonic()
        if line.startswith("test ") and " ... " in line:
            name = line.removeprefix("test ").split(" ... ")[0]
        # What a test prints stands between its name and its outcome.
        if name and line.split(" ... ")[-1].strip() in OUTCOMES:
            now = time.monotonic()
            durations.append((now - began, name))
            name, began = None, now
        if line.startswith("test result:") and durations:
            print("slowest:")
            for seconds, slow in sorted(durations, reverse=True)[:SHOWN]:
                print(f"  {seconds:6.1f} s  {slow}")
            durations = []
        sys.stdout.write(line)
        sys.stdout.flush()


main()
