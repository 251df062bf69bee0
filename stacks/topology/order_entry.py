"""How orders reach a venue: gateways, sessions, credentials (by reference only), throttles and identities."""

from __future__ import annotations

import re
from typing import Annotated, Literal, NamedTuple

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
    """At most `messages` in any `window_ms`; `on_excess` is what the venue does with one more.

    Some venues end the session at a second, higher bound, `disconnect_messages` in the same window.
    """

    messages: Positive
    window_ms: Positive
    on_excess: Literal["reject", "queue", "disconnect"]
    disconnect_messages: Positive | None = None

    @model_validator(mode="after")
    def _check(self) -> Throttle:
        if self.disconnect_messages is not None and self.disconnect_messages <= self.messages:
            sentence = f"{self.disconnect_messages} is not above the {self.messages} from which messages are refused"
            raise_problems([Problem("disconnect_messages", sentence)])
        return self


class Identity(Declared):
    """Who sends: the firm, its account, and the person or algorithm behind it (RTS 24, CAT). `capacity` is OUCH's.

    `mpid` is the firm as the venue knows it: an MPID in the United States, CME's executing firm, Eurex's member.
    """

    mpid: Annotated[str, Field(pattern=r"^[A-Z0-9]{3,5}$")]
    account: Annotated[str, Field(min_length=1, max_length=12)]
    operator_id: str
    automated: Flag
    algo_id: str
    capacity: Literal["agency", "principal", "riskless"]


class OrderSession(Declared):
    """One login at an order gateway.

    `heartbeat_ms` is the longest silence (SoupBinTCP: one second). `cancel_on_disconnect` asks the venue to cancel
    all open orders when the session drops. `id_rule` says how our order numbers must look.
    """

    name: Name
    username: Annotated[str, Field(min_length=1, max_length=20)]
    credential: Credential
    identity: Identity
    throttle: Throttle
    heartbeat_ms: Positive
    cancel_on_disconnect: Flag
    mass_cancel: Flag
    id_rule: Literal["increasing_u32", "unique_u64", "unique_text_20"]
    drop_copy: Endpoint | None = None


class _Rules(NamedTuple):
    """What a protocol asks of its gateways: the session layer, and patterns of firm, login and order numbers."""

    session_layer: str
    firm: str
    username: str
    id_rule: str


# OUCH 5.0 with SoupBinTCP 4.0; NYSE Pillar Gateway Binary Protocol (Username char[16], MPID char[4], ClOrdID u64);
# iLink 3 (access key of 20 characters, executing firm, ClOrdID String20); T7 ETI (PartyIDSessionID and ClOrdID are
# numbers).
_RULES = {
    "ouch": _Rules("soupbin", r"[A-Z]{4}", r".{1,6}", "increasing_u32"),
    "pillar": _Rules("pillar_stream", r"[A-Z]{4}", r".{1,16}", "unique_u64"),
    "ilink3": _Rules("fixp", r"[A-Z0-9]{3,5}", r".{20}", "unique_text_20"),
    "eti": _Rules("eti", r"[A-Z]{5}", r"\d{1,10}", "unique_u64"),
}


class OrderGateway(Declared):
    """A gateway in one segment (part of the venue's matching engine) with a primary and a backup endpoint."""

    name: Name
    protocol: Literal["ouch", "pillar", "ilink3", "eti"]
    version: str
    session_layer: Literal["soupbin", "pillar_stream", "fixp", "eti"]
    segment: str
    primary: Endpoint
    backup: Endpoint | None = None
    sessions: tuple[OrderSession, ...]

    @model_validator(mode="after")
    def _check(self) -> OrderGateway:
        problems = [] if self.sessions else [Problem("sessions", "a gateway needs at least one session")]
        for name in repeated([session.name for session in self.sessions]):
            problems.append(Problem(f"sessions[{name}]", "the name stands twice"))
        rules = _RULES[self.protocol]
        if self.session_layer != rules.session_layer:
            sentence = f"is {self.session_layer}, {self.protocol} is spoken over {rules.session_layer}"
            problems.append(Problem("session_layer", sentence))
        for session in self.sessions:
            for field, text, form in (
                ("username", session.username, rules.username),
                ("identity.mpid", session.identity.mpid, rules.firm),
                ("id_rule", session.id_rule, rules.id_rule),
            ):
                if not re.fullmatch(form, text):
                    problems.append(Problem(f"sessions[{session.name}].{field}", f"{text} is not of the form {form}"))
        raise_problems(problems)
        return self
