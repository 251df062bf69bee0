"""Builds the bars job and submits it to a cluster; runs in Flink's own environment and prints the job's id.

    build/flink-venv/bin/python -m pipelines.flink.bars_job RENDERED_JOB

The file is removed once it is read, because it holds the password of the database.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from pyflink.common import Configuration
from pyflink.table import EnvironmentSettings, StatementSet, TableEnvironment


def build(environment: TableEnvironment, source: str, sink: str, insert: str) -> StatementSet:
    """The job: tables `source` and `sink` by their DDL, and the insertion between them; the caller executes it."""
    environment.execute_sql(source)
    environment.execute_sql(sink)
    statements = environment.create_statement_set()
    statements.add_insert_sql(insert)
    return statements


def cluster_environment(job: dict[str, Any]) -> TableEnvironment:
    """An environment whose statements run on the standing cluster at job["address"]."""
    configuration = Configuration()
    for key, value in job["settings"].items():
        configuration.set_string(key, value)
    configuration.set_string("execution.target", "remote")
    configuration.set_string("rest.address", job["address"])
    configuration.set_string("rest.port", str(job["rest_port"]))
    configuration.set_string("pipeline.name", job["name"])
    configuration.set_string("pipeline.jars", ";".join(job["jars"]))
    if savepoint := job.get("savepoint"):
        configuration.set_string("execution.state-recovery.path", savepoint)
    return TableEnvironment.create(EnvironmentSettings.new_instance().with_configuration(configuration).build())


def main() -> int:
    """Submit the job of a file; one line of JSON with its id."""
    file = Path(sys.argv[1])
    job = json.loads(file.read_text())
    file.unlink()
    statements = build(cluster_environment(job), job["source"], job["sink"], job["insert"])
    client = statements.execute().get_job_client()
    print(json.dumps({"job_id": str(client.get_job_id())}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
