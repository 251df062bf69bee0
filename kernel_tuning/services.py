"""Services that would undo the tuning, and what the firmware must say for it to hold."""

from __future__ import annotations

from collections.abc import Iterator

from kernel_tuning.item import Item, Reading
from stacks.topology.host import Host

RIVALS = {
    "irqbalance": "it would move interrupts off the cpus that they were given",
    "tuned": "it would write its own values over these",
    "ondemand": "it would set the governor to ondemand a minute after boot",
}


def service_items() -> Iterator[Item]:
    """Yield the services that must not run."""
    for service, reason in RIVALS.items():
        yield Item(
            name=service,
            layer="service",
            declared="inactive",
            reason=reason,
            running=Reading("command", f"active {service}"),
            set_by=f"systemctl disable --now {service}",
            owner="namespace",
            absent="this host has no systemd that could tell",
        )


def kernel_items(host: Host) -> Iterator[Item]:
    """Yield the kernel that is declared: the real-time one only where the declaration says so."""
    realtime = host.os.kernel == "realtime"
    yield Item(
        name="kernel",
        layer="boot",
        declared="realtime" if realtime else "generic",
        reason="as declared: PREEMPT_RT bounds the wake-up of threads that block, and costs throughput",
        running=Reading("command", "kernel"),
        set_by="",
        needs_reboot=True,
    )


def firmware_items(host: Host) -> Iterator[Item]:
    """Yield the BIOS's version, which the kernel shows, and its settings, which only the management controller does."""
    if host.bios is None:
        return
    yield Item(
        name="BIOS version",
        layer="firmware",
        declared=host.bios.version,
        reason="as declared: settings change their meaning between versions",
        running=Reading("file", "/sys/class/dmi/id/bios_version"),
        needs_reboot=True,
    )
    for name, value in host.bios.settings:
        yield Item(
            name=name,
            layer="firmware",
            declared=value,
            reason="as declared, in the vendor's words",
            running=Reading("command", f"bios {name}"),
            needs_reboot=True,
            unsettable="the running kernel does not show it: the management controller does",
        )
