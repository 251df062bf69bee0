"""The tables of the PostgreSQL store, rendered: what the record and the bars are made of decides every column.

Two forms, chosen by what the server offers. With TimescaleDB the tables are hypertables over event time. Without it
they are natively partitioned: one partition for each venue and trading day, so that replacing or dropping a day is
dropping a table. In both, a row is unique by its journal offset within the day (ticks, order events) or by instrument
and window (bars): whatever a loader or a job does twice, no row can stand twice.
"""

from __future__ import annotations

from engine import records
from pipelines.store.bars import BAR_COLUMNS, KEY
from pipelines.store.tick_store import Day
from stacks.topology.data_plane import Postgres

DAY_COLUMNS = (("mic", 'text COLLATE "C"'), ("trading_day", "date"))
HOUR_NS = 3_600_000_000_000


def render_schema(postgres: Postgres, record_tables: tuple[str, ...], bar_tables: tuple[str, ...], hyper: bool) -> str:
    """All statements that make the tables; each may be run again on a database that has them."""
    statements = [f"CREATE SCHEMA IF NOT EXISTS {postgres.schema_name}"]
    if hyper:
        statements.append("CREATE EXTENSION IF NOT EXISTS timescaledb")
    for table in record_tables:
        statements += _record_table(postgres, table, hyper)
    for table in bar_tables:
        statements += _bar_table(postgres, table, hyper)
    statements += [
        f"""CREATE TABLE IF NOT EXISTS {postgres.schema_name}.days (
    mic text COLLATE "C" NOT NULL,
    trading_day date NOT NULL,
    run_id text NOT NULL,
    PRIMARY KEY (mic, trading_day)
)""",
        f"""CREATE TABLE IF NOT EXISTS {postgres.schema_name}.stream_offsets (
    topic text NOT NULL,
    partition integer NOT NULL,
    next_offset bigint NOT NULL,
    records bigint NOT NULL,
    ended boolean NOT NULL,
    PRIMARY KEY (topic, partition)
)""",
    ]
    return ";\n\n".join(statements) + ";\n"


def partition_name(table: str, day: Day) -> str:
    """Name of the native partition of a table and day."""
    return f"{table}_{day.mic.lower()}_{day.trading_day:%Y%m%d}"


def render_partition(postgres: Postgres, table: str, day: Day, unique_offset: bool) -> str:
    """Statements that make the native partition of a day."""
    schema, name = postgres.schema_name, partition_name(table, day)
    bounds = f"FROM ('{day.mic}', '{day.trading_day}') TO ('{day.mic}', '{day.trading_day.isoformat()}'::date + 1)"
    made = f"CREATE TABLE IF NOT EXISTS {schema}.{name} PARTITION OF {schema}.{table} FOR VALUES {bounds}"
    if not unique_offset:
        return made
    return f"{made};\nCREATE UNIQUE INDEX IF NOT EXISTS {name}_journal_offset ON {schema}.{name} (journal_offset)"


def render_day_index(postgres: Postgres, table: str, day: Day, hyper: bool) -> str:
    """The index for queries by instrument and time: made once a day is loaded, which is cheaper than row by row."""
    name = table if hyper else partition_name(table, day)
    columns = "(instrument_id, event_time_ns)"
    return f"CREATE INDEX IF NOT EXISTS {name}_instrument_time ON {postgres.schema_name}.{name} {columns}"


def _record_table(postgres: Postgres, table: str, hyper: bool) -> list[str]:
    columns = records.column_list((*DAY_COLUMNS, *records.postgresql_columns()), " NOT NULL")
    name = f"{postgres.schema_name}.{table}"
    if not hyper:
        return [f"CREATE TABLE IF NOT EXISTS {name} (\n{columns}\n) PARTITION BY RANGE (mic, trading_day)"]
    unique = "(mic, trading_day, journal_offset, event_time_ns)"
    return [
        f"CREATE TABLE IF NOT EXISTS {name} (\n{columns}\n)",
        _hypertable(postgres, name, "event_time_ns"),
        f"CREATE UNIQUE INDEX IF NOT EXISTS {table}_journal_offset ON {name} {unique}",
    ]


def _bar_table(postgres: Postgres, table: str, hyper: bool) -> list[str]:
    days = [f"    {name} {kind} NOT NULL" for name, kind in DAY_COLUMNS]
    bars = [
        f'    "{column.name}" {column.type.postgresql}{"" if column.nullable else " NOT NULL"}'
        for column in BAR_COLUMNS
    ]
    key = f"    PRIMARY KEY ({', '.join(('mic', 'trading_day', *KEY))})"
    columns = ",\n".join([*days, *bars, key])
    name = f"{postgres.schema_name}.{table}"
    made = f"CREATE TABLE IF NOT EXISTS {name} (\n{columns}\n)"
    if hyper:
        return [made, _hypertable(postgres, name, "window_start_ns")]
    return [f"{made} PARTITION BY RANGE (mic, trading_day)"]


def _hypertable(postgres: Postgres, name: str, time_column: str) -> str:
    interval = postgres.partition_hours * HOUR_NS
    return (
        f"SELECT create_hypertable('{name}', by_range('{time_column}', {interval}::bigint), "
        "create_default_indexes => false, if_not_exists => true)"
    )
