"""The report as one self-contained HTML page: a line of verdict, the figures that matter, the plots, the checks."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

from pipelines.quality.violations import Finding

STYLE = """
:root { color-scheme: light; font-family: system-ui, sans-serif; color: #111827; }
body { max-width: 1080px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: .2rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .4rem; }
.muted { color: #6b7280; } .passed { color: #047857; } .failed { color: #b91c1c; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: .7rem; margin: 1.2rem 0; }
.tile { border: 1px solid #e5e7eb; border-radius: .5rem; padding: .6rem .8rem; }
.tile b { display: block; font-size: 1.1rem; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
td, th { text-align: left; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid #f3f4f6; vertical-align: top; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
svg { max-width: 100%; height: auto; }
"""


def render_page(
    title: str, subtitle: str, tiles: Mapping[str, str], plots: Mapping[str, str], findings: Sequence[Finding],
    verdicts: Mapping[str, bool],
) -> str:  # fmt: skip
    """The whole page. tiles: name -> figure; plots: heading -> inline SVG; verdicts: rule name -> passed."""
    failed = [name for name, passed in verdicts.items() if not passed]
    verdict = (
        f'<p class="failed">{len(failed)} of {len(verdicts)} checks failed: {html.escape(", ".join(failed))}</p>'
        if failed
        else f'<p class="passed">All {len(verdicts)} checks passed.</p>'
    )
    tile_texts = [
        f'<div class="tile"><span class="muted">{html.escape(name)}</span><b>{html.escape(figure)}</b></div>'
        for name, figure in tiles.items()
    ]
    sections = [f"<section><h2>{html.escape(heading)}</h2>{svg}</section>" for heading, svg in plots.items()]
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f"<style>{STYLE}</style><h1>{html.escape(title)}</h1><p class='muted'>{html.escape(subtitle)}</p>{verdict}"
        f'<div class="tiles">{"".join(tile_texts)}</div>{"".join(sections)}'
        f"<section><h2>Checks</h2>{_checks(findings, verdicts)}</section>"
        "<p class='muted'>For education and research. Trading risks the loss of all capital; a simulated fill is "
        "not a promise of a real one.</p></html>\n"
    )


def _checks(findings: Sequence[Finding], verdicts: Mapping[str, bool]) -> str:
    rows = []
    for finding in findings:
        passed = verdicts[finding.rule.name]
        offending = "".join(
            f"<br><span class='failed'>{html.escape(row)}: {html.escape(detail)}</span>"
            for row, detail in finding.rows[:10]
        )
        rows.append(
            f"<tr><td class='{'passed' if passed else 'failed'}'>{'passed' if passed else 'failed'}</td>"
            f"<td>{html.escape(finding.rule.name)}</td><td>{html.escape(finding.rule.description)}{offending}</td>"
            f"<td class='number'>{finding.examined:,}</td><td class='number'>{finding.violations:,}</td></tr>"
        )
    head = "<tr><th></th><th>rule</th><th></th><th>rows examined</th><th>violations</th></tr>"
    return f"<table>{head}{''.join(rows)}</table>"
