"""Recordings: made by `recorder`, kept free of secrets by `scrub`, read and searched by `library`.

May import `wannb.mock.exchange`, `server`, and `files`, `masking` and `png` of the package's root.
"""
