"""The venue's drop copy of a run: its own record of what it executed for us, to be reconciled with what we hold."""

from __future__ import annotations

import subprocess

import pyarrow as pa
import pyarrow.csv

from pipelines.release.archive import Release
from pipelines.trading.run_directory import RunDirectory
from stacks.topology.errors import ColoError
from stacks.topology.instrument import ReferenceData

DROP_COPY = "drop_copy.csv"
MADE_S_MAX = 600


def make_drop_copy(release: Release, run: RunDirectory) -> None:
    """Have the exchange simulator, which has ended, write what it executed; ColoError in its words where it cannot."""
    command = [release.program("exchange_simulator"), "--config", run.path / "exchange.json"]
    made = subprocess.run(
        [*command, "--drop-copy", run.path / DROP_COPY], capture_output=True, text=True, timeout=MADE_S_MAX
    )
    if made.returncode:
        raise ColoError(made.stderr.strip() or f"exchange_simulator ended with status {made.returncode}")


def read_drop_copy(run: RunDirectory, reference_data: ReferenceData) -> pa.Table:
    """kind, match_number, order_id, instrument_id (0 of an unknown symbol), side, price and quantity, as the venue has
    them; ColoError names the file where it is not what the simulator writes."""
    file = run.path / DROP_COPY
    types = {"user_ref_num": pa.int64(), "match_number": pa.int64(), "quantity": pa.int64(), "price": pa.int64()}
    options = pyarrow.csv.ConvertOptions(column_types={**types, "kind": pa.string(), "symbol": pa.string()})
    try:
        copied = pyarrow.csv.read_csv(file, convert_options=options)
        ids = {instrument.symbol: instrument.instrument_id for instrument in reference_data.instruments}
        return pa.table(
            {
                "kind": copied["kind"],
                "match_number": copied["match_number"],
                "order_id": copied["user_ref_num"],
                "instrument_id": pa.array([ids.get(symbol, 0) for symbol in copied["symbol"].to_pylist()], pa.int32()),
                "side": pa.array([ord(side) for side in copied["side"].to_pylist()], pa.int8()),
                "price": copied["price"],
                "quantity": copied["quantity"],
            }
        )
    except (OSError, KeyError, TypeError, pa.ArrowInvalid) as error:
        raise ColoError(f"{file}: is no drop copy: {error}") from None
