"""Who may import whom: the direction of the layers, and the few packages that have one home."""

from __future__ import annotations

import ast
import re
import sys

from tests.tidy.sources import ROOT, Source, cpp_sources, hold, python_sources

# Lowest first; a file belongs to the longest prefix that fits, and may import only its own layer and lower ones.
LAYERS = (
    ("stacks.topology", "stacks"),
    ("stacks.sites",),
    ("engine", "kernel_tuning", "stacks.switches", "stacks.latency_budget"),
    ("fpga",),
    ("strategies",),
    ("pipelines", "monitoring"),
    ("playbooks", "stacks.__main__", "stacks.components", "stacks.policy"),
    ("tests",),
)
RANK = {prefix: rank for rank, prefixes in enumerate(LAYERS) for prefix in prefixes}
# Outside tests/, the only places that import these packages.
HOMES = {
    "pulumi": ("stacks.components", "stacks.policy", "stacks.__main__"),
    "dagster": ("pipelines",),
    "pyflink": ("pipelines.flink",),
}


def within(module: str, prefix: str) -> bool:
    """Whether a module is the package or lies in it."""
    return module == prefix or module.startswith(prefix + ".")


def rank(module: str) -> int | None:
    """Layer of a module of the project; None for everybody else's."""
    fitting = [prefix for prefix in RANK if within(module, prefix)]
    return RANK[max(fitting, key=len)] if fitting else None


def imported(source: Source) -> list[tuple[int, str]]:
    """(line, module) of every import, wherever it stands in the file."""
    found = []
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            origin = node.module or ""
            if node.level:
                package = source.module.split(".")
                keep = len(package) - node.level + source.path.endswith("/__init__.py")
                origin = ".".join([*package[:keep], *filter(None, [origin])])
            found += [(node.lineno, f"{origin}.{alias.name}") for alias in node.names]
    return found


def upward_imports(files: list[Source]) -> list[str]:
    """Imports of a higher layer."""
    return [
        f"{source.path}:{line}: imports {module}, which lies above it"
        for source in files
        for line, module in imported(source)
        if (target := rank(module)) is not None and target > (rank(source.module) or 0)
    ]


def strayed_imports(files: list[Source]) -> list[str]:
    """Imports of a package outside its home."""
    return [
        f"{source.path}:{line}: imports {module}; only {', '.join(homes)} may"
        for source in files
        if not within(source.module, "tests")
        for line, module in imported(source)
        for package, homes in HOMES.items()
        if re.split(r"[._]", module)[0] == package and not any(within(source.module, home) for home in homes)
    ]


def flink_strangers(files: list[Source]) -> list[str]:
    """What a Flink job imports that its own environment lacks."""
    known = {"pyflink", *sys.stdlib_module_names}
    jobs = [
        source
        for source in files
        if within(source.module, "pipelines.flink") and any(within(name, "pyflink") for _, name in imported(source))
    ]
    return [
        f"{source.path}:{line}: imports {module}, which Flink's environment does not have"
        for source in jobs
        for line, module in imported(source)
        if module.split(".")[0] not in known and not within(module, "pipelines.flink")
    ]


INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
# From folder to the folders whose headers it may include: the library knows neither a strategy nor a program, the
# trading engine not the venue that it is tested against.
CPP_MAY_INCLUDE = {
    "engine/simulator": ("engine",),
    "engine/bindings": ("engine",),
    "engine/bench": ("engine",),
    "engine": ("engine",),
    "fpga": ("engine", "fpga"),
    "strategies": ("engine", "strategies"),
    "tests": ("engine", "fpga", "strategies", "tests"),
}
SIMULATOR_USERS = ("engine/simulator", "engine/bindings", "engine/bench", "tests")


def wrong_includes(files: list[Source], existing: set[str]) -> list[str]:
    """Includes that go upward, or that do not name a file from the repository's root."""
    wrong = []
    for source in files:
        home = next((folder for folder in CPP_MAY_INCLUDE if source.path.startswith(folder + "/")), "")
        for included in INCLUDE.findall(source.text):
            allowed = included.startswith(tuple(f"{folder}/" for folder in CPP_MAY_INCLUDE.get(home, ())))
            if included.startswith("engine/simulator/") and home not in SIMULATOR_USERS:
                allowed = False
            if not allowed:
                wrong.append(f'{source.path}: includes "{included}", which lies above it')
            elif included not in existing:
                wrong.append(f'{source.path}: includes "{included}", which is not a file from the root')
    return wrong


GENERATED = {
    "engine/normalise/tick_record.hpp",
    "engine/protocol/mdp3_messages.hpp",
    "tests/simulation/commit.hpp",
}


def test_nothing_imports_upward():
    hold(upward_imports(python_sources()))


def test_packages_are_imported_only_at_home():
    hold(strayed_imports(python_sources()))


def test_flink_jobs_need_only_their_own_environment():
    hold(flink_strangers(python_sources()))


def test_includes_go_down_and_name_files_from_the_root():
    files = cpp_sources()
    existing = {source.path for source in files} | GENERATED
    hold(wrong_includes(files, existing))


def test_every_folder_with_python_is_a_package():
    files = python_sources()
    folders = {source.path.rpartition("/")[0] for source in files} - {""}
    hold([folder for folder in sorted(folders) if not (ROOT / folder / "__init__.py").is_file()])


def test_the_rules_see_planted_violations():
    planted = [
        Source("stacks/topology/host.py", "from stacks.sites import desk\n"),
        Source("engine/render.py", "import pipelines.store\n"),
        Source("stacks/sites/desk.py", "from ..components import host\n"),
        Source("pipelines/run.py", "import pulumi_policy, dagster\n"),
        Source("pipelines/flink/bars.py", "def job():\n    import pyflink.table, stacks.topology\n"),
    ]
    assert len(upward_imports(planted)) == 3
    assert strayed_imports(planted) == [
        "pipelines/run.py:1: imports pulumi_policy; only stacks.components, stacks.policy, stacks.__main__ may"
    ]
    assert len(flink_strangers(planted)) == 1
    includes = [
        Source("engine/book/book.cpp", '#include "strategies/spread/spread.hpp"\n#include "book.hpp"\n'),
        Source("engine/runtime/loop.cpp", '#include "engine/simulator/matching.hpp"\n#include "engine/none.hpp"\n'),
    ]
    assert len(wrong_includes(includes, {"engine/simulator/matching.hpp"})) == 4
