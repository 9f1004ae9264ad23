"""Prints cargo's options for all test targets of the workspace but the ones named: those that start processes."""

import json
import subprocess
import sys

metadata = json.loads(
    subprocess.check_output(["cargo", "metadata", "--no-deps", "--format-version", "1", "--locked"])
)
names = {
    target["name"]
    for package in metadata["packages"]
    for target in package["targets"]
    if "test" in target["kind"]
}
unknown = set(sys.argv[1:]) - names
if unknown:
    sys.exit(f"no test target is called {', '.join(sorted(unknown))}: there are {', '.join(sorted(names))}")
print(*(f"--test={name}" for name in sorted(names - set(sys.argv[1:]))))
