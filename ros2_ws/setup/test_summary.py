"""Passes the output of tests that run one after another on; before each summary it names the slowest, and why each
that failed did: what processes wrote meanwhile may be long, and logs are often cut in their middle."""

import sys
import time

SLOWEST = 10
REASON_LINES = (12, 12)
LINE_LENGTH = 400
OUTCOMES = ("ok", "FAILED")


class Summary:
    def __init__(self):
        self.name = None
        self.failed = None
        self.begin()

    def begin(self):
        self.durations, self.reasons, self.began = [], {}, time.monotonic()

    def read(self, line):
        if line.startswith("running "):
            self.begin()
        if line.startswith("test ") and " ... " in line:
            self.name = line.removeprefix("test ").split(" ... ")[0]
        # What a test prints stands between its name and its outcome.
        if self.name and line.split(" ... ")[-1].strip() in OUTCOMES:
            now = time.monotonic()
            self.durations.append((now - self.began, self.name))
            self.name, self.began = None, now
        self.read_reason(line)

    def read_reason(self, line):
        """A panic's place and message stand below the name of its test and end where its backtrace begins."""
        if line.startswith("---- ") and line.endswith(" stdout ----\n"):
            self.failed = line.removeprefix("---- ").removesuffix(" stdout ----\n")
        elif line.startswith(("stack backtrace:", "note: ", "failures:")):
            self.failed = None
        elif self.failed and ("panicked at" in line or self.failed in self.reasons):
            self.reasons.setdefault(self.failed, []).append(line.rstrip()[:LINE_LENGTH])

    def tell(self):
        if self.durations:
            print("slowest:")
            for seconds, slow in sorted(self.durations, reverse=True)[:SLOWEST]:
                print(f"  {seconds:6.1f} s  {slow}")
        first, last = REASON_LINES
        for name, lines in self.reasons.items():
            shown = lines if len(lines) <= first + last else [*lines[:first], "…", *lines[-last:]]
            print("\n    ".join([f"why {name} failed:", *shown]))
        self.begin()


def main():
    summary = Summary()
    for line in sys.stdin:
        summary.read(line)
        if line.startswith("test result:"):
            summary.tell()
        sys.stdout.write(line)
        sys.stdout.flush()


main()
