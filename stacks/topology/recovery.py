"""What a site may lose, and how long it may be down."""

from __future__ import annotations

from typing import Annotated, Literal

from stacks.topology.declared import BY_NAME, Declared, NotNegative, Positive
from stacks.topology.process import Process

Failure = Literal["process", "host", "power", "site"]


class RecoveryObjective(Declared):
    """`recovery_time_s_max` is the RTO, `lost_records_max` the RPO in journal records (0: nothing may be lost).

    Source: Regulation SCI (17 CFR 242.1001(a)(2)(v)) and RTS 6 article 14 ask for stated objectives.
    """

    covers: Annotated[Process, BY_NAME]
    failure: Failure
    recovery_time_s_max: Positive
    lost_records_max: NotNegative
