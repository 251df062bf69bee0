"""How a host keeps time: the processor's counter, and PTP (ptp4l, phc2sys, ts2phc) or chrony.

ptp4l(8), phc2sys(8) and ts2phc(8) of linuxptp; chrony.conf(5). The profile is IEEE 1588-2019 annex I (default, end to
end over UDP) in the domain of the declared source.
"""

from __future__ import annotations

from collections.abc import Iterator

from kernel_tuning.hugepages import written_at_boot
from kernel_tuning.item import Item, Kept, Reading
from stacks.topology.clock import ClockDiscipline
from stacks.topology.host import Host

PTP4L_FILE = "/etc/linuxptp/ptp4l.conf"
TS2PHC_FILE = "/etc/linuxptp/ts2phc.conf"
PHC2SYS_FILE = "/etc/default/colo-phc2sys"
CHRONY_FILE = "/etc/chrony/conf.d/90-colo.conf"


def clock_items(host: Host) -> Iterator[Item]:
    """Yield the clock source of the kernel, the settings of the declared method, and the offset that it shows."""
    path = "/sys/devices/system/clocksource/clocksource0/current_clocksource"
    yield Item(
        name="clocksource",
        layer="clock",
        declared="tsc",
        reason="read in 20 ns without a system call; hpet and acpi_pm cost a microsecond",
        running=Reading("file", path),
        kept=written_at_boot(path),
        set_by=f"echo tsc > {path}",
    )
    clock = host.clock
    if clock.method == "ptp":
        yield from _ptp(clock)
        yield from _phc2sys(host)
        yield from _ts2phc(clock)
    elif clock.method == "chrony":
        yield from _chrony(clock)


def _ptp(clock: ClockDiscipline) -> Iterator[Item]:
    assert clock.nic is not None, "a declaration with the method ptp names a NIC"
    service = f"ptp4l@{clock.nic.name}"  # Debian's unit, one an interface
    domain = clock.source.ptp_domain or 0
    section = "global"
    for name, value, reason in (
        ("domainNumber", str(domain), f"the domain of {clock.source.name}"),
        ("slaveOnly", "1", "this host never becomes the grandmaster of others (clientOnly since linuxptp 4)"),
        ("time_stamping", "hardware", "the NIC stamps PTP's own packets: the path through the kernel does not count"),
        ("delay_mechanism", "E2E", "delay is measured to the boundary clock, end to end"),
        ("network_transport", "UDPv4", "as the boundary clocks of the switches send it"),
        (
            "step_threshold",
            "0.00002",
            "an offset beyond 20 us after a lost grandmaster is stepped, not slewed for hours",
        ),
        ("summary_interval", "0", "offset and delay are logged each second: evidence for RTS 25 article 4"),
    ):
        yield _line(f"ptp4l {name}", value, reason, Kept(PTP4L_FILE, f"{name} {{}}", section), service)
    yield _active(service, f"follows {clock.source.name}")
    yield Item(
        name="offset",
        layer="clock",
        declared=str(clock.offset_ns_max),
        reason="as declared: nanoseconds from the source that this host may show",
        running=Reading("command", "ptp offset", r"offsetFromMaster\s+(-?\d+)"),
        comparison="at_most",
    )


def _phc2sys(host: Host) -> Iterator[Item]:
    """The system clock follows the PTP NIC, and so do the clocks of the other NICs that stamp packets."""
    clock = host.clock
    assert clock.nic is not None, "a declaration with the method ptp names a NIC"
    followers = [
        nic.name
        for nic in host.nics
        if nic.hardware_timestamps
        and nic != clock.nic
        and nic not in clock.pps_nics
        # A NIC that DPDK drives has no clock that the kernel could set.
        and nic.transport != "dpdk"
    ]
    yield _line(
        "phc2sys system",
        f"-s {clock.nic.name} -c CLOCK_REALTIME -w -R 8",
        "the system clock follows the NIC's, eight times a second, with the leap seconds that ptp4l knows",
        Kept(PHC2SYS_FILE, 'SYSTEM="{}"'),
        "colo-phc2sys@SYSTEM",
    )
    for name in followers:
        variable = name.upper().replace("-", "_").replace(".", "_")
        yield _line(
            f"phc2sys {name}",
            f"-s {clock.nic.name} -c {name} -O 0 -R 8",
            "its packets are stamped in the time of the PTP NIC, so that stamps of two NICs compare",
            Kept(PHC2SYS_FILE, f'{variable}="{{}}"'),
            f"colo-phc2sys@{variable}",
        )


def _ts2phc(clock: ClockDiscipline) -> Iterator[Item]:
    if not clock.pps_nics:
        return
    yield _line(
        "ts2phc leapfile",
        "/usr/share/zoneinfo/leap-seconds.list",
        "UTC from TAI, without asking anybody",
        Kept(TS2PHC_FILE, "leapfile {}", section="global"),
        "colo-ts2phc",
    )
    for nic in clock.pps_nics:
        yield _line(
            f"ts2phc {nic.name}",
            f"[{nic.name}]",
            "its clock is set by the source's pulse each second, to tens of nanoseconds, on a cable of its own",
            Kept(TS2PHC_FILE, "{}", section=f"of {nic.name}"),
            "colo-ts2phc",
        )
    yield _active("colo-ts2phc", "sets the clocks of NICs by the pulse per second")


def _chrony(clock: ClockDiscipline) -> Iterator[Item]:
    lines = [
        (
            "server",
            f"{clock.source.address} iburst minpoll 0 maxpoll 4 xleave",
            f"{clock.source.name}, up to once a second",
        ),
        ("makestep", "0.1 3", "a wrong clock is stepped at start only: later steps would reorder events"),
        ("rtcsync", "", "the hardware clock follows, for the next boot"),
    ]
    if clock.nic is not None and clock.nic.hardware_timestamps:
        lines.append(("hwtimestamp", clock.nic.name, "the NIC stamps NTP's packets"))
    for name, value, reason in lines:
        kept = Kept(CHRONY_FILE, f"{name} {{}}".rstrip() if value else "{}")
        yield _line(f"chrony {name}", value or name, reason, kept, "chrony")
    yield _active("chrony", f"follows {clock.source.name}")
    yield Item(
        name="offset",
        layer="clock",
        declared=str(clock.offset_ns_max),
        reason="as declared: nanoseconds from the source that this host may show",
        running=Reading("command", "chrony offset"),
        comparison="at_most",
    )


def _line(name: str, value: str, reason: str, kept: Kept, service: str) -> Item:
    """A line of a program's file: what runs is what it read at its last start."""
    return Item(
        name=name,
        layer="clock",
        declared=value,
        reason=reason,
        running=Reading("file", kept.path, kept.pattern()),
        kept=kept,
        set_by=f"systemctl restart {service}",
    )


def _active(service: str, what: str) -> Item:
    return Item(
        name=f"service {service}",
        layer="clock",
        declared="active",
        reason=what,
        running=Reading("command", f"active {service}"),
        set_by=f"systemctl enable --now {service}",
    )
