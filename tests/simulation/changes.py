"""What a run under test may differ by from what its site declares: the simulator's faults, the generated session.

A change is a name and its values, so that it can be sent to the process that runs: {"name": "faults", "line_a": 0.01}.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from stacks.topology.venue import Loss, Simulator


def apply_changes(changes: Sequence[Mapping[str, Any]]) -> None:
    """Change the pipelines of this process."""
    for change in changes:
        values = {name: value for name, value in change.items() if name != "name"}
        CHANGES[change["name"]](**values)


def faults(rerequest_refuse: bool = False, pacing: Mapping[str, Any] | None = None, **loss: Any) -> None:
    """The simulator drops packets, and may refuse re-requests."""
    from pipelines import assets
    from stacks.sites import load_site

    declared = load_site("desk").venues[0].environments[0].simulator
    assert isinstance(declared, Simulator)
    update: dict[str, Any] = {"loss": Loss(**loss), "rerequest_refuse": rerequest_refuse}
    simulator = declared.model_copy(
        update=update | ({"pacing": declared.pacing.model_copy(update=dict(pacing))} if pacing else {})
    )
    for name in ("render_engine", "render_exchange"):
        setattr(assets, name, _rendering(getattr(assets, name), simulator))


def _rendering(render: Callable[..., str], simulator: Simulator) -> Callable[..., str]:
    def changed(site: Any, facts: Any, reference_data: Any, run: Any) -> str:
        return render(site, facts, reference_data, replace(run, simulator=simulator))

    return changed


def generated(messages: int) -> None:
    """No recorded data is found, and the generated session is this long."""
    from pipelines import assets, run

    original = assets._generation
    for module in (assets, run):
        module.default_sources = lambda *_: []
    assets._generation = lambda *arguments: replace(original(*arguments), messages=messages)


CHANGES: dict[str, Callable[..., None]] = {"faults": faults, "generated": generated}
