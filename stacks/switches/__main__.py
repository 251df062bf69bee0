"""Prints the configuration of a site's switches: python -m stacks.switches SITE [SWITCH]."""

from __future__ import annotations

import argparse
import sys

from stacks.sites import load_site
from stacks.switches import render_switch
from stacks.topology.errors import ColoError


def main(arguments: list[str]) -> int:
    """Prints the configuration of one switch, or of all of them, each under its name."""
    parser = argparse.ArgumentParser(prog="python -m stacks.switches", description=__doc__)
    parser.add_argument("site", help="a site of stacks/sites")
    parser.add_argument("switch", nargs="?", help="one of its switches; all of them where none is given")
    options = parser.parse_args(arguments)
    try:
        print(configurations(options.site, options.switch), end="")
    except ColoError as error:
        print(f"switches: {error}", file=sys.stderr)
        return 1
    return 0


def configurations(site_name: str, switch_name: str | None) -> str:
    """Return the text of the chosen switches; a ColoError names the known ones where there is none."""
    site = load_site(site_name)
    chosen = [switch for switch in site.switches if switch_name in (None, switch.name)]
    if not chosen:
        known = ", ".join(switch.name for switch in site.switches) or "none"
        raise ColoError(f"site {site_name} has no switch {switch_name or 'at all'}; its switches are: {known}")
    return "\n".join(render_switch(site, switch) for switch in chosen)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
