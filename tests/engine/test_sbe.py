"""The SBE renderer: what it makes of a schema, what it refuses, and that our schema is the published one's."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from engine.protocol import sbe

SCHEMA = Path("engine/protocol/mdp3_schema.xml")
HEAD = '<m:messageSchema xmlns:m="urn:sbe" package="toy" id="9" version="3" byteOrder="littleEndian">'
TYPES = """<types>
  <type name="Code" primitiveType="char" length="3"/><type name="Two" primitiveType="uint8" presence="constant">2</type>
  <type name="Maybe" primitiveType="uint16" presence="optional" nullValue="65535"/>
  <composite name="Px"><type name="mantissa" primitiveType="int64"/>
    <type name="exponent" primitiveType="int8" presence="constant">-7</type></composite>
  <composite name="size"><type name="blockLength" primitiveType="uint16"/>
    <type name="numInGroup" primitiveType="uint8" offset="7"/></composite>
  <enum name="Kind" encodingType="char"><validValue name="New">N</validValue></enum>
  <set name="Bits" encodingType="uint8"><choice name="EndOfEvent">7</choice></set>
</types>"""


def schema(*messages: str) -> sbe.Schema:
    return sbe.Schema(HEAD + TYPES + "".join(messages) + "</m:messageSchema>")


def message(fields: str, length: int = 24) -> str:
    return f'<m:message name="Toy1" id="1" blockLength="{length}">{fields}</m:message>'


def test_a_message_is_rendered_with_its_offsets_and_groups():
    text = sbe.render_header(
        schema(
            message(
                '<field name="SecurityID" id="1" type="Maybe" offset="2"/>'
                '<field name="MDEntryPx" id="2" type="Px" offset="4"/>'
                '<field name="Fixed" id="3" type="Two"/><field name="Kind" id="4" type="Kind" sinceVersion="2"/>'
                '<field name="Flags" id="5" type="Bits" offset="13"/>'
                '<group name="NoLegs" id="6" blockLength="5" dimensionType="size">'
                '<field name="Code" id="7" type="Code" offset="1"/></group>'
            )
        ),
        "toy.xml",
    )
    body = text[text.index("struct Toy1") :]
    assert [line.strip() for line in body.splitlines() if line.endswith(";")][:16] == [
        'static constexpr const char* name = "Toy1";',
        "static constexpr std::uint16_t template_id = 1;",
        "static constexpr std::size_t block_length = 24;",
        "sbe::Skipped<2> skipped_0;",
        "sbe::Optional<std::uint16_t, 65535u> security_id;",
        "sbe::Decimal<std::int64_t, -7> md_entry_px;",
        "static constexpr std::uint8_t fixed = 2;",
        "LittleEndian<char, Kind> kind;",
        "Bits flags;",
        "sbe::Skipped<10> skipped_14;",
        "if (version < 2) kind = decltype(kind){};",
        "static constexpr std::size_t block_length = 5;",
        "using Dimension = sbe::Dimension<std::uint8_t, 7>;",
        "sbe::Skipped<1> skipped_0;",
        "sbe::Characters<3> code;",
        "sbe::Skipped<1> skipped_4;",
    ]
    assert "new_ = 'N'," in text and "end_of_event() const { return bits.get() >> 7 & 1; }" in text
    assert "static_assert(sizeof(Toy1) == Toy1::block_length);" in text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ('<field name="A" id="1" type="Px" offset="20"/>', r"Toy1.A: offset 20 overlaps or leaves the block"),
        (
            '<field name="A" id="1" type="Px" offset="0"/><field name="B" id="2" type="Maybe" offset="7"/>',
            r"Toy1.B: offset 7 overlaps or leaves the block",
        ),
        ('<field name="A" id="1" type="Nothing" offset="0"/>', "type Nothing: no primitive type"),
        ('<field name="A" id="1" type="size" offset="0"/>', "composite size: only a mantissa"),
        ('<data name="A" id="1" type="Code"/>', "message Toy1: data is not rendered"),
        (
            '<group name="G" id="1" blockLength="1" dimensionType="size"><group name="H"/></group>',
            "group G: nested groups are not rendered",
        ),
    ],
)
def test_what_it_does_not_know_is_refused_by_name(fields: str, sentence: str):
    with pytest.raises(sbe.SchemaError, match=sentence):
        _ = schema(message(fields)).messages


def test_a_big_endian_schema_is_refused():
    with pytest.raises(sbe.SchemaError, match="little-endian"):
        sbe.Schema(HEAD.replace("littleEndian", "bigEndian") + "</m:messageSchema>")


def test_the_header_is_written_once(tmp_path: Path):
    header = tmp_path / "made" / "mdp3_messages.hpp"
    arguments = ["--schema", str(SCHEMA), "--header", str(header)]
    assert sbe.main(arguments) == 0
    before = header.stat().st_mtime_ns
    assert sbe.main(arguments) == 0 and header.stat().st_mtime_ns == before
    broken = tmp_path / "broken.xml"
    broken.write_text("<nothing", encoding="utf-8")
    assert sbe.main(["--schema", str(broken), "--header", str(header)]) == 1


def layouts(path: Path, values: bool = True) -> dict[str, dict]:
    """By template id: block length, fields and groups, with all that their types say; `values`: of enumerations too."""
    root = ElementTree.parse(path).getroot()
    types = {element.get("name"): element for element in root.iterfind("types/*")}

    def says(element: ElementTree.Element, *keys: str) -> tuple:
        return (*(element.get(key) for key in keys), (element.text or "").strip())

    def meaning(name: str | None) -> tuple:
        element = types.get(name or "")
        if element is None:
            return (name,)
        own = says(element, "primitiveType", "length", "presence", "nullValue")
        compared = values or element.tag not in ("enum", "set")
        parts = [says(p, "name", "primitiveType", "offset", "presence", "nullValue") for p in element if compared]
        return (element.tag, own, parts, meaning(element.get("encodingType")) if element.get("encodingType") else ())

    def block(element: ElementTree.Element) -> dict:
        fields = {
            f.get("name"): (f.get("id"), f.get("offset"), meaning(f.get("type"))) for f in element.iterfind("field")
        }
        groups = {g.get("name"): (meaning(g.get("dimensionType")), block(g)) for g in element.iterfind("group")}
        return {"length": element.get("blockLength"), "fields": fields, "groups": groups}

    return {element.get("id"): block(element) for element in root if re.search(r"\}message$", element.tag)}


def differences(ours: dict, theirs: dict, where: str) -> list[str]:
    """What our schema says of a block that the published one does not. Ours may leave fields and last groups out."""
    found = [] if ours["length"] == theirs["length"] else [f"{where}: block length"]
    found += [f"{where}.{name}" for name, said in ours["fields"].items() if theirs["fields"].get(name) != said]
    if list(ours["groups"]) != list(theirs["groups"])[: len(ours["groups"])]:
        return [*found, f"{where}: groups"]
    for name, (dimension, block) in ours["groups"].items():
        found += [] if theirs["groups"][name][0] == dimension else [f"{where}.{name}: dimension"]
        found += differences(block, theirs["groups"][name][1], f"{where}.{name}")
    return found


def test_our_schema_is_the_published_one(recorded_data: Path):
    ours = layouts(SCHEMA)
    published = layouts(recorded_data / "venue-pcap" / "cme_mdp3_templates_v9.xml")
    assert set(ours) <= set(published)
    assert [text for number, block in ours.items() for text in differences(block, published[number], number)] == []


def test_older_templates_have_kept_their_layout(recorded_data: Path):
    ours = layouts(SCHEMA, values=False)  # enumerations have grown since
    older = layouts(recorded_data / "venue-pcap" / "cme_mdp3_templates_v8.xml", values=False)
    shared = set(ours) & set(older)
    assert {"4", "12", "32", "35", "37", "38", "42", "43", "44"} <= shared
    assert [text for number in shared for text in differences(ours[number], older[number], number)] == []


def test_the_comparison_sees_a_wrong_offset(recorded_data: Path, tmp_path: Path):
    text = SCHEMA.read_text(encoding="utf-8")
    published = layouts(recorded_data / "venue-pcap" / "cme_mdp3_templates_v9.xml")
    for before, after in [
        ('name="RptSeq" id="83" type="uInt32" offset="16"', 'name="RptSeq" id="83" type="uInt32" offset="20"'),
        ('presence="constant">-9<', 'presence="constant">-8<'),
        ('blockLength="32" dimensionType="groupSize"', 'blockLength="33" dimensionType="groupSize"'),
        ('primitiveType="uint8" offset="7"', 'primitiveType="uint8" offset="6"'),
    ]:
        assert before in text
        wrong = tmp_path / "wrong.xml"
        wrong.write_text(text.replace(before, after), encoding="utf-8")
        assert any(differences(block, published[number], number) for number, block in layouts(wrong).items()), before
