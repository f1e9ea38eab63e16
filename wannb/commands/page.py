"""Voilà as `wannb studio` starts it: what it sends is packed, a third of its size."""

from __future__ import annotations


def main() -> None:
    from tornado.web import GZipContentEncoding
    from voila.app import Voila

    class Page(Voila):  # type: ignore[misc]
        def listen(self) -> None:
            # Voilà takes settings for Tornado, but only after Tornado has looked at this one.
            self.app.transforms.append(GZipContentEncoding)
            super().listen()

    Page.launch_instance()


if __name__ == "__main__":
    main()
