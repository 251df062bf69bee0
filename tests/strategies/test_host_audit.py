"""In the environment production the program `engine` trades with the audit that kernel_tuning made and signed, and with
no other: the same file, written by one and checked by the other."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import pytest

from kernel_tuning import evidence
from kernel_tuning.audit import Audit, Finding
from stacks.sites import load_site
from stacks.topology.process import SelfCheckItem
from stacks.topology.tuning import AUDIT_NAMESPACE, Signer
from tests.strategies.engine_runs import PROGRAMS, EngineRun, generate_session

HOST = load_site("desk").hosts[0]
OTHER_ITEMS = [item for item in get_args(SelfCheckItem) if item != "audit"]
HELD = Finding("sysctl", "vm.stat_interval", "pass", "120", "120", "120", "")
MISSED = Finding("sysctl", "vm.swappiness", "fail", "1", "1", "60", "")
Audited = Callable[..., Path]
pytestmark = [
    pytest.mark.skipif(not (PROGRAMS / "engine").exists(), reason="the programs are not built"),
    pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed"),
]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[EngineRun]:
    """A run folder of a short session."""
    run = EngineRun(tmp_path, generate_session(tmp_path, 2_000))
    yield run
    run.close()


@pytest.fixture
def audited(run: EngineRun, tmp_path: Path) -> Audited:
    """Makes the engine one of the environment production, and writes and signs an audit of its host."""
    key, file = tmp_path / "key", tmp_path / "audit.json"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key], check=True)
    signer = Signer(name="auditor", public_key=(tmp_path / "key.pub").read_text().strip())
    host = {
        "hugepages": [],
        "waived": OTHER_ITEMS,
        "audit": {
            "host": HOST.name,
            "host_digest": HOST.declared_digest(),
            "file": str(file),
            "allowed_signers": [signer.allowed(AUDIT_NAMESPACE)],
        },
    }
    run.change("engine", lambda config: config.update(environment="production", host=host))

    def write(*findings: Finding, age_hours: float = 0, digest: str = HOST.declared_digest()) -> Path:
        collected = datetime.now(UTC) - timedelta(hours=age_hours)
        expires = collected + timedelta(hours=24)
        audit = Audit("desk", HOST.name, digest, collected, expires, judged=True, findings=findings)
        evidence.write(audit.as_json(), file)
        evidence.sign(file, key)
        return file

    return write


def test_an_engine_trades_on_a_host_whose_audit_holds(run: EngineRun, audited: Audited) -> None:
    audited(HELD)
    summary = run.trade()
    assert summary["done"] and summary["self_check"]["audit"]["met"]


def test_an_engine_refuses_an_expired_failing_foreign_or_missing_audit(run: EngineRun, audited: Audited) -> None:
    audited(HELD, MISSED)
    assert run.refuse().endswith("audit.json failed: sysctl vm.swappiness")
    audited(HELD, age_hours=24.1)
    assert "audit.json expired at 20" in run.refuse()
    audited(HELD, digest="0" * 64)
    assert run.refuse().endswith("audit.json is of another declaration of this host")
    file = audited(HELD)
    file.write_text(file.read_text().replace("vm.stat_interval", "vm.swappiness"))
    assert run.refuse().endswith("audit.json is signed by nobody whom the site declares")
    file.unlink()
    assert run.refuse().endswith("audit.json cannot be read")
    run.change("engine", lambda config: config["host"]["waived"].append("audit"))
    assert run.trade()["done"], "waived by name"
