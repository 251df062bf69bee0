"""Plans, reads and measures the tuning of a host: `python -m kernel_tuning COMMAND HOST --site SITE`.

plan      every setting with its reason; --files prints the files, --boot-line the line
facts     what is found on the host and cannot be declared, as JSON
audit     declared, configured and running, item by item; --out FILE --key KEY leaves signed evidence
measure   how long the host takes a cpu from a thread, against the declared budget
verify    SITE FILE: whether evidence is signed by whom the site declares, and has not expired

facts, audit and measure look at this machine, or at --ssh USER@HOST (measure: this machine only). Nothing is changed.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from kernel_tuning import evidence
from kernel_tuning.audit import audit, table
from kernel_tuning.cores import assumed_facts
from kernel_tuning.facts import host_facts
from kernel_tuning.measure import measure
from kernel_tuning.observation import observe
from kernel_tuning.plan import Plan, make_plan
from kernel_tuning.table import plan_table
from stacks.sites import SITES, load_site
from stacks.topology.errors import ColoError, reason
from stacks.topology.host import Host, HostFacts
from stacks.topology.site import Site


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 where all is as declared, 1 where it is not, 2 for a sentence on what went wrong."""
    chosen = _arguments(arguments)
    try:
        if chosen.command == "verify":
            return _verify(load_site(chosen.site), chosen.file)
        site = load_site(chosen.site or _site_of(chosen.host))
        host = _host(site, chosen.host)
        return {"plan": _plan, "facts": _facts, "audit": _audit, "measure": _measure}[chosen.command](
            site, host, chosen
        )
    except ColoError as error:
        print(f"kernel_tuning: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # a reader such as head has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m kernel_tuning", description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    verify = commands.add_parser("verify")
    verify.add_argument("site", help="whose signers may have signed it")
    verify.add_argument("file", type=Path)
    for name in ("plan", "facts", "audit", "measure"):
        command = commands.add_parser(name)
        command.add_argument("host", help="as the site declares it")
        command.add_argument("--site", help="needed where several sites have a host of that name")
        if name in ("facts", "audit"):
            command.add_argument("--ssh", default="", metavar="USER@HOST", help="read this host, not this machine")
        if name == "plan":
            command.add_argument("--facts", type=Path, help="JSON of `facts`; without it they are assumed")
            command.add_argument("--files", action="store_true", help="the files that make the settings last")
            command.add_argument("--boot-line", action="store_true", help="what is added to the kernel's boot line")
        if name == "audit":
            command.add_argument("--out", type=Path, help="where to write the JSON")
            command.add_argument("--key", type=Path, help="private key that signs it (ssh-keygen -Y)")
            command.add_argument(
                "--namespace", action="store_true", help="the host shares the kernel of a machine below"
            )
        if name == "measure":
            command.add_argument("--seconds", type=int, help="instead of the declared duration")
            command.add_argument("--out", type=Path, help="where to write the JSON")
    return parser.parse_args(arguments)


def _site_of(host: str) -> str:
    """Return the one site that has a host of this name."""
    names = [name for name in SITES if any(each.name == host for each in load_site(name).hosts)]
    if len(names) != 1:
        known = f"sites {', '.join(names)} have one each: say --site" if names else "no site has one"
        raise ColoError(f"which host is {host!r}? {known}")
    return names[0]


def _host(site: Site, name: str) -> Host:
    host = next((host for host in site.hosts if host.name == name), None)
    if host is None:
        names = ", ".join(host.name for host in site.hosts)
        raise ColoError(f"site {site.name} has no host {name!r}; it has {names}")
    return host


def _plan(site: Site, host: Host, chosen: argparse.Namespace) -> int:
    facts = _read_facts(chosen.facts) if chosen.facts else assumed_facts(host)
    plan = make_plan(site, host, facts)
    if chosen.boot_line:
        print(plan.boot_line)
    elif chosen.files:
        for path, text in plan.files.items():
            print(f"==> {path} <==\n{text}")
    else:
        print(plan_table(plan, assumed=chosen.facts is None))
    return 0


def _read_facts(path: Path) -> HostFacts:
    try:
        return HostFacts.from_json(path.read_bytes(), str(path))
    except OSError as error:
        raise ColoError(f"{path}: cannot be read: {reason(error)}") from None


def _found_facts(host: Host, ssh: str) -> HostFacts:
    usable = None if ssh else frozenset(os.sched_getaffinity(0))
    return host_facts(host, observe((), ssh), usable)


def _facts(_site: Site, host: Host, chosen: argparse.Namespace) -> int:
    print(_found_facts(host, chosen.ssh).model_dump_json(indent=1))
    return 0


def _found_plan(site: Site, host: Host, ssh: str) -> Plan:
    return make_plan(site, host, _found_facts(host, ssh))


def _audit(site: Site, host: Host, chosen: argparse.Namespace) -> int:
    plan = _found_plan(site, host, chosen.ssh)
    found = audit(site.name, plan, observe(plan.items, chosen.ssh), chosen.namespace)
    print(table(found))
    if chosen.out:
        evidence.write(found.as_json(), chosen.out)
        if chosen.key:
            evidence.sign(chosen.out, chosen.key)
    return 0 if found.passed or not found.judged else 1


def _measure(site: Site, host: Host, chosen: argparse.Namespace) -> int:
    measured = measure(_found_plan(site, host, ""), chosen.seconds)
    for one in measured:
        print(one.line())
    if chosen.out:
        evidence.write(
            {"site": site.name, "host": host.name, "measured": [one.as_json() for one in measured]}, chosen.out
        )
    beyond = [one for one in measured if one.verdict == "fail"]
    return 1 if beyond and host.tuning is not None else 0


def _verify(site: Site, path: Path) -> int:
    document = evidence.verify(path, site.signers)
    print(f"{path}: signed, holds until {document['expires']}; {'passed' if document['passed'] else 'failed'}")
    return 0 if document["passed"] else 1


if __name__ == "__main__":
    sys.exit(main())
