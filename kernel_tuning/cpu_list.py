"""Lists of cpus as the kernel writes them: 0-3,7 (Documentation/admin-guide/kernel-parameters.rst, "cpu-list")."""

from __future__ import annotations

import re
from collections.abc import Iterable

_RANGE = re.compile(r"^(\d+)(?:-(\d+))?$")


def cpu_list(cpus: Iterable[int]) -> str:
    """Return cpus in ascending order, neighbours as ranges; an empty text where there is none."""
    parts: list[list[int]] = []
    for cpu in sorted(set(cpus)):
        if parts and parts[-1][1] == cpu - 1:
            parts[-1][1] = cpu
        else:
            parts.append([cpu, cpu])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in parts)


def cpus_in(text: str) -> frozenset[int]:
    """Return the cpus of a list; words beside them, such as isolcpus' flags or "(null)", are no cpus."""
    cpus: set[int] = set()
    for part in text.strip().split(","):
        found = _RANGE.match(part.strip())
        if found:
            cpus.update(range(int(found[1]), int(found[2] or found[1]) + 1))
    return frozenset(cpus)


def cpu_mask(cpus: Iterable[int]) -> str:
    """Return cpus as the kernel's bit mask: hexadecimal words of 32 bits, the highest first, comma between them."""
    bits = sum(1 << cpu for cpu in set(cpus))
    words = []
    while bits or not words:
        words.append(bits & 0xFFFFFFFF)
        bits >>= 32
    highest, *others = reversed(words)
    return ",".join([f"{highest:x}", *(f"{word:08x}" for word in others)])


def cpus_in_mask(text: str) -> frozenset[int]:
    """Return the cpus of a bit mask; what is no mask has none."""
    digits = text.strip().replace(",", "")
    if not re.fullmatch(r"[0-9a-fA-F]+", digits):
        return frozenset()
    bits = int(digits, 16)
    return frozenset(cpu for cpu in range(bits.bit_length()) if bits >> cpu & 1)
