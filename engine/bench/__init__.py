"""The benchmarks: C++ programs that measure one round each, and the runner that repeats and judges them."""
