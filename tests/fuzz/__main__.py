"""Fuzzes the decoders one after the other: `python -m tests.fuzz [--seconds N] [TARGET...]`.

The committed corpus of a target is a text file of hexadecimal lines; it is written out under build/fuzz/corpus, where
the fuzzer adds what reaches new code. An input that breaks something is printed as such a line: once it is mended, the
line belongs into the corpus.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from tests.fuzz import readers

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "fuzz"
TARGETS = sorted(path.stem for path in (Path(__file__).parent / "corpus").glob("*.txt"))
GRACE_S = 60


def fuzz(target: str, seconds: int) -> bool:
    """Run one fuzzer for so long; whether nothing broke."""
    corpus, findings = BUILD / "corpus" / target, BUILD / "findings" / target
    for folder in (corpus, findings):
        folder.mkdir(parents=True, exist_ok=True)
    programs = BUILD / "tests" / "fuzz"
    committed = Path(__file__).parent / "corpus" / f"{target}.txt"
    subprocess.run([programs / f"replay_{target}", "--expand", corpus, committed], check=True, capture_output=True)
    before = set(findings.iterdir())
    options = [f"-max_total_time={seconds}", "-max_len=4096", "-timeout=20", "-print_final_stats=1"]
    run = subprocess.run(
        [programs / f"fuzz_{target}", *options, f"-artifact_prefix={findings}/", corpus],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=seconds + GRACE_S,
    )
    runs = next((line.split()[-1] for line in run.stderr.splitlines() if "number_of_executed_units" in line), "no")
    print(f"{target}: {runs} runs, {len(list(corpus.iterdir()))} inputs", flush=True)
    if run.returncode == 0:
        return True
    print("\n".join(run.stderr.splitlines()[-40:]))
    for finding in sorted(set(findings.iterdir()) - before):
        print(f"{target}: {finding.read_bytes().hex()} # {finding.name}")
    return False


def main() -> int:
    """Fuzz the targets that are named, or all."""
    names = [*TARGETS, *readers.READERS]
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Fuzz the decoders.")
    parser.add_argument("--seconds", type=int, default=60, help="of each target")
    parser.add_argument("target", nargs="*", help=f"{', '.join(names)}; all if none is named")
    chosen = parser.parse_args()
    if unknown := set(chosen.target) - set(names):
        parser.error(f"no target is called {', '.join(sorted(unknown))}")
    held = [
        readers.fuzz(name, chosen.seconds) if name in readers.READERS else fuzz(name, chosen.seconds)
        for name in chosen.target or names
    ]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
