"""A plan for a reader: one block a layer, one line an item with its reason."""

from __future__ import annotations

from kernel_tuning.cpu_list import cpu_list
from kernel_tuning.plan import Plan

ASSUMED = "assumed: cpu numbers as declared, NICs and interrupts unknown (`python -m kernel_tuning facts` gathers them)"


def plan_table(plan: Plan, assumed: bool) -> str:
    """Return the plan as text."""
    host, cores = plan.host, plan.cores
    cpu = host.cpu
    lines = [
        f"{host.name}: {cpu.model}, {cpu.sockets} x {cpu.cores_per_socket} cores, {cpu.numa_nodes} NUMA nodes",
        f"facts      {ASSUMED if assumed else 'gathered'}",
        f"reserved   {cpu_list(cores.reserved) or 'none'}",
        f"isolated   {cpu_list(cores.isolated) or 'none'}",
    ]
    for pin in cores.pins:
        reads = ", ".join(f"{reading.nic.name} queue {reading.queue}" for reading in pin.queues)
        thread = f"{pin.program} {pin.thread.role} ({pin.thread.wait})"
        lines.append(f"cpu {pin.cpu:<6} {thread}{' reads ' + reads if reads else ''}")
    if not plan.applies:
        lines.append("The site leaves this host as it is found: this is what would be set.")
    lines += ["", "boot line  " + plan.boot_line]
    name_width = max(len(item.name) for item in plan.items) + 2
    value_width = min(34, max(len(item.declared) for item in plan.items)) + 2
    layer = ""
    for item in plan.items:
        if item.layer != layer:
            layer = item.layer
            lines += ["", layer.upper()]
        marks = [
            mark for mark, holds in (("reboot", item.needs_reboot), (item.owner, item.owner != "machine")) if holds
        ]
        marks += [f"unsettable: {item.unsettable}"] if item.unsettable else []
        note = f" [{'; '.join(marks)}]" if marks else ""
        lines.append(f"  {item.name:<{name_width}}{item.declared:<{value_width}}{item.reason}{note}")
    return "\n".join(lines)
