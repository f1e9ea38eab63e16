"""A plan that has run, and a folder for files, as the judging has them."""

from __future__ import annotations

from judging.conftest import folder as folder
from judging.conftest import plan as plan
