"""The switches' configuration, rendered from the declaration: what a switch has to do, and how its system is told."""

from __future__ import annotations

from stacks.switches import eos, nxos
from stacks.switches.plan import switch_plan
from stacks.topology.network import Switch
from stacks.topology.site import Site


def render_switch(site: Site, switch: Switch) -> str:
    """Return the text of a switch's configuration, in the language of its operating system."""
    plan = switch_plan(site, switch)
    return eos.render(plan) if switch.os == "eos" else nxos.render(plan)
