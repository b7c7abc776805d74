"""Crash tests: the server is killed at every step from the first byte to the receipt."""
