"""How orders reach a venue: gateways, sessions, credentials (by reference only), throttles and identities."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from stacks.topology.declared import Address, Declared, Flag, Name, Port, Positive, raise_problems, repeated
from stacks.topology.errors import Problem


class Credential(Declared):
    """A reference to a secret: the name of a file in the host's credentials folder. The secret is never declared."""

    name: Name


class Endpoint(Declared):
    """A TCP address and port."""

    address: Address
    port: Port


class Throttle(Declared):
    """At most `messages` in any `window_ms`; `on_excess` is what the venue does with one more."""

    messages: Positive
    window_ms: Positive
    on_excess: Literal["reject", "queue", "disconnect"]


class Identity(Declared):
    """Who sends: MPID, account, and the person or algorithm behind it (RTS 24, CAT). `capacity` is OUCH's."""

    mpid: Annotated[str, Field(pattern=r"^[A-Z]{4}$")]
    account: Annotated[str, Field(min_length=1, max_length=12)]
    operator_id: str
    automated: Flag
    algo_id: str
    capacity: Literal["agency", "principal", "riskless"]


class OrderSession(Declared):
    """One login at an order gateway.

    `heartbeat_ms` is the longest silence (SoupBinTCP: one second). `cancel_on_disconnect` asks the venue to cancel
    all open orders when the session drops.
    """

    name: Name
    username: Annotated[str, Field(min_length=1, max_length=6)]
    credential: Credential
    identity: Identity
    throttle: Throttle
    heartbeat_ms: Positive
    cancel_on_disconnect: Flag
    mass_cancel: Flag
    id_rule: Literal["increasing_u32"]
    drop_copy: Endpoint | None = None


class OrderGateway(Declared):
    """A gateway in one segment (part of the venue's matching engine) with a primary and a backup endpoint."""

    name: Name
    protocol: Literal["ouch"]
    version: str
    session_layer: Literal["soupbin"]
    segment: str
    primary: Endpoint
    backup: Endpoint | None = None
    sessions: tuple[OrderSession, ...]

    @model_validator(mode="after")
    def _check(self) -> OrderGateway:
        problems = [] if self.sessions else [Problem("sessions", "a gateway needs at least one session")]
        for name in repeated([session.name for session in self.sessions]):
            problems.append(Problem(f"sessions[{name}]", "the name stands twice"))
        raise_problems(problems)
        return self
