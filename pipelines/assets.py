"""The assets of one trading day at one venue, from session and reference data to stream, quality and report.

`make run` and the Dagster UI make the same assets; there is no second path. Each is partitioned by venue and trading
day, but for the engine release, which is the same on every day.
"""

import secrets
import shutil
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import dagster as dg

from engine.render import Run, render_engine, render_exchange
from pipelines.operation import BUILD, REPOSITORY_ROOT, Operation
from pipelines.quality.expectations import data_docs_index, judge
from pipelines.quality.rules import RULES
from pipelines.quality.stored import stored_session
from pipelines.quality.violations import Finding, find_violations
from pipelines.reference_data import make_reference_data, store_reference_data
from pipelines.release.archive import Release, pack_release, unpack_release
from pipelines.report.report import write_report
from pipelines.session import Generation, Session, default_sources, load_session, prepare_session
from pipelines.store.tick_store import ORDER_EVENTS, TICKS, Day
from pipelines.trading.credentials import write_credentials
from pipelines.trading.drop_copy import make_drop_copy
from pipelines.trading.run_directory import RunDirectory
from pipelines.trading.session_run import trade
from stacks.topology.errors import ColoError
from stacks.topology.instrument import ReferenceData

FIRST_DAY = date(2010, 1, 1)
PARTITIONS = dg.MultiPartitionsDefinition(
    {
        "venue": dg.StaticPartitionsDefinition(["XNAS"]),
        "trading_day": dg.TimeWindowPartitionsDefinition(
            cron_schedule="0 0 * * 1-5", start=FIRST_DAY.isoformat(), fmt="%Y-%m-%d", end_offset=1
        ),
    }
)
STREAM_TABLES = ("ticks", "order_events", "bars")


@dg.asset(group_name="engine_release")
def engine_release(operation: Operation) -> dg.MaterializeResult:
    """The built engine as a content-addressed archive with a manifest: what trades."""
    release = pack_release(BUILD / "cmake", REPOSITORY_ROOT, operation.build_directory / "releases")
    operation.leave("", "engine_release", {"archive": str(release.archive), "directory": str(release.directory)})
    operation.progress.stage("engine release", f"{release.version}, digest {release.digest[:12]}")
    return dg.MaterializeResult(
        metadata={
            "version": release.version,
            "digest": release.digest,
            "archive": dg.MetadataValue.path(release.archive),
        }
    )


@dg.asset(group_name="session", partitions_def=PARTITIONS, deps=[engine_release])
def session(context: dg.AssetExecutionContext, operation: Operation) -> dg.MaterializeResult:
    """One recorded day as ITCH 5.0, made from the given files, recorded data, or the simulator's generator."""
    venue, day = _partition(context)
    sources = [Path(source) for source in operation.sources] or default_sources(operation.environment, REPOSITORY_ROOT)
    made = prepare_session(sources, day, venue, operation.build_directory, _generation(operation, day))
    operation.leave(context.partition_key, "session", {"folder": str(made.folder)})
    text = f"{made.source}, {made.trading_day}: {made.messages:,} messages of {', '.join(made.symbols[:6])}"
    operation.progress.stage("session", text + (", ..." if len(made.symbols) > 6 else ""))
    return dg.MaterializeResult(
        metadata={
            "source": made.source, "messages": made.messages, "synthetic": made.synthetic, "digest": made.digest,
            "symbols": list(made.symbols[:100]), "file": dg.MetadataValue.path(made.itch),
        }
    )  # fmt: skip


@dg.asset(group_name="reference_data", partitions_def=PARTITIONS, deps=[session])
def reference_data(context: dg.AssetExecutionContext, operation: Operation) -> dg.MaterializeResult:
    """Instruments with stable ids, the day's locates, tick rules, calendar and fees."""
    selections = [placement.instruments for placement in operation.site.strategies]
    made = make_reference_data(_session(context, operation), operation.site.venues[0], selections)
    path = store_reference_data(made, operation.build_directory)
    operation.leave(context.partition_key, "reference_data", {"file": str(path)})
    traded = [instrument.symbol for instrument in made.instruments if instrument.traded]
    operation.progress.stage("reference data", f"{len(made.instruments)} instruments, traded: {', '.join(traded)}")
    return dg.MaterializeResult(
        metadata={"instruments": len(made.instruments), "traded": traded, "file": dg.MetadataValue.path(path)}
    )


@dg.asset(group_name="traded_session", partitions_def=PARTITIONS, deps=[session, reference_data, engine_release])
def traded_session(context: dg.AssetExecutionContext, operation: Operation) -> dg.MaterializeResult:
    """The journal of the engine trading the session against the exchange simulator; an interrupted one is resumed."""
    run = _open_run(context, operation)
    threading.Thread(target=_import_great_expectations, daemon=True).start()
    plane = operation.plane(run, _day(context))
    plane.follow()
    done = run.traded()
    if done is None:
        release = unpack_release(*_release_of(run))
        done = trade(operation.supervisor, release, run, operation.show_trading, plane.check)
        make_drop_copy(release, run)
        run.write("traded.json", done)
    engine = done["engine"]
    operation.progress.stage(
        "traded",
        f"{engine['orders']:,} orders, {engine['fills']:,} fills, profit {engine['pnl'] / 10_000:,.2f} dollars",
    )
    return dg.MaterializeResult(
        metadata={"orders": engine["orders"], "fills": engine["fills"], "journal": dg.MetadataValue.path(run.journal)}
    )


@dg.multi_asset(
    specs=[
        dg.AssetSpec(name, group_name="stream", partitions_def=PARTITIONS, deps=[traded_session])
        for name in STREAM_TABLES
    ]
)
def stream(context: dg.AssetExecutionContext, operation: Operation) -> Iterator[dg.MaterializeResult]:
    """Ticks, order events and bars of the traded session in the site's store, complete."""
    run = _run(context, operation)
    figures = operation.plane(run, _day(context)).finish(lambda text: operation.progress.moving("stream", text))
    run.write("stream.json", figures.as_json())
    run.finish()
    stored = ", ".join(f"{count:,} {table}" for table, count in figures.stored_by_table.items())
    operation.progress.stage("stream", f"{stored} in {figures.store}")
    for asset, table in zip(STREAM_TABLES, (TICKS, ORDER_EVENTS, operation.bars.name), strict=True):
        rows = figures.stored_by_table[table]
        yield dg.MaterializeResult(asset_key=asset, metadata={"rows": rows, "store": figures.store})


@dg.asset(
    group_name="quality",
    partitions_def=PARTITIONS,
    deps=list(STREAM_TABLES),
    check_specs=[
        dg.AssetCheckSpec(rule.name, asset="data_docs", description=f"{rule.table}: {rule.description}")
        for rule in RULES
    ],
)
def data_docs(context: dg.AssetExecutionContext, operation: Operation) -> dg.MaterializeResult:
    """Great Expectations' verdict on the stored session, a check a rule, with Data Docs."""
    run = _run(context, operation)
    day = _day(context)
    stored = stored_session(
        operation.plane(run, day).store(), day, operation.bars, operation.site.quality.staleness_ms_max, run,
        _session(context, operation),
    )  # fmt: skip
    findings = find_violations(stored)
    project = operation.report_directory / "quality"
    shutil.rmtree(project, ignore_errors=True)
    verdicts = judge(findings, project, f"{operation.site_name} {context.partition_key}")
    run.write("quality.json", {"verdicts": verdicts, "findings": [finding.as_json() for finding in findings]})
    failed = [name for name, passed in verdicts.items() if not passed]
    outcome = f"failed: {', '.join(failed)}" if failed else "all passed"
    operation.progress.stage("quality", f"{len(verdicts)} checks, {outcome}")
    return dg.MaterializeResult(
        metadata={"data_docs": dg.MetadataValue.path(data_docs_index(project))},
        check_results=[_check_result(finding, verdicts[finding.rule.name]) for finding in findings],
    )


@dg.asset(group_name="report", partitions_def=PARTITIONS, deps=[data_docs])
def report(context: dg.AssetExecutionContext, operation: Operation) -> dg.MaterializeResult:
    """report.html and report.json of the run; fails when a check failed, and says which rows."""
    run = _run(context, operation)
    content = write_report(
        operation.site, _session(context, operation), run, operation.plane(run, _day(context)).store(),
        operation.report_directory, operation.progress.elapsed_s(),
    )  # fmt: skip
    if content["checks"]["failed"]:
        raise dg.Failure(description=_failed_checks(run), allow_retries=False)
    return dg.MaterializeResult(
        metadata={
            "report": dg.MetadataValue.path(operation.report_directory / "report.html"),
            "profit": content["engine"]["pnl"],
        }
    )


ASSETS = [engine_release, session, reference_data, traded_session, stream, data_docs, report]


def _partition(context: dg.AssetExecutionContext) -> tuple[str, date]:
    keys = context.partition_key.keys_by_dimension
    return keys["venue"], date.fromisoformat(keys["trading_day"])


def _day(context: dg.AssetExecutionContext) -> Day:
    return Day(*_partition(context))


def _session(context: dg.AssetExecutionContext, operation: Operation) -> Session:
    return load_session(Path(operation.find(context.partition_key, "session")["folder"]))


def _run(context: dg.AssetExecutionContext, operation: Operation) -> RunDirectory:
    of_day = _session(context, operation)
    return operation.run_directory(of_day.trading_day.isoformat(), of_day.digest)


def _generation(operation: Operation, day: date) -> Generation:
    release = Path(operation.find("", "engine_release")["directory"])
    declared = operation.site.venues[0].environments[0].simulator.generated
    return Generation(release / "bin" / "exchange_simulator", declared.seed, declared.messages, declared.symbols, day)


def _open_run(context: dg.AssetExecutionContext, operation: Operation) -> RunDirectory:
    """The run's folder with everything that the programs read; what a resumed run already has is left as it was."""
    run = _run(context, operation)
    hot_directory = operation.hot_directory(run)
    if not run.open(secrets.token_hex(4), hot_directory) and (run.path / "engine.json").exists():
        operation.progress.stage("resumed", f"the interrupted run in {run.path}")
        return run
    file = Path(operation.find(context.partition_key, "reference_data")["file"])
    data = ReferenceData.from_json(file.read_text(), str(file))
    left = operation.find("", "engine_release")
    release = Path(left["directory"])
    rendered = Run(
        directory=str(run.path),
        hot_directory=str(hot_directory),
        credentials_directory=str(write_credentials(operation.site, operation.directory)),
        session_file=str(_session(context, operation).itch),
        release_digest=release.name,
        spec_digests=_spec_digests(release),
    )
    run.write("release.json", left)
    for name, text in (
        ("reference_data.json", data.model_dump_json(indent=1)),
        ("exchange.json", render_exchange(operation.site, operation.facts(), data, rendered)),
        ("engine.json", render_engine(operation.site, operation.facts(), data, rendered)),
    ):
        run.write_text(name, text)
    return run


def _release_of(run: RunDirectory) -> tuple[Path, Path]:
    left = run.read("release.json")
    return Path(left["archive"]), Path(left["directory"])


def _spec_digests(release: Path) -> dict[str, str]:
    files = Release.manifest(release)["files"]
    return {Path(name).stem: digest for name, digest in files.items() if name.startswith("strategies/")}


def _check_result(finding: Finding, passed: bool) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name=finding.rule.name,
        passed=passed,
        description=finding.sentence(),
        metadata={"rows examined": finding.examined, "violations": finding.violations},
    )


def _failed_checks(run: RunDirectory) -> str:
    quality = run.read("quality.json")
    failed = [finding for finding in quality["findings"] if not quality["verdicts"][finding["rule"]]]
    return "; ".join(finding["sentence"] for finding in failed)


def _import_great_expectations() -> None:
    """Its import takes seconds of processor time: it is paid while the session trades."""
    import great_expectations  # noqa: F401


__all__ = ["ASSETS", "PARTITIONS", "ColoError"]
