"""Frequencies and siblings of the processors: governor, energy bias, uncore, SMT.

Documentation/admin-guide/pm/cpufreq.rst, intel_epb.rst, intel_uncore_frequency_scaling.rst;
Documentation/ABI/testing/sysfs-devices-system-cpu for SMT.
"""

from __future__ import annotations

from collections.abc import Iterator

from kernel_tuning.hugepages import written_at_boot
from kernel_tuning.item import Item, Reading
from stacks.topology.host import Host
from stacks.topology.tuning import Tuning

CPU = "/sys/devices/system/cpu"


def frequency_items(host: Host, tuning: Tuning) -> Iterator[Item]:
    """Yield what keeps every cpu, and what lies between them, at one frequency."""
    governor = f"{CPU}/cpu[0-9]*/cpufreq/scaling_governor"
    yield Item(
        name="governor",
        layer="cpufreq",
        declared="performance",
        reason="a cpu does not change its frequency, which stops it for tens of microseconds, when the load changes",
        running=Reading("file", governor),
        kept=written_at_boot(governor),
        set_by=f"for f in {governor}; do echo performance > $f; done",
        absent="this host has no frequency scaling: its firmware keeps one frequency",
    )
    if "Intel" in host.cpu.model:
        yield from _intel(tuning)
    on = host.cpu.threads_per_core == 2
    yield Item(
        name="smt",
        layer="cpufreq",
        declared="1" if on else "0",
        reason=f"threads_per_core is {host.cpu.threads_per_core}; a sibling takes half of a core when it runs",
        running=Reading("file", f"{CPU}/smt/active"),
        set_by="" if on else f"echo off > {CPU}/smt/control",
        needs_reboot=on,
    )


def _intel(tuning: Tuning) -> Iterator[Item]:
    bias = f"{CPU}/cpu[0-9]*/power/energy_perf_bias"
    yield Item(
        name="energy_perf_bias",
        layer="cpufreq",
        declared="0",
        reason="the processor favours speed over energy wherever it may choose (0 is performance, 15 saves most)",
        running=Reading("file", bias),
        kept=written_at_boot(bias),
        set_by=f"for f in {bias}; do echo 0 > $f; done",
        absent="this host's firmware keeps the bias to itself",
    )
    if tuning.uncore_fixed:
        folder = f"{CPU}/intel_uncore_frequency/package_*_die_*"
        yield Item(
            name="uncore frequency",
            layer="cpufreq",
            declared="min = max",
            reason="a cache miss costs the same after a quiet second as in a burst",
            running=Reading("command", "uncore"),
            set_by=f"for d in {folder}; do cat $d/initial_max_freq_khz > $d/min_freq_khz; done",
            absent="this host's driver shows no uncore frequency; the BIOS setting UncoreFrequency decides",
        )
