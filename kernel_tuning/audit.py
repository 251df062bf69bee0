"""The audit of a host: for each setting what is declared, what is configured for the next boot, and what runs.

pass             it runs as declared, and will after the next boot
fail             it does not, or would not
pending-reboot   it is configured, and a reboot will make it run
unsettable       nobody can set it from here: the kernel manages it, it belongs to the machine below a namespace
                 host, or this machine does not have it; what runs is shown all the same

Where the site leaves a host as it is found, only what runs is compared, and nothing is judged.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from kernel_tuning.cpu_list import cpus_in, cpus_in_mask
from kernel_tuning.item import Item
from kernel_tuning.observation import Observation
from kernel_tuning.plan import Plan
from stacks.topology.tuning import Tuning

Verdict = Literal["pass", "fail", "pending-reboot", "unsettable"]
AUDIT_VERSION = 1


@dataclass(frozen=True)
class Finding:
    """One item of an audit. `configured` and `running` are None where nothing was there to read."""

    layer: str
    name: str
    verdict: Verdict
    declared: str
    configured: str | None
    running: str | None
    sentence: str


@dataclass(frozen=True)
class Audit:
    """A dated audit. It holds until `expires`; where the site leaves the host as it is found, nothing is judged."""

    site: str
    host: str
    host_digest: str
    collected: datetime
    expires: datetime
    judged: bool
    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing failed and nothing waits for a reboot."""
        return not any(finding.verdict in ("fail", "pending-reboot") for finding in self.findings)

    @property
    def counts(self) -> dict[str, int]:
        """The number of findings of each verdict."""
        return {verdict: len(self.of(verdict)) for verdict in ("pass", "fail", "pending-reboot", "unsettable")}

    def of(self, verdict: str) -> tuple[Finding, ...]:
        """Return the findings of one verdict."""
        return tuple(finding for finding in self.findings if finding.verdict == verdict)

    def as_json(self) -> dict[str, Any]:
        """Return what is written and signed; the engine reads the times that are Unix seconds."""
        return {
            "audit_version": AUDIT_VERSION,
            "site": self.site,
            "host": self.host,
            "host_digest": self.host_digest,
            "collected": self.collected.isoformat(timespec="seconds"),
            "collected_s": int(self.collected.timestamp()),
            "expires": self.expires.isoformat(timespec="seconds"),
            "expires_s": int(self.expires.timestamp()),
            "judged": self.judged,
            "passed": self.passed,
            "counts": self.counts,
            "failed": [f"{finding.layer} {finding.name}" for finding in self.findings if _counts(finding)],
            "findings": [asdict(finding) for finding in self.findings],
        }


def audit(site: str, plan: Plan, observation: Observation, namespace_host: bool = False) -> Audit:
    """Return the audit of a host as it was observed. On a namespace host, what the machine owns is unsettable."""
    collected = datetime.fromtimestamp(observation.time_s, UTC)
    tuning = plan.host.tuning or Tuning()
    return Audit(
        site=site,
        host=plan.host.name,
        host_digest=plan.host.declared_digest(),
        collected=collected,
        expires=collected + timedelta(hours=tuning.audit_hours_max),
        judged=plan.applies,
        findings=tuple(_finding(item, observation, namespace_host, plan.applies) for item in plan.items),
    )


def _counts(finding: Finding) -> bool:
    return finding.verdict in ("fail", "pending-reboot")


def _finding(item: Item, observation: Observation, namespace_host: bool, applies: bool) -> Finding:
    running, configured = observation.value(item.running), observation.kept(item)
    verdict, sentence = _verdict(item, running, configured, namespace_host, applies)
    return Finding(item.layer, item.name, verdict, item.declared, configured, running, sentence)


def _verdict(
    item: Item, running: str | None, configured: str | None, namespace_host: bool, applies: bool
) -> tuple[Verdict, str]:
    if item.unsettable:
        return "unsettable", item.unsettable
    if namespace_host and item.owner == "machine":
        return "unsettable", "it belongs to the machine below this host"
    if running is None and item.absent:
        return "unsettable", item.absent
    runs = running is not None and meets(item, running)
    is_kept = item.kept is None or configured == item.declared
    if runs and (is_kept or not applies):
        return "pass", ""
    if runs:
        assert item.kept is not None, "what nothing keeps is never kept wrongly"
        return "fail", f"it runs, but {item.kept.path} does not keep it for the next boot"
    if is_kept and item.kept is not None and item.needs_reboot:
        return "pending-reboot", "it is configured: the next boot will make it run"
    if running is None:
        return "fail", f"{item.running.source} shows nothing"
    return "fail", ""


def meets(item: Item, running: str) -> bool:
    """Whether a running value is what the item declares; text that is no number or list of cpus never is."""
    match item.comparison:
        case "equal":
            return running == item.declared
        case "cpus":
            return cpus_in(running) == cpus_in(item.declared)
        case "mask":
            return cpus_in_mask(running) == cpus_in_mask(item.declared)
        case "within":
            lists = running.split()
            return bool(lists) and all(cpus_in(each) and cpus_in(each) <= cpus_in(item.declared) for each in lists)
        case "at_least":
            return _numbers(running, lambda number, wanted: number >= wanted, int(item.declared))
        case "at_most":
            return _numbers(running, lambda number, wanted: abs(number) <= wanted, int(item.declared))


def _numbers(running: str, holds: Any, wanted: int) -> bool:
    try:
        return all(holds(int(text), wanted) for text in running.split())
    except ValueError:
        return False


def table(found: Audit, verdicts: Iterable[str] = ("fail", "pending-reboot", "unsettable", "pass")) -> str:
    """Return the audit for a reader: what needs doing first, one line an item, then the counts."""
    rows = [finding for verdict in verdicts for finding in found.of(verdict)]
    lines = [_row("VERDICT", "ITEM", "DECLARED", "CONFIGURED", "RUNNING", "")]
    for finding in rows:
        name = f"{finding.layer} {finding.name}"
        lines.append(
            _row(
                finding.verdict,
                name,
                finding.declared,
                "-" if finding.configured is None else finding.configured,
                "-" if finding.running is None else finding.running,
                finding.sentence,
            )
        )
    counts = ", ".join(f"{count} {verdict}" for verdict, count in found.counts.items())
    lines += ["", f"{found.host} of {found.site} on {found.collected:%Y-%m-%d %H:%M:%S} UTC: {counts}"]
    if not found.judged:
        lines.append("This site leaves the host as it is found: what differs is told, and nothing is judged.")
    return "\n".join(lines)


def _row(verdict: str, name: str, declared: str, configured: str, running: str, sentence: str) -> str:
    short = [_short(text, width) for text, width in ((declared, 30), (configured, 18), (running, 22))]
    return f"{verdict:<15}{_short(name, 42):<44}{short[0]:<32}{short[1]:<20}{short[2]:<24}{sentence}".rstrip()


def _short(text: str, width: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= width else text[: width - 1] + "…"
