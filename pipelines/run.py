"""`python -m pipelines.run --site desk`: makes every asset of one trading day and prints what came of it.

The entry point behind `make run`: it asks Dagster for the same job that its UI would launch, and turns an expected
failure into one sentence and exit status 1.
"""

from __future__ import annotations

import argparse
import builtins
import json
import os
import signal
import sys
from datetime import date
from pathlib import Path

import colo_engine
import dagster as dg
from dagster._core.instance.ref import InstanceRef

from pipelines.assets import FIRST_DAY
from pipelines.definitions import SESSION_JOB, build_definitions
from pipelines.instance import open_instance
from pipelines.operation import BUILD, REPOSITORY_ROOT
from pipelines.session import default_sources, split_sources, trading_day_of
from stacks.sites import load_site
from stacks.topology.errors import ColoError

SATURDAY = 5


def main(arguments: list[str]) -> int:
    """Runs one session; exit status 0 only when everything was stored and every check passed."""
    parser = argparse.ArgumentParser(prog="python -m pipelines.run", description=__doc__.splitlines()[0])
    parser.add_argument("--site", default="desk", help="a site of stacks/sites that runs on this machine")
    parser.add_argument("--session", nargs="*", default=[], help="session files: ITCH 5.0, captures or LOBSTER zips")
    parser.add_argument("--day", default="", help="trading day, YYYY-MM-DD, where the files' names do not tell")
    parser.add_argument("--build", type=Path, default=BUILD, help="folder of all that is made (default: build)")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return run_session(options.site, " ".join(options.session), options.day, options.build.resolve())
    except ColoError as error:
        print(f"colo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("colo: interrupted; what was journaled is kept, the next run goes on from there", file=sys.stderr)
        return 130


def run_session(site_name: str, session: str, day: str, build: Path) -> int:
    """Makes the assets of one session; raises ColoError with what failed."""
    site = load_site(site_name)
    if site.kind not in ("desk", "lab"):
        raise ColoError(f"site {site_name} is of kind {site.kind}: only a desk or lab runs on one machine")
    os.environ["DAGSTER_HOME"] = str(build / site_name / "dagster")
    sources = (split_sources(session) if session else []) or default_sources(os.environ, REPOSITORY_ROOT)
    trading_day = trading_day_of(sources, _day(day), site.venues[0].environments[0].simulator.generated.day)
    _require_partition(trading_day)
    definitions = build_definitions(site_name, [str(path) for path in sources], trading_day.isoformat(), str(build))
    partition = dg.MultiPartitionKey({"venue": site.venues[0].mic, "trading_day": trading_day.isoformat()})
    result = definitions.resolve_job_def(SESSION_JOB).execute_in_process(
        partition_key=partition,
        instance=_instance(open_instance(build, site_name)),
        raise_on_error=False,
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
    )
    report = build / "run"
    if not result.success:
        raise ColoError(_failure(result))
    _print_summary(json.loads((report / "report.json").read_text()), report)
    return 0


def _instance(home: Path) -> dg.DagsterInstance:
    """The site's instance, but for the capture of output, which is on this screen already: the watcher that the capture
    starts beside every step answers Ctrl-C with a traceback."""
    silent = {"module": "dagster._core.storage.noop_compute_log_manager", "class": "NoOpComputeLogManager"}
    return dg.DagsterInstance.from_ref(InstanceRef.from_dir(str(home), overrides={"compute_logs": silent}))


def _require_partition(day: date) -> None:
    if day < FIRST_DAY or day > date.today():
        raise ColoError(f"{day} is no day to trade: sessions are of {FIRST_DAY} up to today, {date.today()}")
    if day.weekday() >= SATURDAY:
        raise ColoError(f"{day} is a {day:%A}: is that the session's trading day?")


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ColoError(f"DAY={text} is not a date of the form YYYY-MM-DD") from None


def _failure(result) -> str:
    """The sentence of the first failed step: the error's own text where it was an expected one."""
    for event in result.all_events:
        if not event.is_step_failure:
            continue
        data = event.step_failure_data
        if data.user_failure_data and data.user_failure_data.description:
            return data.user_failure_data.description
        cause = data.error.cause or data.error
        if cause.cls_name in ("ColoError", "DeclarationError"):
            return cause.message.strip().removeprefix("stacks.topology.errors.").split(": ", 1)[1]
        if cause.cls_name == "DagsterExecutionInterruptedError":
            raise KeyboardInterrupt
        if _needs_no_stack(cause.cls_name):
            return f"asset {event.step_key} failed: {' '.join(cause.message.split())}"
        return f"asset {event.step_key} failed: {cause.to_string()}"
    return "the run failed; its history is in the Dagster UI (`make ui`)"


def _needs_no_stack(error: str) -> bool:
    """Whether an error of this class says what is wrong with a file or a disk."""
    found = getattr(builtins, error, None) or getattr(colo_engine, error, None)
    return isinstance(found, type) and issubclass(found, (OSError, colo_engine.JournalError, colo_engine.FormatError))


def _print_summary(content: dict, directory: Path) -> None:
    engine, stream, checks = content["engine"], content["stream"], content["checks"]
    tick_to_trade, wire_to_wire = engine["tick_to_trade_ns"], engine["wire_to_wire_ns"]
    print(
        f"""
  session       {content["session"]["messages"]:,} messages, {len(content["session"]["symbols"])} symbols, \
{content["session"]["synthetic"]:,} synthetic
  engine        {engine["version"]} ({engine["digest"][:12]}): {engine["orders"]:,} orders, {engine["fills"]:,} fills, \
{engine["rejects"]:,} refused, profit {engine["pnl"]:,.2f} dollars
  tick to trade {_percentiles(tick_to_trade)}
  wire to wire  {_percentiles(wire_to_wire)}
  stream        {stream["published"]:,} published, {stream["stored"]:,} stored in {stream["store"]}, \
{stream["duplicates"]} duplicates, {stream["gaps"]} gaps
  checks        {checks["passed"]} passed, {checks["failed"]} failed
  elapsed       {content["elapsed_s"]:.1f} s

  {directory / "report.html"}
  {directory / "report.json"}
  {directory / "quality" / "gx" / "uncommitted" / "data_docs" / "local_site" / "index.html"}"""
    )


def _percentiles(figures: dict) -> str:
    if figures["p50"] is None:
        return "no order was sent"
    return f"p50 {figures['p50']} ns, p99 {figures['p99']} ns, p99.9 {figures['p999']} ns"


def _interrupt(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
