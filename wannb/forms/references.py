"""Input images: picked, also among earlier ones, put in order, numbered as the prompt names them, with boxes or not."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import traitlets

from wannb.display import ELEMENTS, data_uri, esm, html, previews, small_jpeg
from wannb.request import MAX_IMAGES, ImageRequest, InputImage, as_input, as_inputs
from wannb.runs import DONE, Store
from wannb.translation import Said, Words, shorten

from .boxes import BoxEditor
from .button import beside, button, html_line, show
from .controls import STATIC, Control, Listener, Row, Rows, in_form
from .drafts import pictures_from, pictures_record
from .upload import Upload, own_name

# Earlier images to pick from

#: Images at a time, pixels of each, and characters of its prompt.
_PAGE, _EARLIER_PIXELS, _PROMPT = 12, 112, 60


class Earlier(Listener):
    """The images of earlier runs as thumbnails, the newest first; a press picks one.

    Args:
        picked: called with the path of the image that a person chose.

    Attributes:
        is_open: whether the thumbnails are shown; before that none is made and none travels to the page.
        shelf: the thumbnails: each its `name` and its `source`, a data address.
        more: whether there are others.
    """

    _esm = esm(ELEMENTS, STATIC / "earlier.js")

    is_open = traitlets.Bool(False).tag(sync=True)
    shelf = traitlets.List(traitlets.Dict()).tag(sync=True)
    more = traitlets.Bool(False).tag(sync=True)
    texts = traitlets.Dict().tag(sync=True)

    def __init__(self, store: Store, words: Words, picked: Callable[[str], object]) -> None:
        self._store = store
        self._words = words
        self._picked = picked
        self._most = _PAGE
        self._paths: list[Path] = []
        texts = {
            "open": words("Earlier images"),
            "none": words("No images yet."),
            "more": words("Show more"),
            "use": words("Use as input"),
        }
        super().__init__(texts=texts, _dom_classes=("wannb-earlier",))
        self.observe(lambda change: self.refresh(), "is_open")

    def refresh(self) -> None:
        """Show the images in the runs folder now, if any are shown."""
        if not self.is_open:
            return
        found = self._found()
        shown = found[: self._most]
        if [path for path, _ in shown] != self._paths:
            jpegs = previews([path for path, _ in shown], _EARLIER_PIXELS)
            self._paths = [path for path, _ in shown]
            self.shelf = [
                {"name": name, "source": data_uri(jpeg) if jpeg else ""}
                for (_, name), jpeg in zip(shown, jpegs, strict=True)
            ]
        self.more = len(found) > self._most

    def _found(self) -> list[tuple[Path, str]]:
        """Return images with their names, one more than are shown."""
        found: list[tuple[Path, str]] = []
        for run in self._store.newest():
            if run.state == DONE:
                time = run.created.replace("T", " ")[:16]
                name = f"{shorten(run.prompt, _PROMPT)} · {time}"
                found += [(path, f"{name} · {number}") for number, path in enumerate(run.images, 1)]
            if len(found) > self._most:
                break
        return found

    def _take(self, content: dict[str, Any], buffers: Sequence[Any]) -> None:
        number = content.get("number")
        if content.get("kind") == "more":
            self._most += _PAGE
            self.refresh()
        elif content.get("kind") == "pick" and isinstance(number, int) and 0 <= number < len(self._paths):
            self._picked(str(self._paths[number]))


_PIXELS, _WIDTH = 240, 120


class Picker:
    """Three ways to a picture: upload, path or link, an image of an earlier run.

    Args:
        picked: called with the path or link of each picture that a person chose.
        earlier: whether images of earlier runs are offered.
    """

    def __init__(self, store: Store, words: Words, picked: Callable[[str], object], *, earlier: bool = True) -> None:
        self.words = words
        self._picked = picked
        upload = Upload(store.root / ".uploads", self._uploaded, words=words)
        self._text = widgets.Text(description=words("Path or link"), placeholder="photo.jpg, https://…")
        self._text.on_msg(lambda _, content, buffers: self._typed() if content.get("event") == "submit" else None)
        add = button(words("Add"), self._typed, tooltip=words("Add the picture at this path or link"))
        row = beside(self._text, add)
        self.earlier = Earlier(store, words, picked) if earlier else None
        offered = [self.earlier] if self.earlier else []
        self.box = widgets.VBox([upload, row, *offered], _dom_classes=("wannb-picker",))

    def refresh(self) -> None:
        """Offer the images in the runs folder."""
        if self.earlier is not None:
            self.earlier.refresh()

    def _uploaded(self, path: Path) -> None:
        """Take an uploaded file; one that is no picture is refused, and said where it was uploaded."""
        image = as_input(path)
        if image.content is None and image.problem:
            path.unlink(missing_ok=True)
            raise ValueError(self.words(in_form(image.problem)))
        self._picked(str(path))

    def _typed(self) -> None:
        if self._text.value.strip():
            self._picked(self._text.value.strip())
            self._text.value = ""


class ImageRow(Row):
    """One input image, with its box editor in a form with boxes."""

    def __init__(self, image: InputImage, owner: References, boxes: Sequence[Sequence[int]] = ()) -> None:
        self.image = image
        self._owner = owner
        self._caption = widgets.HTML()
        self.editor: BoxEditor | None = None
        if owner.with_boxes:
            self.editor = BoxEditor(image, boxes=boxes, words=owner.words)
            self.editor.observe(lambda change: owner.changed(), "boxes")
        super().__init__(owner.words)

    @property
    def boxes(self) -> tuple[tuple[int, ...], ...]:
        """The boxes on this image."""
        return tuple(tuple(box) for box in self.editor.boxes) if self.editor else ()

    def show(self, boxes: Sequence[Sequence[int]]) -> None:
        """Show other boxes."""
        if self.editor:
            self.editor.boxes = [list(box) for box in boxes]

    def name(self, number: int) -> Said:
        return Said("image {number}", number=number)

    def label(self, number: int, count: int) -> None:
        """Show which image this is, what was done to it and what it decides."""
        super().label(number, count)
        words = self.words
        size = f" · {self.image.width}*{self.image.height}" if self.image.width else ""
        lines = [f"<b>{escape(words(self.name(number)))}</b> {html.text(self.image.name)}{size}"]
        if number == count and self._owner.last_gives_shape:
            lines.append(escape(words("the last one: gives the output its shape")))
        lines += [escape(words(notice)) for notice in self.image.notices]
        self._caption.value = '<div class="wannb-caption">' + "<br>".join(lines) + "</div>"
        if self.editor:
            self.editor.number = number

    def _layout(self) -> widgets.Widget:
        if self.image.make_fit:
            tooltip = self.words("Send a copy of 240 to 8000 pixels a side and at most 20 MB; boxes are scaled along")
            fit = button(self.words("Make it fit"), lambda: self._owner.fit(self), tooltip=tooltip)
            self.buttons.children = (fit, *self.buttons.children)
        if self.editor:
            top = beside(self._caption, self.buttons, look="wannb-between")
            return widgets.VBox([top, self.editor], _dom_classes=("wannb-reference", "wannb-with-boxes"))
        side = widgets.VBox([self._caption, self.buttons], _dom_classes=("wannb-reference-side",))
        return widgets.HBox([widgets.HTML(self._picture()), side], _dom_classes=("wannb-reference",))

    def _picture(self) -> str:
        image = self.image
        if image.content is None:
            said = self._owner.words(in_form(image.problem or Said("a link; it is not downloaded")))
            return html_line(said, "nothing")
        size = (image.width or 1, image.height or 1)
        jpeg = small_jpeg(io.BytesIO(image.content), _PIXELS)
        return html.figure(jpeg, alt=image.name, caption=(), size=size, width=_WIDTH)


class References(Control):
    """Input images as rows; `boxes` are theirs, and move with them."""

    def __init__(
        self,
        words: Words,
        store: Store,
        *,
        with_boxes: bool = False,
        most: int = MAX_IMAGES,
        label: str = "",
        help_text: str = "",
    ) -> None:
        self.with_boxes = with_boxes
        self._store = store
        self._rows: Rows[ImageRow] = Rows(least=0, most=most)
        self._rows.box.add_class("wannb-references")
        self._picker = Picker(store, words, lambda source: self._rows.append(ImageRow(self._brought(source), self)))
        title = widgets.HTML(html_line(label or words("Input images"), "label"))
        self._full = widgets.HTML()
        parts = [title, self._rows.box, self._full, self._picker.box]
        super().__init__("images", parts, words, label=label, help_text=help_text)
        self._inputs = []
        self._rows.changed = self._rows_changed

    @property
    def last_gives_shape(self) -> bool:
        """Whether the last image gives the output its shape."""
        return True

    @property
    def value(self) -> Any:
        return self.images

    @property
    def images(self) -> tuple[InputImage, ...]:
        """The input images."""
        return tuple(row.image for row in self._rows.entries)

    @property
    def boxes(self) -> tuple[tuple[tuple[int, ...], ...], ...]:
        """The boxes, one tuple for each input image."""
        return tuple(row.boxes for row in self._rows.entries)

    def fill(self, value: Any) -> None:
        self.fill_with_boxes(as_inputs(value), ())

    def fill_with_boxes(self, images: Sequence[InputImage], boxes: Sequence[Sequence[Sequence[int]]]) -> None:
        """Show these images with these boxes; a missing list is an image without a box."""
        old, rows = list(self._rows.entries), []
        padded = [*boxes, *[()] * len(images)]
        for image, own in zip(images, padded, strict=False):
            # An image that is there already keeps its widgets, and with them what a person sees of it.
            same = next((row for row in old if row.image == image and (image.sha256 or image.url)), None)
            if same:
                old.remove(same)
                same.image = image
                same.show(own)
            rows.append(same or ImageRow(image, self, own))
        self._rows.show(rows)
        self._show_picker()

    @property
    def draft(self) -> Any:
        return {"images": pictures_record(self._store, self.images), "boxes": [list(map(list, b)) for b in self.boxes]}

    def restore(self, draft: Any) -> None:
        self.fill_with_boxes(pictures_from(self._store, draft["images"]), draft["boxes"])

    def fit(self, row: ImageRow) -> None:
        """Put a copy that fits in the place of a picture of the wrong size, with its boxes scaled along."""
        if row.image.make_fit:
            request = ImageRequest(images=[row.image.make_fit()], bbox_list=[row.boxes])
            fitted = ImageRow(request.images[0], self, (request.bbox_list or [()])[0])
            self._rows.show([fitted if each is row else each for each in self._rows.entries])
            self._rows_changed()

    def refresh(self) -> None:
        self._picker.refresh()

    @staticmethod
    def _brought(source: str) -> InputImage:
        image = as_input(source)
        return replace(image, name=own_name(image.name))

    def _rows_changed(self) -> None:
        self._show_picker()
        self.changed()

    def _show_picker(self) -> None:
        full, count = self._rows.is_full, len(self._rows.entries)
        show(self._picker.box, not full)
        said = self.words("{n} of {n}: remove one to add another", n=count) if full else ""
        self._full.value = html_line(said, "quietly wannb-say") if full else ""
