"""The native engine in C++20, and the Python that renders its layouts and its configuration."""
