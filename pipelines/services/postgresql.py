"""A PostgreSQL server of a site: its cluster on disk, its start, and connections to it.

The server refuses to run as root. Where root starts a site, the server runs as the system's user `postgres` (or
`nobody`), and where that user cannot reach the site's folder (a checkout below /root), in a user namespace in which
root's files belong to an ordinary user. Passwords lie in the site's credentials folder and are made at the first start.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from pipelines.supervisor import Endpoint, Program
from stacks.topology.data_plane import Postgres
from stacks.topology.errors import ColoError

NAME = "postgresql"

IN_NAMESPACE = ("unshare", "--user", "--map-user=1000", "--map-group=1000", "--")


@dataclass(frozen=True)
class ServerUser:
    """Whom the server runs as: what to put before its commands, and who must own its files (None: who we are)."""

    launcher: tuple[str, ...] = ()
    owner: int | None = None
    group: int | None = None


def program(postgres: Postgres, directory: Path, password_file: Path, start_s_max: float, stop_s_max: float) -> Program:
    """The server, with its cluster in `directory`/data, ready to be started; makes cluster and password once."""
    binaries = find_binaries()
    directory.mkdir(parents=True, exist_ok=True)
    user = server_user(directory)
    data = directory / "data"
    password = read_or_make_password(password_file)
    if not (data / "global" / "pg_control").exists():
        _make_cluster(binaries, data, postgres.user, password, user)
    settings = _settings(postgres, binaries)
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    return Program(
        name=NAME,
        command=(str(binaries / "postgres"), "-D", str(data), *options),
        log_file=directory / "postgresql.log",
        listens=(Endpoint(postgres.address, postgres.port),),
        ready=lambda: answers(postgres, password_file),
        ready_s_max=start_s_max,
        stop_signal=signal.SIGINT,  # "fast": ends sessions, writes a checkpoint (postgres(1))
        stop_s_max=stop_s_max,
        death_signal=signal.SIGINT,
        launcher=user.launcher,
        working_directory=directory,
    )


def answers(postgres: Postgres, password_file: Path) -> bool:
    """Whether the server accepts our login; creates the declared database where it is missing. OSError: not up."""
    with socket.create_connection((postgres.address, postgres.port), timeout=1):
        pass
    try:
        with connect(postgres, password_file, database="postgres", autocommit=True) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (postgres.database,)).fetchone()
            if not found:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(postgres.database)))
    except psycopg.OperationalError:
        return False  # starting up or recovering
    return True


def connect(
    postgres: Postgres, password_file: Path, database: str | None = None, autocommit: bool = False
) -> psycopg.Connection:
    """A connection to the declared database (or to `database`), with the declared schema first in its search path."""
    return psycopg.connect(
        host=postgres.address,
        port=postgres.port,
        dbname=database or postgres.database,
        user=postgres.user,
        password=password_file.read_text().strip(),
        options=f"-c search_path={postgres.schema_name},public",
        connect_timeout=10,
        autocommit=autocommit,
    )


def find_binaries() -> Path:
    """Folder of the newest PostgreSQL server programs, or that of COLO_POSTGRESQL (one with TimescaleDB, say).

    ColoError with one sentence where there are none.
    """
    if chosen := os.environ.get("COLO_POSTGRESQL"):
        if not (Path(chosen) / "postgres").exists():
            raise ColoError(f"postgres is missing: COLO_POSTGRESQL is {chosen}, and there is no program postgres in it")
        return Path(chosen)
    folders = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if (path / "postgres").exists()]
    if folders:
        return max(folders, key=lambda folder: float(folder.parent.name))
    if found := shutil.which("postgres"):
        return Path(found).resolve().parent
    raise ColoError("postgres is missing: no server under /usr/lib/postgresql and none on PATH (Debian: postgresql)")


def has_timescaledb(binaries: Path) -> bool:
    """Whether the TimescaleDB extension is installed beside these server programs."""
    answer = subprocess.run([str(binaries / "pg_config"), "--sharedir"], capture_output=True, text=True)
    return (Path(answer.stdout.strip()) / "extension" / "timescaledb.control").exists()


def read_or_make_password(path: Path) -> str:
    """The secret in `path`; made at random, readable by us alone, where there is none."""
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    secret = secrets.token_urlsafe(24)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secret + "\n")
    return secret


def server_user(directory: Path) -> ServerUser:
    """Whom to run the server as so that it is not root and reaches `directory`."""
    if os.geteuid() != 0:
        return ServerUser()
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        launcher = ("setpriv", "--reuid", name, "--regid", str(entry.pw_gid), "--clear-groups", "--")
        if subprocess.run([*launcher, "test", "-x", str(directory)], capture_output=True).returncode == 0:
            return ServerUser(launcher, entry.pw_uid, entry.pw_gid)
    if subprocess.run([*IN_NAMESPACE, "true"], capture_output=True).returncode == 0:
        return ServerUser(IN_NAMESPACE)
    raise ColoError(
        f"postgresql cannot run: it refuses to run as root, no user postgres or nobody reaches {directory}, "
        "and this kernel gives no user namespaces; move the checkout to where other users may look"
    )


def _make_cluster(binaries: Path, data: Path, role: str, password: str, user: ServerUser) -> None:
    """initdb into a folder that only then gets its name, so that half a cluster is never taken for one."""
    unfinished = data.with_name("data.unfinished")
    if data.exists():
        raise ColoError(f"{data} is no cluster of PostgreSQL (global/pg_control is missing); remove it to begin anew")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    secret = data.with_name("initdb-password")
    with os.fdopen(os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(password + "\n")
    if user.owner is not None and user.group is not None:
        os.chown(unfinished, user.owner, user.group)
        os.chown(secret, user.owner, user.group)
    command = [*user.launcher, str(binaries / "initdb"), "-D", str(unfinished), "--username", role]
    command += ["--auth=scram-sha-256", f"--pwfile={secret}", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=data.parent)
    finally:
        secret.unlink()
    if answer.returncode != 0:
        lines = (answer.stderr or answer.stdout).strip().splitlines()
        raise ColoError(f"initdb cannot make a cluster in {data}: {lines[-1] if lines else 'no output'}")
    unfinished.rename(data)


def _settings(postgres: Postgres, binaries: Path) -> dict[str, str]:
    settings = {
        "listen_addresses": postgres.address,
        "port": str(postgres.port),
        "unix_socket_directories": "",  # a socket's path has 107 bytes at most, a checkout's may be longer
        "shared_buffers": f"{postgres.shared_buffers_mib}MB",
        "max_connections": "50",
        "max_wal_size": "4GB",
        "checkpoint_timeout": "15min",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "wal_compression": "on",
        "max_locks_per_transaction": "256",
        "jit": "off",
        "timezone": "UTC",
        "log_line_prefix": "%m [%p] ",
        "log_checkpoints": "off",
    }
    if has_timescaledb(binaries):
        settings |= {"shared_preload_libraries": "timescaledb", "timescaledb.telemetry_level": "off"}
    return settings
