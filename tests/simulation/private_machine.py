"""A thread with a network and mounts of its own: runs of a site find their declared ports free, and disks can be small,
whatever else this machine does. Where that takes rights that we lack, it is a plain thread on the shared machine.

    with PrivateMachine() as machine:
        process = machine.run(lambda: subprocess.Popen(...))    # sees only the machine's own loopback interface
        machine.mount_memory(folder, 1 << 20)                   # a disk of one MiB, seen by the thread's processes

Namespaces belong to threads (unshare(2)) and are inherited by what the thread starts; they end with the last of these.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import socket
import struct
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

Result = TypeVar("Result")

CLONE_NEWNS, CLONE_NEWNET = 0x0002_0000, 0x4000_0000  # sched.h
MS_REMOUNT, MS_REC, MS_PRIVATE = 32, 16384, 1 << 18  # sys/mount.h
SIOCSIFFLAGS, IFF_UP = 0x8914, 1  # netdevice(7)

_libc = ctypes.CDLL(None, use_errno=True)


class PrivateMachine:
    """A context manager; `private` tells whether the network and the mounts are really its own."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="private-machine")
        self._mounted: list[Path] = []
        self.private = self.run(_separate)

    def __enter__(self) -> PrivateMachine:
        return self

    def __exit__(self, *_error: object) -> None:
        for folder in reversed(self._mounted):
            self.unmount(folder)
        self._thread.shutdown()

    def run(self, call: Callable[[], Result]) -> Result:
        """Do it there: open a socket, start a process, look into a mounted folder."""
        return self._thread.submit(call).result()

    def mount_memory(self, folder: Path, capacity_bytes: int) -> None:
        """A file system of this capacity in place of `folder`, empty; OSError where we may not."""
        self.run(lambda: _mount(folder, 0, f"size={capacity_bytes}"))
        self._mounted.append(folder)

    def resize_memory(self, folder: Path, capacity_bytes: int) -> None:
        """Another capacity for a mounted folder."""
        self.run(lambda: _mount(folder, MS_REMOUNT, f"size={capacity_bytes}"))

    def unmount(self, folder: Path) -> None:
        """What was there before comes back."""
        self.run(lambda: _checked(_libc.umount2(os.fsencode(folder), 0), f"umount {folder}"))
        self._mounted.remove(folder)


def _separate() -> bool:
    """Give the calling thread its own network and mounts; False where the kernel refuses."""
    if _libc.unshare(CLONE_NEWNET | CLONE_NEWNS) != 0:
        return False
    _checked(_libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None), "mount / private")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
    return True


def _mount(folder: Path, flags: int, options: str) -> None:
    mounted = _libc.mount(b"colo-test", os.fsencode(folder), b"tmpfs", flags, options.encode())
    _checked(mounted, f"mount {folder}")


def _checked(status: int, what: str) -> None:
    if status != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)} ({errno.errorcode.get(number, '?')})")
