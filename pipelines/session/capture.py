"""Puts a MoldUDP64 capture back in order: the messages of lines A and B, each once, without a gap.

MoldUDP64 1.0 numbers the messages of a session; a packet carries the number of its first message and a count. Both
lines carry the same numbers, so whichever copy is there is taken. A capture may begin in mid-session, at its lowest
number, but a number missing after that on all lines is an error, because a book built across it would be wrong.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import BinaryIO

from pipelines.session.datagrams import Datagram, read_datagrams
from pipelines.session.itch50 import MESSAGE_LENGTHS
from pipelines.session.sources import Source
from stacks.topology.errors import ColoError

_HEADER = struct.Struct(">10sQH")
_HEARTBEAT, _END_OF_SESSION = 0, 0xFFFF
_START_PACKETS = 4096
"""Packets held back before the first message is written, because one line may start earlier than the other."""
_PENDING_MESSAGES_MAX = 1_000_000
"""Messages that may wait for an earlier one: far more than lines ever differ by, and it bounds the memory."""


class _NotMold(Exception):
    """Why a datagram is no MoldUDP64 packet of ITCH 5.0 messages."""


def write_capture(sources: Sequence[Source], target: BinaryIO) -> None:
    """Writes the captures' messages to `target`, framed and in order."""
    name = ", ".join(str(source.path) for source in sources)
    sequencer = _Sequencer(name, target)
    flows = _Flows()
    for source in sources:
        for datagram in read_datagrams(source):
            flows.take(source, datagram, sequencer)
    flows.check(name, sequencer)
    sequencer.finish()


class _Flows:
    """Tells the feed from other UDP traffic: the first packet to an address and port decides what the rest are."""

    def __init__(self) -> None:
        self._feeds: dict[tuple[str, int], bool] = {}
        self._refused: list[tuple[bytes, str]] = []

    def take(self, source: Source, datagram: Datagram, sequencer: _Sequencer) -> None:
        flow = (datagram.address, datagram.port)
        if self._feeds.get(flow) is False:
            return
        try:
            packet = _parse(datagram.payload)
        except _NotMold as error:
            reason = f"{source.path}: the packet at byte offset {datagram.offset}: {error}"
            if self._feeds.get(flow):
                raise ColoError(reason) from error
            self._feeds[flow] = False
            self._refused.append((datagram.payload[:10], reason))
            return
        if packet is not None:
            self._feeds[flow] = True
            sequencer.take(source, datagram, *packet)

    def check(self, name: str, sequencer: _Sequencer) -> None:
        """A flow that was passed over must not be a damaged line of the very session."""
        for session, reason in self._refused:
            if session == sequencer.session:
                raise ColoError(reason)
        if sequencer.session is None:
            seen = f"; {self._refused[0][1]}" if self._refused else ""
            raise ColoError(f"{name}: holds no MoldUDP64 packet with ITCH 5.0 messages{seen}")


def _parse(payload: bytes) -> tuple[bytes, int, list[bytes]] | None:
    """Session, first sequence number and framed messages of a packet; None for a receiver's request."""
    if len(payload) < _HEADER.size:
        raise _NotMold(f"{len(payload)} bytes are too few for a MoldUDP64 header")
    session, sequence, count = _HEADER.unpack_from(payload)
    if not all(32 <= byte < 127 for byte in session):
        raise _NotMold(f"the session {session.hex()} is not printable")
    if count in (_HEARTBEAT, _END_OF_SESSION):
        return session, sequence, []
    if len(payload) == _HEADER.size:
        return None
    messages = []
    position = _HEADER.size
    for index in range(count):
        length = int.from_bytes(payload[position : position + 2], "big")
        following = position + 2 + length
        if position + 2 > len(payload) or following > len(payload):
            raise _NotMold(f"message {index + 1} of {count} runs beyond the packet's end")
        letter = chr(payload[position + 2]) if length else ""
        if MESSAGE_LENGTHS.get(letter) != length:
            expected = f"has {MESSAGE_LENGTHS[letter]}" if letter in MESSAGE_LENGTHS else "is unknown to ITCH 5.0"
            raise _NotMold(f"message {index + 1} of {count}: {length} bytes of type {letter!r}, which {expected}")
        messages.append(payload[position:following])
        position = following
    if position != len(payload):
        raise _NotMold(f"{len(payload) - position} bytes follow the last of {count} messages")
    return session, sequence, messages


class _Sequencer:
    """Takes packets in any order and from any line, and writes each message once, in sequence."""

    def __init__(self, name: str, target: BinaryIO) -> None:
        self.session: bytes | None = None
        self._name = name
        self._target = target
        self._pending: dict[int, bytes] = {}
        self._packets = 0
        self._next: int | None = None
        self._announced = 0  # every line's packets say which number comes after them

    def take(self, source: Source, datagram: Datagram, session: bytes, sequence: int, messages: list[bytes]) -> None:
        if self.session is None:
            self.session = session
        elif session != self.session:
            raise ColoError(
                f"{source.path}: the packet at byte offset {datagram.offset} is of MoldUDP64 session "
                f"{session.decode()!r}, but the capture began with {self.session.decode()!r}; give one session"
            )
        self._packets += 1
        self._announced = max(self._announced, sequence + len(messages))
        for number, message in enumerate(messages, start=sequence):
            if self._next is None or number >= self._next:
                self._pending.setdefault(number, message)
        if self._packets >= _START_PACKETS:
            self._write()
            if len(self._pending) > _PENDING_MESSAGES_MAX:
                self._refuse_gap()

    def finish(self) -> None:
        self._write()
        if self._next is None:
            raise ColoError(f"{self._name}: holds only heartbeats, no message")
        if self._next < self._announced:
            self._refuse_gap()

    def _write(self) -> None:
        if self._next is None and self._pending:
            self._next = min(self._pending)
        while self._next in self._pending:
            self._target.write(self._pending.pop(self._next))
            self._next += 1

    def _refuse_gap(self) -> None:
        assert self._next is not None and self.session is not None
        last = min(self._pending, default=self._announced) - 1
        raise ColoError(
            f"{self._name}: messages {self._next} to {last} of MoldUDP64 session {self.session.decode()!r} "
            "are missing on every line"
        )
