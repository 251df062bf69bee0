"""What the services are started with, and the sentences that a machine without them gives."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.services import postgresql
from pipelines.services.flink import TaskManagerMemory, render_configuration
from pipelines.services.java import class_data, class_path, find_java
from pipelines.services.kafka import render_properties
from stacks.sites import load_site
from stacks.topology.errors import ColoError

PLANE = load_site("lab").data_plane
assert PLANE.kind == "services"


def test_java_that_is_missing_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ColoError, match=r"^java is missing: Kafka and Flink need Java 17 or newer [^.]*one$"):
        find_java()


def test_java_that_is_too_old_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    old = tmp_path / "bin" / "java"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019-01-15' >&2\n")
    old.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(ColoError, match=r"bin/java is Java 11: Kafka and Flink need Java 17 or newer"):
        find_java()


def test_jars_that_are_missing_are_named(tmp_path: Path):
    with pytest.raises(ColoError, match=f"no jars in {tmp_path}"):
        class_path(tmp_path)


def test_an_archive_of_class_data_is_used_only_if_it_is_whole_and_fits(tmp_path: Path):
    (made,) = class_data(tmp_path, "kafka", "a.jar")
    assert made.startswith("-XX:ArchiveClassesAtExit=")
    archive = Path(made.partition("=")[2])
    archive.write_bytes(b"too small")
    assert class_data(tmp_path, "kafka", "a.jar") == (made,)
    archive.write_bytes(bytes(9 * 1024 * 1024))
    assert class_data(tmp_path, "kafka", "a.jar") == (f"-XX:SharedArchiveFile={archive}",)
    assert class_data(tmp_path, "kafka", "b.jar")[0].startswith("-XX:ArchiveClassesAtExit=")
    assert not archive.exists()  # of another class path, of no use any more


def test_a_broker_listens_only_where_it_is_declared(tmp_path: Path):
    properties = dict(line.split("=", 1) for line in render_properties(PLANE.kafka, tmp_path).splitlines())
    kafka = PLANE.kafka
    assert properties["listeners"] == (
        f"PLAINTEXT://{kafka.address}:{kafka.port},CONTROLLER://{kafka.address}:{kafka.controller_port}"
    )
    assert properties["auto.create.topics.enable"] == "false"


def test_a_cluster_names_every_port_and_binds_to_the_declared_address(tmp_path: Path):
    text = render_configuration(PLANE.flink, tmp_path)
    settings = {key: value.strip('"') for key, value in (line.split(": ", 1) for line in text.splitlines())}
    flink = PLANE.flink
    assert settings["rest.bind-port"] == str(flink.rest_port)
    assert settings["blob.server.port"] == str(flink.blob_port)
    assert {settings[key] for key in settings if key.endswith(("bind-host", "bind-address", ".host"))} == {
        flink.address
    }


def test_the_parts_of_a_task_manager_fill_its_memory():
    memory = TaskManagerMemory.of(1536)
    parts = memory.task_heap + memory.managed + memory.network + memory.framework_heap
    assert parts + memory.framework_off_heap + memory.metaspace + memory.overhead == 1536
    with pytest.raises(ColoError, match=r"data_plane\.flink\.task_manager_memory_mib: 700 MiB leave \d+ MiB"):
        TaskManagerMemory.of(700)


def test_a_password_is_made_once_and_private(tmp_path: Path):
    file = tmp_path / "credentials" / "postgres"
    secret = postgresql.read_or_make_password(file)
    assert len(secret) >= 24 and postgresql.read_or_make_password(file) == secret
    assert file.stat().st_mode & 0o777 == 0o600 and file.parent.stat().st_mode & 0o777 == 0o700


def test_a_server_that_is_missing_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.delenv("COLO_POSTGRESQL", raising=False)
    monkeypatch.setattr(Path, "glob", lambda _self, _pattern: iter(()))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ColoError, match=r"^postgres is missing: .* \(Debian: postgresql\)$"):
        postgresql.find_binaries()
