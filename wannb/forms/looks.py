"""What all forms show alike: their style, heading, badge and the words of their button."""

from __future__ import annotations

from html import escape
from pathlib import Path

import ipywidgets as widgets

from wannb.client import Client
from wannb.ledger import DONE, GeneratedImage
from wannb.request import ImageRequest
from wannb.translation import Words

STATIC = Path(__file__).parent / "static"


def style(*more: str) -> widgets.HTML:
    """Return the forms' style sheet, and more of them, as a widget: it travels with the form."""
    sheets = "".join((STATIC / name).read_text(encoding="utf-8") for name in ("form.css", *more))
    return widgets.HTML(f"<style>{sheets}</style>", layout=widgets.Layout(display="none"))


def badge(words: Words, client: Client) -> str:
    """Return whether images are drawn here or billed, as HTML."""
    if client.service.kind == "mock":
        return f'<span class="wannb-badge wannb-demo">{escape(words("demo: nothing is billed"))}</span>'
    where = words("live, {region}: every image is billed", region=words(client.service.region))
    return f'<span class="wannb-badge wannb-live">{escape(where)}</span>'


def heading(words: Words, mode: str, client: Client) -> str:
    """Return a form's title, the mode as the API's page names it, with the badge."""
    name = words(mode)
    return f'<div class="wannb-heading"><h3>{escape(name[:1].upper() + name[1:])}</h3>{badge(words, client)}</div>'


def button_text(words: Words, request: ImageRequest, client: Client, *, known: str | None) -> str:
    """Return what the button does and what it costs; `known` is the state of a run that answers the request."""
    if known == DONE:
        return words("Show it again · free, you made it before")
    if known:
        return words("Show it when it comes · free, it is under way already")
    count = request.n
    if count == 1:
        what = words("Make 1 image")
    elif request.enable_sequential:
        what = words("Make up to {count} images", count=count)
    else:
        what = words("Make {count} images", count=count)
    cost = client.estimate(request)
    if client.service.kind == "mock":
        price = words("demo (live {cost})", cost=cost) if cost else words("demo")
    elif cost is None:
        price = words("price unknown")
    else:
        price = words("at most {cost}", cost=cost) if request.enable_sequential else str(cost)
    return f"{what} · {price}"


def caption(words: Words, image: GeneratedImage) -> str:
    """Return an image's number, size and seed."""
    seed = "" if image.seed is None else " · " + words("seed {seed}", seed=image.seed)
    return f"{image.number} · {image.width}*{image.height}{seed}"
