"""Outlines of animals and people, each about one unit tall; ``sketch`` explains the notation."""

from __future__ import annotations

CAT = """
paint coat* ec8a34 787482 cea070 4a4654 e2b074; paint stripe coat-30; paint rose e88a86
paint iris 7abe6e f0c448 62b0c8; !sleeping?choose sitting sitting walking
sitting?part_cat_sitting 0 0; walking?part_cat_walking 0 0; sleeping?part_cat_sleeping 0 0
"""
CAT_HEAD = """
=blob coat .045 -.17 .13 -.26 .195 -.33 .225 -.22 .23 -.06; =blob rose .1 -.17 .15 -.225 .185 -.27 .2 -.2 .195 -.11
blob coat 0 -.215 .14 -.19 .235 -.07 .25 .05 .16 .155 0 .19 -.16 .155 -.25 .05 -.235 -.07 -.14 -.19
=taper stripe .034 .012 .065 -.2 .052 -.11; taper stripe .034 .012 0 -.2 0 -.11
=taper stripe .026 .008 .245 .01 .17 .022; =taper stripe .026 .008 .245 .07 .17 .082
!sleeping?=disc ink .1 -.015 .052; !sleeping?=disc iris .1 -.015 .042; !sleeping?=oval ink .1 -.015 .024 .037
!sleeping?disc white -.115 -.032 .014; !sleeping?disc white .085 -.032 .014
sleeping?=line ink .014 .055 -.015 .1 .012 .148 -.015
=disc cream .045 .088 .062; disc cream 0 .12 .05; blob rose -.032 .045 .032 .045 0 .078
=taper cream+38 .007 .004 .07 .08 .3 .05; =taper cream+38 .007 .004 .07 .095 .3 .115
=line ink .011 0 .075 .018 .108 .05 .102
"""
CAT_SITTING = """
taper coat .12 .075 .2 -.06 .42 -.04 .5 -.22 .4 -.36 .46 -.48; disc cream .46 -.48 .042
disc stripe .46 -.1 .043; disc stripe .49 -.24 .043; disc stripe .41 -.35 .039
blob coat -.19 -.56 -.27 -.3 -.32 -.1 -.26 0 .26 0 .32 -.1 .27 -.3 .19 -.56
=oval coat-7 .2 -.13 .13 .15; =oval coat+6 .24 -.02 .1 .045; =taper stripe .034 .008 .27 -.44 .2 -.435 .14 -.415
=taper stripe .034 .008 .28 -.355 .2 -.35 .14 -.33; =taper stripe .034 .008 .29 -.27 .2 -.265 .14 -.245
blob cream -.1 -.54 -.14 -.36 -.1 -.2 0 -.14 .1 -.2 .14 -.36 .1 -.54
=taper coat .115 .1 .085 -.34 .075 -.04; =oval cream .08 -.025 .068 .042
part_cat_head 0 -.7
"""
CAT_WALKING = """
taper coat .11 .07 .38 -.46 .56 -.52 .62 -.72 .52 -.86 .58 -.96; disc cream .58 -.96 .038
disc stripe .585 -.57 .043; disc stripe .61 -.7 .043; disc stripe .54 -.82 .043
taper coat-18 .13 .08 -.2 -.3 -.12 -.14 -.16 -.02; taper coat-18 .15 .08 .3 -.3 .24 -.14 .2 -.02
blob coat -.34 -.5 -.1 -.57 .2 -.56 .42 -.48 .46 -.32 .34 -.22 0 -.21 -.28 -.22 -.38 -.34
blob cream+10 -.34 -.3 -.1 -.24 .2 -.24 0 -.2 -.26 -.21; taper stripe .042 .008 -.08 -.565 -.068 -.47 -.088 -.4
taper stripe .042 .008 .03 -.555 .042 -.47 .022 -.4; taper stripe .042 .008 .14 -.545 .152 -.47 .132 -.4
taper stripe .042 .008 .25 -.535 .262 -.47 .242 -.4; taper stripe .042 .008 .36 -.525 .372 -.47 .352 -.4
taper coat .15 .085 -.28 -.32 -.32 -.16 -.3 -.02; taper coat .19 .085 .34 -.36 .4 -.16 .36 -.02
oval cream -.31 -.025 .065 .04; oval cream .345 -.025 .065 .04
oval cream-12 -.175 -.025 .06 .036; oval cream-12 .185 -.025 .06 .036
part_cat_head -.4 -.64 .94
"""
CAT_SLEEPING = """
blob coat -.5 -.16 -.4 -.4 -.1 -.54 .22 -.5 .46 -.32 .52 -.1 .4 0 0 .01 -.4 0
taper stripe .05 .01 -.02 -.53 .02 -.43 -.01 -.34; taper stripe .05 .01 .12 -.52 .16 -.42 .13 -.32
taper stripe .05 .01 .26 -.47 .29 -.37 .26 -.28; taper stripe .05 .01 .38 -.38 .39 -.3 .36 -.22
oval coat-7 .32 -.14 .17 .15; oval cream -.3 -.03 .16 .045
taper coat-6 .12 .08 .47 -.12 .3 -.02 0 -.03 -.1 -.05; disc cream -.1 -.05 .045
disc stripe .3 -.025 .05; disc stripe .16 -.025 .048
part_cat_head -.3 -.26 .96
"""
DOG = """
paint coat* ce965c ecd6b4 82604c 5a545c e2b478; paint ear coat-30; paint rose e88a86; paint collar ce4848 467eb4 549e6e
taper coat .11 .05 .22 -.1 .42 -.2 .46 -.38
blob coat -.17 -.6 -.25 -.3 -.28 -.08 -.22 0 .24 0 .31 -.1 .26 -.34 .17 -.6
blob cream -.1 -.58 -.13 -.38 0 -.2 .13 -.38 .1 -.58; =oval coat-7 .23 -.1 .1 .13; =oval coat+10 .25 -.025 .1 .045
=taper coat+4 .12 .1 .09 -.36 .09 -.04; =oval cream .09 -.03 .072 .045
line collar .05 -.16 -.57 0 -.53 .16 -.57; disc gold 0 -.5 .036
blob coat 0 -.99 .16 -.94 .22 -.8 .18 -.64 0 -.56 -.18 -.64 -.22 -.8 -.16 -.94
blob cream -.03 -.98 .03 -.98 .05 -.8 .12 -.68 0 -.575 -.12 -.68 -.05 -.8
=blob ear .12 -.95 .22 -.93 .3 -.78 .28 -.6 .2 -.58 .17 -.74; =disc ink .095 -.8 .036
disc white -.107 -.812 .012; disc white .083 -.812 .012; blob ink -.055 -.735 .055 -.735 .035 -.685 0 -.67 -.035 -.685
blob rose -.035 -.635 .035 -.635 .03 -.57 0 -.55 -.03 -.57; =line ink .013 0 -.68 .025 -.64 .075 -.645
"""
FOX = """
paint coat* e0702c d8622e e88238; paint sock 4a3236
blob coat .12 -.02 .36 .02 .58 -.1 .66 -.32 .6 -.62 .46 -.46 .38 -.26 .2 -.16
blob cream .6 -.62 .66 -.4 .63 -.3 .56 -.36 .5 -.32 .46 -.46
blob coat -.16 -.58 -.24 -.32 -.26 -.08 -.2 0 .2 0 .26 -.08 .24 -.32 .16 -.58
blob cream -.13 -.57 -.15 -.42 -.08 -.26 0 -.18 .08 -.26 .15 -.42 .13 -.57
=oval coat-8 .2 -.11 .1 .13; =oval sock .22 -.022 .09 .038
=taper coat .1 .085 .085 -.36 .08 -.14; =taper sock .088 .08 .082 -.17 .08 -.04; =oval sock .085 -.025 .066 .038
=blob coat .05 -.86 .12 -1.02 .2 -1.15 .26 -.98 .25 -.76; =blob sock .14 -1.04 .2 -1.15 .24 -1.04 .19 -1.02
=blob sock+18 .13 -.89 .17 -.97 .2 -1.01 .225 -.94 .21 -.83
blob coat 0 -.94 .15 -.91 .24 -.8 .3 -.66 .17 -.57 .07 -.49 0 -.465 -.07 -.49 -.17 -.57 -.3 -.66 -.24 -.8 -.15 -.91
=blob cream .3 -.66 .22 -.7 .12 -.68 .04 -.6 0 -.5 .07 -.487 .17 -.567
=disc ink .1 -.745 .036; =disc gold-20 .1 -.745 .03; =oval ink .1 -.745 .016 .027
disc white -.11 -.757 .01; disc white .09 -.757 .01; blob ink -.045 -.535 .045 -.535 .03 -.48 0 -.46 -.03 -.48
"""
OWL = """
paint coat* 96704e 7c6a62 a8845c 6e7486; paint belly f0dcbc; paint iris f4b83c; paint beak e8a03c; paint bark 70503e
taper bark .13 .05 -.85 .03 -.3 -.01 .3 .02 .95 -.12; taper bark .05 .02 .5 -.02 .7 .08 .82 .08
=blob 68a664 .6 -.04 .66 -.16 .78 -.18 .74 -.08; blob 68a664 .78 .07 .84 -.03 .96 -.02 .9 .07
=blob coat-12 .06 -.9 .2 -.96 .33 -1.1 .34 -.88 .26 -.74
blob coat 0 -.96 .2 -.94 .31 -.8 .35 -.45 .27 -.14 .12 0 -.12 0 -.27 -.14 -.35 -.45 -.31 -.8 -.2 -.94
blob belly -.16 -.54 0 -.58 .16 -.54 .22 -.32 .12 -.08 -.12 -.08 -.22 -.32
=line coat-4 .018 .17 -.42 .125 -.385 .08 -.42 .04 -.385 0 -.42
=line coat-4 .018 .14 -.31 .1 -.275 .06 -.31 .03 -.275 0 -.31; =line coat-4 .018 .1 -.2 .05 -.165 0 -.2
=blob coat-22 .22 -.62 .35 -.52 .39 -.28 .3 -.04 .22 -.24; =line coat-32 .012 .3 -.44 .33 -.28 .3 -.14
=disc belly .135 -.72 .158; =disc coat-30 .135 -.72 .112; =disc iris .135 -.72 .1; =disc ink .127 -.72 .064
disc white -.15 -.745 .022; disc white .104 -.745 .022; blob beak -.045 -.66 .045 -.66 0 -.53
=taper coat-30 .035 .02 .03 -.82 .14 -.9 .27 -.93; =taper beak .035 .03 .08 -.03 .08 .05
=taper beak .03 .025 .13 -.03 .14 .045; =taper beak .03 .025 .035 -.03 .03 .045
"""
BIRD = """
paint coat* 4e8abe de604c 60a078 f0ba46; paint belly f8e2c8; paint bark 705044; paint cheek f49682
taper bark .2 .025 -4 .3 -1.6 .06 -.75 -.05 -.2 -.03 .25 -.06 .85 -.2
taper bark .05 .02 -1.5 .05 -1.2 -.14 -.95 -.2; taper bark .03 .015 .2 -.05 .42 .04 .6 .05
blob 68a664 -.5 -.06 -.47 -.16 -.36 -.19 -.39 -.09; blob 68a664 .45 -.1 .48 0 .59 .03 .56 -.07
blob 68a664 .66 -.16 .69 -.26 .8 -.29 .77 -.19; blob 68a664 -.7 -.08 -.67 .02 -.56 .05 -.59 -.05
part_blossom -.58 -.14; part_blossom .56 -.22; part_blossom -.4 .05; part_blossom -.95 -.22; part_blossom .86 -.22
blob coat-22 .2 -.3 .6 -.2 .64 -.12 .5 -.1 .16 -.16
blob coat -.3 -.7 -.12 -.82 .08 -.74 .22 -.52 .3 -.26 .1 -.1 -.16 -.1 -.32 -.3 -.32 -.5
blob belly -.3 -.52 -.14 -.5 0 -.3 .06 -.13 -.14 -.11 -.3 -.3
blob coat-30 -.02 -.54 .14 -.5 .3 -.3 .42 -.16 .2 -.2 .02 -.32; taper coat+30 .02 .01 .06 -.42 .2 -.32 .33 -.21
blob f4a83e -.29 -.66 -.45 -.6 -.29 -.56; disc white -.16 -.66 .048; disc ink -.17 -.66 .034
disc white -.18 -.672 .012; disc cheek -.11 -.56 .045
line e29646 .02 -.1 -.12 -.11 -.03; line e29646 .02 .04 -.12 .03 -.03
"""
BLOSSOM = "=disc fac4d0 .034 -.011 .028; =disc fac4d0 .021 .028 .028; disc fac4d0 0 -.036 .028; disc gold 0 0 .018"
FISH = """
paint coat* f0843e ecc44c 548cce e25c6e; paint pale f8dcc0
blob coat-20 .3 -.42 .5 -.54 .72 -.68 .68 -.42 .74 -.16 .5 -.3; taper coat+10 .018 .008 .42 -.468 .66 -.54
taper coat+10 .018 .008 .42 -.42 .66 -.42; taper coat+10 .018 .008 .42 -.372 .66 -.3
blob coat-20 -.25 -.66 -.1 -.84 .14 -.82 .26 -.58; blob coat-20 -.1 -.2 .02 -.02 .16 -.06 .14 -.24
blob coat -.52 -.42 -.38 -.62 -.08 -.71 .22 -.62 .44 -.45 .44 -.39 .22 -.22 -.08 -.13 -.38 -.22
blob coat+35 -.44 -.28 -.1 -.2 .3 -.3 .1 -.18 -.14 -.14 -.36 -.22
blob pale -.21 -.655 -.11 -.635 -.075 -.42 -.12 -.195 -.21 -.185 -.175 -.42
blob pale .09 -.62 .19 -.6 .225 -.42 .18 -.23 .09 -.22 .125 -.42
line coat-20 .01 .26 -.5 .285 -.47 .26 -.44; line coat-20 .01 .32 -.5 .345 -.47 .32 -.44
line coat-20 .01 .26 -.43 .285 -.4 .26 -.37; line coat-20 .01 .32 -.43 .345 -.4 .32 -.37
blob coat-20 -.04 -.4 .12 -.32 .13 -.2 0 -.28; disc white -.34 -.46 .062; disc ink -.35 -.46 .042
disc white -.365 -.476 .015; line coat-50 .014 -.51 -.39 -.46 -.36 -.41 -.37; disc white~35 -.62 -.54 .026
disc white~35 -.68 -.66 .036; disc white~82 -.691 -.671 .011; disc white~35 -.6 -.78 .02
"""
ROBOT = """
paint shell* 7ab0ba ecb25c c47470 969ebe; paint metal ced4de; paint dark 363a52; paint glow! 7ef0dc ffdc78 96d2ff
=rect metal .075 -.22 .165 -.06; =rect metal-25 .075 -.18 .165 -.168; =rect metal-25 .075 -.13 .165 -.118
=rect shell-25 .04 -.075 .21 0 .035; =taper metal .06 .055 .25 -.5 .37 -.42 .36 -.27; =disc shell-15 .25 -.5 .06
=disc shell .36 -.25 .062; =disc dark .36 -.225 .03; rect shell -.24 -.58 .24 -.19 .09
rect shell-10 .12 -.58 .24 -.19 .07; rect shell+35 -.24 -.545 -.2 -.24 .02; rect dark -.14 -.5 .14 -.34 .03
rect glow -.11 -.455 -.08 -.365; rect glow -.062 -.395 -.032 -.365; rect glow -.014 -.435 .016 -.365
rect glow .034 -.475 .064 -.365; rect glow .082 -.415 .112 -.365; disc ec6060 -.07 -.27 .022
disc face5a 0 -.27 .022; disc 78d28c .07 -.27 .022; rect metal -.06 -.63 .06 -.57
rect shell -.235 -.93 .235 -.62 .1; rect dark -.2 -.9 .2 -.66 .08; =rect metal .22 -.83 .28 -.72 .02
=disc glow-50 .09 -.79 .05; =disc glow .09 -.79 .038; disc white -.102 -.802 .012; disc white .078 -.802 .012
line glow .014 -.05 -.71 0 -.695 .05 -.71; rect shell+35 -.19 -.92 .05 -.9 .01
taper metal .02 .014 0 -.93 0 -1.02; disc f0605a 0 -1.04 .034
"""

_PAINTS = """
paint skin fad6b8 eebe96 d49c72 a6704e 784e3a; paint cloth* ce5c54 487898 ecba5c 608e70 8466a0 ece2d4
!old?paint hair 342a30 603e2e 965c34 ce9654 78747c 923e30; old?paint hair ccccd0; paint blush f0907c; paint lip c45858
"""
BUST = (
    _PAINTS
    + """
choose long bob bun curls short
long?blob hair-17 0 -.9 .19 -.85 .26 -.6 .29 -.3 .26 -.14 0 -.2 -.26 -.14 -.29 -.3 -.26 -.6 -.19 -.85
bob?blob hair-17 0 -.9 .2 -.84 .27 -.6 .24 -.38 0 -.36 -.24 -.38 -.27 -.6 -.2 -.84
bun?disc hair 0 -.95 .1; bun?disc hair+10 -.02 -.97 .06
curls?=disc hair-17 .2 -.7 .1; curls?=disc hair-17 .23 -.56 .09; curls?=disc hair-17 .2 -.42 .08
blob cloth -.46 .1 -.42 -.16 -.28 -.25 -.1 -.3 .1 -.3 .28 -.25 .42 -.16 .46 .1
blob cloth-10 .16 -.28 .28 -.25 .42 -.16 .46 .1 .3 .1 .28 -.1
blob skin-16 -.13 -.3 0 -.14 .13 -.3 .09 -.34 -.09 -.34; poly skin -.075 -.44 .075 -.44 .085 -.28 0 -.2 -.085 -.28
blob skin-16 -.075 -.4 0 -.345 .075 -.4 .08 -.34 0 -.3 -.08 -.34; =oval skin-16 .185 -.56 .032 .05
blob skin 0 -.8 .13 -.77 .185 -.64 .175 -.5 .1 -.39 0 -.36 -.1 -.39 -.175 -.5 -.185 -.64 -.13 -.77
=oval blush~50 .11 -.49 .04 .027; =oval white .076 -.575 .027 .032; =disc 463432 .076 -.573 .021
=disc ink .076 -.573 .012; disc white -.081 -.583 .007; disc white .071 -.583 .007
=line ink .01 .045 -.598 .076 -.61 .108 -.596
=line hair-20 .014 .04 -.64 .078 -.655 .115 -.638; line skin-16 .01 .006 -.565 .022 -.515 0 -.5
blob lip -.05 -.445 -.018 -.452 0 -.447 .018 -.452 .05 -.445 0 -.415
line lip-40 .006 -.055 -.446 0 -.438 .055 -.446
short?blob hair -.2 -.6 -.21 -.76 -.1 -.89 .08 -.91 .2 -.8 .2 -.6 .17 -.68 .1 -.755 -.04 -.74 -.14 -.7 -.18 -.66
short?taper hair+12 .012 .03 -.1 -.83 0 -.86 .12 -.81
curls?part_curl -.17 -.75 .085; curls?part_curl -.09 -.83 .095; curls?part_curl .02 -.86 .1
curls?part_curl .12 -.82 .09; curls?part_curl .18 -.73 .08
long?part_parting 0 0; bob?part_parting 0 0; bun?part_parting 0 0
long?=blob hair .19 -.6 .25 -.45 .27 -.26 .2 -.16 .17 -.3 .2 -.44
bob?=disc gold .19 -.5 .016; bun?=disc gold .19 -.5 .016
glasses?=part_glass .078 -.573 .05; glasses?line 3c3038 .008 -.03 -.578 .03 -.578
"""
)
CURL = "disc hair 0 0 1; disc hair+12 -.18 -.23 .5"
GLASS = "line 3c3038 .16 -1 0 -.7 -.75 0 -1 .7 -.75 1 0 .7 .75 0 1 -.7 .75 -1 0"
PARTING = """
blob hair .02 -.9 -.13 -.87 -.21 -.74 -.215 -.56 -.2 -.48 -.175 -.6 -.13 -.68 -.02 -.74 .06 -.81
blob hair -.02 -.9 .13 -.87 .21 -.74 .215 -.56 .2 -.48 .175 -.6 .15 -.69 .06 -.79
taper hair+12 .012 .026 -.15 -.76 -.09 -.83 0 -.86
"""
PERSON = (
    _PAINTS
    + """
paint trousers 3e4868 5c4e52 3a3c48; paint scarf e26054 f4c860 609696; choose long bob bun curls short
child?part_body 0 0 .9; !child?part_body 0 0; child?part_head 0 -.63 1.5; !child?part_head 0 -.72
"""
)
BODY = """
=taper trousers .12 .085 .07 -.4 .077 -.04; =blob 423032 .017 0 .027 -.055 .107 -.06 .157 -.015 .147 0
taper cloth-14 .085 .06 -.15 -.66 -.22 -.5 -.21 -.34; disc skin -.21 -.32 .034
blob cloth -.14 -.71 .14 -.71 .19 -.6 .2 -.3 0 -.27 -.2 -.3 -.19 -.6
line cloth-25 .008 0 -.68 0 -.28; disc cloth+50 .025 -.58 .01; disc cloth+50 .025 -.48 .01; disc cloth+50 .025 -.38 .01
taper cloth+8 .085 .06 .15 -.66 .23 -.52 .2 -.36; disc skin .2 -.34 .034
"""
HEAD = """
long?blob hair-14 0 -.26 .115 -.18 .16 .04 .12 .14 -.12 .14 -.16 .04 -.115 -.18
!long?!short?blob hair-14 -.115 -.14 0 -.26 .115 -.14 .12 0 -.12 0; bun?disc hair 0 -.27 .055
rect skin-15 -.035 -.04 .035 .04
blob skin 0 -.23 .085 -.19 .095 -.1 .05 -.025 0 -.01 -.05 -.025 -.095 -.1 -.085 -.19; =disc ink .036 -.11 .011
=disc blush~60 .058 -.075 .016; line 964646 .008 -.025 -.065 0 -.052 .025 -.065
blob hair 0 -.255 -.1 -.22 -.115 -.1 -.06 -.17 .04 -.185 .09 -.14 .115 -.1 .1 -.22
line scarf .055 -.085 .01 0 .035 .085 .01; taper scarf-10 .045 .055 .05 .03 .07 .12 .06 .2
"""

PARTS = {
    "part_cat_head": CAT_HEAD,
    "part_cat_sitting": CAT_SITTING,
    "part_cat_walking": CAT_WALKING,
    "part_cat_sleeping": CAT_SLEEPING,
    "part_blossom": BLOSSOM,
    "part_curl": CURL,
    "part_glass": GLASS,
    "part_parting": PARTING,
    "part_body": BODY,
    "part_head": HEAD,
}
