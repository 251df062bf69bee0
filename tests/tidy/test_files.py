"""Nothing lies in the repository that is made from something else, or that nothing uses."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from tests.tidy.sources import ROOT, Source, cpp_sources, hold, paths, python_sources, sources
from tests.tidy.test_imports import INCLUDE, imported, within

MADE = re.compile(r"(?:^|/)(?:build|__pycache__|\.venv|node_modules)/|\.(?:so|o|a|pyc|jar|class|zip|parquet|whl|log)$")
FILE_BYTES_MAX = 1 << 20
CHOSEN_BY_NAME = "stacks.sites"  # SITE=lab loads stacks.sites.lab


def test_nothing_that_is_made_is_kept():
    hold([path for path in paths() if MADE.search(path)])


def test_no_file_is_large():
    hold([path for path in paths() if (ROOT / path).stat().st_size > FILE_BYTES_MAX])


def unused_modules(modules: list[Source], others: list[Source]) -> list[str]:
    """Python modules that no module outside tests/ imports and that no file names as a program or a path."""
    users = [source for source in modules if not within(source.module, "tests")]
    imports = {source.path: {name for _, name in imported(source)} for source in users}
    unused = []
    for source in users:
        if PurePosixPath(source.path).name in ("__init__.py", "__main__.py") or within(source.module, CHOSEN_BY_NAME):
            continue
        names = [used for path, found in imports.items() if path != source.path for used in found]
        if any(within(name, source.module) for name in names):
            continue
        named = re.compile(rf"(?<![\w.]){re.escape(source.module)}(?!\w)|{re.escape(source.path)}")
        if any(named.search(other.text) for other in [*users, *others] if other.path != source.path):
            continue
        unused.append(source.path)
    return unused


def unused_cpp(files: list[Source], cmake: dict[str, str]) -> list[str]:
    """Headers that nothing includes, and C++ files that no CMakeLists.txt builds."""
    included = {name for source in files for name in INCLUDE.findall(source.text) if name != source.path}
    unused = []
    for source in files:
        path = PurePosixPath(source.path)
        if path.suffix == ".hpp" and source.path not in included:
            unused.append(source.path)
        if path.suffix == ".cpp" and not any(
            re.search(rf"\b{re.escape(path.name)}\b|GLOB", cmake.get(str(folder), "")) for folder in path.parents
        ):
            unused.append(source.path)
    return unused


def test_every_python_module_is_used():
    others = [source for source in sources() if not source.path.endswith((".py", ".md"))]
    hold(unused_modules(python_sources(), others))


def test_every_cpp_file_is_used():
    cmake = {str(PurePosixPath(source.path).parent): source.text for source in sources("CMakeLists.txt")}
    hold(unused_cpp(cpp_sources(), cmake))


def test_the_rules_see_planted_violations():
    modules = [
        Source("pipelines/run.py", "from pipelines.store import duck\n"),
        Source("pipelines/store/duck.py", ""),
        Source("pipelines/store/orphan.py", ""),
        Source("tests/test_orphan.py", "import pipelines.store.orphan\n"),
    ]
    assert unused_modules(modules, [Source("Makefile", "python -m pipelines.run")]) == ["pipelines/store/orphan.py"]
    files = [
        Source("engine/a.hpp", ""),
        Source("engine/b.hpp", ""),
        Source("engine/a.cpp", '#include "engine/a.hpp"'),
        Source("engine/c.cpp", ""),
    ]
    assert unused_cpp(files, {"engine": "target_sources(colo PRIVATE a.cpp)"}) == ["engine/b.hpp", "engine/c.cpp"]
    assert MADE.search("engine/colo_engine.so") and not MADE.search("engine/build.hpp")
