"""An interrupted run is resumed, a finished one starts afresh, and neither leaves anything of the other."""

from __future__ import annotations

import json
from pathlib import Path

from pipelines.trading.credentials import credential_names, write_credentials
from pipelines.trading.run_directory import RunDirectory
from pipelines.trading.session_run import last_line
from stacks.sites import load_site


def test_an_interrupted_run_keeps_its_key_and_its_journal(tmp_path: Path) -> None:
    run, hot = RunDirectory(tmp_path / "run"), tmp_path / "hot"
    assert run.open("first", hot)
    (run.journal / "journal-0000000000.colo").write_bytes(b"kept")
    hot.mkdir()
    assert not run.open("second", hot)
    assert run.key == "first"
    assert (run.journal / "journal-0000000000.colo").read_bytes() == b"kept"
    assert hot.exists()


def test_a_finished_run_starts_afresh_with_its_hot_segments_gone(tmp_path: Path) -> None:
    run, hot = RunDirectory(tmp_path / "run"), tmp_path / "hot"
    run.open("first", hot)
    hot.mkdir()
    (run.journal / "journal-0000000000.colo").write_bytes(b"old")
    run.write("traded.json", {"orders": 1})
    run.finish()
    assert run.open("second", hot)
    assert run.key == "second"
    assert list(run.journal.iterdir()) == []
    assert run.traded() is None
    assert not hot.exists()


def test_a_half_written_file_never_shows(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path)
    run.write("traded.json", {"orders": 2})
    assert json.loads((tmp_path / "traded.json").read_text()) == {"orders": 2}
    assert [path.name for path in tmp_path.iterdir()] == ["traded.json"]


def test_credentials_are_made_once_for_the_owner_alone(tmp_path: Path) -> None:
    site = load_site("lab")
    assert credential_names(site) == ["control-operator", "glimpse", "ouch-1", "postgres"]
    folder = write_credentials(site, tmp_path)
    first = {path.name: path.read_text() for path in folder.iterdir()}
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert all(len(password) == 10 for name, password in first.items() if name != "control-operator")
    assert len(first["control-operator"]) >= 43, "nobody types an operator's token"
    write_credentials(site, tmp_path)
    assert {path.name: path.read_text() for path in folder.iterdir()} == first


def test_the_latest_line_of_json_is_found_among_other_text(tmp_path: Path) -> None:
    log = tmp_path / "engine.log"
    assert last_line(log) == {}
    log.write_text('starting\n{"sequence": 1}\n{"sequence": 2, "done": true}\nengine: bye\n{"sequence": 3')
    assert last_line(log) == {"sequence": 2, "done": True}
