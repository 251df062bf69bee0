"""The files that make a plan last: what a role places, and what the audit calls configured."""

from __future__ import annotations

from kernel_tuning.boot_line import boot_file
from kernel_tuning.clock import CHRONY_FILE, PHC2SYS_FILE, PTP4L_FILE, TS2PHC_FILE
from kernel_tuning.device import Device
from kernel_tuning.interrupts import DEVICES_UNIT
from kernel_tuning.item import BOOT_FILE, Item
from kernel_tuning.nic import link_file

UNIT_HEADING = """[Unit]
Description=Interrupts, filters and queues as declared
After=systemd-udev-settle.service network-pre.target
Before=colo-engine.target

[Service]
Type=oneshot
RemainAfterExit=yes
"""
UNIT_ENDING = """
[Install]
WantedBy=multi-user.target
"""
PHC2SYS_UNIT = "/etc/systemd/system/colo-phc2sys@.service"
PHC2SYS_UNIT_TEXT = f"""[Unit]
Description=Clock %i follows the PTP NIC
After=ptp4l.service

[Service]
EnvironmentFile={PHC2SYS_FILE}
ExecStart=/bin/sh -c 'exec /usr/sbin/phc2sys $${{%i}}'
Restart=always

[Install]
WantedBy=multi-user.target
"""
TS2PHC_UNIT = "/etc/systemd/system/colo-ts2phc.service"
TS2PHC_UNIT_TEXT = f"""[Unit]
Description=Clocks of NICs follow the pulse per second

[Service]
ExecStart=/usr/sbin/ts2phc -f {TS2PHC_FILE} -s generic
Restart=always

[Install]
WantedBy=multi-user.target
"""


def plan_files(items: tuple[Item, ...], devices: tuple[Device, ...]) -> dict[str, str]:
    """Return the text of each file by its path, ascending."""
    files: dict[str, str] = {}
    kept = [item for item in items if item.kept is not None]
    for path in sorted({item.kept.path for item in kept if item.kept}):
        if path == BOOT_FILE:
            files[path] = boot_file(items)
        else:
            files[path] = _text(path, [item for item in kept if item.kept and item.kept.path == path], devices)
    if PHC2SYS_FILE in files:
        files[PHC2SYS_UNIT] = PHC2SYS_UNIT_TEXT
    if TS2PHC_FILE in files:
        files[TS2PHC_UNIT] = TS2PHC_UNIT_TEXT
    return dict(sorted(files.items()))


def _text(path: str, items: list[Item], devices: tuple[Device, ...]) -> str:
    text = _heading(path, devices)
    section = "Service" if path == DEVICES_UNIT else ""
    for item in items:
        assert item.kept is not None, "plan_files asks for kept items only"
        if item.kept.section != section:
            section = item.kept.section
            # The section of a NIC needs no heading: its one value is the heading.
            text += "" if section.startswith("of ") else f"[{section}]\n"
        text += item.kept.with_value(item.declared) + "\n"
    return text + (UNIT_ENDING if path == DEVICES_UNIT else "")


def _heading(path: str, devices: tuple[Device, ...]) -> str:
    if path == DEVICES_UNIT:
        return UNIT_HEADING
    if path in (PTP4L_FILE, TS2PHC_FILE, CHRONY_FILE, PHC2SYS_FILE) or path.endswith((".conf", ".rules", ".opf")):
        return "# Rendered from the declaration; the reasons are in `python -m kernel_tuning plan`.\n"
    for device in devices:
        if path == link_file(device):
            return f"[Match]\nPath=pci-{device.pci_address}\n\n"
    return ""
