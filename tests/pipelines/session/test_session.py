"""A session is made once from its inputs, whole or not at all, and says what it holds."""

from __future__ import annotations

import gzip
import json
import os
import resource
import stat
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest

from pipelines.session import Generation, default_sources, load_session, prepare_session, trading_day_of
from pipelines.session.source_digest import source_digest
from stacks.topology.errors import ColoError
from tests.pipelines.session.itch_messages import add, directory, framed, some_messages
from tests.pipelines.session.packet_capture import ethernet, mold, udp, write_pcap
from tests.pipelines.session.reference_book import tracking_of, unframe
from tests.pipelines.session.simulated_recording import simulate, write_zip

VENUE = "XNAS"
DAY = date(2019, 1, 30)


def itch_file(folder: Path, name: str = "20190130.itch", content: bytes | None = None) -> Path:
    path = folder / name
    path.write_bytes(framed(directory(1, "TEST", 7), *some_messages(50)) if content is None else content)
    return path


def left_behind(output_root: Path) -> list[str]:
    folder = output_root / "sessions"
    return sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.exists() else []


def test_an_itch_file_becomes_a_session(tmp_path):
    path = itch_file(tmp_path)
    session = prepare_session([path], None, VENUE, tmp_path / "build")
    assert session.itch.read_bytes() == path.read_bytes()
    assert (session.trading_day, session.messages, session.symbols) == (DAY, 51, ("TEST",))
    assert (session.synthetic, session.synthetic_tracking_number) == (0, None)
    assert session.source == "ITCH 5.0 file: 20190130.itch"
    (instrument,) = session.instruments
    assert (instrument.locate, instrument.round_lot, instrument.price, instrument.messages) == (7, 100, 100_000, 51)
    description = json.loads((session.folder / "session.json").read_text())
    assert session.folder == tmp_path / "build" / "sessions" / description["digest"]
    assert {"digest", "source", "venue", "trading_day", "messages", "symbols", "synthetic"} <= description.keys()
    assert load_session(session.folder) == session


def test_zips_become_one_session_with_their_synthetic_messages_counted(tmp_path, seed):
    recordings = [simulate(seed + k, 2, 400) for k in range(2)]
    paths = [write_zip(tmp_path, r, symbol=s) for r, s in zip(recordings, ("BBB", "AAA"), strict=True)]
    session = prepare_session(paths, None, VENUE, tmp_path / "build")
    messages = list(unframe(session.itch.read_bytes()))
    marked = sum(tracking_of(message) == session.synthetic_tracking_number for message in messages)
    assert session.symbols == ("AAA", "BBB")
    assert session.trading_day == date(2012, 6, 21)
    assert (session.messages, session.synthetic) == (len(messages), marked)
    assert session.messages - session.synthetic == sum(len(r.messages) for r in recordings)
    assert prepare_session(paths[::-1], None, VENUE, tmp_path / "build").digest == session.digest


def test_a_capture_becomes_a_session(tmp_path):
    messages = some_messages(20)
    path = write_pcap(tmp_path / "feed.pcap", [ethernet(udp(mold(k + 1, [m]))) for k, m in enumerate(messages)])
    session = prepare_session([path], DAY, VENUE, tmp_path / "build")
    assert session.itch.read_bytes() == framed(*messages)
    assert session.source == "MoldUDP64 capture: feed.pcap"


def test_a_gzipped_file_gives_what_it_holds(tmp_path):
    plain = itch_file(tmp_path)
    packed = itch_file(tmp_path, "20190130.gz", gzip.compress(plain.read_bytes()))
    assert prepare_session([packed], None, VENUE, tmp_path / "b").itch.read_bytes() == plain.read_bytes()
    packed.write_bytes(packed.read_bytes()[:-20])
    with pytest.raises(ColoError, match=r"20190130\.gz: cannot be read"):
        prepare_session([packed], None, VENUE, tmp_path / "b")


def test_the_day(tmp_path):
    unnamed = itch_file(tmp_path, "feed.itch")
    with pytest.raises(ColoError, match=r"feed\.itch: its name does not tell the trading day; give it as DAY="):
        prepare_session([unnamed], None, VENUE, tmp_path / "build")
    assert prepare_session([unnamed], DAY, VENUE, tmp_path / "build").trading_day == DAY
    named = itch_file(tmp_path)
    assert prepare_session([named], date(2020, 5, 5), VENUE, tmp_path / "build").trading_day == date(2020, 5, 5)
    zipped = write_zip(tmp_path, simulate(1, 1, 50), name="recording.zip")
    assert prepare_session([zipped], None, VENUE, tmp_path / "build").trading_day == date(2012, 6, 21)
    other = write_zip(tmp_path, simulate(1, 1, 50), symbol="ELSE", day="2012-06-22")
    with pytest.raises(ColoError, match=r"is of 2012-06-21, but .* of 2012-06-22"):
        prepare_session([zipped, other], None, VENUE, tmp_path / "build")


def test_the_day_is_known_before_the_session_is_made(tmp_path):
    path = itch_file(tmp_path)
    assert trading_day_of([path], None, date(2024, 6, 20)) == DAY
    assert trading_day_of([path], date(2020, 5, 5), date(2024, 6, 20)) == date(2020, 5, 5)
    assert trading_day_of([], None, date(2024, 6, 20)) == date(2024, 6, 20)
    with pytest.raises(ColoError, match="does not tell the trading day"):
        trading_day_of([itch_file(tmp_path, "feed.itch")], None, date(2024, 6, 20))


def test_the_digest_is_of_the_inputs(tmp_path):
    def digest(content: bytes, name: str = "20190130.itch", venue: str = VENUE, day: date | None = None) -> str:
        return prepare_session([itch_file(tmp_path, name, content)], day, venue, tmp_path / "build").digest

    one, other = framed(*some_messages(5)), framed(*some_messages(6))
    assert digest(one) == digest(one)
    different = {digest(one), digest(other), digest(one, name="20190130.bin"), digest(one, venue="XBOS")}
    assert len(different | {digest(one, day=date(2019, 1, 31))}) == 5


def test_asking_again_makes_nothing_and_is_quick(tmp_path):
    content = framed(*some_messages(200_000))
    path = itch_file(tmp_path, content=content)
    old = time.time() - 60

    os.utime(path, (old, old))
    first = prepare_session([path], None, VENUE, tmp_path / "build")
    made = first.itch.stat().st_mtime_ns
    started = time.perf_counter()
    again = prepare_session([path], None, VENUE, tmp_path / "build")
    elapsed_s = time.perf_counter() - started
    assert again == first
    assert first.itch.stat().st_mtime_ns == made
    assert elapsed_s < 0.1


def test_a_changed_source_is_noticed(tmp_path):
    cache = tmp_path / "cache.json"
    path = itch_file(tmp_path)
    before = source_digest(path, cache)
    path.write_bytes(path.read_bytes()[::-1])
    assert source_digest(path, cache) != before
    cache.write_text("not json")
    assert source_digest(path, cache) != before


def test_a_failure_leaves_nothing_behind(tmp_path):
    output_root = tmp_path / "build"
    good = prepare_session([itch_file(tmp_path)], None, VENUE, output_root)
    bad = itch_file(tmp_path, "20190131.itch", framed(*some_messages(50))[:-1])
    with pytest.raises(ColoError, match=r"20190131\.itch: is cut off"):
        prepare_session([bad], None, VENUE, output_root)
    assert left_behind(output_root) == [good.digest]
    assert load_session(good.folder) == good


def test_a_damaged_session_is_made_again(tmp_path):
    path = itch_file(tmp_path)
    session = prepare_session([path], None, VENUE, tmp_path / "build")
    session.itch.write_bytes(b"")
    with pytest.raises(ColoError, match=r"session\.itch: has 0 bytes, not the \d+ of its description"):
        load_session(session.folder)
    assert prepare_session([path], None, VENUE, tmp_path / "build") == session
    (session.folder / "session.json").write_text("{}")
    assert prepare_session([path], None, VENUE, tmp_path / "build") == session
    with pytest.raises(ColoError, match=r"session\.json: does not describe a session"):
        load_session(tmp_path)


FILL_DISK = """
import resource, signal, sys
from datetime import date
from pathlib import Path
from pipelines.session import prepare_session
from stacks.topology.errors import ColoError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    prepare_session([Path(sys.argv[1])], None, "XNAS", Path(sys.argv[2]))
except ColoError as error:
    print(error)
"""


def test_a_disk_that_takes_no_more_is_named(tmp_path, repository_root):
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY
    path = itch_file(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", FILL_DISK, str(path), str(tmp_path / "build")],
        cwd=repository_root, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert f"{tmp_path / 'build' / 'sessions'}: the session cannot be written: File too large" in done.stdout
    assert left_behind(tmp_path / "build") == []


def simulator(folder: Path, body: str) -> Path:
    """A program in the place of the exchange simulator."""
    path = folder / "exchange_simulator"
    path.write_text(f"#!{sys.executable}\nimport sys\narguments = sys.argv[1:]\n{body}")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_a_generated_session(tmp_path):
    marked = b"".join((len(m).to_bytes(2, "big") + m[:3] + b"\xc0\x10" + m[5:]) for m in some_messages(30))
    body = (
        f"open(arguments[arguments.index('--out') + 1], 'wb').write({marked!r})\n"
        "assert arguments[0] == '--generate' and arguments[arguments.index('--day') + 1] == '2019-01-30'\n"
    )
    generation = Generation(simulator(tmp_path, body), seed=7, messages=30, symbols=1, day=DAY)
    session = prepare_session([], None, VENUE, tmp_path / "build", generation)
    assert session.itch.read_bytes() == marked
    assert session.source == "generated: seed 7, 30 messages, 1 symbols"
    assert (session.trading_day, session.messages) == (DAY, 30)
    assert (session.synthetic, session.synthetic_tracking_number) == (30, 0xC010)
    assert prepare_session([], DAY, VENUE, tmp_path / "build", generation) == session
    simulator(tmp_path, body + "# another program may generate another session\n")
    assert prepare_session([], None, VENUE, tmp_path / "build", generation).digest != session.digest


def test_a_generator_that_fails_or_is_missing_is_named(tmp_path):
    failing = simulator(tmp_path, "sys.exit('exchange_simulator: --messages must be positive')\n")
    generation = Generation(failing, seed=7, messages=0, symbols=1, day=DAY)
    with pytest.raises(ColoError, match=r"generating a session failed: .*--messages must be positive"):
        prepare_session([], None, VENUE, tmp_path / "build", generation)
    simulator(tmp_path, "")
    with pytest.raises(ColoError, match=r"exchange_simulator: ended without writing the session"):
        prepare_session([], None, VENUE, tmp_path / "build", generation)
    failing.write_text("#!/nowhere/python\n")
    with pytest.raises(ColoError, match=r"exchange_simulator: cannot generate a session: .*No such file"):
        prepare_session([], None, VENUE, tmp_path / "build", generation)
    failing.unlink()
    with pytest.raises(ColoError, match=r"exchange_simulator: cannot be read: .*No such file"):
        prepare_session([], None, VENUE, tmp_path / "build", generation)
    with pytest.raises(ColoError, match="SESSION: names no recorded session"):
        prepare_session([], None, VENUE, tmp_path / "build")


def test_the_default_recording_is_converted_in_seconds(tmp_path, recorded_data, repository_root):
    sources = default_sources({"COLO_DATA": str(recorded_data)}, repository_root)
    started = time.perf_counter()
    session = prepare_session(sources, None, VENUE, tmp_path)
    assert time.perf_counter() - started < 15
    assert session.symbols == ("AAPL", "AMZN")
    assert session.messages - session.synthetic == 118_497 + 155_935


def test_a_file_of_300_megabytes_does_not_take_minutes(tmp_path):
    """Checked on a tenth of that, with time in proportion, so that the test stays quick."""
    block = framed(*(add(k, k) for k in range(10_000)))
    path = itch_file(tmp_path, content=block * (30_000_000 // len(block)))
    started = time.perf_counter()
    prepare_session([path], None, VENUE, tmp_path / "build")
    assert time.perf_counter() - started < 6
