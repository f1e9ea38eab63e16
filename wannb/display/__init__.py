"""What a cell shows: HTML, thumbnails, a progress line, widget assets.

May import `request` and the modules at the root. Other rooms import only what `__all__ = [
    "ELEMENTS",
    "PIXELS",
    "ProgressLine",
    "esm",
    "html",
    "make_preview",
    "picture",
    "preview",
    "previews",
    "small_jpeg",
]
