"""Boots a kernel as a QEMU guest whose only program is a shell script of busybox; what it prints comes back.

    output = qemu_guest.boot(qemu_guest.kernel("cloud"), script="cat /proc/cmdline", command_line="isolcpus=2-3")

A test skips where QEMU, busybox or the kernel is missing. The guest runs under KVM where that works, and is interpreted
otherwise: a KVM that says nothing for a while (nested in a machine that only pretends to have it) is given up for good.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
QEMU, BUSYBOX = "qemu-system-x86_64", "busybox"
KVM_SILENCE_S = 5.0
POLL_S = 0.1
ENDED = "guest: the script has ended"
INIT = """#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /tmp
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sysfs /sys
/bin/busybox mount -t devtmpfs devtmpfs /dev
/bin/busybox --install -s /bin
export PATH=/bin
{script}
echo "{ended}"
poweroff -f
"""


@dataclass(frozen=True)
class Machine:
    """The guest's hardware: sockets, cores of each, and MiB of memory of each NUMA node (one node a socket)."""

    sockets: int = 1
    cores_per_socket: int = 2
    node_mib: tuple[int, ...] = (512,)

    def options(self) -> list[str]:
        """Return QEMU's options."""
        cpus = self.sockets * self.cores_per_socket
        chosen = [
            "-smp",
            f"{cpus},sockets={self.sockets},cores={self.cores_per_socket}",
            "-m",
            f"{sum(self.node_mib)}M",
        ]
        for node, mib in enumerate(self.node_mib):
            first = node * self.cores_per_socket
            chosen += ["-object", f"memory-backend-ram,id=node{node},size={mib}M"]
            chosen += [
                "-numa",
                f"node,nodeid={node},cpus={first}-{first + self.cores_per_socket - 1},memdev=node{node}",
            ]
        return chosen


def kernel(name: str) -> Path:
    """Return one of Debian's kernels, cloud or rt; the test skips where it was not fetched."""
    path = ROOT / "build" / "kernels" / name / "vmlinuz"
    if not path.is_file():
        pytest.skip(f"{path} is missing (requirements/install.sh kernels)")
    return path


def boot(
    kernel: Path,
    folder: Path,
    script: str,
    command_line: str = "",
    machine: Machine | None = None,
    options: tuple[str, ...] = (),
    end_s_max: float = 180,
) -> str:
    """Return what the guest printed, from its kernel's first line on; an AssertionError shows it where the script did
    not come to its end. `folder` is for files of the run, `options` are further ones of QEMU (disks).
    """
    command = [
        _program(QEMU),
        *("-kernel", str(kernel), "-initrd", str(_initramfs(folder, script))),
        *("-append", f"console=ttyS0 panic=-1 {command_line}"),
        *("-nographic", "-no-reboot", "-nodefaults", "-serial", f"file:{folder / 'console'}"),
        *(machine or Machine()).options(),
        *options,
    ]
    for accelerator in _accelerators():
        output = _run([*command, *accelerator], folder / "console", end_s_max, kvm="kvm" in accelerator)
        if output is not None:
            assert ENDED in output, f"the guest did not come to its end in {end_s_max:g} s:\n{output[-4000:]}"
            return output
    raise AssertionError("QEMU interprets a guest without any condition")


_kvm_is_silent = False


def _accelerators() -> Iterator[tuple[str, ...]]:
    # arch-capabilities is a register that not every machine lets a nested KVM write.
    if not _kvm_is_silent and os.access("/dev/kvm", os.W_OK):
        yield "-accel", "kvm", "-cpu", "host,arch-capabilities=off"
    yield "-accel", "tcg,thread=multi", "-cpu", "max"


def _run(command: list[str], console: Path, end_s_max: float, kvm: bool) -> str | None:
    """Return the console's text, or None where the guest under KVM did not say a word."""
    global _kvm_is_silent
    console.unlink(missing_ok=True)
    started = time.monotonic()
    with _running(command) as guest:
        while guest.poll() is None and time.monotonic() - started < end_s_max:
            if kvm and time.monotonic() - started > KVM_SILENCE_S and "Linux version" not in _text(console):
                break
            time.sleep(POLL_S)
    text = _text(console)
    if kvm and "Linux version" not in text:
        _kvm_is_silent = True
        return None
    return text


@contextlib.contextmanager
def _running(command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """The guest, which does not outlive the block."""
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as guest:
        try:
            yield guest
        finally:
            guest.kill()


def _text(console: Path) -> str:
    return console.read_text(errors="replace").replace("\r\n", "\n") if console.exists() else ""


@cache
def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed (requirements/apt-guest.txt)")
    return found


def _initramfs(folder: Path, script: str) -> Path:
    """An archive that holds busybox and the script as /init."""
    root = folder / "initramfs"
    (root / "bin").mkdir(parents=True, exist_ok=True)
    shutil.copy(_program(BUSYBOX), root / "bin" / "busybox")
    init = root / "init"
    init.write_text(INIT.format(script=script, ended=ENDED))
    init.chmod(0o755)
    archive = folder / "initramfs.cpio"
    names = "\n".join(str(path.relative_to(root)) for path in sorted(root.rglob("*")))
    with archive.open("wb") as out:
        subprocess.run(
            [_program("cpio"), "-o", "-H", "newc", "--quiet"], input=names.encode(), cwd=root, stdout=out, check=True
        )
    return archive
