"""The service itself: each request is one thing that an operator wants of the engine, or a look at it.

What acts is written into the audit before it happens (audit.py), and the engine journals it with the operator's name.
Where something is wrong the answer is {"error": one sentence}: 401 no operator, 409 the engine refuses, 422 the request
is wrong, 503 no engine trades, 504 it does not answer, 507 the audit cannot be written.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import HTTPBearer
from pydantic import BaseModel, ConfigDict, Field, model_validator
from typing_extensions import TypedDict

from monitoring.control.audit import Audit
from monitoring.control.guard import Guard
from monitoring.control.running_engine import NoAnswerError, NotRunningError, RefusedError, RunningEngine
from stacks.topology.control import ControlService
from stacks.topology.errors import ColoError
from stacks.topology.site import Site
from strategies.model import Model

STATUS = {RefusedError: 409, NotRunningError: 503, NoAnswerError: 504, ColoError: 507}
AUDIT_FILE = "control/audit.jsonl"


class Wanted(BaseModel):
    """A request's body: nothing in it that the service does not know."""

    model_config = ConfigDict(extra="forbid", strict=True)


class ParametersWanted(Wanted):
    """Some of the strategy's parameters, by the names and in the units of its spec.yaml."""

    values: Annotated[dict[str, int | float], Field(min_length=1)]


class StrategyNamed(Wanted):
    """The strategy that is meant."""

    strategy: Annotated[str, Field(min_length=1, max_length=48)]


class CancelWanted(Wanted):
    """One of: every order, those of an instrument, one by its number."""

    all: bool = False
    instrument: Annotated[str, Field(pattern=r"^[A-Z0-9.+=^*#~-]{1,8}$")] | None = None
    order: Annotated[int, Field(ge=1, lt=2**32)] | None = None

    @model_validator(mode="after")
    def _check(self) -> CancelWanted:
        if self.all + (self.instrument is not None) + (self.order is not None) != 1:
            raise ValueError("say one of all, instrument and order")
        return self

    @property
    def target(self) -> str:
        """As the engine reads it (engine/runtime/command.hpp)."""
        return "all" if self.all else f"order {self.order}" if self.order else f"instrument {self.instrument}"


class Generation(TypedDict):
    """What is in force from now on."""

    generation: int


class Killed(TypedDict):
    """Whether the kill switch is pulled."""

    killed: bool


class Nothing(Wanted):
    """An empty object: what is asked for needs no more words."""


def create_app(site: Site, service: ControlService, place: Path, tokens: Path) -> FastAPI:
    """Return the service for the engine of the newest run below `place`; ColoError where it cannot be.

    `tokens` is the folder of the operators' credentials; the audit lies below `place`.
    """
    guard = Guard.read(service, tokens)
    app = FastAPI(
        title=f"control of {site.name}", description=__doc__.partition("\n")[0], redoc_url=None,
        dependencies=[Depends(HTTPBearer(auto_error=False))],
    )  # fmt: skip
    app.middleware("http")(guard)
    app.add_exception_handler(ColoError, _say)
    app.add_exception_handler(RequestValidationError, _say_what_is_wrong)
    _add_looks(app, place)
    _add_actions(app, place, Audit(place / AUDIT_FILE))
    return app


def _add_looks(app: FastAPI, place: Path) -> None:
    @app.get("/state")
    def state() -> dict[str, Any]:
        """Sessions, positions, open orders, anomalies, parameters in force, counters and latencies."""
        return RunningEngine.find(place).state()


def _add_actions(app: FastAPI, place: Path, audit: Audit) -> None:
    def act(
        request: Request, wanted: Wanted | Model, do: Callable[[RunningEngine, str], Any], even_unaudited: bool = False
    ) -> Any:
        engine, operator, number = RunningEngine.find(place), request.state.operator, None
        action = request.url.path.removeprefix("/")
        given = {"digest": wanted.digest} if isinstance(wanted, Model) else wanted.model_dump(exclude_defaults=True)
        try:
            number = audit.asked(operator, action, given, engine.generation())
        except ColoError:
            if not even_unaudited:
                raise
        try:
            outcome = do(engine, operator)
        except ColoError as error:
            if number is not None:
                audit.happened(number, STATUS[type(error)], str(error))
            raise
        if number is not None:
            audit.happened(number, 200, str(outcome))
        return outcome

    @app.patch("/parameters")
    def change_parameters(wanted: ParametersWanted, request: Request) -> Generation:
        """Change parameters of the strategy between two messages."""
        return act(request, wanted, lambda engine, author: engine.change_parameters(wanted.values, author))

    @app.post("/model")
    def swap_model(wanted: Model, request: Request) -> Generation:
        """Put a model in place of the one that the strategy asks (strategies/model.py), between two messages."""
        return act(request, wanted, lambda engine, author: engine.swap_model(wanted, author))

    @app.post("/pause")
    def pause(wanted: StrategyNamed, request: Request) -> Generation:
        """Cancel the strategy's orders and work none of its quotes until it is resumed, restarts included."""
        return act(request, wanted, lambda engine, author: engine.command("pause", wanted.strategy, author))

    @app.post("/resume")
    def resume(wanted: StrategyNamed, request: Request) -> Generation:
        """Work the quotes of a paused strategy again, from the next message on."""
        return act(request, wanted, lambda engine, author: engine.command("resume", wanted.strategy, author))

    @app.post("/cancel")
    def cancel(wanted: CancelWanted, request: Request) -> Generation:
        """Cancel what stands now; a strategy that is not paused may quote anew."""
        return act(request, wanted, lambda engine, author: engine.command("cancel", wanted.target, author))

    @app.post("/kill")
    def kill(wanted: Nothing, request: Request) -> Killed:
        """Pull the kill switch: every order is cancelled, nothing new leaves. It works where the audit cannot, too."""
        return act(request, wanted, lambda engine, author: engine.kill(author), even_unaudited=True)

    @app.post("/re-arm")
    def rearm(wanted: Nothing, request: Request) -> Killed:
        """Release the kill switch, so that trading goes on."""
        return act(request, wanted, lambda engine, author: engine.rearm(author))


def _say(_: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"error": str(error)}, STATUS.get(type(error), 507))


def _say_what_is_wrong(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"] if part != "body") or "body"
    what = "is not a field of this request" if first["type"] == "extra_forbidden" else first["msg"]
    return JSONResponse({"error": f"{field}: {what.removeprefix('Value error, ')}"}, 422)
