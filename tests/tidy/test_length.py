"""No function and no file is longer than can be read in one go, and every file says at its top what it is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.tidy.sources import Source, cpp_sources, hold, python_sources, sources

FUNCTION_LINES_MAX = 60
FILE_LINES_MAX = 500
CODE = (".py", ".hpp", ".cpp", ".java", ".sh", ".sql", ".sv", ".txt", ".cmake", "Makefile")
LOCKS = re.compile(r"^requirements/(?:bootstrap|core|flink)\.txt$")


def python_functions(source: Source) -> Iterator[tuple[str, int, int]]:
    """(name, first line, lines) of every function."""
    for node in ast.walk(source.tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name, node.lineno, (node.end_lineno or node.lineno) - node.lineno + 1


# Comments, raw strings, strings and characters: what may hold a brace that opens no block.
CPP_TEXT = re.compile(
    r"//[^\n]*|/\*.*?\*/|R\"(\w*)\(.*?\)\1\"|\"(?:\\.|[^\"\\\n])*\"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'", re.DOTALL
)
CPP_SCOPE = re.compile(r"^(?:.*\s)?(?:namespace|class|struct|union|enum|extern)\b", re.DOTALL)
CPP_CONTROL = re.compile(r"^(?:\}?\s*else\s+)?(?:if|for|while|switch|catch|do|else|try)\b")


def cpp_functions(source: Source) -> Iterator[tuple[str, int, int]]:
    """(heading, first line, lines) of every outermost block that has the heading of a function.

    Reads braces, not the language: a block whose heading holds a parameter list and is no control statement.
    """
    text = CPP_TEXT.sub(lambda match: "\n" * match.group().count("\n"), source.text)
    text = re.sub(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", lambda m: "\n" * m.group().count("\n"), text, flags=re.MULTILINE)
    scopes: list[tuple[str, int] | None] = []
    heading_start, line, in_function = 0, 1, 0
    for position, character in enumerate(text):
        if character == "\n":
            line += 1
        elif character == "{":
            heading = re.sub(r"\balignas\(\w+\) ?", "", " ".join(text[heading_start:position].split()))
            is_function = ")" in heading and not CPP_CONTROL.match(heading) and not in_function
            is_function = is_function and not (CPP_SCOPE.match(heading) and "(" not in heading)
            first = line - text[heading_start:position].lstrip().count("\n")
            scopes.append((heading, first) if is_function else None)
            in_function += is_function
            heading_start = position + 1
        elif character == "}" and scopes:
            opened = scopes.pop()
            if opened:
                in_function -= 1
                yield opened[0], opened[1], line - opened[1] + 1
            heading_start = position + 1
        elif character == ";":
            heading_start = position + 1


def long_functions(files: list[Source]) -> list[str]:
    """Functions beyond the limit."""
    return [
        f"{source.path}:{first}: {name[:60]} has {lines} lines"
        for source in files
        for name, first, lines in (python_functions if source.path.endswith(".py") else cpp_functions)(source)
        if lines > FUNCTION_LINES_MAX
    ]


def long_files(files: list[Source]) -> list[str]:
    """Files beyond the limit; a lock file is written by its tool and read by nobody."""
    return [
        f"{source.path} has {lines} lines"
        for source in files
        if not LOCKS.match(source.path) and (lines := source.text.count("\n")) > FILE_LINES_MAX
    ]


def without_opening(files: list[Source]) -> list[str]:
    """Files whose first lines hold no sentence on what they are (Python's are checked by ruff)."""
    comment = r"(?:// ?\S|/\*|#(?!include|pragma|if|define) ?\w|--|<!--)"
    opening = re.compile(r"\A(?:#!.*\n)?(?:#pragma once\s+)?(?:\s*<\?.*\?>)?\s*" + comment)
    return [source.path for source in files if source.text.strip() and not opening.match(source.text)]


def test_functions_are_short():
    hold(long_functions(python_sources() + cpp_sources()))


def test_files_are_short():
    hold(long_files(sources(*CODE)))


def test_files_open_with_what_they_are():
    endings = (".hpp", ".cpp", ".java", ".sh", ".sql", ".in", "Makefile", ".toml", "pom.xml")
    hold(without_opening(sources(*endings)))


def test_the_rules_see_planted_violations():
    body = "".join(f"  x += {i};\n" for i in range(70))
    functions = f'int f(const char* s = "{{") noexcept {{\n{body}}}\nint g() {{ return 1; }}'
    cpp = Source("a.cpp", f"namespace colo {{\n{functions}\n}}")
    assert [(heading, lines) for heading, _, lines in cpp_functions(cpp)] == [
        ("int f(const char* s = ) noexcept", 72),
        ("int g()", 1),
    ]
    assert len(long_functions([cpp])) == 1
    aligned = Source("b.cpp", f"class alignas(64) Line {{\n{body}}};")
    assert long_functions([aligned]) == []
    python = Source("a.py", "def f():\n" + "    pass\n" * 60)
    assert len(long_functions([python])) == 1
    assert len(long_files([Source("a.py", "\n" * 501), Source("requirements/core.txt", "\n" * 501)])) == 1
    assert without_opening([Source("a.hpp", "#pragma once\n#include <x>\n"), Source("b.hpp", "// B.\n")]) == ["a.hpp"]
