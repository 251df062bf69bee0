"""Writes packet captures for tests: MoldUDP64 packets in UDP, on several link layers, as pcap or pcapng."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path

SESSION = b"0000100123"
GROUP_A, GROUP_B = "233.54.12.111", "233.49.196.111"
PORT = 26477
END_OF_SESSION = 0xFFFF

PCAP_FORMATS = {
    "microseconds": ("<", 0xA1B2C3D4),
    "microseconds big endian": (">", 0xA1B2C3D4),
    "nanoseconds": ("<", 0xA1B23C4D),
    "nanoseconds big endian": (">", 0xA1B23C4D),
}


def mold(sequence: int, messages: Sequence[bytes], session: bytes = SESSION, count: int | None = None) -> bytes:
    blocks = b"".join(struct.pack(">H", len(message)) + message for message in messages)
    return struct.pack(">10sQH", session, sequence, len(messages) if count is None else count) + blocks


def udp(payload: bytes, group: str = GROUP_A, port: int = PORT, fragment: int = 0, options: int = 0) -> bytes:
    """An IPv4 packet around the payload; `options` is the number of 32-bit words of IPv4 options."""
    header = struct.pack(
        ">BBHHHBBH4s4s", 0x45 + options, 0, 28 + 4 * options + len(payload), 1, fragment, 21, 17, 0,
        socket.inet_aton("206.200.127.138"), socket.inet_aton(group),
    )  # fmt: skip
    return header + b"\1" * 4 * options + struct.pack(">HHHH", 49653, port, 8 + len(payload), 0) + payload


def ethernet(packet: bytes, tags: Iterable[int] = (), trailer: bytes = b"") -> bytes:
    """An Ethernet frame; `tags` are the ethertypes of VLAN tags, outermost first."""
    vlans = b"".join(struct.pack(">HH", tag, 141) for tag in tags)
    return b"\x01\x00\x5e\x36\x0c\x6f" + b"\xd4\xaf\xf7\xcb\x20\xd5" + vlans + b"\x08\x00" + packet + trailer


LINKS = {
    "Ethernet": (1, ethernet),
    "VLAN": (1, lambda packet: ethernet(packet, tags=(0x8100,))),
    "two VLAN tags": (1, lambda packet: ethernet(packet, tags=(0x88A8, 0x8100))),
    "switch trailer": (1, lambda packet: ethernet(packet, trailer=b"\xab" * 20)),
    "Linux any": (113, lambda packet: b"\0" * 14 + b"\x08\x00" + packet),
    "Linux any 2": (276, lambda packet: b"\x08\x00" + b"\0" * 18 + packet),
    "loopback": (0, lambda packet: struct.pack("<I", 2) + packet),
    "raw IP": (101, lambda packet: packet),
}


def write_pcap(path: Path, frames: Iterable[bytes], form: str = "microseconds", link: int = 1) -> Path:
    order, magic = PCAP_FORMATS[form]
    content = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, link)
    for number, frame in enumerate(frames):
        content += struct.pack(order + "IIII", 1692711000 + number, 500, len(frame), len(frame)) + frame
    path.write_bytes(content)
    return path


def write_pcapng(path: Path, frames: Iterable[bytes], link: int = 1, order: str = "<") -> Path:
    def block(kind: int, body: bytes) -> bytes:
        body += b"\0" * (-len(body) % 4)
        length = struct.pack(order + "I", 12 + len(body))
        return struct.pack(order + "I", kind) + length + body + length

    content = block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))
    content += block(1, struct.pack(order + "HHI", link, 0, 65535))
    for frame in frames:
        content += block(6, struct.pack(order + "IIIII", 0, 0, 0, len(frame), len(frame)) + frame)
    path.write_bytes(content)
    return path
