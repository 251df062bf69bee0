"""What is wrong ends a run with one sentence that names file and offset, port or program; nothing stored is lost."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.simulation.conftest import ShortSession, generate
from tests.simulation.site_runs import ROOT, RunServer, SiteRuns

OTHER_DAY = "2024-06-21"


@pytest.fixture(autouse=True)
def _nothing_stored_is_lost(desk: SiteRuns, short_session: ShortSession) -> Iterator[None]:
    """Around each test: the rows of the day that is stored, and the report, are what they were."""
    report = (desk.build / "run" / "report.json").read_bytes()
    rows = {table: desk.rows(table, short_session.day) for table in ("ticks", "order_events", "bars_1s")}
    yield
    assert (desk.build / "run" / "report.json").read_bytes() == report
    assert all(desk.rows(table, short_session.day).equals(before) for table, before in rows.items())


def frame_offset(data: bytes, number: int) -> int:
    """Where the length prefix of a message lies, the first being number 0."""
    offset = 0
    for _ in range(number):
        offset += 2 + int.from_bytes(data[offset : offset + 2], "big")
    return offset


def cut_off(data: bytearray, offset: int) -> None:
    del data[offset + 9 :]


def unknown_type(data: bytearray, offset: int) -> None:
    data[offset + 2] = ord("z")


def lying_prefix(data: bytearray, offset: int) -> None:
    data[offset + 1] += 1


def time_beyond_midnight(data: bytearray, offset: int) -> None:
    data[offset + 7 : offset + 13] = b"\xff" * 6


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (cut_off, "is cut off in the message at byte offset {0}: 7 of "),
        (unknown_type, "unknown ITCH 5.0 message type 'z' at byte offset {0}"),
        (lying_prefix, "the length prefix at byte offset {0} says "),
        (time_beyond_midnight, "the timestamp at byte offset {1} is beyond the end of the day"),
    ],
)
def test_a_damaged_itch_file(
    desk: SiteRuns,
    short_session: ShortSession,
    tmp_path: Path,
    damage: Callable[[bytearray, int], None],
    says: str,
    seed: int,
):
    data = bytearray(short_session.file.read_bytes())
    offset = frame_offset(data, seed % short_session.messages)
    damage(data, offset)
    file = tmp_path / f"damaged_{OTHER_DAY}.itch50"
    file.write_bytes(data)
    sentence = desk.run([file]).sentence()
    assert str(file) in sentence and says.format(offset, offset + 7) in sentence


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        (21, b"Q", "the side at byte offset {0} is 'Q', not 'B' or 'S'"),
        (22, bytes(4), "the order at byte offset {0} is added with 0 shares"),
        (3, b"\xee\xee", "the message at byte offset {1} has locate 61166 for "),
    ],
    ids=["side", "shares", "locate"],
)
def test_an_impossible_order(
    desk: SiteRuns, short_session: ShortSession, tmp_path: Path, field: int, value: bytes, says: str, seed: int
):
    data = bytearray(short_session.file.read_bytes())
    number = seed % (short_session.messages // 2)
    while data[frame_offset(data, number) + 2] != ord("A"):
        number += 1
    offset = frame_offset(data, number)
    data[offset + field : offset + field + len(value)] = value
    file = tmp_path / f"impossible_{OTHER_DAY}.itch50"
    file.write_bytes(data)
    sentence = desk.run([file]).sentence()
    assert str(file) in sentence and says.format(offset + field, offset) in sentence


def empty(file: Path) -> None:
    file.write_bytes(b"")


def no_session(file: Path) -> None:
    file.write_text("time,price\n1,2\n")


def missing(file: Path) -> None:
    assert not file.exists()


@pytest.mark.parametrize(
    ("make", "name", "says"),
    [
        (empty, f"{OTHER_DAY}.itch50", "is empty; expected an ITCH 5.0 file, a MoldUDP64 capture (pcap or pcapng) or"),
        (no_session, f"{OTHER_DAY}.csv", "is neither an ITCH 5.0 file, "),
        (missing, f"{OTHER_DAY}.itch50", "No such file or directory"),
        (no_session, f"{OTHER_DAY}.itch50", "at byte offset 0"),
    ],
)
def test_a_file_that_is_no_session(desk: SiteRuns, tmp_path: Path, make: Callable[[Path], None], name: str, says: str):
    file = tmp_path / name
    make(file)
    sentence = desk.run([file]).sentence()
    assert str(file) in sentence and says in sentence


@pytest.mark.parametrize(
    ("day", "says"),
    [
        ("2020-02-01", "2020-02-01 is a Saturday: is that the session's trading day?"),
        ("1999-12-31", "1999-12-31 is no day to trade: sessions are of 2010-01-01 up to today"),
        ("2199-01-02", "2199-01-02 is no day to trade"),
    ],
)
def test_a_day_that_cannot_be(desk: SiteRuns, short_session: ShortSession, day: str, says: str):
    assert desk.run([short_session.file], day=day).sentence().startswith(f"colo: {says}")


def test_a_damaged_file_of_an_earlier_run_is_named(desk: SiteRuns, short_session: ShortSession):
    file = desk.run_directory(short_session.day) / "run.json"
    whole = file.read_text()
    file.write_text("{")
    (file.parent / "complete").rename(file.parent / "complete.aside")
    try:
        assert desk.run([short_session.file]).sentence().startswith(f"colo: {file}: damaged at character 1: ")
    finally:
        file.write_text(whole)
        (file.parent / "complete.aside").rename(file.parent / "complete")


def test_a_day_that_is_missing_or_wrong(desk: SiteRuns, short_session: ShortSession, tmp_path: Path):
    file = tmp_path / "session.itch50"
    file.write_bytes(short_session.file.read_bytes())
    assert desk.run([file]).sentence() == (
        f"colo: {file}: its name does not tell the trading day; give it as DAY=YYYY-MM-DD"
    )
    assert desk.run([file], day="today").sentence() == "colo: DAY=today is not a date of the form YYYY-MM-DD"


def test_a_site_that_cannot_be_run(desk: SiteRuns):
    assert "site 'desc' is not declared; known sites are aurora, " in desk.run(site="desc").sentence()
    assert "only a desk or lab runs on one machine" in desk.run(site="carteret").sentence()


@pytest.mark.parametrize(
    ("kind", "port"),
    [("udp", 17101), ("udp", 17102), ("udp", 17103), ("tcp", 17104), ("tcp", 17105)],
    ids=["line A", "line B", "re-request", "snapshot", "order entry"],
)
def test_a_port_that_is_in_use(desk: SiteRuns, workplace: Path, kind: str, port: int):
    def hold() -> socket.socket:
        holder = socket.socket(socket.AF_INET, socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM)
        holder.bind(("0.0.0.0", port))
        if kind == "tcp":
            holder.listen()
        return holder

    session = other_session(workplace)
    desk.forget(OTHER_DAY)
    with desk.machine.run(hold):
        sentence = desk.run([session]).sentence()
    assert str(port) in sentence and "in use" in sentence, sentence


def other_session(workplace: Path) -> Path:
    """A session of another day than the stored one, so that nothing is replaced."""
    file = workplace / f"other_{OTHER_DAY}.itch50"
    if not file.exists():
        generate(file, seed=12, messages=2_000, day=OTHER_DAY)
    return file


@pytest.fixture
def path_without_java(tmp_path: Path) -> str:
    """A PATH with the programs of this machine, but for Java and for what could install it."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for folder in ("/usr/sbin", "/usr/bin", "/sbin", "/bin"):
        for program in Path(folder).iterdir():
            if not program.name.startswith(("java", "apt")) and not (programs / program.name).is_symlink():
                (programs / program.name).symlink_to(program)
    return str(programs)


def test_java_that_is_missing(
    desk: SiteRuns, run_server: RunServer, short_session: ShortSession, workplace: Path, path_without_java: str
):
    runs = SiteRuns(desk.machine, run_server, "lab", workplace / "lab-without-java")
    sentence = runs.run([short_session.file], environment={"PATH": path_without_java, "JAVA_HOME": ""}).sentence()
    assert sentence.startswith("colo: java is missing: Kafka and Flink need Java 17 or newer (Debian package ")


def test_java_that_cannot_be_installed(path_without_java: str):
    done = subprocess.run(
        ["/bin/bash", ROOT / "requirements" / "install.sh", "apt-services"],
        env={"PATH": path_without_java, "HOME": path_without_java},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1, done.stderr
    assert done.stderr.startswith("setup: this system has no apt; install what these Debian packages hold: ")
    assert "default-jdk-headless" in done.stderr
