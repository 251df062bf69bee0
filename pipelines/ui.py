"""`python -m pipelines.ui --site desk`: the Dagster UI of a site on its declared address, until Ctrl-C."""

import argparse
import signal
import sys
import urllib.request
from pathlib import Path

from pipelines.instance import open_instance
from pipelines.supervisor import Endpoint, Program, Supervisor
from stacks.sites import load_site
from stacks.topology.errors import ColoError

REPOSITORY_ROOT = Path(__file__).resolve().parents[1]


def main(arguments: list[str]) -> int:
    """Starts the UI under the site's supervisor, prints its address, and stays until it is stopped."""
    parser = argparse.ArgumentParser(prog="python -m pipelines.ui", description=__doc__.splitlines()[0])
    parser.add_argument("--site", default="desk", help="a site of stacks/sites")
    site_name = parser.parse_args(arguments).site
    try:
        site = load_site(site_name)
        directory = REPOSITORY_ROOT / "build" / site_name
        program = dagster_ui(
            site_name, site.dagster.address, site.dagster.port, open_instance(REPOSITORY_ROOT / "build", site_name)
        )
        with Supervisor(directory) as supervisor:
            supervisor.start(program)
            supervisor.wait_ready(program.name)
            print(
                f"Dagster UI of {site_name}: http://{site.dagster.address}:{site.dagster.port} (Ctrl-C ends it)",
                flush=True,
            )
            return supervisor.wait(program.name) or 0
    except ColoError as error:
        print(f"colo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


def dagster_ui(site_name: str, address: str, port: int, dagster_home: Path) -> Program:
    """The Dagster web server and daemon of a site as one program."""

    def ready() -> bool:
        with urllib.request.urlopen(f"http://{address}:{port}/server_info", timeout=1) as answer:
            return answer.status == 200

    return Program(
        name="dagster_ui",
        command=(
            str(Path(sys.executable).with_name("dagster")), "dev", "-h", address, "-p", str(port),
            "-m", "pipelines.definitions",
        ),
        log_file=dagster_home / "ui.log",
        listens=(Endpoint(address, port),),
        stop_signal=signal.SIGINT,
        ready=ready,
        environment={"DAGSTER_HOME": str(dagster_home), "COLO_SITE": site_name},
        working_directory=REPOSITORY_ROOT,
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
