"""What a stored session must satisfy: rules in SQL that name offending rows, judged by Great Expectations."""
