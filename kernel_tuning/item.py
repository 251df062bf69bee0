"""One setting of a host: what is declared and why, where it is read, where it is kept, and who may change it.

Everything that a host is told is a list of these; plan, files, audit and preview are views of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Layer = Literal[
    "boot",
    "sysctl",
    "hugepages",
    "cpufreq",
    "workqueue",
    "kthread",
    "irq",
    "nic",
    "transport",
    "clock",
    "service",
    "firmware",
]
# A namespace host (its own network and file system over a foreign kernel) owns only what is its own.
Owner = Literal["namespace", "machine"]
# equal: the same text; cpus, mask: the same cpus; within: no cpu beyond the declared; at_least, at_most: integers.
Comparison = Literal["equal", "cpus", "mask", "within", "at_least", "at_most"]

BOOT_FILE = "/etc/default/grub.d/90-colo.cfg"


@dataclass(frozen=True)
class Reading:
    """Where the running value is found.

    source    a file (or several, as a shell pattern), or a command of the collector (kernel_tuning/collect.py)
    pattern   a regular expression whose first group is the value; the whole text where it is empty
    """

    kind: Literal["file", "command"]
    source: str
    pattern: str = ""


@dataclass(frozen=True)
class Kept:
    """The line of a file that makes the value last over a reboot; `{}` is the value, or the line itself is.

    Lines of one file come together in the order of the items, below the headings of sections ("[Link]").
    """

    path: str
    line: str
    section: str = ""

    def with_value(self, value: str) -> str:
        """Return the line with a value in it; braces of a shell's variable stay as they are."""
        return self.line.replace("{}", value, 1)

    def pattern(self) -> str:
        """Return the regular expression that finds the value in the file's text."""
        if "{}" not in self.line:
            return rf"(?:^|[\s\"])({re.escape(self.line)})(?=[\s\"]|$)"
        if self.path == BOOT_FILE:
            return rf"(?:^|[\s\"]){re.escape(self.line.removesuffix('{}'))}([^\s\"]*)"
        before, _, after = self.line.partition("{}")
        return rf"(?m)^{re.escape(before)}(.*){re.escape(after)}$"


@dataclass(frozen=True)
class Item:
    """A setting. `set_by` is the command that sets the running value now; empty where only a reboot or a person can.

    `unsettable` says why nobody can set it from here; `absent` why a host that does not have it is not at fault.
    """

    name: str
    layer: Layer
    declared: str
    reason: str
    running: Reading
    kept: Kept | None = None
    set_by: str = ""
    owner: Owner = "machine"
    needs_reboot: bool = False
    comparison: Comparison = "equal"
    unsettable: str = ""
    absent: str = ""
