"""Credentials of a site on this machine: one file each, readable by its owner alone, made once at random.

The declaration names credentials, it never holds them. The simulated exchange and the engine read the same files.
"""

from __future__ import annotations

import os
import secrets
import string
from pathlib import Path

from stacks.topology.site import Site

PASSWORD_CHARACTERS = 10  # SoupBinTCP 3.0, login request: a password field of ten bytes
TOKEN_BYTES = 32  # of an operator: nobody types it


def write_credentials(site: Site, site_directory: Path) -> Path:
    """Makes every credential that the site names and that is missing; returns their folder."""
    folder = site_directory / "credentials"
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    tokens = {operator.credential.name for service in site.control for operator in service.operators}
    for name in credential_names(site):
        path = folder / name
        if not path.exists():
            password = secrets.token_urlsafe(TOKEN_BYTES) if name in tokens else _password()
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(password)
    return folder


def _password() -> str:
    return "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(PASSWORD_CHARACTERS))


def credential_names(site: Site) -> list[str]:
    """Every credential that the declaration refers to, wherever it stands."""
    found: set[str] = set()

    def visit(value: object) -> None:
        if isinstance(value, dict):
            credential = value.get("credential")
            if isinstance(credential, dict) and isinstance(credential.get("name"), str):
                found.add(credential["name"])
            for inner in value.values():
                visit(inner)
        elif isinstance(value, (list, tuple)):
            for inner in value:
                visit(inner)

    visit(site.model_dump())
    return sorted(found)
