"""Reads UDP datagrams from a packet capture: pcap with micro- or nanoseconds, or pcapng, plain or gzipped.

dpkt frames the packets; the headers are stripped here, because a capture of a feed holds millions of small packets.
Ethernet (with VLAN tags), Linux "any" captures, loopback and raw IP are understood. Packet times are not used: the
messages carry the exchange's own.
"""

from __future__ import annotations

import socket
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import dpkt

from pipelines.session.sources import Source
from stacks.topology.errors import ColoError

_ETHERNET, _LOOPBACK, _RAW_IP, _LINUX_COOKED, _LINUX_COOKED_2 = 1, 0, 101, 113, 276
_ETHERTYPE_IPV4 = 0x0800
_VLAN_ETHERTYPES = {0x8100, 0x88A8, 0x9100}
_UDP = 17
_FRAGMENT_BITS = 0x3FFF  # more-fragments flag and fragment offset


@dataclass(frozen=True)
class Datagram:
    """One UDP payload, where its packet starts in the capture, and where it was sent."""

    offset: int
    address: str
    port: int
    payload: bytes


def read_datagrams(source: Source) -> Iterator[Datagram]:
    """The capture's UDP datagrams in file order; other packets are passed over, damaged ones are a ColoError."""
    offset = 0
    try:
        with source.open() as file:
            reader = dpkt.pcap.UniversalReader(file)
            strip = _link_header(source, reader.datalink())
            packets = iter(reader)
            while True:
                offset = file.tell()
                packet = next(packets, None)
                if packet is None:
                    return
                found = _udp(source, offset, strip(packet[1]))
                if found is not None:
                    yield found
    except (dpkt.Error, ValueError, struct.error, OSError, EOFError, zlib.error) as error:
        raise ColoError(f"{source.path}: the capture is damaged or cut off at byte offset {offset}: {error}") from error


def _link_header(source: Source, link_type: int) -> Callable[[bytes], bytes]:
    strips = {
        _ETHERNET: lambda packet: _untagged(packet, 12),
        _LINUX_COOKED: lambda packet: _untagged(packet, 14),
        _LINUX_COOKED_2: lambda packet: packet[20:] if packet[:2] == b"\x08\x00" else b"",
        _LOOPBACK: lambda packet: packet[4:],
        _RAW_IP: lambda packet: packet,
    }
    if link_type not in strips:
        raise ColoError(f"{source.path}: captures of link type {link_type} are not supported, only Ethernet and IP")
    return strips[link_type]


def _untagged(packet: bytes, position: int) -> bytes:
    """The IPv4 packet after the ethertype at `position` and any VLAN tags before it; empty for anything else."""
    while True:
        ethertype = int.from_bytes(packet[position : position + 2], "big")
        if ethertype in _VLAN_ETHERTYPES:
            position += 4
        else:
            return packet[position + 2 :] if ethertype == _ETHERTYPE_IPV4 else b""


def _udp(source: Source, offset: int, packet: bytes) -> Datagram | None:
    if len(packet) < 20 or packet[0] >> 4 != 4 or packet[9] != _UDP:
        return None
    header_bytes = (packet[0] & 0x0F) * 4
    if int.from_bytes(packet[6:8], "big") & _FRAGMENT_BITS:
        raise ColoError(
            f"{source.path}: the packet at byte offset {offset} is an IPv4 fragment; "
            "captures with fragmented datagrams are not supported"
        )
    port, udp_bytes = struct.unpack_from(">HH", packet.ljust(header_bytes + 8, b"\0"), header_bytes + 2)
    payload = packet[header_bytes + 8 : header_bytes + udp_bytes]
    if len(payload) != udp_bytes - 8:
        raise ColoError(
            f"{source.path}: the packet at byte offset {offset} is cut off: "
            f"{len(payload)} of {max(udp_bytes - 8, 0)} payload bytes are there"
        )
    return Datagram(offset, socket.inet_ntoa(packet[16:20]), port, payload)
