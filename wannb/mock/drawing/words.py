"""Read a prompt the way the mock understands it: figures, setting, season, time, weather, colours."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from .colour import Colour

# name: (English words as a pattern, Chinese words). Order does not matter: the earliest in the text leads.
_FIGURES: dict[str, tuple[str, str]] = {
    "cat": (r"cats?|kittens?|kitty|tomcat", "猫|喵"),
    "dog": (r"dogs?|pupp(?:y|ies)|corgi|husky|hound", "狗|犬"),
    "bird": (r"birds?|sparrow|parrot|robin|owl|crane|swallow", "鸟|鹦鹉|燕子|仙鹤"),
    "fish": (r"fish(?:es)?|goldfish|koi|whale|shark", "鱼|鲸"),
    "robot": (r"robots?|android|droid|mecha", "机器人|机甲"),
    "person": (
        r"person|people|man|woman|girl|boy|portraits?|child|children|kid|lady|model|astronaut|chef|teacher"
        r"|student|character|hero|dancer|friend|face|selfie|grandmother|grandfather|mother|father|officer",
        "人|女孩|男孩|肖像|少女|少年|孩子|女士|先生|老师|脸|模特|角色|妈妈|爸爸",
    ),
    "car": (r"cars?|taxi|truck|van|automobile|vehicle|bus", "汽车|轿车|小车|出租车|卡车|跑车|车"),
    "clock": (r"clocks?|watch|alarm", "闹钟|时钟|钟表|钟|手表"),
    "cup": (r"cups?|mugs?|coffee|tea|teapot|latte|espresso", "杯|咖啡|茶"),
    "bottle": (
        r"bottles?|perfume|products?|cosmetics?|serum|lotion|jar|wine|vase|headphones?",
        "瓶|香水|产品|化妆品|商品|耳机",
    ),
    "boat": (r"boats?|ships?|sail(?:boat|ing)?|yacht", "船|帆|舟"),
    "rocket": (r"rockets?|spaceships?|spacecraft", "火箭|飞船"),
    "balloon": (r"balloons?|airship", "气球"),
    "shop": (
        r"shops?|stores?|caf[eé]|bakery|storefront|boutique|florist|bookstore|restaurant",
        "店|铺|咖啡馆|餐厅|超市",
    ),
    "house": (r"houses?|cottages?|cabin|home|villa|castle|farm|barn|lighthouse", "房子|小屋|木屋|房屋|别墅|城堡|家"),
    "flowers": (
        r"flowers?|roses?|tulips?|bouquets?|sunflowers?|lily|lilies|peon(?:y|ies)|orchids?|lotus",
        "花|玫瑰|郁金香|向日葵|牡丹|荷",
    ),
    "tree": (r"trees?|oak|pines?|willow|bonsai", "树|松|柳"),
}  # fmt: skip

_SETTINGS: dict[str, tuple[str, str]] = {
    "underwater": (r"underwater|undersea|aquarium|coral|reef", "海底|水下|珊瑚"),
    "space": (r"(?:outer )?space|galaxy|planets?|cosmos|cosmic|nebula|orbit|mars", "太空|宇宙|星系|银河|行星"),
    "mountains": (r"mountains?|peaks?|alps|alpine|valley|cliffs?|himalayas?", "山"),
    "sea": (r"sea|ocean|beach|coast|harbou?r|waves?|island|lighthouse", "海|沙滩|港"),
    "lake": (r"lakes?|rivers?|ponds?|stream", "湖|河|江|池"),
    "city": (r"cit(?:y|ies)|skyline|skyscrapers?|downtown|urban|cyberpunk|neon|metropolis", "城|都市|霓虹"),
    "street": (r"streets?|roads?|alleys?|avenue|town|village|market|square", "街|路|巷|镇|村"),
    "forest": (r"forests?|woods|jungle|grove", "森林|树林|林"),
    "desert": (r"deserts?|dunes?|sahara|cactus|cacti", "沙漠|沙丘|仙人掌"),
    "room": (
        r"rooms?|interior|kitchen|bedroom|office|indoors?|table|desk|sofa|living|library|shelf|windowsill",
        "房间|室|厨房|桌|沙发|办公|客厅|书架",
    ),
    "studio": (r"studio|product|cover|advert(?:isement)?|poster|minimalist|packshot", "摄影棚|产品|海报|广告|极简"),
    "meadow": (r"meadows?|fields?|grass(?:land)?|parks?|gardens?|hills?|countryside|farm", "草|田|公园|花园|原野|丘"),
}  # fmt: skip

_SEASONS: dict[str, tuple[str, str]] = {
    "spring": (r"spring|blossoms?|cherry|sakura", "春|樱"),
    "summer": (r"summer|sunny|tropical", "夏|炎热"),
    "autumn": (r"autumn|autumnal|fall|fallen|maple|harvest|october", "秋|落叶|枫"),
    "winter": (r"winter|snow(?:y|ing|man|fall)?|ice|icy|frost(?:y)?|christmas", "冬|雪|冰"),
}

_TIMES: dict[str, tuple[str, str]] = {
    "night": (r"night(?:time)?|midnight|moon(?:lit|light)?|stars?|starry|neon", "夜|月|星空|星星|霓虹"),
    "sunset": (r"sunsets?|dusk|evening|golden hour|twilight", "日落|黄昏|傍晚|夕阳|晚霞"),
    "dawn": (r"dawn|sunrise|morning|mist(?:y)?|fog(?:gy)?", "日出|清晨|早晨|黎明|晨|雾"),
    "day": (r"day(?:light|time)?|noon|sunny|blue sky|afternoon", "白天|中午|晴|午后|蓝天"),
}

_WEATHERS: dict[str, tuple[str, str]] = {
    "rain": (r"rain(?:y|ing|s)?|storm(?:y)?|umbrella", "雨|暴风"),
    "snow": (r"snow(?:y|ing|fall)?", "雪"),
}

_COLOURS: dict[str, tuple[str, str, Colour]] = {
    "red": (r"red|crimson|scarlet|ruby", "红", (208, 62, 58)),
    "orange": (r"orange|ginger|tangerine", "橙|橘", (236, 138, 52)),
    "yellow": (r"yellow|lemon", "黄", (244, 200, 66)),
    "gold": (r"gold(?:en)?|amber", "金", (222, 172, 62)),
    "green": (r"green|emerald|mint|olive", "绿", (84, 158, 102)),
    "teal": (r"teal|turquoise|cyan", "青", (60, 160, 166)),
    "blue": (r"blue|navy|azure|indigo", "蓝", (66, 112, 190)),
    "purple": (r"purple|violet|lavender|lilac", "紫", (134, 96, 178)),
    "pink": (r"pink|rosy|magenta", "粉", (236, 142, 168)),
    "brown": (r"brown|chestnut|chocolate|bronze", "棕|褐", (140, 94, 64)),
    "black": (r"black|dark|ebony", "黑", (58, 56, 70)),
    "white": (r"white|ivory|cream|snow-white", "白", (240, 236, 228)),
    "grey": (r"gr[ae]y|silver", "灰|银", (148, 152, 164)),
}

_AT_HOME: dict[str, tuple[str, ...]] = {
    "cat": ("meadow", "street", "meadow"), "dog": ("meadow", "meadow", "lake"), "bird": ("forest", "meadow"),
    "fish": ("underwater",), "robot": ("city", "desert", "meadow"), "person": ("portrait",),
    "car": ("road",), "clock": ("room",), "cup": ("room",), "bottle": ("studio",), "boat": ("sea", "lake"),
    "rocket": ("space",), "balloon": ("mountains", "meadow", "lake"), "shop": ("street",),
    "house": ("meadow", "lake", "mountains"), "flowers": ("room", "studio"), "tree": ("meadow", "lake"),
}  # fmt: skip

_UNKNOWN = (
    ("balloon", "mountains"), ("house", "meadow"), ("tree", "lake"), ("boat", "sea"), ("", "mountains"),
    ("", "desert"), ("balloon", "meadow"), ("house", "lake"), ("", "forest"),
)  # fmt: skip

PORTRAIT = re.compile(r"\b(?:portraits?|headshot|selfie|face|bust|close-?up)\b|肖像|头像|脸|特写", re.IGNORECASE)

_ORDINALS = "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth"
_KINDS = "image|picture|frame|scene|panel|shot|photo"
_SCENE_MARK = re.compile(
    rf"\b(?:the\s+)?(?:{_ORDINALS})\s+(?:{_KINDS})\s*[:：,，-]?"
    rf"|\b(?:{_KINDS})\s*\d{{1,2}}\s*[:：]"
    r"|第\s*[一二三四五六七八九十\d]{1,3}\s*[张幅帧]\s*(?:图片|图)?\s*[:：,，]?"
    r"|(?:图片|图|场景|镜头)\s*\d{1,2}\s*[:：]"
    r"|(?:^|\n)\s*\d{1,2}\s*[.)、:：]\s*",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What is to be painted. Empty strings: nothing of the kind."""

    figure: str
    companions: tuple[str, ...]
    setting: str
    season: str
    time: str
    weather: str
    tint: Colour | None  # the colour asked for the main figure
    known: bool  # whether the prompt held a word the mock knows
    summary: str  # its reading in English words


def scenes(prompt: str) -> tuple[str, list[str]]:
    """Split the prompt of an image set into what holds for all and the text of each picture."""
    marks = list(_SCENE_MARK.finditer(prompt))
    if not marks:
        return prompt, []
    ends = [mark.start() for mark in marks[1:]] + [len(prompt)]
    parts = [prompt[mark.end() : end].strip() for mark, end in zip(marks, ends, strict=True)]
    return prompt[: marks[0].start()].strip(), parts


def read(text: str, chance: random.Random, *, season: str = "") -> Scene:
    """Read a text. ``season`` is taken when it names none; chance fills what else it leaves open."""
    figures, settings, seasons = _found(text, _FIGURES), _found(text, _SETTINGS), _found(text, _SEASONS)
    times, weathers = _found(text, _TIMES), _found(text, _WEATHERS)
    if "shop" in figures:  # a flower shop, a coffee shop: what it sells is on display, it does not stand beside it
        figures = ["shop", *(name for name in figures if name not in ("shop", "flowers", "cup"))]
    figure = figures[0] if figures else ""
    known = bool(figures or settings)
    home = chance.choice(_AT_HOME[figure]) if figure else "meadow"
    if figure == "person" and len(figures) > 1 and not PORTRAIT.search(text):
        home = chance.choice(("meadow", "street", "lake"))
    pick = chance.randrange(1 << 30)
    if not known:
        figure, home = _UNKNOWN[pick % len(_UNKNOWN)]
    if figure == "fish":
        settings = ["underwater"]
    if len(settings) > 1 and figure in ("cat", "dog", "person") and settings[0] in ("studio", "underwater"):
        settings = settings[1:]
    tint_name = _tint_name(text, figure)
    named = [tint_name, figure if known else "", *settings[:1], *seasons[:1], *times[:1], *weathers[:1]]
    return Scene(
        figure=figure,
        companions=tuple(name for name in figures if name != figure)[:2],
        setting=settings[0] if settings else home,
        season=seasons[0] if seasons else season or chance.choice(("spring", "summer", "summer", "autumn")),
        time=times[0] if times else chance.choice(("day", "day", "day", "sunset", "dawn")),
        weather=weathers[0] if weathers else "",
        tint=_COLOURS[tint_name][2] if tint_name else None,
        known=known,
        summary=" ".join(word for word in named if word),
    )


def _spots(text: str, english: str, chinese: str) -> list[int]:
    found = [m.start() for m in re.finditer(rf"\b(?:{english})\b", text, re.IGNORECASE)]
    return found + [m.start() for m in re.finditer(chinese, text)]


def _found(text: str, table: dict[str, tuple[str, str]]) -> list[str]:
    """Name what the text mentions, in the order of first mention."""
    first = {name: min(spots) for name, words in table.items() if (spots := _spots(text, *words))}
    return sorted(first, key=lambda name: first[name])


def _tint_name(text: str, figure: str) -> str:
    """Name the colour word that stands closest before the figure, else nothing."""
    spots = _spots(text, *_FIGURES[figure]) if figure else []
    best, distance = "", 28  # characters: "a big fluffy orange tabby cat" still counts
    for name, (english, chinese, _) in _COLOURS.items():
        for spot in _spots(text, english, chinese):
            for target in spots:
                if 0 < target - spot < distance:
                    best, distance = name, target - spot
    return best
