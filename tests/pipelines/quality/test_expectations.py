"""Great Expectations judges the findings, and Data Docs name the offending rows."""

from __future__ import annotations

from pathlib import Path

from pipelines.quality.expectations import data_docs_index, judge
from pipelines.quality.violations import find_violations
from tests.pipelines.quality.test_rules import MUTATIONS, sound_session


def test_verdicts_follow_the_findings_and_data_docs_name_the_row(tmp_path: Path) -> None:
    assert all(judge(find_violations(sound_session()), tmp_path, "a run").values())
    mutation, row = MUTATIONS["crossed_book"]
    verdicts = judge(find_violations(mutation(sound_session())), tmp_path, "a run")
    assert [name for name, passed in verdicts.items() if not passed] == ["crossed_book"]
    pages = data_docs_index(tmp_path).parent.rglob("*.html")
    assert any(row in page.read_text() for page in pages)


def test_every_rule_has_a_verdict(tmp_path: Path) -> None:
    findings = find_violations(sound_session())
    assert set(judge(findings, tmp_path, "a run")) == {finding.rule.name for finding in findings}
