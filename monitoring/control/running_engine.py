"""The engine that trades in the newest run of a site: what it says of itself, and what can be done to it.

All of it goes through its shared memory (engine/runtime/proposal_block.hpp) and the files of its kill switch, so that
nothing here can hold it up.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitoring.telemetry import Telemetry, as_json, find_run, read_telemetry
from pipelines.json_file import write_whole
from stacks.topology.errors import ColoError
from strategies.model import Model, current_model, swap
from strategies.parameters import Parameters, change, current, spec_of

ANSWER_S_MAX = 2.0


class NotRunningError(ColoError):
    """There is no engine to act on."""


class NoAnswerError(ColoError):
    """An engine that does not say what became of a request: it may still happen."""


class RefusedError(ColoError):
    """The engine, or its strategy's spec, says no."""


@dataclass(frozen=True)
class RunningEngine:
    """One engine: its engine.json, and the folder of its shared memory."""

    config: dict[str, Any]
    hot: Path

    @classmethod
    def find(cls, place: Path) -> RunningEngine:
        """The engine of a run's folder or of a site's newest run; NotRunningError where none runs."""
        try:
            config = json.loads(find_run(place).read_text())
            engine = cls(config, Path(config["journal"]["hot_directory"]))
            alive = _alive(engine.telemetry().process_id)
        except (ColoError, OSError) as error:
            raise NotRunningError(f"no engine trades here: {error}") from None
        if not alive:
            raise NotRunningError(f"no engine trades here: the one of {engine.hot} has died")
        return engine

    @property
    def strategy(self) -> str:
        """The name of the strategy that it runs."""
        return self.config["strategies"][0]["name"]

    def telemetry(self) -> Telemetry:
        """Its counters and latencies."""
        return read_telemetry(self.hot / "telemetry")

    def state(self) -> dict[str, Any]:
        """Everything that it says of itself; open orders and counters are not of one instant."""
        from colo_engine import read_command_generation

        said = as_json(self.telemetry())
        groups: dict[str, dict[str, int]] = {}
        for name, value in said.pop("counters").items():
            group, _, counter = name.partition("/")
            groups.setdefault(group, {})[counter] = value
        parameters = self.parameters()
        return {
            "strategy": self.strategy,
            "order_session": "up" if groups["session"]["ready"] else "down",
            "killed": bool(groups["session"]["killed"]),
            "paused": bool(groups["session"]["paused"]),
            "parameters": {
                "generation": parameters.generation, "author": parameters.author, "values": parameters.values,
            },
            "model": dict(zip(("generation", "author", "digest"), current_model(self.hot / "models"), strict=True)),
            "commands": {"generation": read_command_generation(str(self.hot / "commands"))},
            "positions": groups.pop("position", {}),
            "open_orders": self.open_orders(),
            "anomalies": groups.pop("anomaly"),
            "counters": groups,
            **said,
        }  # fmt: skip

    def open_orders(self) -> dict[str, Any]:
        """How many orders stand, and the oldest of them."""
        from colo_engine import read_open_orders

        count, orders = _asked(lambda: read_open_orders(str(self.hot / "open_orders")))
        symbols = [instrument["symbol"] for instrument in self.config["instruments"]]
        names = ("number", "instrument", "side", "price", "quantity_open", "quantity_filled", "state")
        listed = [dict(zip(names, order, strict=True)) for order in orders]
        for order in listed:
            order["instrument"] = symbols[order["instrument"]] if order["instrument"] < len(symbols) else "unknown"
            order["side"] = {"B": "buy", "S": "sell"}.get(order["side"], "unknown")
        return {"count": count, "orders": listed}

    def parameters(self) -> Parameters:
        """What is in force."""
        return current(self.hot / "parameters", spec_of(self.strategy))

    def change_parameters(self, values: dict[str, int | float], author: str) -> dict[str, int]:
        """Change some; the generation that is in force then."""
        try:
            return {"generation": change(self.hot / "parameters", spec_of(self.strategy), values, author).generation}
        except ColoError as error:
            raise (NoAnswerError if "does not answer" in str(error) else RefusedError)(str(error)) from None

    def swap_model(self, model: Model, author: str) -> dict[str, int]:
        """Put a model in place of the one that the strategy asks; the generation that is in force then."""
        try:
            return {"generation": swap(self.hot / "models", spec_of(self.strategy), model, author)}
        except ColoError as error:
            raise (NoAnswerError if "does not answer" in str(error) else RefusedError)(str(error)) from None

    def command(self, kind: str, target: str, author: str) -> dict[str, int]:
        """Pause or resume the strategy, or cancel orders (engine/runtime/command.hpp); the command's generation."""
        from colo_engine import read_command_generation, send_command

        file = str(self.hot / "commands")
        try:
            refusal = _asked(lambda: send_command(file, author, kind, target, ANSWER_S_MAX))
        except ValueError as error:
            raise RefusedError(str(error)) from None
        if refusal:
            raise RefusedError(refusal)
        return {"generation": read_command_generation(file)}

    def generation(self) -> dict[str, int]:
        """Of the parameters and of the commands, for the audit."""
        from colo_engine import read_command_generation

        commands = _asked(lambda: read_command_generation(str(self.hot / "commands")))
        model, *_ = current_model(self.hot / "models")
        return {"parameters": self.parameters().generation, "commands": commands, "model": model}

    def kill(self, author: str) -> dict[str, bool]:
        """Pull the kill switch: the file stays where the engine does not answer, and works as soon as it does."""
        file = Path(self.config["kill_switch_file"])
        write_whole(file, author + "\n")
        return self._await_killed(True, f"{file}: the kill switch is pulled, but the engine has not seen it yet")

    def rearm(self, author: str) -> dict[str, bool]:
        """Release the kill switch, so that trading goes on."""
        file = Path(self.config["kill_switch_file"])
        if not self._killed() and not file.exists():
            raise RefusedError("the kill switch is not pulled")
        file.unlink(missing_ok=True)
        write_whole(file.with_name(file.name + ".re-arm"), author + "\n")
        return self._await_killed(False, f"{file}: the kill switch is released, but the engine has not seen it yet")

    def _killed(self) -> bool:
        return bool(self.telemetry().counters["session/killed"])

    def _await_killed(self, killed: bool, otherwise: str) -> dict[str, bool]:
        deadline = time.monotonic() + ANSWER_S_MAX
        while self._killed() != killed:
            if time.monotonic() > deadline:
                raise NoAnswerError(otherwise)
            time.sleep(0.005)
        return {"killed": killed}


def _asked(ask: Callable[[], Any]) -> Any:
    """What the engine's memory says; the bindings tell of an engine that is gone, or stands still, by RuntimeError."""
    try:
        return ask()
    except RuntimeError as error:
        raise (NoAnswerError if "does not answer" in str(error) else NotRunningError)(str(error)) from None


def _alive(process_id: int) -> bool:
    try:
        status = Path(f"/proc/{process_id}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] not in "ZX"
