"""A venue's market data: channels on two lines, and how a lost message is recovered."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from stacks.topology.declared import Address, Declared, MulticastGroup, Name, Port, Positive, raise_problems, repeated
from stacks.topology.errors import Problem
from stacks.topology.network import LineName
from stacks.topology.order_entry import Credential


class FeedLine(Declared):
    """One multicast line of a channel."""

    name: LineName
    group: MulticastGroup
    port: Port


Lines = tuple[FeedLine, ...]


class Rerequest(Declared):
    """MoldUDP64 request server: UDP unicast, at most `messages_max` messages a request."""

    kind: Literal["rerequest"] = "rerequest"
    address: Address
    port: Port
    messages_max: Positive
    attempts_max: Positive
    timeout_ms: Positive


class Glimpse(Declared):
    """GLIMPSE 5.0: a snapshot of the book over SoupBinTCP, used where a re-request is refused or too long."""

    kind: Literal["glimpse"] = "glimpse"
    address: Address
    port: Port
    username: Annotated[str, Field(min_length=1, max_length=6)]
    credential: Credential


class Retransmission(Declared):
    """XDP: ask a TCP server for at most `messages_max` messages; they come on multicast groups of their own.

    `source_id` is the name that the venue gave us (Pillar Common Client Specification, Retransmission Request).
    """

    kind: Literal["retransmission"] = "retransmission"
    address: Address
    port: Port
    source_id: Annotated[str, Field(min_length=1, max_length=10)]
    messages_max: Positive
    attempts_max: Positive
    timeout_ms: Positive
    lines: Lines


class Refresh(Declared):
    """XDP: ask the same server for the state of the symbols of a channel; it comes on multicast groups of its own."""

    kind: Literal["refresh"] = "refresh"
    address: Address
    port: Port
    source_id: Annotated[str, Field(min_length=1, max_length=10)]
    timeout_ms: Positive
    lines: Lines


class TcpReplay(Declared):
    """MDP 3.0: at most `packets_max` packets of the last 24 hours over a FIX session of one request."""

    kind: Literal["tcp_replay"] = "tcp_replay"
    address: Address
    port: Port
    username: Annotated[str, Field(min_length=1, max_length=20)]
    credential: Credential
    packets_max: Positive
    attempts_max: Positive
    timeout_ms: Positive


class SnapshotLoop(Declared):
    """MDP 3.0 and EOBI: the books are sent again and again on lines of their own, joined while we are behind."""

    kind: Literal["snapshot_loop"] = "snapshot_loop"
    lines: Lines


Recovery = Annotated[
    Rerequest | Glimpse | Retransmission | Refresh | TcpReplay | SnapshotLoop, Field(discriminator="kind")
]

# Which packets carry a protocol, and how what was lost is recovered: MoldUDP64 1.0 and GLIMPSE 5.0; Pillar Common
# Client Specification; CME MDP 3.0 Recovery; T7 Enhanced Order Book Interface manual, chapter Recovery.
_PACKET_LAYER = {"itch": "moldudp64", "xdp": "xdp", "mdp3": "mdp3", "eobi": "eobi"}
_RECOVERIES = {
    "itch": ("rerequest", "glimpse"),
    "xdp": ("retransmission", "refresh"),
    "mdp3": ("tcp_replay", "snapshot_loop"),
    "eobi": ("snapshot_loop",),
}


class Channel(Declared):
    """A numbered stream of messages. Strategies act at `event_end`: at each message, or at the end of an event.

    A channel of role definitions repeats the instruments of the channel of the same number, and needs no recovery.
    """

    id: Annotated[int, Field(strict=True, ge=0, le=0xFFFF)]
    role: Literal["incremental", "definitions"]
    lines: Lines
    sequence_scope: Literal["session", "channel", "symbol"]
    recovery: tuple[Recovery, ...]
    event_end: Literal["message", "event"]

    @model_validator(mode="after")
    def _check(self) -> Channel:
        problems = []
        if not self.recovery and self.role == "incremental":
            problems.append(Problem("recovery", "a feed channel needs a recovery (rerequest, glimpse, ...)"))
        for kind in repeated([recovery.kind for recovery in self.recovery]):
            problems.append(Problem(f"recovery[{kind}]", "stands twice"))
        for path, lines in self._line_sets():
            if not lines:
                problems.append(Problem(path, "a feed channel needs at least one line"))
            for name in repeated([line.name for line in lines]):
                problems.append(Problem(f"{path}[{name}]", "the line stands twice"))
        for group, port in repeated([(line.group, line.port) for _, lines in self._line_sets() for line in lines]):
            problems.append(Problem("lines", f"two lines have the same group and port {group}:{port}"))
        raise_problems(problems)
        return self

    def _line_sets(self) -> list[tuple[str, Lines]]:
        """Return (path, lines) of the channel's own lines and of those over which lost messages come again."""
        recovered = [(f"recovery[{part.kind}].lines", part.lines) for part in self.recovery if hasattr(part, "lines")]
        return [("lines", self.lines), *recovered]

    @property
    def name(self) -> str:
        """The channel's number as text."""
        return str(self.id)

    @property
    def groups(self) -> Lines:
        """Every line that a receiver of the channel may join, those of the recoveries included."""
        return tuple(line for _, lines in self._line_sets() for line in lines)

    def recovery_of(self, kind: str) -> Recovery | None:
        """Return the recovery of one kind, or None."""
        return next((recovery for recovery in self.recovery if recovery.kind == kind), None)


class Feed(Declared):
    """A feed of a venue, in one protocol and version of it."""

    name: Name
    protocol: Literal["itch", "xdp", "mdp3", "eobi"]
    version: str
    packet_layer: Literal["moldudp64", "xdp", "mdp3", "eobi"]
    channels: tuple[Channel, ...]

    @model_validator(mode="after")
    def _check(self) -> Feed:
        problems = [] if self.channels else [Problem("channels", "a feed needs at least one channel")]
        for number, _ in repeated([(channel.id, channel.role) for channel in self.channels]):
            problems.append(Problem(f"channels[{number}].id", "stands twice"))
        if self.packet_layer != _PACKET_LAYER[self.protocol]:
            sentence = f"is {self.packet_layer}, {self.protocol} comes in packets of {_PACKET_LAYER[self.protocol]}"
            problems.append(Problem("packet_layer", sentence))
        for channel in self.channels:
            for recovery in channel.recovery:
                if recovery.kind not in _RECOVERIES[self.protocol]:
                    sentence = f"{self.protocol} has none, but {' and '.join(_RECOVERIES[self.protocol])}"
                    problems.append(Problem(f"channels[{channel.id}].recovery[{recovery.kind}]", sentence))
        raise_problems(problems)
        return self
