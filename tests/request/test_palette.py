"""`wannb.request.palette`: shares are counted in whole hundredths of a percent."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from wannb.request.palette import as_palette, palette_from, palette_rules, shares


@given(st.lists(st.integers(1, 5000), min_size=2, max_size=9))
def test_palettes_in_whole_hundredths_that_sum_up_are_legal(parts: list[int]) -> None:
    rest = 10000 - sum(parts)
    parts = [*parts, rest]
    palette = as_palette([(f"#0000{i:02X}", share / 100) for i, share in enumerate(parts)])
    assert palette
    assert (palette_rules(palette) == []) == (rest >= 0)


@given(st.lists(st.floats(0, 1e6), min_size=3, max_size=10))
def test_any_weights_become_shares_that_add_up(weights: list[float]) -> None:
    found = shares(weights)
    assert sum(found) == 10000
    assert min(found) >= 1


def test_the_colors_of_a_picture_become_a_legal_palette() -> None:
    image = Image.new("RGB", (400, 300), "#F2E9DC")
    image.paste("#7A1F3D", (0, 0, 100, 300))
    image.paste("#3C6E47", (100, 0, 150, 300))
    palette = palette_from(image, colors=3)
    assert [color.hex for color in palette] == ["#F2E9DC", "#7A1F3D", "#3C6E47"]
    assert palette_rules(palette) == []
    with pytest.raises(ValueError, match="3 to 10 colors"):
        palette_from(image, colors=2)
    buffer = io.BytesIO()
    Image.new("RGB", (300, 300), "red").save(buffer, "PNG")
    with pytest.raises(ValueError, match="only 1 color; a palette has at least 3"):
        palette_from(buffer.getvalue())
