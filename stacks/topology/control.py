"""How operators reach a running engine: a service beside it on its host, and who may use it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from stacks.topology.declared import BY_NAME, Address, Declared, Port, raise_problems, repeated
from stacks.topology.errors import Problem
from stacks.topology.host import Host
from stacks.topology.order_entry import Credential


class Operator(Declared):
    """Somebody who may act on an engine. The name stands in its journal beside what was done; whoever knows the token
    of the credential is this operator, so no two share one."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9._@-]{1,32}$")]
    credential: Credential


class ControlService(Declared):
    """A service (monitoring/control) that acts on the engines of `host` through shared memory, so it runs there."""

    host: Annotated[Host, BY_NAME]
    address: Address
    port: Port
    operators: tuple[Operator, ...]

    @model_validator(mode="after")
    def _check(self) -> ControlService:
        problems = [] if self.operators else [Problem("operators", "a control service needs at least one operator")]
        for name in repeated([operator.name for operator in self.operators]):
            problems.append(Problem(f"operators[{name}]", "the name stands twice"))
        for name in repeated([operator.credential.name for operator in self.operators]):
            problems.append(Problem("operators", f"two have the credential {name}"))
        raise_problems(problems)
        return self
