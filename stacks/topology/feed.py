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


Recovery = Annotated[Rerequest | Glimpse, Field(discriminator="kind")]


class Channel(Declared):
    """A numbered stream of messages. Strategies act at `event_end`: at each message, or at the end of an event."""

    id: Annotated[int, Field(strict=True, ge=0, le=0xFFFF)]
    role: Literal["incremental", "snapshot", "definitions"]
    lines: tuple[FeedLine, ...]
    sequence_scope: Literal["session", "channel", "symbol"]
    recovery: tuple[Recovery, ...]
    event_end: Literal["message", "event"]

    @model_validator(mode="after")
    def _check(self) -> Channel:
        problems = []
        if not self.recovery:
            problems.append(Problem("recovery", "a feed channel needs a recovery (rerequest, glimpse, ...)"))
        if not self.lines:
            problems.append(Problem("lines", "a feed channel needs at least one line"))
        for name in repeated([line.name for line in self.lines]):
            problems.append(Problem(f"lines[{name}]", "the line stands twice"))
        for kind in repeated([recovery.kind for recovery in self.recovery]):
            problems.append(Problem(f"recovery[{kind}]", "stands twice"))
        for group, port in repeated([(line.group, line.port) for line in self.lines]):
            problems.append(Problem("lines", f"two lines have the same group and port {group}:{port}"))
        raise_problems(problems)
        return self

    @property
    def name(self) -> str:
        """The channel's number as text."""
        return str(self.id)

    def recovery_of(self, kind: str) -> Rerequest | Glimpse | None:
        """Return the recovery of one kind, or None."""
        return next((recovery for recovery in self.recovery if recovery.kind == kind), None)


class Feed(Declared):
    """A feed of a venue, in one protocol and version of it."""

    name: Name
    protocol: Literal["itch"]
    version: str
    packet_layer: Literal["moldudp64"]
    channels: tuple[Channel, ...]

    @model_validator(mode="after")
    def _check(self) -> Feed:
        problems = [] if self.channels else [Problem("channels", "a feed needs at least one channel")]
        for number in repeated([channel.id for channel in self.channels]):
            problems.append(Problem(f"channels[{number}].id", "stands twice"))
        raise_problems(problems)
        return self
