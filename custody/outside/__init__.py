"""What people outside the archive run: mirrors and checks of the log.

The base install is enough: the log's kernel, plain files, the standard library.
"""
