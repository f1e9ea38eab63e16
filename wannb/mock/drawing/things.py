"""Outlines of things and buildings, each about one unit tall; ``sketch`` explains the notation."""

from __future__ import annotations

import random

from .canvas import Colour, Pen, darker, lighter
from .sketch import Part

CAR = """
paint body* d64a42 4688b2 f2be52 68a686 ece2d0; paint glass b8d8e2; night?paint glass! ffe8ac; paint steel d6dae2
oval 141228~35 0 0 .66 .03; blob body-6 -.36 -.3 -.27 -.48 -.14 -.56 .1 -.56 .24 -.49 .36 -.32 .3 -.26 -.3 -.26
blob glass -.3 -.32 -.23 -.455 -.13 -.51 -.03 -.515 -.03 -.31
blob glass .02 -.31 .02 -.515 .1 -.51 .2 -.45 .28 -.33; poly glass+45 -.2 -.33 -.13 -.48 -.09 -.49 -.14 -.33
poly glass+45 .08 -.33 .12 -.48 .15 -.47 .12 -.33
blob body -.64 -.1 -.63 -.26 -.5 -.31 -.3 -.34 .3 -.34 .52 -.3 .64 -.22 .65 -.1 .5 -.06 -.5 -.06
blob body+30 -.6 -.25 -.3 -.315 .3 -.315 .55 -.27 .3 -.28 -.3 -.28; rect body-25 -.62 -.125 .63 -.07 .02
line body-30 .008 -.01 -.33 -.01 -.13; rect steel .05 -.26 .12 -.238 .01; oval fff4c4 .595 -.215 .035 .042
rect e8544c -.645 -.24 -.605 -.18 .015; =disc body-50 .38 -.1 .145; =disc 302e3a .38 -.105 .125
=disc steel .38 -.105 .07; =disc 6e707e .38 -.105 .026; =disc 6e707e .334 -.09 .011; =disc 6e707e .38 -.057 .011
=disc 6e707e .426 -.09 .011; =disc 6e707e .408 -.144 .011; =disc 6e707e .352 -.144 .011
=rect steel .6 -.13 .68 -.09 .015; night?poly fff0b4~24 .62 -.23 1.15 -.3 1.15 0 .62 -.18
"""
CLOCK = """
paint case* ce544c 46828c eeb658 606896; paint brass ecc46e; choose early late noon
!round?=taper case-35 .07 .055 .2 -.16 .3 -.02; !round?=line brass-30 .035 .15 -.76 .24 -.9
!round?=pie brass .25 -.85 .15 -145 35; !round?=line brass-18 .03 .127 -.936 .367 -.756
!round?=disc brass-20 .32 -.96 .022; !round?rect case-40 -.018 -.92 .018 -.8
!round?line brass-30 .03 -.1 -.86 -.09 -.98 .09 -.98 .1 -.86
disc case-22 0 -.44 .41; disc case -.012 -.452 .395; pie case+28 -.012 -.452 .37 190 265; disc case -.012 -.452 .335
disc faf4e6 0 -.44 .32; pie f0e8da 0 -.44 .32 20 110; disc fcf8ee 0 -.44 .285
=line ink .014 .125 -.657 .135 -.674; =line ink .014 .217 -.565 .234 -.575; =line ink .024 .225 -.44 .27 -.44
=line ink .014 .217 -.315 .234 -.305; =line ink .014 .125 -.223 .135 -.206
line ink .024 0 -.665 0 -.71; line ink .024 0 -.215 0 -.17
early?taper ink .034 .022 0 -.44 -.121 -.51; early?taper ink .026 .014 0 -.44 .182 -.545
late?taper ink .034 .022 0 -.44 .126 -.5; late?taper ink .026 .014 0 -.44 -.18 -.545
noon?taper ink .034 .022 0 -.44 .1 -.34; noon?taper ink .026 .014 0 -.44 .155 -.58
taper dc5046 .01 .008 0 -.44 -.05 -.26; disc dc5046 0 -.44 .026
"""
CUP = """
paint china* ece2d4 ce6e5c 609296 eec06e; paint band ce6e5c f4ead8 46828c
oval china-20 0 -.03 .52 .085; oval china+10 0 -.05 .52 .085; oval china-10 0 -.055 .36 .055
taper china-12 .07 .055 .28 -.5 .44 -.52 .5 -.4 .42 -.26 .24 -.2
blob china -.36 -.62 .36 -.62 .34 -.4 .24 -.14 .12 -.06 -.12 -.06 -.24 -.14 -.34 -.4
blob china-10 .2 -.58 .355 -.6 .34 -.4 .24 -.14 .12 -.06 .2 -.3; taper china+60 .03 .02 -.28 -.5 -.27 -.36 -.2 -.2
line band .03 -.335 -.4 0 -.365 .335 -.4; oval china+25 0 -.62 .365 .085; oval 603c2c 0 -.615 .325 .066
oval 8c5c3e 0 -.605 .28 .05; blob f4e2c8 0 -.58 -.13 -.615 -.07 -.64 0 -.625 .07 -.64 .13 -.615
part_steam -.14 -.7; part_steam .02 -.7; part_steam .17 -.7
oval ba7c48 -.4 -.09 .085 .035; oval dea468 -.4 -.1 .085 .035; oval ba7c48 -.32 -.09 .085 .035
oval dea468 -.32 -.1 .085 .035
"""
STEAM = (
    "taper white~20 .06 .018 0 0 -.05 -.1 .05 -.22 -.05 -.34; taper white~27 .03 .009 0 0 -.05 -.1 .05 -.22 -.05 -.34"
)
BOTTLE = """
paint glass* e29678 6ea096 927cb8 e8ba68; paint gold e4be70; choose round square
round?blob glass+30 -.09 -.7 -.12 -.62 -.25 -.5 -.28 -.3 -.26 -.06 -.2 0 .2 0 .26 -.06 .28 -.3 .25 -.5 .12 -.62 .09 -.7
round?blob glass -.2 -.4 -.24 -.25 -.22 -.07 -.17 -.03 .17 -.03 .22 -.07 .24 -.25 .2 -.4 .1 -.48 -.1 -.48
square?rect glass+30 -.26 -.66 .26 0 .07; square?rect glass -.215 -.54 .215 -.045 .05
poly glass-10 .1 -.5 .2 -.48 .2 -.06 .12 -.05; line glass+65 .03 -.185 -.5 -.2 -.3 -.185 -.1
rect gold -.075 -.76 .075 -.64; rect gold+40 -.075 -.76 -.035 -.64; rect glass-45 -.12 -.97 .12 -.755 .035
rect glass+10 -.1 -.95 -.06 -.78 .015; rect fcf6ec -.14 -.4 .14 -.14 .015; rect gold-5 -.12 -.38 .12 -.16 .01
rect fcf6ec -.113 -.373 .113 -.167 .008; =disc glass .03 -.3 .02; =disc glass .015 -.274 .02
=disc glass .015 -.326 .02; disc gold 0 -.3 .015; rect glass-30 -.07 -.23 .07 -.22; rect glass-30 -.045 -.2 .045 -.19
"""
FLOWERS = """
paint vase 608c9c e8e0d4 cc7a60 7880a8
part_bunch 0 -.34 .98; part_bunch 0 -.36 .72
blob vase -.13 -.44 .13 -.44 .11 -.36 .21 -.2 .17 -.02 .1 0 -.1 0 -.17 -.02 -.21 -.2 -.11 -.36
blob vase-12 .06 -.4 .11 -.36 .21 -.2 .17 -.02 .1 0 .12 -.2; taper vase+50 .03 .02 -.14 -.22 -.13 -.12
rect vase+20 -.14 -.455 .14 -.42 .015
"""
CHAIR = """
paint wood* b0764a 96603e c88e58; paint seat d8b078 c4685a 7a9a92
=poly wood-28 .2 -.46 .26 -.46 .25 -.1 .2 -.1; =poly wood .21 -.42 .27 -.42 .31 -1.02 .25 -1.04
rect wood-8 -.25 -.64 .25 -.6; =taper wood-6 .045 .045 .08 -.6 .09 -.9; taper wood-6 .045 .045 0 -.6 0 -.9
blob wood+8 -.3 -.92 -.2 -1.05 0 -1.09 .2 -1.05 .3 -.92 .2 -.88 0 -.87 -.2 -.88
poly seat -.27 -.5 .27 -.5 .36 -.36 -.36 -.36; poly seat+22 -.25 -.485 .25 -.485 .28 -.44 -.28 -.44
rect seat-20 -.36 -.37 .36 -.32 .012; rect wood-12 -.33 -.32 .33 -.27
=poly wood .27 -.3 .35 -.3 .33 0 .28 0; =poly wood-18 .32 -.3 .35 -.3 .33 0 .315 0; rect wood-20 -.29 -.16 .29 -.125
"""
SOFA = """
paint cloth* 5c8c92 c8705e d8a854 7a80ac 8aa27c; paint pillow f0c468 f2e6d2 d87a68; paint foot 6a4638
=rect foot .55 -.08 .61 0; rect cloth-10 -.66 -.82 .66 -.2 .12; rect cloth-4 -.62 -.79 -.01 -.3 .09
rect cloth-4 .01 -.79 .62 -.3 .09; line cloth+22 .012 -.54 -.765 -.09 -.765; line cloth+22 .012 .09 -.765 .54 -.765
rect cloth-18 -.66 -.3 .66 -.07 .05; rect cloth+6 -.58 -.44 -.005 -.24 .06; rect cloth+6 .005 -.44 .58 -.24 .06
=rect cloth .52 -.56 .78 -.07 .1; =rect cloth+14 .54 -.55 .76 -.45 .05; =line cloth-16 .01 .58 -.42 .58 -.11
poly pillow -.5 -.66 -.24 -.7 -.2 -.44 -.47 -.41; poly pillow+22 -.47 -.63 -.27 -.66 -.25 -.6 -.46 -.57
poly pillow-8 .3 -.7 .5 -.62 .44 -.4 .23 -.46
"""
LAMP = """
paint shade* f4dca4 e8b894 cfe0d0; paint pole 5c4a44; glow ffe4a0 0 -.84 .5
oval pole 0 -.02 .17 .035; oval pole+15 0 -.035 .15 .026; line pole .028 0 -.04 0 -.86
poly shade -.13 -1.06 .13 -1.06 .25 -.7 -.25 -.7; poly shade+30 -.1 -1.06 .02 -1.06 -.02 -.7 -.17 -.7
oval shade+45 0 -.7 .25 .03; line pole .008 .1 -.69 .1 -.56; disc pole .1 -.55 .014
"""
UMBRELLA = """
paint cloth* d2403c 3c78b4 eeb446 4a9670; paint stick 6a4838
line stick .026 0 -.98 0 -.1; line stick .03 0 -.12 .01 -.02 .07 0 .12 -.05
blob cloth-22 -.5 -.55 -.36 -.57 0 -.62 .36 -.57 .5 -.55 .3 -.72 -.3 -.72
poly cloth -.5 -.54 -.47 -.68 -.38 -.82 -.24 -.93 0 -.99 .24 -.93 .38 -.82 .47 -.68 .5 -.54 .42 -.58 .34 -.54 .26 -.59\
 .16 -.55 .08 -.59 0 -.55 -.08 -.59 -.16 -.55 -.26 -.59 -.34 -.54 -.42 -.58
poly cloth-14 -.16 -.55 -.15 -.75 0 -.99 .15 -.75 .16 -.55 .08 -.59 0 -.55 -.08 -.59
=poly cloth-14 .34 -.54 .37 -.7 .24 -.93 .4 -.8 .47 -.68 .5 -.54 .42 -.58
line cloth+38 .014 -.36 -.78 -.24 -.88 -.1 -.94; line stick .02 0 -.98 0 -1.05; disc stick 0 -1.05 .018
"""
BOAT = """
paint hull* ce5448 407096 f0e4ce 608c74; paint cloth fcf6e8; paint port hull+60; night?paint port! ffe096
part_ripples 0 .05 .42; rect 78543e -.012 -1 .012 -.14
blob cloth .03 -.95 .24 -.62 .4 -.22 .22 -.19 .03 -.2; poly hull+45 .03 -.5 .27 -.53 .33 -.38 .03 -.36
blob cloth-10 -.03 -.86 -.16 -.5 -.33 -.22 -.16 -.2 -.03 -.22; poly ec6054 .012 -1 .13 -.965 .012 -.93
blob hull -.47 -.17 0 -.14 .54 -.19 .42 0 .28 .05 -.3 .05 -.4 0; line hull+45 .025 -.45 -.155 0 -.13 .52 -.175
disc port -.22 -.06 .026; disc port -.05 -.06 .026; disc port .12 -.06 .026; disc port .29 -.06 .026
oval ffffff~59 -.36 .055 .16 .014; oval ffffff~59 .12 .055 .2 .014; oval ffffff~59 .46 .055 .13 .014
"""
RIPPLES = (
    "oval 142846~25 0 0 1 .03; oval 142846~20 0 .11 .86 .03; oval 142846~16 0 .22 .7 .03; oval 142846~12 0 .33 .5 .03"
)
PAPER_BOAT = """
paint paper* f8f4ea f8f4ea f0d8a8
part_ripples 0 .03 .46; poly paper-30 -.3 -.38 0 -.5 .3 -.38 .2 -.24 -.2 -.24
poly paper -.27 -.3 0 -.86 .27 -.3; poly paper-14 0 -.86 .27 -.3 .04 -.3; line paper-26 .006 0 -.84 .04 -.3
poly paper+10 -.6 -.42 -.02 -.2 0 .02 -.36 .02; poly paper-12 .6 -.42 .02 -.2 0 .02 .36 .02
poly paper-24 -.36 .02 -.05 -.2 .05 -.2 .36 .02; poly paper -.36 .02 -.6 -.42 0 -.17 .6 -.42 .36 .02
poly paper-10 0 -.17 .6 -.42 .36 .02; line paper-24 .007 -.02 -.17 .36 .02; line paper+60 .008 -.59 -.415 0 -.17
oval ffffff~55 -.3 .03 .15 .012; oval ffffff~55 .28 .035 .17 .012
"""
ISLAND = """
paint sand f0d6a0; paint rock a89a96; paint leaf 3c9660; paint bark 8c6248
part_ripples 0 .03 .8; oval white~45 0 .01 .78 .05
blob sand -.72 .02 -.5 -.1 -.15 -.2 .2 -.19 .52 -.1 .74 .02 .3 .05 -.3 .05
blob sand-12 .1 -.19 .52 -.1 .74 .02 .3 .05 .25 -.06; blob rock .34 -.08 .4 -.24 .54 -.24 .62 -.04 .48 0
blob rock+16 .38 -.12 .42 -.22 .5 -.22 .48 -.12
blob leaf-14 -.62 -.04 -.5 -.2 -.36 -.12 -.22 -.24 -.06 -.12 .04 -.13 0 -.04
taper bark .075 .045 -.08 -.16 .02 -.44 .0 -.68 .06 -.92; taper bark+20 .02 .012 -.075 -.2 .015 -.44 -.005 -.68
blob leaf .06 -.92 .2 -1.06 .42 -1.04 .56 -.86 .38 -.94 .2 -.93; blob leaf-12 .06 -.92 .26 -.88 .4 -.74 .4 -.56 .28 -.72
blob leaf .06 -.92 -.08 -1.08 -.3 -1.06 -.44 -.9 -.26 -.97 -.08 -.94
blob leaf-12 .06 -.92 -.12 -.9 -.28 -.76 -.28 -.6 -.16 -.74
blob leaf+12 .06 -.92 .06 -1.06 .18 -1.18 .34 -1.2 .2 -1.1 .12 -1; disc 7a5238 .03 -.88 .035; disc 7a5238 .1 -.89 .033
"""
ROCKET = """
paint trim* dc544c 488cbe f0aa4c
blob f06c3e -.12 -.257 .12 -.257 .096 -.058 0 .142 -.096 -.058
blob fcb04a -.088 -.257 .088 -.257 .07 -.096 0 .066 -.07 -.096
blob fff0be -.052 -.257 .052 -.257 .041 -.138 0 -.02 -.041 -.138; disc f4f0f6 -.247 -.01 .085
disc f4f0f6 -.114 .028 .095; disc f4f0f6 .048 .037 .104; disc f4f0f6 .199 -.001 .095; disc f4f0f6 .323 .028 .067
disc f4f0f6 -.351 .028 .057; =blob trim .123 -.542 .266 -.39 .285 -.2 .133 -.276
blob f0f0f6 0 -1.15 .114 -.96 .162 -.675 .114 -.276 0 -.247 -.114 -.276 -.162 -.675 -.114 -.96
blob d0d4e2 .038 -1.074 .114 -.96 .162 -.675 .114 -.276 .048 -.257 .085 -.675
blob trim 0 -1.15 .071 -1.045 .104 -.97 0 -.941 -.104 -.97 -.071 -1.045; disc trim 0 -.751 .084
disc 78c4d6 0 -.751 .061; pie c4e8f0 0 -.751 .061 180 270; line trim .038 -.133 -.466 0 -.438 .133 -.466
rect trim-15 -.017 -.409 .017 -.2 .014
"""
BALLOON = """
paint first* de5c50 4884a8 f0b04e 7e6aaa; paint second fcf0dc face6e; paint basket a8764c
blob first -.1 -.42 -.2 -.56 -.34 -.75 -.36 -.93 -.26 -1.12 0 -1.23 .26 -1.12 .36 -.93 .34 -.75 .2 -.56 .1 -.42
blob second -.08 -.42 -.16 -.56 -.26 -.75 -.28 -.93 -.2 -1.12 0 -1.23 .2 -1.12 .28 -.93 .26 -.75 .16 -.56 .08 -.42
blob first -.05 -.42 -.1 -.56 -.17 -.75 -.18 -.93 -.13 -1.12 0 -1.23 .13 -1.12 .18 -.93 .17 -.75 .1 -.56 .05 -.42
blob second -.02 -.42 -.05 -.56 -.08 -.75 -.085 -.93 -.06 -1.12 0 -1.23 .06 -1.12 .085 -.93 .08 -.75 .05 -.56 .02 -.42
oval white~24 -.16 -1.02 .05 .09; rect first-25 -.105 -.44 .105 -.403 .013; =line 5c463e .007 .085 -.403 .062 -.274
rect basket -.077 -.282 .077 -.162 .017; =rect basket-25 .04 -.274 .046 -.171; rect basket-25 -.003 -.274 .003 -.171
rect basket-20 -.086 -.291 .086 -.265 .009; glow ffd26e 0 -.351 .06
"""
HOUSE = """
paint wall* e8c4a2 d68e7a f0dcb8 9eb8ba c4acbe; paint roof b25446 785460 566a82 9c6c46; paint frame faf4e8
paint glass a8cedc; warm?paint glass! ffd680; paint door 864e3a 46707c ac4842; paint brick a46c5c; paint snow f4f8fc
rect brick .22 -.98 .34 -.6; !winter?rect brick-20 .205 -1 .355 -.95; winter?rect snow .205 -1.01 .355 -.95
disc ffffff~51 .3 -1.06 .035; disc ffffff~41 .37 -1.16 .049; disc ffffff~31 .48 -1.26 .063
rect wall -.5 -.5 .5 0; rect wall-18 -.5 -.5 .5 -.45; poly roof -.6 -.48 -.4 -.88 .4 -.88 .6 -.48
rect roof-14 -.45 -.78 .45 -.77; rect roof-14 -.5 -.68 .5 -.67; rect roof-14 -.55 -.58 .55 -.57
winter?blob snow -.42 -.88 .2 -.9 .42 -.9 .52 -.7 .3 -.64 .1 -.7 -.15 -.63 -.35 -.7 -.52 -.68
=part_window .3 -.36 1.1; rect frame -.095 -.34 .095 0 .07; rect door -.075 -.32 .075 0 .06; disc gold .045 -.15 .013
rect c4b8ac -.13 -.02 .13 .02; =disc 3d7a56 .5 -.02 .06; =disc 3b7555 .42 -.02 .06; =disc 3d7a56 .2 -.02 .06
"""
WINDOW = """
rect frame -.087 -.006 .087 .16; rect glass -.08 0 .08 .154; poly glass+30 -.073 .09 .008 .003 .04 .003 -.073 .137
rect frame -.003 0 .003 .154; rect frame -.08 .07 .08 .075; part_box 0 .16 .2
"""
LIGHTHOUSE = """
paint wall f6f0e6; paint band* d04a42 d04a42 3a6e9e; paint rock 8a8490; paint dark 3e4458; paint lamp! ffe9a0
warm?poly fff0b4~28 0 -.86 -1.5 -1.12 -1.5 -.72; warm?poly fff0b4~28 0 -.86 1.5 -1.12 1.5 -.72
blob rock-14 -.42 .06 -.36 -.08 -.22 -.16 .04 -.2 .24 -.15 .4 -.04 .46 .06
blob rock -.42 .06 -.34 -.06 -.2 -.12 -.12 .02
blob rock+12 -.1 .04 0 -.13 .16 -.12 .24 .04; blob rock-6 .18 .06 .26 -.08 .38 -.03 .44 .06
part_keeper .23 -.13
poly wall -.15 -.1 .15 -.1 .09 -.76 -.09 -.76; poly band -.142 -.19 .142 -.19 .129 -.33 -.129 -.33
poly band -.116 -.47 .116 -.47 .103 -.61 -.103 -.61; poly ink~12 .05 -.1 .15 -.1 .09 -.76 .04 -.76
rect dark -.03 -.22 .03 -.1 .028; rect dark -.018 -.43 .018 -.37 .014; rect dark -.016 -.7 .016 -.645 .012
rect dark -.125 -.785 .125 -.75 .01; =rect dark .112 -.83 .12 -.78; rect dark -.12 -.833 .12 -.824
rect lamp -.066 -.9 .066 -.785; rect dark -.004 -.9 .004 -.785; =rect dark .058 -.9 .068 -.785
blob band -.085 -.895 -.06 -.955 0 -.985 .06 -.955 .085 -.895; line dark .012 0 -.98 0 -1.04
warm?glow fff0b4 0 -.845 .3; oval white~70 -.34 .06 .16 .014; oval white~60 .12 .068 .2 .013
oval white~70 .42 .06 .13 .014
"""
KEEPER = "rect wall-8 -.07 -.1 .12 .03; poly band-12 -.09 -.1 -.03 -.17 .08 -.17 .14 -.1; rect dark .03 -.06 .07 -.02"
SHOP = """
paint wall* 628e84 c67a6c 5c7a9e e2ba82 967496; paint trim faf0de; paint cloth ce5454 487e7a e4964e 5c6aa0 be6282
paint glass c4dede; warm?paint glass! ffe2a0; paint wood 9e643e; paint stripe fcf4e6; paint lamp trim
warm?paint lamp! ffd680
rect wall -.66 -1 .66 0; rect trim -.7 -1.04 .7 -.98; rect wall-25 -.68 -.98 .68 -.955
rect wall-32 -.56 -.94 .56 -.8 .03
=blob trim .36 -.87 .4 -.895 .44 -.87 .4 -.845; =disc gold .3 -.87 .017; =blob trim .16 -.87 .2 -.895 .24 -.87 .2 -.845
=disc gold .1 -.87 .017; blob trim -.04 -.87 0 -.895 .04 -.87 0 -.845
winter?blob fafcfe -.71 -1.03 -.5 -1.08 -.1 -1.06 .3 -1.09 .71 -1.03 .2 -1.02
rect trim -.6 -.62 .16 -.14 .01; rect glass -.57 -.6 .13 -.16; rect wall-30 -.57 -.38 .13 -.37
part_goods -.48 -.38 .15; part_goods -.315 -.38 .15; part_goods -.15 -.38 .15; part_goods .015 -.38 .15
part_goods -.5 -.16 .2; part_goods -.365 -.16 .2; part_goods -.23 -.16 .2; part_goods -.095 -.16 .2
part_goods .04 -.16 .2
poly ffffff~24 -.57 -.3 -.35 -.6 -.25 -.6 -.57 -.17; poly ffffff~24 -.2 -.16 .1 -.6 .13 -.6 .13 -.56 -.12 -.16
rect trim -.345 -.6 -.335 -.16; rect trim -.105 -.6 -.095 -.16; rect trim -.63 -.15 .19 -.11
rect wall-18 -.6 -.11 .16 0
rect wall-8 -.58 -.09 -.36 -.02; rect wall-8 -.33 -.09 -.11 -.02; rect wall-8 -.08 -.09 .14 -.02
part_door .4 0; part_awning -.22 -.56; poly 1e1432~16 -.62 -.575 .18 -.575 .18 -.56 -.62 -.56
disc lamp .21 -.67 .022; disc lamp .62 -.67 .022; warm?glow ffd680 .21 -.67 .16; warm?glow ffd680 .62 -.67 .16
part_pot .61 .04 .24; flowers?part_pot -.6 .04 .2; flowers?part_pot -.42 .04 .26; flowers?part_pot -.2 .04 .22
flowers?part_pot 0 .04 .25; flowers?part_pot .16 .04 .18
"""
DOOR = """
rect trim -.155 -.66 .155 0 .02; rect wood -.13 -.64 .13 0 .015; rect wood-20 -.068 -.64 -.062 0
rect wood-20 -.003 -.64 .003 0; rect wood-20 .062 -.64 .068 0; rect wood-30 -.09 -.58 .09 -.3 .08
rect glass -.075 -.565 .075 -.315 .07; rect wood-30 -.005 -.565 .005 -.315; rect wood-16 -.09 -.22 .09 -.06 .015
rect wood -.075 -.205 .075 -.075 .01; disc gold .1 -.27 .016; rect c4b8ac -.19 -.02 .19 .025
"""
AWNING = """
poly cloth -.37 -.2 -.28 -.2 -.3 0 -.4 0; disc cloth -.35 0 .05; poly stripe -.28 -.2 -.185 -.2 -.2 0 -.3 0
disc stripe -.25 0 .05; poly cloth -.185 -.2 -.09 -.2 -.1 0 -.2 0; disc cloth -.15 0 .05
poly stripe -.09 -.2 0 -.2 0 0 -.1 0; disc stripe -.05 0 .05; poly cloth 0 -.2 .09 -.2 .1 0 0 0; disc cloth .05 0 .05
poly stripe .09 -.2 .185 -.2 .2 0 .1 0; disc stripe .15 0 .05; poly cloth .185 -.2 .28 -.2 .3 0 .2 0
disc cloth .25 0 .05
poly stripe .28 -.2 .37 -.2 .4 0 .3 0; disc stripe .35 0 .05; poly cloth-25 -.37 -.2 .37 -.2 .372 -.185 -.372 -.185
"""
STALL = """
paint cloth* ce5454 487e7a e4964e 5c6aa0; paint stripe fcf4e6; paint wood a8764c
=rect wood-20 .54 -.8 .59 0; part_fruit -.34 -.5; part_fruit .04 -.5; part_fruit .4 -.5
rect wood -.66 -.46 .66 -.38 .01; rect wood-14 -.6 -.38 .6 -.04; rect wood -.56 -.34 -.22 -.08
rect wood -.18 -.34 .18 -.08; rect wood .22 -.34 .56 -.08; part_awning -.01 -.72 1.7; rect wood-30 -.66 -1.08 .64 -1.06
"""
FRUIT = """
rect wood+12 -.17 -.03 .17 .06 .01; disc e8843c -.11 -.05 .055; disc d8483e -.02 -.06 .055; disc f0c448 .07 -.05 .055
disc 76ac4c .13 -.04 .045; disc d8483e -.065 -.11 .05; disc 76ac4c .03 -.115 .05; rect wood-4 -.18 .02 .18 .07 .01
"""

_PETALS: tuple[Colour, ...] = ((236, 94, 112), (250, 190, 80), (250, 240, 234), (186, 120, 206), (242, 150, 120))


def bunch(pen: Pen, chance: random.Random, tint: Colour | None = None, count: int = 10) -> None:
    """Draw a bunch of flowers about one unit wide that grows up from 0."""
    tones = (tint, lighter(tint, 0.3), darker(tint, 0.12), (252, 244, 236)) if tint else _PETALS
    green: Colour = (74, 136, 88)
    heads = []
    for i in range(count):
        a = (i + 0.5) / count * 2 - 1
        heads.append((a * 0.42 + chance.uniform(-0.05, 0.05), -0.42 - chance.uniform(0.0, 0.34) * (1.2 - abs(a))))
    for x, y in heads:
        pen.taper([(x * 0.25, 0), (x * 0.7, y * 0.6), (x, y)], 0.035, 0.025, green)
        leaf = [(0.0, 0.0), (0.12, -0.1), (0.2, -0.03), (0.1, 0.0)]
        pen.blob([(x * 0.5 + dx, y * 0.45 + dy) for dx, dy in leaf], lighter(green, 0.1))
    for x, y in heads:
        tone = chance.choice(tones)
        for dx, dy in ((-0.07, 0), (0.07, 0), (0, -0.07), (0, 0.07)):
            pen.disc(x + dx, y + dy, 0.075, tone)
        pen.disc(x, y, 0.055, (250, 206, 92) if chance.random() < 0.5 else darker(tone, 0.2))


def pot(pen: Pen, chance: random.Random) -> None:
    """Draw a flower pot one unit tall with what grows in it."""
    clay: Colour = chance.choice(((190, 104, 74), (120, 140, 150), (226, 214, 196), (146, 102, 72)))
    pen.shadow(0.05, 0, 0.34, 0.07, 0.3)
    bunch(pen.at(0, -0.42, 1.05), chance)
    pen.poly([(-0.28, -0.46), (0.28, -0.46), (0.21, 0), (-0.21, 0)], clay)
    pen.rect(-0.32, -0.5, 0.32, -0.4, lighter(clay, 0.15), 0.02)
    pen.poly([(0.1, -0.4), (0.27, -0.4), (0.21, 0), (0.1, 0)], darker(clay, 0.12))


def box(pen: Pen, chance: random.Random) -> None:
    """Draw a window box of flowers one unit wide, its rim at 0."""
    pen.rect(-0.5, 0, 0.5, 0.22, (126, 86, 66))
    for i in range(7):
        pen.disc(-0.42 + i * 0.14, -0.05, 0.12, (86, 142, 90))
    for i in range(7):
        pen.disc(-0.42 + i * 0.14, -0.12 - 0.06 * (i % 2), 0.075, chance.choice(_PETALS))


def goods(pen: Pen, chance: random.Random) -> None:
    """Draw one thing in a shop window: a box, a jar or a loaf."""
    kind, tone = chance.randrange(3), chance.choice(_PETALS)
    if kind == 0:
        pen.rect(-0.24, -0.5, 0.24, 0, tone, 0.04)
        pen.rect(-0.24, -0.34, 0.24, -0.24, lighter(tone, 0.4))
    elif kind == 1:
        pen.rect(-0.18, -0.55, 0.18, 0, lighter(tone, 0.25), 0.08)
        pen.rect(-0.14, -0.66, 0.14, -0.53, darker(tone, 0.3), 0.03)
    else:
        pen.blob([(-0.34, 0), (-0.3, -0.24), (0, -0.34), (0.3, -0.24), (0.34, 0)], (206, 148, 88))
        for x in (-0.14, 0.0, 0.14):
            pen.stroke([(x - 0.04, -0.26), (x + 0.03, -0.12)], 0.04, (168, 108, 62))


PARTS: dict[str, str | Part] = {
    "part_steam": STEAM,
    "part_ripples": RIPPLES,
    "part_window": WINDOW,
    "part_keeper": KEEPER,
    "part_door": DOOR,
    "part_awning": AWNING,
    "part_fruit": FRUIT,
    "part_bunch": bunch,
    "part_pot": pot,
    "part_box": box,
    "part_goods": goods,
}
