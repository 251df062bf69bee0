"""`python -m monitoring.control --site desk`: the control service of a site on its declared address, until Ctrl-C."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import uvicorn

from monitoring.control.service import create_app
from pipelines.trading.credentials import write_credentials
from stacks.sites import load_site
from stacks.topology.errors import ColoError

REPOSITORY_ROOT = Path(__file__).resolve().parents[2]
CONNECTIONS_MAX = 32


def main(arguments: list[str]) -> int:
    """Serve, as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m monitoring.control", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--site", default="desk", help="a site of stacks/sites")
    parser.add_argument("--host", help="the host of the site on which this runs; the first one with a control service")
    parser.add_argument("--build", type=Path, default=REPOSITORY_ROOT / "build", help="where runs are made")
    options = parser.parse_args(arguments)
    try:
        site = load_site(options.site)
        service = site.control_on(options.host)
        if service is None:
            raise ColoError(f"site {site.name}: no control service is declared on host {options.host}")
        directory = options.build.resolve() / site.name
        tokens = write_credentials(site, directory)
        app = create_app(site, service, directory, tokens)
    except ColoError as error:
        print(f"colo: {error}", file=sys.stderr)
        return 1
    address = f"http://{service.address}:{service.port}"
    print(f"control of {site.name}: {address}/docs (tokens in {tokens}, Ctrl-C ends it)", flush=True)
    uvicorn.run(
        app, host=service.address, port=service.port, limit_concurrency=CONNECTIONS_MAX, server_header=False,
        log_level="warning",
    )  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
