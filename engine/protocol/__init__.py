"""The protocol codecs' Python half: what renders C++ from a venue's published schema."""
