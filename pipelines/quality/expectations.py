"""Great Expectations judges the findings: one expectation a rule, a checkpoint, and Data Docs to look at.

The batch is the table of violations (rule, stored_row, detail); a rule's expectation is that no row carries its
name, with `stored_row` as the index column, so that Data Docs name the offending rows.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from pipelines.quality.violations import Finding

SUITE = "stored session"


def judge(findings: Sequence[Finding], project_directory: Path, run_name: str) -> dict[str, bool]:
    """Validates the findings and builds Data Docs under `project_directory`, which call the run by `run_name`.

    Returns {rule name: passed}.
    """
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx  # takes seconds to import: only the process that judges pays

    context = gx.get_context(mode="file", project_root_dir=str(project_directory))
    context.variables.progress_bars = {"globally": False}
    batch = context.data_sources.add_or_update_pandas(SUITE).add_dataframe_asset("violations")
    suite = context.suites.add_or_update(gx.ExpectationSuite(name=SUITE))
    for finding in findings:
        suite.add_expectation(_expectation(gx, finding))
    definition = context.validation_definitions.add_or_update(
        gx.ValidationDefinition(name=SUITE, data=batch.add_batch_definition_whole_dataframe("whole"), suite=suite)
    )
    checkpoint = context.checkpoints.add_or_update(
        gx.Checkpoint(name=SUITE, validation_definitions=[definition], result_format=_RESULT_FORMAT)
    )
    result = checkpoint.run(
        batch_parameters={"dataframe": _table(findings)}, run_id=gx.core.RunIdentifier(run_name=run_name)
    )
    context.build_data_docs()
    (validation,) = result.run_results.values()
    return {item.expectation_config.meta["rule"]: bool(item.success) for item in validation.results}


def data_docs_index(project_directory: Path) -> Path:
    """The first page of the Data Docs that `judge` built."""
    return project_directory / "gx" / "uncommitted" / "data_docs" / "local_site" / "index.html"


_RESULT_FORMAT = {
    "result_format": "COMPLETE",
    "unexpected_index_column_names": ["stored_row", "detail"],
    "partial_unexpected_count": 20,
}


def _expectation(gx, finding: Finding):
    rule = finding.rule
    return gx.expectations.ExpectColumnValuesToNotBeInSet(
        column="rule",
        value_set=[rule.name],
        meta={"rule": rule.name, "violations": finding.violations},
        description=f"{rule.name}: {rule.description} {finding.examined:,} rows examined.",
    )


def _table(findings: Sequence[Finding]):
    import pandas as pd

    rows = [(finding.rule.name, *row) for finding in findings for row in finding.rows]
    return pd.DataFrame(rows, columns=["rule", "stored_row", "detail"], dtype="object")
