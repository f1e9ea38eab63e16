"""What an import costs: `import wannb` beside `import dashscope`, each in fresh processes, by turns.

python bench/imports.py            needs the extra: pip install -e ".[bench]"
python bench/imports.py --smoke    once each, to see that it runs
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time

MODULES = ("pass", "import wannb", "import httpx", "import dashscope")


def seconds(statement: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true")
    rounds = 1 if parser.parse_args().smoke else 15
    taken: dict[str, list[float]] = {statement: [] for statement in MODULES}
    for turn in range(rounds + 1):
        for statement in MODULES:
            spent = seconds(statement)
            if turn:
                taken[statement].append(spent)
    bare = statistics.median(taken["pass"])
    cost = {statement: statistics.median(times) - bare for statement, times in taken.items()}
    print(f"{'statement':<20}{'over a bare start, ms':>24}{'of dashscope':>16}")
    for statement in MODULES[1:]:
        share = cost[statement] / cost["import dashscope"]
        print(f"{statement:<20}{cost[statement] * 1000:>24.1f}{share:>16.3f}")


if __name__ == "__main__":
    main()
