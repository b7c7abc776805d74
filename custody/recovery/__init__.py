"""Brings a database or a store that was put back from an older copy up to what was signed.

Everything rests on one checkpoint that the log's key signed: no entry is written that it does not
vouch for, no details that their entry is not committed to, and no row that its entries do not say.
"""
