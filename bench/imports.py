"""What an import costs: `import wannb` beside `import dashscope`, each in fresh processes, by turns.

python bench/imports.py [--smoke]

Each is counted over a bare start of its own Python.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time

import sides
from rows import Row, alone, milliseconds

HEAVY = ("httpx", "ipywidgets", "matplotlib", "PIL", "numpy")


def seconds(python: str, statement: str) -> float:
    began = time.perf_counter()
    subprocess.run([python, "-c", statement], env=sides.environment(), check=True)
    return time.perf_counter() - began


def loaded() -> list[str]:
    """Return which heavy modules `import wannb` brings."""
    look = f"import wannb, sys, json; print(json.dumps([name for name in {HEAVY} if name in sys.modules]))"
    said = subprocess.run([sys.executable, "-c", look], env=sides.environment(), stdout=subprocess.PIPE, check=True)
    return list(json.loads(said.stdout))


def measure(smoke: bool) -> list[Row]:
    starts = [(sys.executable, "pass"), (sys.executable, "import wannb")]
    sdk = sides.sdk_python()
    if sdk:
        starts += [(sdk, "pass"), (sdk, "import dashscope")]
    taken: dict[str, list[float]] = {f"{python} {statement}": [] for python, statement in starts}
    for _ in range(1 if smoke else 15):
        for python, statement in starts:
            taken[f"{python} {statement}"].append(seconds(python, statement))
    middle = {name: statistics.median(times) for name, times in taken.items()}
    ours = middle[f"{sys.executable} import wannb"] - middle[f"{sys.executable} pass"]
    theirs = middle[f"{sdk} import dashscope"] - middle[f"{sdk} pass"] if sdk else None
    heavy = loaded()
    return [
        Row(
            what="`import wannb`, over a bare start",
            aim="under 1/5 of `import dashscope`",
            measured=milliseconds(ours) + (f", {ours / theirs:.3f} of the SDK's" if theirs else ""),
            sdk=milliseconds(theirs) if theirs else "not there",
            held=ours < theirs / 5 if theirs else None,
        ),
        Row(
            what="loaded by `import wannb`, of " + ", ".join(HEAVY),
            aim="none",
            measured=", ".join(heavy) or "none",
            held=not heavy,
        ),
    ]


if __name__ == "__main__":
    alone(measure, __doc__)
