"""One module a site, and `load_site(name)`, which imports it. A recovery site lies beside the site that it recovers.

from stacks.sites import load_site
site = load_site("desk")
"""

from __future__ import annotations

from importlib import import_module

from stacks.topology.errors import ColoError
from stacks.topology.site import Site

SITES = (
    "aurora",
    "aurora-recovery",
    "carteret",
    "carteret-recovery",
    "desk",
    "frankfurt",
    "frankfurt-recovery",
    "lab",
    "mahwah",
    "mahwah-recovery",
)


def load_site(name: str) -> Site:
    """Return the declared site of a name; a ColoError lists the known names where there is none."""
    if name not in SITES:
        raise ColoError(f"site {name!r} is not declared; known sites are {', '.join(SITES)}")
    site = import_module(f"stacks.sites.{name.replace('-', '.')}").SITE
    assert isinstance(site, Site) and site.name == name
    return site
