"""Names that say nothing, and words that tie the project to one machine or one registry."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from tests.tidy.sources import Source, hold, paths, sources

EMPTY_NAMES = {"util", "utils", "common", "helper", "helpers", "manager", "managers", "base", "misc"}
# Split where they stand, so that this file does not break its own rule.
MACHINE_PATHS = re.compile(r"(?<![\w.])/" + r"(?:work|root|home/\w+|opt/wheels|Users)/")
REGISTRY_HOSTS = re.compile(
    r"\b(?:py" + r"pi\.org|python" + r"hosted\.org|repo1?\.maven|registry\.npm" + r"js|proxy\.go" + r"lang|crates"
    r"\.io|deb\.deb" + r"ian\.org|packages\.timescale)",
    re.IGNORECASE,
)
WORKFLOW = re.compile(r"\b(?:issue|PR) #?\d+\b|\b(?:co-auth" + r"ored-by|gene" + r"rated with)\b", re.IGNORECASE)


def empty_names(names: list[str]) -> list[str]:
    """Files and folders of source whose name says nothing of what is in them."""
    found = []
    for path in names:
        for part in PurePosixPath(path).with_suffix("").parts:
            if EMPTY_NAMES & set(re.split(r"[_\-.]", part.lower())) and not part.startswith("apt-"):
                found.append(path)
    return found


def tied_words(files: list[Source]) -> list[str]:
    """Lines that name a machine's folder, a registry's host, or the way the project is written."""
    return [
        f"{source.path}:{number}: {match.group()}"
        for source in files
        for number, line in enumerate(source.text.splitlines(), 1)
        for pattern in (MACHINE_PATHS, REGISTRY_HOSTS, WORKFLOW)
        for match in pattern.finditer(line)
    ]


def test_names_say_what_is_in_the_file():
    hold(empty_names(paths()))


def test_no_file_is_tied_to_a_machine_or_a_registry():
    hold(tied_words(sources()))


def test_the_rules_see_planted_violations():
    assert empty_names(["engine/core/order_utils.cpp", "pipelines/common/rows.py", "engine/book/book.cpp"]) == [
        "engine/core/order_utils.cpp",
        "pipelines/common/rows.py",
    ]
    planted = ["open('/ho" + "me/ann/x')", "https://py" + "pi.org/simple", "as iss" + "ue 12 asks", "a/work/b is fine"]
    assert len(tied_words([Source("a.py", "\n".join(planted))])) == 3
