"""The control service over HTTP, with an engine that trades: what it does, what it refuses, and what it writes down."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import uvicorn

from monitoring.control import running_engine
from monitoring.control.audit import Audit
from monitoring.control.guard import BODY_BYTES_MAX, Guard
from monitoring.control.service import AUDIT_FILE, create_app
from pipelines.trading.credentials import write_credentials
from stacks.sites import load_site
from stacks.topology.control import ControlService, Operator
from stacks.topology.errors import ColoError
from stacks.topology.order_entry import Credential
from tests.stacks.rebuild import rebuilt
from tests.strategies.engine_runs import PROGRAMS, RUN_S_MAX, EngineRun, await_session, free_ports, generate_session

SITE = load_site("desk")
SERVICE: ControlService = rebuilt(
    SITE.control[0],
    operators=tuple(Operator(name=name, credential=Credential(name=f"control-{name}")) for name in ("alice", "bob")),
)
NAMED = {"strategy": "avellaneda_stoikov"}
MODEL = {"schema": "colo.model/1", "strategy": "avellaneda_stoikov", "value_max": 1, "trees": [[{"value": 0.5}]]}
needs_programs = pytest.mark.skipif(not (PROGRAMS / "engine").exists(), reason="the programs are not built")


class Client(requests.Session):
    """An operator at the service."""

    def __init__(self, address: str, token: str) -> None:
        super().__init__()
        self.address = address
        self.headers["Authorization"] = f"Bearer {token}"

    def request(self, method: str, url: str, *arguments: Any, **options: Any) -> requests.Response:
        return super().request(method, self.address + url, *arguments, timeout=30, **options)


@pytest.fixture
def tokens(tmp_path: Path) -> dict[str, str]:
    """The token of each operator."""
    folder = write_credentials(rebuilt(SITE, control=(SERVICE,)), tmp_path)
    return {operator.name: (folder / operator.credential.name).read_text() for operator in SERVICE.operators}


@pytest.fixture
def client(tmp_path: Path, tokens: dict[str, str]) -> Iterator[Client]:
    """Alice, at the service of the run in the test's folder."""
    app = create_app(SITE, SERVICE, tmp_path, tmp_path / "credentials")
    (port,) = free_ports(1)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    yield Client(f"http://127.0.0.1:{port}", tokens["alice"])
    server.should_exit = True
    thread.join()


@pytest.fixture
def run(tmp_path: Path) -> Iterator[EngineRun]:
    """An engine that trades a session, of which some seconds pass before the market opens."""
    (tmp_path / "session").mkdir()
    run = EngineRun(tmp_path, generate_session(tmp_path / "session", 30_000))
    run.change("exchange", lambda config: config["pacing"].update(mode="original", speed=2000.0))
    run.change("engine", lambda config: config.update(paced=False))
    run.start("exchange_simulator")
    run.start("engine")
    await_session(run)
    yield run
    run.close()


def until(holds: Callable[[], bool], run: EngineRun) -> None:
    deadline = time.monotonic() + RUN_S_MAX
    while not holds():
        assert time.monotonic() < deadline, run.error("engine").read_text()
        time.sleep(0.01)


def cancel_one(client: Client) -> tuple[int, int]:
    """(number, generation): the number of an order that was cancelled; one that the strategy just moved is another."""
    deadline = time.monotonic() + RUN_S_MAX
    while time.monotonic() < deadline:
        for order in client.get("/state").json()["open_orders"]["orders"]:
            cancelled = client.post("/cancel", json={"order": order["number"]})
            if cancelled.status_code == 200:
                return order["number"], cancelled.json()["generation"]
    raise AssertionError("no order could be cancelled by its number")


def end(run: EngineRun) -> list[str]:
    """End the engine in order; the controls in its journal, which replays."""
    engine = run.started[1]
    engine.terminate()
    assert engine.wait(timeout=30) == 0, run.error("engine").read_text()
    replayed = run.replay()
    assert replayed.returncode == 0, replayed.stderr
    return run.controls()


def audit(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / AUDIT_FILE).read_text().splitlines()]


@needs_programs
def test_an_operator_acts_on_an_engine_that_trades(run: EngineRun, client: Client, tokens: dict[str, str]) -> None:
    state = client.get("/state").json()
    assert (state["order_session"], state["killed"], state["paused"]) == ("up", False, False)
    assert state["parameters"]["generation"] == 0 and len(state["positions"]) == 2
    assert state["counters"]["feed"]["sequence"] > 0 and "overfill" in state["anomalies"]
    until(lambda: client.get("/state").json()["open_orders"]["count"] > 0, run)

    bob = {"Authorization": f"Bearer {tokens['bob']}"}
    changed = client.patch("/parameters", json={"values": {"gamma": 0.3}}, headers=bob)
    assert (changed.status_code, changed.json()) == (200, {"generation": 1})
    assert client.get("/state").json()["parameters"]["values"]["gamma"] == 0.3

    assert client.post("/pause", json=NAMED).json() == {"generation": 1}
    until(lambda: client.get("/state").json()["open_orders"]["count"] == 0, run)
    assert client.get("/state").json()["paused"]
    assert client.post("/resume", json=NAMED).json() == {"generation": 2}
    until(lambda: client.get("/state").json()["open_orders"]["count"] > 0, run)
    assert client.post("/cancel", json={"all": True}).json() == {"generation": 3}
    symbol = next(iter(state["positions"]))
    assert client.post("/cancel", json={"instrument": symbol}).json() == {"generation": 4}
    number, generation = cancel_one(client)

    assert client.post("/model", json=MODEL, headers=bob).json() == {"generation": 1}
    swapped = client.get("/state").json()["model"]
    assert (swapped["generation"], swapped["author"], len(swapped["digest"])) == (1, "bob", 64)

    assert client.post("/kill", json={}).json() == {"killed": True}
    assert client.get("/state").json()["killed"]
    assert client.post("/re-arm", json={}).json() == {"killed": False}
    told = [text for text in end(run) if not text.startswith(("order", "start", "command refused"))]
    assert told[0].startswith("parameters: 1 bob quote_quantity=100 gamma=0.3 ")
    assert told[1:8] == [
        "pause: 1 alice avellaneda_stoikov",
        "resume: 2 alice avellaneda_stoikov",
        "cancel: 3 alice all",
        f"cancel: 4 alice instrument {symbol}",
        f"cancel: {generation} alice order {number}",
        "kill switch: file alice",
        "re-arm: alice",
    ]
    lines = audit(run.folder)
    pairs = [(a, b) for a, b in zip(lines[::2], lines[1::2], strict=True) if b["status"] == 200]
    asked, happened = zip(*pairs, strict=True)
    assert [line["action"] for line in asked] == [
        "parameters", "pause", "resume", "cancel", "cancel", "cancel", "model", "kill", "re-arm",
    ]  # fmt: skip
    assert [line["operator"] for line in asked] == ["bob", *["alice"] * 5, "bob", *["alice"] * 2]
    assert asked[0]["given"] == {"values": {"gamma": 0.3}} and asked[0]["before"] == {
        "parameters": 0,
        "commands": 0,
        "model": 0,
    }
    assert [line["request"] for line in happened] == [line["request"] for line in asked]


@needs_programs
def test_bad_input_is_refused_with_one_sentence(run: EngineRun, client: Client) -> None:
    spec = "strategy avellaneda_stoikov: "
    field = "is not a field of this request"
    one_of = "body: say one of all, instrument and order"
    refused = [
        ("/parameters", {"values": {"gamma": 0}}, 409, spec + "parameter gamma must be above 0 1/dollar"),
        ("/parameters", {"values": {"gama": 1}}, 409, spec + "unknown parameter gama"),
        ("/parameters", {"values": {"k": 2e6}}, 409, spec + "k must be above 0 and at most 1e+06 1/dollar, not 2e+06"),
        ("/parameters", {"values": {"gamma": 1}, "author": "eve"}, 422, "author: " + field),
        ("/model", {**MODEL, "value_max": -1}, 422, "value_max: Input should be greater than or equal to 0"),
        ("/model", {**MODEL, "trees": [[]]}, 409, "model: trees[0]: has no node"),
        ("/pause", {"strategy": "another"}, 409, "the strategy here is avellaneda_stoikov"),
        ("/pause", {}, 422, "strategy: Field required"),
        ("/cancel", {}, 422, one_of),
        ("/cancel", {"all": True, "order": 3}, 422, one_of),
        ("/cancel", {"instrument": "NONE"}, 409, "no instrument has this symbol"),
        ("/cancel", {"order": 0}, 422, "order: Input should be greater than or equal to 1"),
        ("/re-arm", {}, 409, "the kill switch is not pulled"),
    ]
    for path, body, status, sentence in refused:
        answer = client.request("PATCH" if path == "/parameters" else "POST", path, json=body)
        assert (answer.status_code, answer.json()) == (status, {"error": sentence}), (path, body)
    broken = client.post("/pause", data=b"{", headers={"Content-Type": "application/json"})
    assert broken.status_code == 422 and broken.json()["error"].startswith("1: JSON decode error")
    statuses = [line["status"] for line in audit(run.folder) if "status" in line]
    assert statuses == [409] * 7, "what is no request is not acted on"
    told = end(run)
    assert "command refused: alice: the strategy here is avellaneda_stoikov" in told


@needs_programs
def test_an_engine_that_stands_still_is_said_to_and_finds_the_kill_switch_pulled(
    run: EngineRun, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running_engine, "ANSWER_S_MAX", 0.2)
    engine = run.started[1]
    engine.send_signal(signal.SIGSTOP)
    try:
        answer = client.post("/pause", json=NAMED)
        assert answer.status_code == 504 and "the engine does not answer" in answer.json()["error"]
        answer = client.post("/kill", json={})
        assert answer.status_code == 504 and "has not seen it yet" in answer.json()["error"]
    finally:
        engine.send_signal(signal.SIGCONT)
    until(lambda: client.get("/state").json()["killed"], run)
    assert [line["status"] for line in audit(run.folder) if "status" in line] == [504, 504]


@needs_programs
def test_what_cannot_be_audited_does_not_happen_but_for_the_kill_switch(
    run: EngineRun, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    answer = client.post("/pause", json=NAMED)
    assert answer.status_code == 507
    assert answer.json()["error"].endswith("audit.jsonl: the audit cannot be written: No space left on device")
    assert not client.get("/state").json()["paused"]
    assert client.post("/kill", json={}).json() == {"killed": True}


@needs_programs
def test_an_engine_that_has_died_is_none(run: EngineRun, client: Client) -> None:
    engine = run.started[1]
    engine.kill()
    os.waitid(os.P_PID, engine.pid, os.WEXITED | os.WNOWAIT)  # it is a zombie, which does not trade
    for answer in (client.get("/state"), client.post("/pause", json=NAMED), client.post("/kill", json={})):
        assert answer.status_code == 503 and answer.json()["error"].startswith("no engine trades here: the one of ")
    assert not (run.folder / "kill").exists()
    engine.wait()


def test_without_an_engine_every_request_says_so(tmp_path: Path, client: Client) -> None:
    answer = client.get("/state")
    assert answer.status_code == 503
    assert answer.json()["error"].startswith(f"no engine trades here: {tmp_path}: neither")
    assert client.post("/kill", json={}).status_code == 503
    assert audit(tmp_path) == []


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer wrong", "Basic {token}", "{token}", "Bearer {token}x"]
)
def test_a_stranger_is_told_nothing(tmp_path: Path, client: Client, tokens: dict[str, str], header: str) -> None:
    headers = {"Authorization": header.format(token=tokens["alice"])}
    for method, path in (("GET", "/state"), ("POST", "/kill"), ("POST", "/nothing")):
        answer = client.request(method, path, headers=headers)
        assert answer.status_code == 401 and answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.json() == {"error": "no operator's token: send the header Authorization: Bearer TOKEN"}
    assert audit(tmp_path) == []


def test_a_long_body_is_not_read(client: Client) -> None:
    long = client.post("/pause", data=b" " * (BODY_BYTES_MAX + 1))
    assert long.status_code == 413
    endless = client.post("/pause", data=iter([b"{}"]))
    assert endless.status_code == 413


def test_the_page_of_the_api_is_open_and_knows_every_request(client: Client) -> None:
    described = client.get("/openapi.json", headers={"Authorization": ""}).json()
    assert set(described["paths"]) == {
        "/state",
        "/parameters",
        "/pause",
        "/resume",
        "/cancel",
        "/model",
        "/kill",
        "/re-arm",
    }
    assert client.get("/docs", headers={"Authorization": ""}).status_code == 200


def test_tokens_are_secret_long_and_nobody_elses(tmp_path: Path, tokens: dict[str, str]) -> None:
    folder = tmp_path / "credentials"
    assert all(len(token) >= 43 for token in tokens.values())
    file = folder / "control-bob"
    file.write_text(tokens["alice"])
    with pytest.raises(ColoError, match="two operators have the same token"):
        Guard.read(SERVICE, folder)
    file.write_text("short")
    with pytest.raises(ColoError, match="a token has at least 32 characters"):
        Guard.read(SERVICE, folder)
    file.chmod(0o644)
    with pytest.raises(ColoError, match="can be read by others"):
        Guard.read(SERVICE, folder)
    file.unlink()
    with pytest.raises(ColoError, match="control-bob: an operator's token cannot be read: No such file"):
        Guard.read(SERVICE, folder)


def test_lines_of_the_audit_are_whole_whoever_writes(tmp_path: Path) -> None:
    book = Audit(tmp_path / "audit.jsonl")

    def write(name: str) -> None:
        for _ in range(20):
            book.happened(book.asked(name, "pause", {"strategy": "x" * 500}, 1), 200, "done")

    threads = [threading.Thread(target=write, args=(name,)) for name in ("alice", "bob", "carol")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = [json.loads(line) for line in (tmp_path / "audit.jsonl").read_text().splitlines()]
    assert len(lines) == 120
    assert (tmp_path / "audit.jsonl").stat().st_mode & 0o777 == 0o600
