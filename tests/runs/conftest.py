"""The light server of the ledger's tests, for the tests of runs on disk."""

from __future__ import annotations

from ledger.conftest import between, form, server

__all__ = ["between", "form", "server"]
