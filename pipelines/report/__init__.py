"""The report of a run: report.json for machines, one self-contained page with plots for people."""
