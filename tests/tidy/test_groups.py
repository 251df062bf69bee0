"""The runner of the groups counts what the runners report, and never calls a broken run a good one."""

from __future__ import annotations

import sys

import pytest

from tests import __main__ as runner

REPORT = """<testsuites><testsuite>
<testcase name="a"/><testcase name="b"><failure/></testcase><testcase name="c"><error/></testcase>
<testcase name="d"><skipped/></testcase><testcase name="e" status="disabled"/>
</testsuite></testsuites>"""


@pytest.fixture
def reports(tmp_path, monkeypatch):
    """Reports go to a folder of the test."""
    monkeypatch.setattr(runner, "REPORTS", tmp_path)
    return tmp_path


def python(script: str, minutes_max: float = 1) -> runner.Group:
    """A group that runs a script, with the path of its report as the last argument."""
    return runner.Group("example", minutes_max, (sys.executable, "-c", script))


def writes(text: str, code: int) -> str:
    """A script that leaves a report and ends with a status."""
    return f"import sys; open(sys.argv[1].split('=')[1], 'w').write({text!r}); sys.exit({code})"


def counts(outcome: runner.Outcome) -> tuple[int, int, int]:
    """(passed, failed, skipped)."""
    return outcome.passed, outcome.failed, outcome.skipped


def test_a_report_is_counted(reports):
    assert counts(runner.run(python(writes(REPORT, 1)))) == (1, 2, 2)


def test_a_bad_end_without_a_failed_test_is_a_failure(reports):
    assert counts(runner.run(python(writes("<testsuite><testcase/></testsuite>", 3)))) == (1, 1, 0)
    assert counts(runner.run(python("import os; os.abort()"))) == (0, 1, 0)


def test_a_group_past_its_limit_is_interrupted_and_fails(reports, capfd):
    outcome = runner.run(python("import time; time.sleep(60)", minutes_max=0.01))
    assert outcome.failed == 1 and outcome.minutes < 0.5
    assert "interrupted after" in capfd.readouterr().out
