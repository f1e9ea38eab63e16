"""Vocabulary of the mock: the words it knows, and the reading of a prompt with them."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass

from .canvas import Color

#: What a text may mention: its words in English and Chinese as patterns, and perhaps a color.
_Table = Mapping[str, tuple[str, str] | tuple[str, str, Color]]


@dataclass(frozen=True)
class Subject:
    """A thing that the mock can draw.

    Attributes:
        english: its names, as a pattern.
        chinese: its names in Chinese, as a pattern.
        homes: the settings it is put into when the prompt names none, separated by spaces.
        size: how tall it is beside a cat of 1.
        width: how wide it is when it is 1 tall.
        lit: how far the light of the picture may color it, 0 to 1.
        shadow: whether it throws a shadow on the ground.
        turns: whether it may be mirrored.
    """

    english: str
    chinese: str
    homes: str
    _: KW_ONLY
    size: float = 1.0
    width: float = 0.9
    lit: float = 0.0
    shadow: bool = True
    turns: bool = True


ON_WATER = ("boat", "paper boat")
INDOORS = ("room", "studio")
_PEOPLE = (
    r"person|people|m[ae]n|wom[ae]n|girls?|boys?|portraits?|child(?:ren)?|kids?|toddlers?|lad(?:y|ies)"
    r"|teachers?|students?|friends?|face|selfie|headshot|grandmother|grandfather|mother|father"
)
#: The vocabulary: the outline, and the words for it in English and Chinese. The earliest word of a prompt leads.
SUBJECTS = {
    "cat": Subject(r"cats?|kittens?|kitty|tomcat", "猫|喵", "meadow street meadow", width=1.25),
    "dog": Subject(r"dogs?|pupp(?:y|ies)|hound", "狗|犬", "meadow lake"),
    "fox": Subject(r"fox(?:es)?|vixen", "狐狸|狐", "forest meadow", width=1.2),
    "owl": Subject(r"owls?|owlet", "猫头鹰|鸮", "forest", width=1.5, shadow=False),
    "bird": Subject(r"birds?|songbirds?|sparrows?|robins?|finch(?:es)?",
                    "鸟|麻雀|知更鸟", "forest meadow", size=0.92, width=1.5, shadow=False),
    "fish": Subject(r"fish(?:es)?|goldfish|koi", "鱼", "underwater", width=1.5, shadow=False),
    "robot": Subject(r"robots?|androids?|droids?", "机器人", "city desert meadow", lit=0.2),
    "person": Subject(_PEOPLE,
                      "人(?!行)|[女男]孩|肖像|少[女年]|孩子|儿童|女士|先生|老师|脸|妈妈|爸爸", "meadow lake", size=1.1),
    "bust": Subject(r"(?!)", "(?!)", "portrait", shadow=False, turns=False),
    "car": Subject(r"cars?|taxis?|automobiles?", "汽车|轿车|小车|出租车|跑车", "road", size=1.02, width=1.4, lit=0.3),
    "clock": Subject(r"(?:alarm )?clocks?", "闹钟|时钟|钟表|钟", "room", size=0.95, turns=False),
    "cup": Subject(r"cups?|mugs?|coffee|tea|latte|espresso", "杯|咖啡|茶", "room", size=0.72, width=1.1),
    "bottle": Subject(r"bottles?|flasks?|perfumes?|lotion", "瓶|香水", "studio", size=0.92, width=0.65),
    "paper boat": Subject(r"paper (?:boats?|ships?)", "纸船|折纸船", "lake sea", width=1.25, lit=0.3, shadow=False),
    "boat": Subject(r"(?:sailing |sail)?boats?|yachts?|sailing ships?",
                    "船|帆|舟", "sea lake", size=1.25, width=1.1, lit=1.0, shadow=False),
    "rocket": Subject(r"rockets?|spaceships?", "火箭|飞船", "space", size=1.3, shadow=False),
    "balloon": Subject(r"balloons?", "气球", "meadow lake mountains", size=1.25, lit=1.0),
    "shop": Subject(r"shops?|caf[eé]s?|baker(?:y|ies)|storefronts?|boutiques?|florists?",
                    "店|铺|咖啡馆", "street", size=1.32, width=1.5, lit=0.36, turns=False),
    "stall": Subject(r"markets?|(?:market )?stalls?", "市场|集市|摊", "street", size=1.0, width=1.4, lit=0.36),
    "house": Subject(r"houses?|cottages?|cabins?|huts?|villas?",
                     "房子|小屋|木屋|房屋|别墅", "meadow lake mountains", size=1.16, width=1.25, lit=0.36),
    "lighthouse": Subject(r"light ?houses?", "灯塔", "sea", size=1.5, lit=0.5, shadow=False),
    "island": Subject(r"islands?|islets?", "岛", "sea", size=1.0, width=1.6, lit=0.8, shadow=False),
    "flowers": Subject(r"flowers?|roses?|tulips?|bouquets?|peon(?:y|ies)",
                       "花(?!园|店)|玫瑰|郁金香|牡丹", "room studio"),
    "tree": Subject(r"trees?|oaks?|cherry trees?", "树(?!林)", "meadow lake", size=1.5),
    "chair": Subject(r"(?:arm)?chairs?|stools?", "椅子|椅", "room", size=1.1),
    "sofa": Subject(r"sofas?|couch(?:es)?", "沙发", "room", size=0.95, width=1.9),
    "lamp": Subject(r"(?:floor )?lamps?", "台灯|落地灯|灯(?!塔)", "room", size=1.45, width=0.6),
    "umbrella": Subject(r"umbrellas?|parasols?", "雨伞|伞", "street", width=1.05),
}  # fmt: skip

_NAMES = {name: (subject.english, subject.chinese) for name, subject in SUBJECTS.items()}

_SETTINGS: dict[str, tuple[str, str]] = {
    "underwater": (r"underwater|undersea|aquarium|coral|reef", "海底|水下|珊瑚"),
    "space": (r"(?:outer )?space|galaxy|planets?|cosmos|cosmic|nebula|orbit|mars", "太空|宇宙|星系|银河|行星"),
    "mountains": (r"mountains?|peaks?|alps|alpine|valley|cliffs?|himalayas?", "山"),
    "sea": (r"seas?|seaside|oceans?|beach(?:es)?|coast|waves?|islands?|islets?|lighthouses?", "海|沙滩|岛|灯塔"),
    "harbour": (r"harbou?rs?|docks?|quays?|piers?|marina", "港|码头"),
    "puddle": (r"puddles?", "水坑|水洼"),
    "lake": (r"lakes?|rivers?|ponds?|stream", "湖|河|江|池"),
    "city": (r"cit(?:y|ies)|skyline|skyscrapers?|downtown|urban|cyberpunk|neon|metropolis", "城|都市|霓虹"),
    "street": (r"streets?|alleys?|avenue|towns?|villages?|markets?|square", "街|巷|镇|村|集市"),
    "road": (r"roads?|highway", "路"),
    "forest": (r"forests?|woods|jungle|grove", "森林|树林|林"),
    "desert": (r"deserts?|dunes?|sahara|cactus|cacti", "沙漠|沙丘|仙人掌"),
    "room": (
        r"rooms?|interior|kitchen|bedroom|office|indoors?|tables?|desk|library|shelf|window ?sills?",
        "房间|室|厨房|桌|办公|客厅|书架|窗台",
    ),
    "studio": (r"studio|product|advert(?:isement|ising)?|minimalist|plain background", "摄影棚|产品|广告|极简"),
    "meadow": (r"meadows?|fields?|grass(?:land)?|parks?|gardens?|hills?|landscapes?", "草|田|公园|花园|原野|丘|风景"),
}  # fmt: skip

_SEASONS: dict[str, tuple[str, str]] = {
    "spring": (r"spring|blossoms?|blooming|cherry|sakura", "春|樱"),
    "summer": (r"summer|sunny|tropical", "夏|炎热"),
    "autumn": (r"autumn|autumnal|fall|fallen|maple|harvest|october", "秋|落叶|枫"),
    "winter": (r"winter|snow(?:y|ing|man|fall)?|ice|icy|frost(?:y)?|christmas", "冬|雪|冰"),
}

_TIMES: dict[str, tuple[str, str]] = {
    "night": (r"night(?:time)?|midnight|moon(?:lit|light)?|stars?|starry|neon", "夜|月|星空|星星|霓虹"),
    "sunset": (r"sunsets?|dusk|evening|golden hour|twilight", "日落|黄昏|傍晚|夕阳|晚霞"),
    "dawn": (r"dawn|sunrise|(?:early )?morning", "日出|清晨|早晨|黎明|晨"),
    "day": (r"day(?:light|time)?|noon|sunny|blue sky|afternoon", "白天|中午|晴|午后|蓝天"),
}

_WEATHERS: dict[str, tuple[str, str]] = {
    "fog": (r"fog(?:gy)?|mist(?:y)?|haze|hazy", "雾"),
    "rain": (r"rain(?:y|ing|s)?|storm(?:y)?|umbrella", "雨|暴风"),
    "snow": (r"snow(?:y|ing|fall)?", "雪"),
}

_COLORS: dict[str, tuple[str, str, Color]] = {
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
    "gray": (r"gr[ae]y|silver", "灰|银", (148, 152, 164)),
}

_WORKS = (
    r"drawings?|sketch(?:es)?|paintings?|illustrations?|pictures?|portraits?|stud(?:y|ies)|prints?|style|art(?:work)?"
)


def _medium(word: str) -> str:
    """Match what is drawn with, and not the thing: in a work of it, after "in", or alone between commas."""
    return (
        rf"(?:{word})[ -](?:\w+[ -])?(?:{_WORKS})|in (?:{word})(?= on\b|\s*(?:[,.;:：，。]|$))"
        rf"|(?:(?<=^)|(?<=[,.;] )|(?<=\n))(?:{word})(?=\s*(?:[,.;:：，。]|of\b|$))"
    )


#: Styles, as they are drawn over a picture; those of color alone go with one of the others.
_STYLES: dict[str, tuple[str, str]] = {
    "ink": (
        rf"{_medium(r'(?:(?:pen|brush)(?: and | & |-and-))?ink')}|ink[ -]wash|pen and ink|wood ?cuts?|lino ?cuts?"
        r"|etchings?|engravings?", "水墨|墨笔|版画|白描"
    ),
    "pencil": (rf"{_medium('pencil|graphite')}|(?:pencil )?sketch(?:ed)?", "铅笔|素描|速写"),
    "charcoal": (_medium("charcoal"), "炭笔|木炭|炭画"),
    "lines": (
        r"(?:(?:line|contour|outline)[ -](?:art(?:work)?|drawings?)|colou?ring[ -](?:page|book))(?: drawings?)?",
        "线稿|线描|简笔",
    ),
    "watercolor": (r"(?:watercolou?rs?|gouache|aquarelle)(?: paintings?)?", "水彩|水粉"),
    "oil": (
        rf"oils? (?:on canvas|paint(?:ed|s)?)|{_medium('oils?|acrylics?|impressionist|impasto')}|impressionism"
        r"|(?:as|into) an? painting|painting (?=of\b)", "油画|丙烯"
    ),
    "crayon": (_medium(r"crayons?|(?:oil )?pastels?|chalks?|colou?red pencils?"), "蜡笔|粉笔|色粉|彩色铅笔|彩铅"),
    "comic": (
        rf"{_medium('comics?')}|comics?(?:[ -]book)?[ -](?:strip|panel|page|style|art)|graphic novel|manga|cartoons?"
        r"|anime|pop[ -]art", "漫画|卡通|动漫"
    ),
    "pixels": (r"pixel[ -]?art|(?:8|16)[ -]?bit|pixell?ated", "像素(?:画|风|艺术)"),
    "blueprint": (r"blueprints?|cyanotypes?", "蓝图|蓝晒"),
    "sepia": (r"sepia(?:[ -]toned?)?(?: photo(?:graph)?)?|(?:vintage|old) photo(?:graph)?s?", "老照片|棕褐色"),
    "gray": (
        r"monochrome|gr[ae]y[ -]?scale|film noir|black[ -](?:and|&)[ -]white(?=\s*(?:[,.;:：，。]|of\b|$"
        rf"|(?:\w+ )?(?:{_WORKS}|photo\w*|film|movie|image|comic)\b))|in black[ -]and[ -]white(?!\s+\w+)",
        "黑白(?=[照摄影电画漫插版风的]?[片影像视画风，,。、：:])|黑白(?:照片|摄影|画)|灰度|单色",
    ),
}  # fmt: skip
_TONES = ("blueprint", "sepia", "gray")

PORTRAIT = re.compile(r"\b(?:portraits?|headshot|selfie|face|bust|close-?up)\b|肖像|头像|脸|特写", re.IGNORECASE)

_ORDINALS = "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth"
_KINDS = "image|picture|frame|scene|panel|shot|photo"
_SCENE_MARK = re.compile(
    rf"\b(?:the\s{{1,20}})?(?:{_ORDINALS})\s{{1,20}}(?:{_KINDS})\s{{0,20}}[:：,，-]?"
    rf"|\b(?:{_KINDS})\s*\d{{1,2}}\s*[:：]"
    r"|第\s*[一二三四五六七八九十\d]{1,3}\s*[张幅帧]\s*(?:图片|图)?\s*[:：,，]?"
    r"|(?:图片|图|场景|镜头)\s*\d{1,2}\s*[:：]"
    r"|(?:^|\n)\s{0,20}\d{1,2}\s{0,20}[.)、:：]\s*",
    re.IGNORECASE,
)


TINTS = {name: tone for name, (_, _, tone) in _COLORS.items()}
#: What a word of the prompt changes in a figure.
_MANNERS = {
    "sleeping": (r"sleep(?:s|ing)?|asleep|naps?|napping|dreams?|dreaming", "睡|打盹"),
    "sitting": (r"sit(?:s|ting)?|rests?|resting|watch(?:es|ing)|looks?|waits?|upright", "坐|看"),
    "walking": (r"(?:walk|run|stroll|jump|prowl)\w*|chases?|stretch(?:es|ing)", "走|跑|跳"),
    "child": (r"child(?:ren)?|kids?|girls?|boys?|toddlers?", "孩子?|儿童|少年|少女"),
    "old": (r"old (?:wo)?man|elderly|grand(?:mother|father)", "老人|爷爷|奶奶"),
    "short": (r"m[ae]n|boys?|father|grandfather", "男|少年|爸爸|爷爷|先生"),
    "long": (r"wom[ae]n|girls?|lad(?:y|ies)|mother|grandmother", "女|妈妈|奶奶"),
    "glasses": (r"glasses|spectacles", "眼镜"),
    "round": (r"round|circular|wall clock", "圆"),
    "flowers": (r"flowers?|florists?|bouquets?|roses?", "花"),
    "many": (r"boats", "许多|群"),
    "poster": (r"posters?", "海报"),
    "sill": (r"window ?sills?", "窗台"),
}
POSES = ("sleeping", "sitting", "walking")
_LONG_HAIR = ("long", "bob", "bun", "curls")

# Where the first thing that is named ends: "a zebra in a forest" is about the zebra.
_LEAD = re.compile(
    r"[,.:;，。；：、\n]|在|位于|\b(?:in|on|at|under|over|above|with|by|near|of|before|behind|beside|through|seen|and|to"
    r"|from|for|during)\b",
    re.IGNORECASE,
)
# What is not in the picture, and weather that is over or still to come.
_ABSENT = re.compile(r"\b(?:no|not|without|remove|erase)\s+(?:(?:an?|any|the)\s+)?\w+", re.IGNORECASE)
_PAST = re.compile(
    r"\b(?:after|before)\s+(?:(?:an?|the|heavy|light|long|first|last)\s+)*(?:rain|storm|snow|fog|mist)\w*|[雨雪雾](?=[后前])",
    re.IGNORECASE,
)
_FILLERS = re.compile(r"^(?:the|an?|as|some|this|that|one|into|make|it)$", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A reading of a prompt. Empty strings: nothing of the kind.

    Attributes:
        figure: the subject that leads; companions: up to two others.
        tint: the color asked for the main figure.
        manners: conditions for the outlines, such as "walking".
        known: whether the mock can draw what the prompt is about. If not, the picture is a card with its words.
        summary: the reading in English words.
    """

    figure: str
    companions: tuple[str, ...]
    setting: str
    season: str
    time: str
    weather: str
    tint: Color | None
    manners: frozenset[str]
    known: bool
    summary: str


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
    text = _unstyled(_ABSENT.sub("", text))
    names = _found(text, _NAMES)
    settings, seasons, times = _found(text, _SETTINGS), _found(text, _SEASONS), _found(text, _TIMES)
    weathers = _found(_PAST.sub("", text), _WEATHERS)
    if "shop" in names:  # a flower shop, a coffee shop: it sells flowers, they do not stand beside it
        names = ["shop", *(name for name in names if name not in ("shop", "flowers", "cup"))]
    figure = names[0] if names else ""
    home = chance.choice(SUBJECTS[figure].homes.split()) if figure else "meadow"
    if figure == "person" and PORTRAIT.search(text):
        home = "portrait"
    if figure in ON_WATER and settings[:1] not in ([], ["sea"], ["lake"], ["puddle"], ["harbour"], ["mountains"]):
        settings = ["lake", *settings] if figure == "boat" else ["puddle"]
    if "puddle" in settings and figure not in ("paper boat", ""):
        settings.remove("puddle")
    if weathers and not settings and home in INDOORS:
        settings = ["meadow"]
    if figure == "fish" or (figure in ("island", "lighthouse") and settings[:1] != ["harbour"]):
        settings = ["underwater" if figure == "fish" else "sea"]
    tint_name = tint_of(text, figure)
    named = [tint_name, figure, *names[1:3], *settings[:1], *seasons[:1], *times[:1], *weathers[:1]]
    manner = _found(text, _MANNERS)
    poses = [name for name in manner if name in POSES]
    manners = set(manner) - set(poses[1:])
    if "long" in manners:
        manners = manners - {"long", "short"} | {chance.choice(_LONG_HAIR)}
    return Scene(
        figure=figure,
        companions=tuple(names[1:3]),
        setting=settings[0] if settings else home,
        season=seasons[0] if seasons else season or chance.choice(("spring", "summer", "summer", "autumn")),
        time=times[0] if times else chance.choice(("day", "day", "day", "sunset", "dawn")),
        weather=weathers[0] if weathers else "",
        tint=TINTS.get(tint_name),
        manners=frozenset(manners),
        known=bool(figure) or _about_a_place(text),
        summary=" ".join(word for word in named if word),
    )


def styles(text: str) -> tuple[str, ...]:
    """Return the style that a text names first, and what it says of color as a whole."""
    names = _found(_ABSENT.sub("", text), _STYLES)
    forms = [name for name in names if name not in _TONES]
    return (*forms[:1], *(name for name in names if name in _TONES))


def _unstyled(text: str) -> str:
    """Return a text without its styles: the black of a "black and white film" is no color of a thing."""
    for start, end, _ in reversed(_spans(text, _STYLES)):
        text = text[:start] + re.sub(r"^(?:\s+of\b|[画风]格?|的)", "", text[end:])
    return text


def names_a_place(text: str) -> bool:
    """Return whether a text names a setting."""
    return bool(_spans(text, _SETTINGS))


def _about_a_place(text: str) -> bool:
    """Return whether a text without a figure is about a place, a season or an hour: a landscape is its picture."""
    lead = next((part for part in _LEAD.split(text) if part.strip()), "")
    if "的" in lead:
        lead = lead.rsplit("的", 1)[1]
    places = _spans(lead, _SETTINGS)
    if places:
        after = lead[max(end for _, end, _ in places) :].split()
        return not after or after[0].endswith(("s", "ing", "ed"))
    words = [word for word in lead.split() if not _FILLERS.match(word)]
    moods = _spans(lead, _SEASONS) + _spans(lead, _TIMES) + _spans(lead, _WEATHERS)
    return bool(moods) and sum(len(word) for word in words) <= sum(end - start for start, end, _ in moods) + 4


def _spans(text: str, table: _Table) -> list[tuple[int, int, str]]:
    """Find what a text mentions: start, end, name. One inside a longer one ("boat" in "paper boat") does not count."""
    found = sorted(
        (match.start(), -match.end(), name)
        for name, (english, chinese, *_) in table.items()
        for match in re.finditer(rf"\b(?:{english})\b|{chinese}", text, re.IGNORECASE)
    )
    kept: list[tuple[int, int, str]] = []
    reach = -1
    for start, end, name in found:
        if -end > reach or kept[-1][:2] == (start, -end):
            kept.append((start, -end, name))
            reach = -end
    return kept


def _found(text: str, table: _Table) -> list[str]:
    """Return what the text mentions, in the order of first mention."""
    return list(dict.fromkeys(name for _, _, name in _spans(text, table)))


def first_color(text: str) -> Color | None:
    """Return the first color that a text names, for what is recolored as a whole."""
    names = _found(text, _COLORS)
    return TINTS[names[0]] if names else None


def tint_of(text: str, figure: str) -> str:
    """Return the color word closest before the figure, or an empty text."""
    if not figure:
        return ""
    targets = [start for start, _, _ in _spans(text, {figure: _NAMES[figure]})]
    shades = _spans(text, _COLORS)
    # Within 28 characters: "a big fluffy orange tabby cat" still counts.
    near = [(target - start, name) for start, _, name in shades for target in targets if 0 < target - start < 28]
    return min(near, default=(0, ""))[1]
