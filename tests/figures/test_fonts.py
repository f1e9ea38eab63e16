"""Fonts and lines: text of any script fits its room, and what cannot be set is said, never drawn as a surprise."""

from __future__ import annotations

import io
from pathlib import Path

import matplotlib
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import font_manager
from matplotlib.figure import Figure

import wannb
from wannb.figures import fonts
from wannb.figures.fonts import MISSING, Typeface, families, pdf_fonttype, width_of, wrap

PLAIN = ["DejaVu Sans"]
#: A character that no font has: a code point that Unicode keeps for private use.
NOWHERE = "\U0010fffd"
CHINESE = "一只橘猫坐在窗台上，看着外面的雨。"
has_chinese = pytest.mark.skipif(bool(families("猫").missing), reason="no Chinese font on this machine")


def draw(lines: list[str], family: list[str]) -> None:
    figure = Figure()
    for line in lines:
        figure.text(0, 0, line, family=family, parse_math=False)
    figure.savefig(io.BytesIO(), format="png")


def test_latin_text_needs_no_other_font() -> None:
    assert families("a flower shop, 35 mm, $5 & café") == Typeface(families=PLAIN, missing="", notice="")
    assert Path(fonts._face(*PLAIN)).name == "DejaVuSans.ttf", "neither bold nor oblique"


@has_chinese
def test_the_family_follows_the_language_of_the_text() -> None:
    first = {text: families(text).families[1:] for text in ("猫", "猫がいる", "고양이 猫")}
    assert all(len(each) == 1 for each in first.values())
    if "Noto Sans CJK SC" in first["猫"] and matplotlib.__version_info__ >= (3, 11):
        assert list(first.values()) == [["Noto Sans CJK SC"], ["Noto Sans CJK JP"], ["Noto Sans CJK KR"]]


def test_what_no_font_has_is_named_and_drawn_as_a_box_without_a_warning() -> None:
    text = f"a {NOWHERE} \ud800 \u200bcat\ufe0f"
    face = families(text)
    assert face.missing == f"{NOWHERE}\ud800"
    assert "U+10FFFD U+D800" in face.notice
    assert "apt install fonts-noto-cjk" in face.notice
    assert "wannb.add_font(path)" in face.notice
    face.notice.encode()
    lines = wrap(text, 5, size=10, family=face.families)
    assert lines[0].startswith(f"a {MISSING} {MISSING} ")
    draw(lines, face.families)


def test_emoji_without_a_usable_font_are_said_to_be_emoji() -> None:
    face = families("🫨")
    if face.missing:
        assert "color emoji fonts cannot be used" in face.notice
    draw(wrap("🫨 👩‍🚀", 5, size=10, family=face.families), face.families)


def test_an_old_matplotlib_is_said_not_to_join_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "3.11" not in families("قطة").notice or matplotlib.__version_info__ < (3, 11)
    monkeypatch.setattr(matplotlib, "__version__", "3.10.3")
    assert "3.10.3" in families("قطة").notice
    assert families("a cat").notice == ""


@has_chinese
def test_lines_break_as_the_script_asks() -> None:
    family = families(CHINESE).families
    lines = wrap(CHINESE, 0.6, size=8, family=family)
    assert "".join(lines) == CHINESE
    assert len(lines) > 2
    assert not [line for line in lines if line[0] in "，。"]
    assert wrap("flower-shop on a hill", 0.55, size=8, family=PLAIN) == ["flower-", "shop on a", "hill"]


def test_own_line_breaks_stay_and_too_many_lines_end_with_an_ellipsis() -> None:
    assert wrap("one\n\ntwo\tthree", 5, size=8, family=PLAIN) == ["one", "", "two three"]
    assert wrap("one two three four", 0.4, size=8, family=PLAIN, most=2) == ["one", "two…"]
    assert wrap("", 1, size=8, family=PLAIN) == [""]


def test_a_word_that_is_too_wide_is_cut_between_letters() -> None:
    word = "Donaudampfschifffahrtsgesellschaftskapita\u0308n"
    lines = wrap(f"the {word}", 0.5, size=8, family=PLAIN)
    assert "".join(lines[1:]) == word
    assert all(width_of(line, size=8, family=PLAIN) <= 0.51 for line in lines)
    assert "a\u0308" in "|".join(lines)
    assert wrap("a\u3000b", 5, size=8, family=PLAIN) == ["a b"]


@pytest.mark.parametrize(("width", "size"), [(0, 8), (-1, 8), (1, 0)])
def test_no_room_is_refused(width: float, size: float) -> None:
    with pytest.raises(ValueError, match="must both be above 0"):
        wrap("a cat", width, size=size, family=PLAIN)


@given(st.text(st.sampled_from("ab -/,.é$\n猫が고قط"), max_size=60), st.floats(0.3, 3))
def test_no_line_is_wider_than_its_room_and_nothing_is_lost(text: str, room: float) -> None:
    family = families(text).families
    lines = wrap(text, room, size=8, family=family)
    assert all(width_of(line, size=8, family=family) <= room * 1.03 for line in lines)
    if not families(text).missing:
        assert "".join("".join(lines).split()) == "".join(text.split())


def test_a_font_can_be_added(tmp_path: Path) -> None:
    from fontTools.ttLib import TTFont

    with TTFont(font_manager.findfont("DejaVu Sans")) as font:
        for record in font["name"].names:
            if record.nameID in (1, 4, 16):
                record.string = "Ours"
        table = {ord(NOWHERE): "A", ord("猫"): "A"}
        for each in font["cmap"].tables:
            if each.format == 12:
                each.cmap.update(table)
        font.save(tmp_path / "ours.ttf")
    before = list(font_manager.fontManager.ttflist)
    assert families(NOWHERE).missing
    try:
        assert wannb.add_font(tmp_path / "ours.ttf") == ("Ours",)
        assert families(f"a {NOWHERE}") == Typeface(families=[*PLAIN, "Ours"], missing="", notice="")
        draw([NOWHERE], [*PLAIN, "Ours"])
        assert families("猫").families == [*PLAIN, "Ours"]
    finally:
        font_manager.fontManager.ttflist[:] = before
        font_manager.fontManager._findfont_cached.cache_clear()  # type: ignore[attr-defined]
        fonts._added.clear()
        fonts.forget_fonts()


def test_what_is_no_font_is_refused(tmp_path: Path) -> None:
    for name in ("empty.ttf", "font.woff2"):
        (tmp_path / name).write_bytes(b"no font")
    reasons = ["there is no such file", "cannot be used in figures", r"give a \.ttf, \.otf or \.ttc file"]
    for name, reason in zip(("none.ttf", "empty.ttf", "font.woff2"), reasons, strict=True):
        with pytest.raises(ValueError, match=reason):
            wannb.add_font(tmp_path / name)


def test_fonts_with_postscript_outlines_are_not_put_into_a_pdf_as_truetype() -> None:
    assert pdf_fonttype(["a cat", "قطة"]) == 42
    if any(name.startswith("Noto Sans CJK") for name in families(CHINESE).families):
        assert pdf_fonttype(["a cat", CHINESE]) == 3
