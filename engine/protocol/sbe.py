"""Renders an SBE schema as a C++ header: one struct a message and a group, laid out as the schema says.

    python engine/protocol/sbe.py --schema engine/protocol/mdp3_schema.xml --header PATH

FIX Simple Binary Encoding 1.0 describes a message as a block of fields at fixed offsets, then repeating groups of such
blocks. Offsets, block lengths and group dimensions stand in the schema alone; the header is made from it while the
engine is built, over the few templates of engine/protocol/sbe.hpp. What a layout does not support (variable-length
data, nested groups) is refused here by name. Importing this module needs the standard library alone.
"""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from xml.etree import ElementTree

PRIMITIVES = {
    "char": ("char", 1),
    "int8": ("std::int8_t", 1),
    "uint8": ("std::uint8_t", 1),
    "int16": ("std::int16_t", 2),
    "uint16": ("std::uint16_t", 2),
    "int32": ("std::int32_t", 4),
    "uint32": ("std::uint32_t", 4),
    "int64": ("std::int64_t", 8),
    "uint64": ("std::uint64_t", 8),
}
KEYWORDS = {"new", "delete", "default", "union", "register", "char", "int", "float", "double", "short", "long"}


class SchemaError(ValueError):
    """The schema says something that the renderer does not know; the sentence names it."""


@dataclass(frozen=True)
class Encoding:
    """What one type of the schema is in C++: constants take no bytes, and have a value instead."""

    cpp: str
    width_bytes: int
    constant: str = ""


@dataclass(frozen=True)
class Field:
    """One field of a block, at its offset; a constant lies nowhere. Messages of versions before `since` lack it."""

    name: str
    encoding: Encoding
    offset: int
    since: int


@dataclass(frozen=True)
class Block:
    """The fields that lie together: the root of a message, or one entry of a group."""

    name: str
    length: int
    fields: tuple[Field, ...]
    dimension: str = ""


@dataclass(frozen=True)
class Message:
    """One template: its root block and its groups in the order in which they follow it."""

    template_id: int
    root: Block
    groups: tuple[Block, ...]


class Schema:
    """A parsed schema: `messages` are complete, each type resolved and each offset checked."""

    def __init__(self, text: str) -> None:
        self.root = ElementTree.fromstring(text)
        if self.root.get("byteOrder", "littleEndian") != "littleEndian":
            raise SchemaError("messageSchema: only little-endian schemas are rendered")
        self.types = {element.get("name", ""): element for element in self.root.iterfind("types/*")}

    @property
    def package(self) -> str:
        """Name of the C++ namespace."""
        return self.root.get("package", "sbe")

    @cached_property
    def messages(self) -> tuple[Message, ...]:
        """Every message, by template id."""
        found = [self._message(element) for element in self.root if element.tag.endswith("}message")]
        return tuple(sorted(found, key=lambda message: message.template_id))

    def enumerations(self) -> list[ElementTree.Element]:
        """The types that have named values."""
        return [element for element in self.types.values() if element.tag == "enum"]

    def sets(self) -> list[ElementTree.Element]:
        """The types that have named bits."""
        return [element for element in self.types.values() if element.tag == "set"]

    def primitive(self, name: str) -> tuple[str, int]:
        """C++ type and width of an encoding type, which may be a primitive or a named type of one."""
        element = self.types.get(name)
        primitive = name if element is None else element.get("primitiveType", "")
        if primitive not in PRIMITIVES:
            raise SchemaError(f"type {name}: no primitive type")
        return PRIMITIVES[primitive]

    def encoding(self, name: str) -> Encoding:
        """What a field of this type is."""
        element = self.types.get(name)
        if element is None:
            cpp, width = self.primitive(name)
            return Encoding(f"LittleEndian<{cpp}>", width)
        if element.tag == "enum":
            cpp, width = self.primitive(element.get("encodingType", ""))
            return Encoding(f"LittleEndian<{cpp}, {name}>", width)
        if element.tag == "set":
            return Encoding(name, self.primitive(element.get("encodingType", ""))[1])
        if element.tag == "composite":
            return self._composite(element)
        return self._simple(element)

    def _simple(self, element: ElementTree.Element) -> Encoding:
        cpp, width = self.primitive(element.get("name", ""))
        length, presence = int(element.get("length", "1")), element.get("presence", "required")
        if presence == "constant":
            value = (element.text or "").strip()
            return Encoding(cpp, 0, f"'{value}'" if cpp == "char" else value)
        if length > 1:
            return Encoding(f"sbe::Characters<{length}>", length)
        if presence == "optional":
            return Encoding(f"sbe::Optional<{cpp}, {_literal(cpp, element.get('nullValue', ''))}>", width)
        return Encoding(f"LittleEndian<{cpp}>", width)

    def _composite(self, element: ElementTree.Element) -> Encoding:
        """A mantissa and a constant exponent; SBE has no other composite of a field in the messages rendered here."""
        parts = {part.get("name"): part for part in element}
        mantissa, exponent = parts.get("mantissa"), parts.get("exponent")
        if set(parts) != {"mantissa", "exponent"} or mantissa is None or exponent is None:
            raise SchemaError(f"composite {element.get('name')}: only a mantissa with a constant exponent is rendered")
        cpp, width = PRIMITIVES[mantissa.get("primitiveType", "")]
        null = _literal(cpp, mantissa.get("nullValue", "")) if mantissa.get("presence") == "optional" else ""
        value = f"{cpp}, {(exponent.text or '').strip()}" + (f", {null}" if null else "")
        return Encoding(f"sbe::{'OptionalDecimal' if null else 'Decimal'}<{value}>", width)

    def _message(self, element: ElementTree.Element) -> Message:
        groups = tuple(self._block(group) for group in element if group.tag == "group")
        for other in element:
            if other.tag not in ("field", "group"):
                raise SchemaError(f"message {element.get('name')}: {other.tag} is not rendered")
        return Message(int(element.get("id", "0")), self._block(element), groups)

    def _block(self, element: ElementTree.Element) -> Block:
        name, length = element.get("name", ""), int(element.get("blockLength", "0"))
        fields, end = [], 0
        for field in element.iterfind("field"):
            encoding = self.encoding(field.get("type", ""))
            offset = int(field.get("offset") or end)
            if encoding.width_bytes and (offset < end or offset + encoding.width_bytes > length):
                raise SchemaError(f"{name}.{field.get('name')}: offset {offset} overlaps or leaves the block")
            end = offset + encoding.width_bytes if encoding.width_bytes else end
            fields.append(Field(field.get("name", ""), encoding, offset, int(field.get("sinceVersion", "0"))))
        if element.tag == "group" and element.find("group") is not None:
            raise SchemaError(f"group {name}: nested groups are not rendered")
        return Block(name, length, tuple(fields), self._dimension(element.get("dimensionType", "")))

    def _dimension(self, name: str) -> str:
        """The group's header as sbe::Dimension<count type, offset of the count>: the block length is always first."""
        if not name:
            return ""
        length, count = list(self.types[name])
        if length.get("name") != "blockLength" or length.get("primitiveType") != "uint16":
            raise SchemaError(f"composite {name}: must begin with a uint16 blockLength")
        return f"sbe::Dimension<{PRIMITIVES[count.get('primitiveType', '')][0]}, {count.get('offset', '2')}>"


def _literal(cpp: str, value: str) -> str:
    """A null value as a C++ literal of its type: the smallest integer has none of its own."""
    if not value:
        raise SchemaError(f"an optional {cpp} without a nullValue")
    suffix = "u" if "uint" in cpp else ""
    return f"{value}{suffix}{'ll' if '64' in cpp else ''}"


def snake_case(name: str) -> str:
    """MDEntryPx -> md_entry_px; a keyword gets an underscore."""
    words = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", words).lower()
    return words + "_" if words in KEYWORDS else words


def render_header(schema: Schema, source: str) -> str:
    """Return the text of the header; `source` is the schema's path from the repository's root."""
    lines = [
        f"// Made from {source} by engine/protocol/sbe.py: blocks and groups of each message, as they lie on the wire.",
        "#pragma once",
        "",
        "#include <cstddef>",
        "#include <cstdint>",
        "",
        '#include "engine/core/wire.hpp"',
        '#include "engine/protocol/sbe.hpp"',
        "",
        f"namespace colo::{schema.package} {{",
        "",
        f"constexpr std::uint16_t schema_id = {schema.root.get('id')}, schema_version = {schema.root.get('version')};",
    ]
    for element in schema.enumerations():
        lines += ["", *_enumeration(schema, element)]
    for element in schema.sets():
        lines += ["", *_set(schema, element)]
    for message in schema.messages:
        lines += ["", *_message_lines(message)]
    lines += ["", *_dispatch(schema), "", f"}}  // namespace colo::{schema.package}", ""]
    return "\n".join(lines)


def _enumeration(schema: Schema, element: ElementTree.Element) -> list[str]:
    cpp, _ = schema.primitive(element.get("encodingType", ""))
    values = [(value.get("name", ""), (value.text or "").strip()) for value in element]
    return [
        f"enum class {element.get('name')} : {cpp} {{",
        *(f"    {snake_case(name)} = {repr(value) if cpp == 'char' else value}," for name, value in values),
        "};",
    ]


def _set(schema: Schema, element: ElementTree.Element) -> list[str]:
    cpp, _ = schema.primitive(element.get("encodingType", ""))
    lines = [f"struct {element.get('name')} {{", f"    LittleEndian<{cpp}> bits;"]
    for choice in element:
        name, bit = snake_case(choice.get("name", "")), (choice.text or "").strip()
        lines.append(f"    [[nodiscard]] bool {name}() const {{ return bits.get() >> {bit} & 1; }}")
    return [*lines, "};"]


def _block_lines(block: Block, indent: str) -> list[str]:
    lines = [f"{indent}static constexpr std::size_t block_length = {block.length};"]
    if block.dimension:
        lines.append(f"{indent}using Dimension = {block.dimension};")
    end = 0
    for field in block.fields:
        name = snake_case(field.name)
        if field.encoding.constant:
            lines.append(f"{indent}static constexpr {field.encoding.cpp} {name} = {field.encoding.constant};")
            continue
        if field.offset > end:
            lines.append(f"{indent}sbe::Skipped<{field.offset - end}> skipped_{end};")
        lines.append(f"{indent}{field.encoding.cpp} {name};")
        end = field.offset + field.encoding.width_bytes
    if block.length > end:
        lines.append(f"{indent}sbe::Skipped<{block.length - end}> skipped_{end};")
    return [*lines, *_later_fields(block, indent)]


def _later_fields(block: Block, indent: str) -> list[str]:
    """What takes the fields out that a sender of an older version did not mean: it left their bytes as padding."""
    later = [(snake_case(f.name), f.since) for f in block.fields if f.since and not f.encoding.constant]
    if not later:
        return []
    return [
        f"{indent}void forget_after(std::uint16_t version) {{",
        *(f"{indent}    if (version < {since}) {name} = decltype({name}){{}};" for name, since in later),
        f"{indent}}}",
    ]


def _message_lines(message: Message) -> list[str]:
    root = message.root
    lines = [
        f"struct {root.name} {{",
        f'    static constexpr const char* name = "{root.name}";',
        f"    static constexpr std::uint16_t template_id = {message.template_id};",
        *_block_lines(root, "    "),
    ]
    for group in message.groups:
        lines += [f"    struct {group.name} {{", *_block_lines(group, " " * 8), "    };"]
    lines += [f"    using Groups = sbe::Groups<{', '.join(group.name for group in message.groups)}>;", "};"]
    sized = [root.name] * bool(root.length) + [f"{root.name}::{group.name}" for group in message.groups]
    return [*lines, *(f"static_assert(sizeof({name}) == {name}::block_length);" for name in sized)]


def _dispatch(schema: Schema) -> list[str]:
    """One switch over the template ids, to which everything else about a message's type is bound."""
    return [
        "// Calls visit.operator()<Message>() for the message of this template; `otherwise` where the schema has none.",
        "template <class Result, class Visit>",
        "[[nodiscard]] inline Result dispatch(std::uint16_t template_id, Result otherwise, Visit&& visit) {",
        "    switch (template_id) {",
        *(
            f"    case {message.template_id}: return visit.template operator()<{message.root.name}>();"
            for message in schema.messages
        ),
        "    default: return otherwise;",
        "    }",
        "}",
    ]


def main(arguments: list[str] | None = None) -> int:
    """Write the C++ header; a header that already has this text keeps its time stamp, so that nothing is rebuilt."""
    parser = argparse.ArgumentParser(prog="sbe", description="Render an SBE schema as a C++ header.")
    parser.add_argument("--schema", type=Path, required=True, help="schema to read")
    parser.add_argument("--header", type=Path, required=True, help="file to write")
    given = parser.parse_args(arguments)
    try:
        text = render_header(Schema(given.schema.read_text(encoding="utf-8")), given.schema.as_posix())
    except (SchemaError, ElementTree.ParseError) as error:
        print(f"sbe: {given.schema}: {error}", file=sys.stderr)
        return 1
    if not given.header.exists() or given.header.read_text(encoding="utf-8") != text:
        given.header.parent.mkdir(parents=True, exist_ok=True)
        given.header.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
