"""Signed evidence: a JSON document with a signature of `ssh-keygen -Y` beside it, as FILE and FILE.sig.

The signature is over the file's bytes, in a namespace of its own, so that one made for something else never passes.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from stacks.topology.errors import ColoError, reason
from stacks.topology.tuning import AUDIT_NAMESPACE, Signer


def write(document: dict[str, Any], path: Path) -> None:
    """Write a document, whole or not at all."""
    text = json.dumps(document, indent=1) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(path.name + ".new")
        beside.write_text(text)
        beside.replace(path)
    except OSError as error:
        raise ColoError(f"{path}: cannot be written: {reason(error)}") from None


def sign(path: Path, key: Path) -> Path:
    """Sign a document with a private key and return the signature's path; a ColoError holds ssh-keygen's own words."""
    signature = path.with_name(path.name + ".sig")
    signature.unlink(missing_ok=True)
    _ssh_keygen(f"{path}: cannot be signed", ["-Y", "sign", "-f", str(key), "-n", AUDIT_NAMESPACE, str(path)])
    return signature


def verify(path: Path, signers: tuple[Signer, ...], now: datetime | None = None) -> dict[str, Any]:
    """Return a signed document; a ColoError says whether it is unsigned, signed by nobody declared, or expired."""
    try:
        data = path.read_bytes()
        document = json.loads(data)
        expires = datetime.fromtimestamp(document["expires_s"], UTC)
    except OSError as error:
        raise ColoError(f"{path}: cannot be read: {reason(error)}") from None
    except (ValueError, KeyError, TypeError):
        raise ColoError(f"{path}: is no signed audit") from None
    with tempfile.TemporaryDirectory(prefix="colo-") as folder:
        allowed = Path(folder) / "allowed_signers"
        allowed.write_text("".join(signer.allowed(AUDIT_NAMESPACE) + "\n" for signer in signers))
        signature = path.with_name(path.name + ".sig")
        who = _ssh_keygen(
            f"{path}: is signed by nobody whom the site declares",
            ["-Y", "find-principals", "-s", str(signature), "-f", str(allowed)],
        ).strip()
        identity = who.splitlines()[0]
        arguments = ["-Y", "verify", "-f", str(allowed), "-I", identity, "-n", AUDIT_NAMESPACE, "-s", str(signature)]
        _ssh_keygen(f"{path}: the signature of {identity} does not fit", arguments, data)
    if (now or datetime.now(UTC)) >= expires:
        raise ColoError(f"{path}: expired at {expires:%Y-%m-%d %H:%M:%S} UTC")
    return document


def _ssh_keygen(failure: str, arguments: list[str], data: bytes = b"") -> str:
    try:
        done = subprocess.run(["ssh-keygen", *arguments], input=data, capture_output=True)
    except OSError as error:
        raise ColoError(f"{failure}: ssh-keygen: {reason(error)}") from None
    if done.returncode != 0:
        said = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()
        raise ColoError(f"{failure}: {said[-1] if said else 'ssh-keygen gives no reason'}")
    return done.stdout.decode(errors="replace")
