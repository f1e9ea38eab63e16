"""How Sphinx builds the site; `scripts/site` calls it. `generated.py` writes the folder of pages."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from wannb import __version__ as version

project = "wannb"
author = "the authors of wannb"
release = version
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
# Tutorials are shown with their stored outputs; nothing is run.
nb_execution_mode = "off"
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
suppress_warnings = ["mystnb.unknown_mime_type"]
exclude_patterns = ["reference/_record.md"]
html_theme = "pydata_sphinx_theme"
html_title = "wannb"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_use_index = html_domain_indices = False
# A page that is read from disk may not fetch others, of which a summary would show the words around what was found.
html_show_search_summary = False
html_search_scorer = str(Path(__file__).with_name("scorer.js"))
# Quotes stay as they are typed: what stands in them is copied into code.
smartquotes = False
html_context = {"default_mode": "auto"}
# Pages without pages below them.
html_sidebars = {page: [] for page in ("index", "start", "trust", "architecture", "contributing", "changes")}
html_theme_options = {
    "navbar_align": "left",
    "show_prev_next": True,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}
copyright = "the authors of wannb; MIT license"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
add_module_names = False
maximum_signature_line_length = 90
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
#: What the theme writes around a page.
_CHINESE = {
    "Search": "搜索",
    "Home": "首页",
    "Breadcrumb": "所在位置",
    "Site navigation": "网站导航",
    "Section Navigation": "本栏目",
    "On this page": "本页内容",
    "Collapse Sidebar": "收起边栏",
    "Expand Sidebar": "展开边栏",
    "Skip to main content": "跳到正文",
    "Back to top": "回到顶部",
    "Color mode": "颜色模式",
    "Light": "亮色",
    "Dark": "暗色",
    "System Settings": "跟随系统",
    "previous": "上一页",
    "next": "下一页",
    "previous page": "上一页",
    "next page": "下一页",
}
#: What ipywidgets and the base classes have is not ours to describe.
autodoc_default_options = {"members": True, "inherited-members": False}


def _as_rst(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Make what docstrings say in Markdown's way what reStructuredText understands."""
    in_example = False
    for at, line in enumerate(lines):
        in_example = line.lstrip().startswith(">>>") or (in_example and bool(line.strip()))
        if in_example:
            lines[at] = re.sub(r"\s*# doctest: \+\w+$", "", line)
            continue
        # Several names of one text; of two words Sphinx takes the first for a type.
        line = re.sub(r"^ {4}\w+(, \w+)+: ", lambda found: found[0].replace(", ", "/"), line)
        parts = re.split(r"(`[^`]*`)", line)
        for place, part in enumerate(parts):
            parts[place] = f"`{part}`" if place % 2 else re.sub(r"([*|\\])|(?<=\w)(_)(?=\W|$)", r"\\\g<0>", part)
        lines[at] = "".join(parts)


def _as_python(app: Any, what: str, name: str, obj: Any, options: Any, signature: Any, returns: Any) -> Any:
    """Write a default that is made anew each time so that the signature can be read, and its types become links."""
    return (signature.replace("<factory>", "..."), returns) if signature else None


def _for_readers(app: Any, page: str, template: str, context: dict[str, Any], tree: Any) -> None:
    """Give a Chinese page its language, for screen readers and fonts, and Chinese around it.

    And let the options of a call be no broken list.
    """
    if page.startswith("zh/"):
        context["language"] = "zh-CN"
        if page == "zh/start":  # the first of them
            context["prev"] = None
        context["_"] = context["gettext"] = lambda text: _CHINESE.get(text, text)
    options = re.compile(r'<dl>\n((?:<dd><em class="sig-param">.*?</dd>\n)+)</dl>', re.DOTALL)
    if "body" in context:
        context["body"] = options.sub(lambda found: re.sub(r"<(/?)dd>", r"<\1span>", found[1]), context["body"])


def setup(app: Any) -> None:
    """Connect what is ours."""
    app.connect("autodoc-process-signature", _as_python)
    app.connect("html-page-context", _for_readers)
    app.connect("autodoc-process-docstring", _as_rst, priority=100)
