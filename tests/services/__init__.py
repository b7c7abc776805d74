"""Real servers for tests and benchmarks, as plain context managers."""
