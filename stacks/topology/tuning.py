"""How far a host is tuned, and how quiet it must be: what its processors and processes do not say already."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from stacks.topology.declared import Declared, Flag, NotNegative, Positive

AUDIT_NAMESPACE = "colo-audit"  # a signature that was made for something else is none of an audit


class NoiseBudget(Declared):
    """What a tuned host may take from a thread, measured for `duration_s`.

    interruption_us_max   longest time that a spinning thread on an isolated cpu may lose (oslat, rtla osnoise)
    hardware_us_max       longest time that the firmware may take from a cpu unseen (hwlatdetect)
    wakeup_us_max         latest wake-up of a thread that blocks on a timer, on the reserved cpus (cyclictest)
    """

    interruption_us_max: Positive = 10
    hardware_us_max: Positive = 10
    wakeup_us_max: Positive = 50
    duration_s: Positive = 60


class Tuning(Declared):
    """The choices of a tuned host that nothing else in the declaration implies.

    mitigations             of processor flaws; `off` is faster, and only for a host that runs no foreign code
    cstate_max              deepest idle state: 1 wakes up in 2 us, 6 in over 100 us
    transparent_hugepages   `always` lets the kernel stop a thread to merge its pages; `madvise` asks the program first
    uncore_fixed            the frequency of the last-level cache and memory controller does not follow the load
    audit_hours_max         how old the audit may be on which an engine trades in a venue's production environment
    audit_file              where the host keeps it, and its signature beside it
    """

    mitigations: Literal["auto", "off"] = "auto"
    cstate_max: Annotated[NotNegative, Field(le=9)] = 1
    transparent_hugepages: Literal["always", "madvise", "never"] = "madvise"
    uncore_fixed: Flag = True
    budget: NoiseBudget = NoiseBudget()
    audit_hours_max: Positive = 24
    audit_file: str = "/var/lib/colo/audit.json"


class Signer(Declared):
    """Who may sign: a name, and the public key (`ssh-ed25519 AAAA...`) that `ssh-keygen -Y verify` is given."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.@-]*$")]
    public_key: Annotated[str, Field(pattern=r"^(sk-)?ssh-ed25519(@openssh\.com)? [A-Za-z0-9+/=]+$")]

    def allowed(self, namespace: str) -> str:
        """Return the line of an allowed signers file (ssh-keygen(1)) by which the signer may sign in a namespace."""
        return f'{self.name} namespaces="{namespace}" {self.public_key}'
