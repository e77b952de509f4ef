"""Vendor object <-> messages, nothing else: one file a channel."""
