"""Sources are told apart by what they hold, days by what they are called."""

from __future__ import annotations

import gzip
from datetime import date
from pathlib import Path

import pytest

from pipelines.session.sources import Kind, day_in_name, default_sources, detect, one_kind, split_sources
from stacks.topology.errors import ColoError
from tests.pipelines.session.itch_messages import framed, some_messages
from tests.pipelines.session.packet_capture import write_pcap, write_pcapng
from tests.pipelines.session.simulated_recording import simulate, write_zip


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("01302020.NASDAQ_ITCH50", date(2020, 1, 30)),
        ("20190130.BX_ITCH_50.gz", date(2019, 1, 30)),
        ("S013019-v50.txt.gz", date(2019, 1, 30)),
        ("S123119-v50-bx.txt", date(2019, 12, 31)),
        ("LOBSTER_SampleFile_AMZN_2012-06-21_5.zip", date(2012, 6, 21)),
        ("AAPL_2012-06-21_34200000_37800000_message_50.csv.gz", date(2012, 6, 21)),
        ("aapl_20200130_first10k.itch50", date(2020, 1, 30)),
        ("capture-20230822-0930.pcap", date(2023, 8, 22)),
        ("session_34200000_57600000.itch", None),
        ("2019-02-30.itch", None),
        ("13322019.itch", None),
        ("120190130.itch", None),
        ("feed.pcap", None),
    ],
)
def test_the_day_in_a_name(name, day):
    assert day_in_name(name) == day


def make(folder: Path) -> dict[str, Path]:
    itch = framed(*some_messages(5))
    message_name = "TEST_2012-06-21_34200000_57600000_message_1.csv"
    files = {
        "itch": itch,
        "itch named as a zip.zip": itch,
        "itch.gz": gzip.compress(itch),
        message_name: simulate(1, 1, 20).message_csv(),
        message_name + ".gz": gzip.compress(simulate(1, 1, 20).message_csv()),
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    paths = {name: folder / name for name in files}
    paths["pcap"] = write_pcap(folder / "capture.bin", [])
    paths["nanosecond pcap"] = write_pcap(folder / "capture2.bin", [], form="nanoseconds big endian")
    paths["pcapng"] = write_pcapng(folder / "capture3.zip", [])
    paths["zip"] = write_zip(folder, simulate(1, 1, 20), name="lobster.pcap")
    return paths


def test_kinds_are_told_by_content(tmp_path):
    kinds = {name: detect(path).kind for name, path in make(tmp_path).items()}
    assert kinds == {
        "itch": Kind.ITCH,
        "itch named as a zip.zip": Kind.ITCH,
        "itch.gz": Kind.ITCH,
        "TEST_2012-06-21_34200000_57600000_message_1.csv": Kind.LOBSTER_MESSAGES,
        "TEST_2012-06-21_34200000_57600000_message_1.csv.gz": Kind.LOBSTER_MESSAGES,
        "pcap": Kind.CAPTURE,
        "nanosecond pcap": Kind.CAPTURE,
        "pcapng": Kind.CAPTURE,
        "zip": Kind.LOBSTER,
    }


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("empty.itch", b"", "is empty"),
        (
            "notes.txt",
            b"some words about a market\n",
            "is neither an ITCH 5.0 file, .* nor a LOBSTER zip .it begins with",
        ),
        ("table.csv", b"time,price\n1,2\n", "is neither"),
        ("double.gz", gzip.compress(b"PK\x03\x04 a zip in gzip"), "is neither"),
        ("cut.gz", gzip.compress(bytes(1000))[:8], "cannot be read"),
    ],
)
def test_anything_else_is_refused_in_one_sentence(tmp_path, name, content, sentence):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ColoError, match=rf"{name}: {sentence}"):
        detect(tmp_path / name)


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    with pytest.raises(ColoError, match=r"nowhere: cannot be read: .*No such file"):
        detect(tmp_path / "nowhere")
    with pytest.raises(ColoError, match=r"cannot be read: .*Is a directory"):
        detect(tmp_path)


def test_what_can_be_combined(tmp_path):
    paths = make(tmp_path)
    assert one_kind([detect(paths["pcap"]), detect(paths["pcapng"])]) is Kind.CAPTURE
    with pytest.raises(ColoError, match="a LOBSTER zip and a MoldUDP64 capture together"):
        one_kind([detect(paths["zip"]), detect(paths["pcap"])])
    with pytest.raises(ColoError, match=r"itch\.gz: a second ITCH 5\.0 file"):
        one_kind([detect(paths["itch"]), detect(paths["itch.gz"])])


def test_session_text_is_split_at_spaces_unless_it_is_one_path(tmp_path):
    assert split_sources("a.zip b.zip") == [Path("a.zip"), Path("b.zip")]
    spaced = tmp_path / "my recordings.zip"
    spaced.touch()
    assert split_sources(str(spaced)) == [spaced]


def test_default_sources(tmp_path):
    repository = tmp_path / "repository"
    assert default_sources({}, repository) == []
    with pytest.raises(ColoError, match=r"COLO_DATA: .* does not exist"):
        default_sources({"COLO_DATA": str(tmp_path)}, repository)
    for folder in (tmp_path / "shared" / "data" / "lobster", tmp_path / "elsewhere" / "lobster"):
        folder.mkdir(parents=True)
        for name in ("AMZN_2012-06-21_5", "AAPL_2012-06-21_1"):
            (folder / f"LOBSTER_SampleFile_{name}.zip").touch()
    assert {path.parent for path in default_sources({}, repository)} == {tmp_path / "shared" / "data" / "lobster"}
    chosen = default_sources({"COLO_DATA": str(tmp_path / "elsewhere")}, repository)
    assert [path.parent for path in chosen] == [tmp_path / "elsewhere" / "lobster"] * 2
