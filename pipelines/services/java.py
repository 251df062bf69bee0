"""Finds the Java that Kafka and Flink run on, and the settings that both share: logging and quick, small JVMs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

from stacks.topology.errors import ColoError

VERSION_MIN = 17

# A service on a small machine starts often and runs for minutes: the serial collector needs no threads of its own.
QUICK_START = ("-XX:+UseSerialGC", "-XX:-UsePerfData", "-Xshare:auto", "-Djava.awt.headless=true")


def find_java() -> Path:
    """The `java` of JAVA_HOME, else of PATH; ColoError with one sentence if there is none of version 17 or newer."""
    home = os.environ.get("JAVA_HOME")
    candidate = Path(home) / "bin" / "java" if home else None
    found = str(candidate) if candidate and candidate.is_file() else shutil.which("java")
    if not found:
        raise ColoError(
            f"java is missing: Kafka and Flink need Java {VERSION_MIN} or newer (Debian package default-jdk-headless), "
            "and neither JAVA_HOME nor PATH leads to one"
        )
    version = _version(found)
    if version < VERSION_MIN:
        raise ColoError(f"{found} is Java {version}: Kafka and Flink need Java {VERSION_MIN} or newer")
    return Path(found)


def class_path(*folders: Path) -> str:
    """All jars of the folders, sorted, because a class data archive fits only the class path that it was made with."""
    jars = [str(jar.absolute()) for folder in folders for jar in sorted(folder.glob("*.jar"))]
    if not jars:
        raise ColoError(f"there are no jars in {', '.join(map(str, folders))}: `make setup SITE=lab` brings them")
    return os.pathsep.join(jars)


def class_data(archive: Path) -> tuple[str, ...]:
    """Options that keep the parsed classes of a program in `archive` at its first exit, and start from them later.

    Measured on two cores: see the figures in pipelines/services/README of the report; a JVM that finds the archive
    unfit (another Java, changed jars) says so in its log and starts without it.
    """
    if archive.is_file():
        return (f"-XX:SharedArchiveFile={archive}",)
    archive.parent.mkdir(parents=True, exist_ok=True)
    return (f"-XX:ArchiveClassesAtExit={archive}",)


def write_logging(path: Path, quiet: tuple[str, ...] = ()) -> str:
    """Write a log4j 2 configuration that logs to standard output; `quiet` loggers only warn. The option for java."""
    lines = [
        "rootLogger.level = INFO",
        "rootLogger.appenderRef.console.ref = console",
        "appender.console.name = console",
        "appender.console.type = CONSOLE",
        "appender.console.layout.type = PatternLayout",
        "appender.console.layout.pattern = %d{yyyy-MM-dd HH:mm:ss.SSS} %-5p %c{1.} %m%n",
    ]
    for number, name in enumerate(quiet):
        lines += [f"logger.quiet{number}.name = {name}", f"logger.quiet{number}.level = WARN"]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    return f"-Dlog4j2.configurationFile=file:{path}"


@cache
def _version(java: str) -> int:
    answer = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=60)
    match = re.search(r'version "(?:1\.)?(\d+)', answer.stderr + answer.stdout)
    if answer.returncode != 0 or not match:
        raise ColoError(f"{java} -version does not work: {(answer.stderr or answer.stdout).strip()[:200]}")
    return int(match.group(1))
