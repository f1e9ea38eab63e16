"""Studio: all forms in tabs, with what was spent."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from html import escape
from typing import Any, TypeVar

import ipywidgets as widgets

from wannb.client import Client
from wannb.connection import connect
from wannb.display import html
from wannb.ledger import GeneratedImage
from wannb.request import ImageRequest
from wannb.translation import Words

from . import looks
from .compare import CompareForm
from .edit import EditForm, RegionForm
from .form import Form
from .history import HistoryForm
from .image_set import ImageSetForm
from .opening import form_class
from .storyboard import StoryboardForm
from .text_to_image import TextToImageForm

F = TypeVar("F", TextToImageForm, EditForm, RegionForm, ImageSetForm, CompareForm, StoryboardForm, HistoryForm)

_KINDS: tuple[type[Any], ...] = (
    *(TextToImageForm, EditForm, RegionForm, ImageSetForm),
    *(CompareForm, StoryboardForm, HistoryForm),
)


class Studio(widgets.VBox):  # type: ignore[misc]
    """Every form in a tab of its own: `wannb.studio()` makes it.

    Images go from tab to tab: *use as input* puts one into the edit form, and what is opened from the history fills
    the form of its mode.

    >>> wannb.forms.Studio(client)    # doctest: +SKIP
    """

    def __init__(self, client: Client) -> None:
        self.client = client
        self.words = words = Words(client.language)
        self._made: dict[type[Any], Any] = {}
        titles = ("Text to image", "Edit", "Edit in boxes", "Image set", "Compare", "Storyboard", "History")
        self._tabs = widgets.Tab([widgets.VBox() for _ in _KINDS], titles=[words(title) for title in titles])
        self._heading = widgets.HTML()
        super().__init__([looks.style(), self._heading, self._tabs], _dom_classes=("wannb-form", "wannb-studio"))
        self._form(TextToImageForm)
        self._tabs.observe(lambda change: self._turned(), "selected_index")
        self._tabs.selected_index = 0
        self._count()

    @property
    def text_to_image(self) -> TextToImageForm:
        """The form of the first tab."""
        return self._form(TextToImageForm)

    @property
    def edit(self) -> EditForm:
        """The form of the second tab."""
        return self._form(EditForm)

    @property
    def regions(self) -> RegionForm:
        """The form of the third tab."""
        return self._form(RegionForm)

    @property
    def image_set(self) -> ImageSetForm:
        """The form of the fourth tab."""
        return self._form(ImageSetForm)

    @property
    def compare(self) -> CompareForm:
        """The form of the fifth tab."""
        return self._form(CompareForm)

    @property
    def storyboard(self) -> StoryboardForm:
        """The form of the sixth tab."""
        return self._form(StoryboardForm)

    @property
    def history(self) -> HistoryForm:
        """The form of the last tab."""
        return self._form(HistoryForm)

    @property
    def form(self) -> Form | CompareForm | StoryboardForm | HistoryForm:
        """The form of the tab that is open."""
        form: Form | CompareForm | StoryboardForm | HistoryForm = self._form(_KINDS[self._tabs.selected_index])
        return form

    def _form(self, kind: type[F]) -> F:
        """Return the form of a tab, made when it is first wanted: a page with few widgets is there sooner."""
        if kind not in self._made:
            form: Any = kind(self.client)
            if isinstance(form, HistoryForm):
                form.opened = self._open
            elif isinstance(form, (CompareForm, StoryboardForm)):
                form.made = self._came_back
            else:
                takers = [(self.words("Edit"), EditForm), (self.words("Edit in boxes"), RegionForm)]
                form.offer_to([(text, partial(self._hand_over, taker)) for text, taker in takers if taker is not kind])
                form.observe(lambda change: self._came_back(), "result")
            self._made[kind] = form
            tabs = list(self._tabs.children)
            tabs[_KINDS.index(kind)] = form
            self._tabs.children = tabs
        return self._made[kind]  # type: ignore[no-any-return]

    def _open(self, request: ImageRequest, names: tuple[str, ...]) -> None:
        kind = form_class(request)
        self._form(kind).recall(request, only=names)
        self._show(kind)

    def _hand_over(self, kind: type[EditForm], image: GeneratedImage) -> None:
        self._form(kind).use(image)
        self._show(kind)

    def _show(self, kind: type[Any]) -> None:
        self._tabs.selected_index = _KINDS.index(kind)

    def _turned(self) -> None:
        if isinstance(self.form, HistoryForm):
            self.form.refresh()

    def _came_back(self) -> None:
        self._count()
        for form in self._made.values():
            if not isinstance(form, HistoryForm):
                form.offer_earlier()

    def _count(self) -> None:
        spent, words = self.client.spent(), self.words
        if spent is None:
            said = words("price unknown")
        elif self.client.service.kind == "mock":
            said = words("live, this would have cost {cost}", cost=spent)
        else:
            said = words("spent {cost}", cost=spent)
        self._heading.value = (
            '<div class="wannb-heading"><h2>wannb</h2>'
            f'{looks.badge(words, self.client)}<span class="wannb-spent">{escape(said)}</span>{self._open_runs()}</div>'
        )

    def _open_runs(self) -> str:
        """Return how many runs an earlier session left under way, as HTML."""
        left = len(self.client.tasks())
        said = self.words("{count} under way: see the history", count=left) if left else ""
        return f'<span class="wannb-left">{escape(said)}</span>'

    def _about(self) -> Iterator[tuple[str, str]]:
        """Return what each tab is for, for pages where no widget runs."""
        about = (
            "pictures from a text",
            "pictures from pictures, one or several",
            "draw boxes on a picture: only what is inside shall change",
            "a story in scenes, the same figure in each of them",
            "prompts, seeds, models and sizes side by side",
            "scenes as frames that are kept, drawn anew, put in order and saved as pages or a film",
            "every picture that was made here, to be looked at and opened again",
        )
        yield from zip(self._tabs.titles, about, strict=True)

    def __repr__(self) -> str:
        return f"Studio({self.client!r})"

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = super()._repr_mimebundle_(**kwargs) or {}
        tabs = html.table([self.words("tab"), ""], [(title, self.words(about)) for title, about in self._about()])
        page = html.block("wannb", lines=[self.client.service.where], body=tabs)
        return {**bundle, "text/plain": repr(self), "text/html": page}


def studio(client: Client | None = None, **options: Any) -> Studio:
    """Return the Studio: every form in a tab, with the demo or live badge and what was spent.

    Args:
        client: the client to use; without it one is connected.
        options: those of `wannb.connect`, such as `mode="mock"`, `language="zh"` or `budget=2.50`.

    Raises:
        TypeError: a client and options for another one.

    >>> wannb.studio()    # doctest: +SKIP
    """
    if isinstance(client, str):
        raise TypeError(f"give the mode by name: studio(mode={client!r})")
    if client is not None and options:
        raise TypeError(f"the client is connected already; give {', '.join(options)} to wannb.connect")
    return Studio(client or connect(**options))
