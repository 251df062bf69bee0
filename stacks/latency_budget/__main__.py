"""Prints the latency budget of a site: python -m stacks.latency_budget SITE [--report build/run/report.json]."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from stacks.latency_budget import budget_text
from stacks.sites import load_site
from stacks.topology.errors import ColoError, reason

_MEASURED = ("tick_to_trade", "wire_to_wire")


def main(arguments: list[str]) -> int:
    """Prints the budget of a site, with what a run measured where its report is given."""
    parser = argparse.ArgumentParser(prog="python -m stacks.latency_budget", description=__doc__)
    parser.add_argument("site", help="a site of stacks/sites")
    parser.add_argument("--report", type=Path, help="report.json of a run, to show what was measured last")
    options = parser.parse_args(arguments)
    try:
        measured = "" if options.report is None else _measured(options.report)
        print(budget_text(load_site(options.site), measured), end="")
    except ColoError as error:
        print(f"latency_budget: {error}", file=sys.stderr)
        return 1
    return 0


def _measured(report: Path) -> str:
    try:
        engine = json.loads(report.read_text())["engine"]
        figures = [(name, engine[f"{name}_ns"]["p50"], engine[f"{name}_ns"]["p99"]) for name in _MEASURED]
    except (OSError, ValueError) as error:
        raise ColoError(f"{report}: is not the report of a run: {reason(error)}") from error
    except (KeyError, TypeError) as error:
        raise ColoError(f"{report}: is not the report of a run: it lacks {error}") from error
    text = ", ".join(f"{name} p50 {p50:.0f} ns, p99 {p99:.0f} ns" for name, p50, p99 in figures)
    return f"measured last ({report}): {text}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
