"""Signed evidence: who signed it, over what, and until when it holds."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kernel_tuning import evidence
from kernel_tuning.__main__ import main
from stacks.topology.errors import ColoError, DeclarationError
from stacks.topology.tuning import Signer

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")


def keyed(folder: Path, name: str) -> tuple[Path, Signer]:
    """A new key and the signer that has it."""
    key = folder / name
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(key)], check=True)
    return key, Signer(name=name, public_key=key.with_suffix(".pub").read_text().strip())


@pytest.fixture
def signed(tmp_path: Path) -> tuple[Path, Signer]:
    """A signed document that expires an hour after NOW."""
    key, signer = keyed(tmp_path, "auditor")
    path = tmp_path / "audit.json"
    evidence.write(
        {"host": "trading-1", "passed": True, "expires_s": int((NOW + timedelta(hours=1)).timestamp())}, path
    )
    assert evidence.sign(path, key).is_file()
    return path, signer


def test_what_was_signed_is_verified(signed: tuple[Path, Signer]) -> None:
    path, signer = signed
    assert evidence.verify(path, (signer,), NOW)["host"] == "trading-1"


def test_it_expires(signed: tuple[Path, Signer]) -> None:
    path, signer = signed
    with pytest.raises(ColoError, match=r"audit\.json: expired at 2026-03-02 13:00:00 UTC$"):
        evidence.verify(path, (signer,), NOW + timedelta(hours=1))


def test_one_changed_byte_is_found(signed: tuple[Path, Signer]) -> None:
    path, signer = signed
    path.write_text(path.read_text().replace("trading-1", "trading-2"))
    with pytest.raises(ColoError, match="the signature of auditor does not fit"):
        evidence.verify(path, (signer,), NOW)


def test_a_signature_of_somebody_else_is_refused(signed: tuple[Path, Signer], tmp_path: Path) -> None:
    path, _ = signed
    other = keyed(tmp_path, "other")[1]
    for signers in ((other,), ()):
        with pytest.raises(ColoError, match="is signed by nobody whom the site declares"):
            evidence.verify(path, signers, NOW)


def test_a_missing_signature_is_refused(signed: tuple[Path, Signer]) -> None:
    path, signer = signed
    Path(f"{path}.sig").unlink()
    with pytest.raises(ColoError, match="is signed by nobody whom the site declares"):
        evidence.verify(path, (signer,), NOW)


def test_a_signature_made_for_something_else_is_refused(signed: tuple[Path, Signer], tmp_path: Path) -> None:
    path, signer = signed
    Path(f"{path}.sig").unlink()
    subprocess.run(
        ["ssh-keygen", "-q", "-Y", "sign", "-f", str(tmp_path / "auditor"), "-n", "file", str(path)],
        check=True,
        capture_output=True,
    )
    with pytest.raises(ColoError, match=r"audit\.json: "):
        evidence.verify(path, (signer,), NOW)


def test_what_is_no_audit_is_said(tmp_path: Path) -> None:
    path = tmp_path / "audit.json"
    with pytest.raises(ColoError, match="cannot be read"):
        evidence.verify(path, ())
    path.write_text("[]")
    with pytest.raises(ColoError, match="is no signed audit"):
        evidence.verify(path, ())


def test_a_signer_without_a_public_key_is_refused() -> None:
    with pytest.raises(DeclarationError, match=r"Signer auditor: public_key: "):
        Signer(name="auditor", public_key="auditor.pub")


def test_the_command_writes_and_signs_an_audit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key, signer = keyed(tmp_path, "auditor")
    out = tmp_path / "audits" / "desk.json"
    assert main(["audit", "desk", "--site", "desk", "--out", str(out), "--key", str(key)]) == 0
    document = evidence.verify(out, (signer,))
    assert document["host"] == "desk" and document["judged"] is False
    assert document["expires_s"] - document["collected_s"] == 24 * 3600
    assert {finding["verdict"] for finding in document["findings"]} <= {"pass", "fail", "pending-reboot", "unsettable"}
    assert json.dumps(document["findings"][0])
    assert main(["verify", "desk", str(out)]) == 2
    assert "is signed by nobody whom the site declares" in capsys.readouterr().err


def test_the_command_names_what_it_does_not_find(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, sentence in (
        (["plan", "trading-9"], "which host is 'trading-9'? no site has one"),
        (["plan", "trading-1"], "have one each: say --site"),
        (["plan", "trading-9", "--site", "carteret"], "site carteret has no host 'trading-9'; it has trading-1"),
        (
            ["plan", "trading-1", "--site", "carteret", "--facts", str(tmp_path / "none")],
            "none: cannot be read: No such",
        ),
    ):
        assert main(arguments) == 2
        assert sentence in capsys.readouterr().err
