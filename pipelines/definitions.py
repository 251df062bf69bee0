"""What Dagster loads: the assets of the site named by COLO_SITE, and the job that makes one trading day of them."""

from __future__ import annotations

import os
from collections.abc import Sequence

import dagster as dg

from pipelines.assets import ASSETS
from pipelines.operation import BUILD, Operation

SESSION_JOB = "trading_session"


def build_definitions(
    site_name: str, sources: Sequence[str] = (), day: str = "", build: str = str(BUILD)
) -> dg.Definitions:
    """The definitions of one site; `sources` are session files, `day` its trading day where their names do not tell,
    `build` the folder of all that is made."""
    return dg.Definitions(
        assets=ASSETS,
        jobs=[dg.define_asset_job(SESSION_JOB, selection=dg.AssetSelection.all())],
        resources={"operation": Operation(site_name=site_name, sources=list(sources), day=day, build=build)},
        executor=dg.in_process_executor,
    )


defs = build_definitions(os.environ.get("COLO_SITE", "desk"))
