"""Refuse every connection beyond this machine, in this process and in the kernels and scripts that tests start."""

import sys

_LOCAL = ("127.", "::1", "localhost", "0.0.0.0")


def _refuse(event, args):
    if event == "socket.connect":
        address = args[1]
        if isinstance(address, tuple) and not str(address[0]).startswith(_LOCAL):
            raise RuntimeError(f"a test tried to reach {address[0]!r}; tests speak to loopback only")
    elif event == "socket.getaddrinfo" and args[0] and not str(args[0]).startswith(_LOCAL):
        raise RuntimeError(f"a test tried to look up {args[0]!r}; tests speak to loopback only")


sys.addaudithook(_refuse)
