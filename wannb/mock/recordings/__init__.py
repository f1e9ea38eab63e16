"""Recordings: written, scrubbed, read and replayed."""
