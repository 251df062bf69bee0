"""The engine release: a content-addressed archive with a manifest, which is what trades."""
