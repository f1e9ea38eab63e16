"""`wannb.request.sizes`: a size for a ratio is legal and near it; its rules are in `test_rules`."""

from __future__ import annotations

import pytest

from wannb import ImageRequest, size_for
from wannb.request.sizes import PRESETS, parse


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("ratio", ["1:1", "16:9", "9:16", "21:9", "1:8", "8:1", "2.35:1", "4:5"])
def test_a_size_for_a_ratio_is_legal_and_near(ratio: str, preset: str) -> None:
    size = size_for(ratio, preset)
    assert ImageRequest(prompt="x", size=size).problems() == ()
    sides = parse(size)
    assert sides
    wide, high = map(float, ratio.split(":"))
    assert sides[0] / sides[1] == pytest.approx(wide / high, rel=0.03)
    assert 0.9 * PRESETS[preset] < sides[0] * sides[1] <= PRESETS[preset]


@pytest.mark.parametrize("ratio", ["16/9", "0:1", "9:1", "", "a:b"])
def test_a_ratio_that_cannot_be_is_refused(ratio: str) -> None:
    with pytest.raises(ValueError, match="ratio="):
        size_for(ratio)
