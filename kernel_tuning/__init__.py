"""From a host, its facts and its processes to what its kernel is told, and the audit of what it does."""
