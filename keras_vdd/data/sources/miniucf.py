"""MiniUCF, 50 classes of UCF101."""

from keras_vdd.data.folders.listing import set_root
from keras_vdd.data.sources.source import SetSize, Source
from keras_vdd.data.sources.ucf101 import CITATION, list_ucf101

# The 50 classes of "Dancing with Still Images" (CVPR 2024); split 1 has 4,662 training and 1,861 test videos.
CLASSES = tuple(
    """ApplyEyeMakeup BalanceBeam BandMarching BaseballPitch Basketball BasketballDunk Biking Billiards
    BlowingCandles Bowling BreastStroke CleanAndJerk CliffDiving CricketShot Diving FloorGymnastics
    FrisbeeCatch GolfSwing HammerThrow HighJump HorseRace HorseRiding HulaHoop IceDancing JumpingJack
    Knitting MilitaryParade Mixing ParallelBars PlayingPiano PlayingViolin PoleVault PommelHorse Punch
    Rafting Rowing SkateBoarding Skiing Skijet SkyDiving SoccerPenalty StillRings SumoWrestling Surfing
    Swing TennisSwing TrampolineJumping UnevenBars VolleyballSpiking WritingOnBoard""".split()
)


def list_miniucf(root, split=1, classes="all", annotations=None):
    """List MiniUCF: as `list_ucf101`, with the 50 classes of the paper alone."""
    return list_ucf101(root, split, classes, annotations, CLASSES)


def _find(data, progress):
    return list_miniucf(set_root(data), data.split, data.classes, data.annotations)


SOURCES = (
    Source(
        "miniucf",
        _find,
        size=SetSize(50, 4_662, 1_861, 187),
        splits=3,
        lists=True,
        citation=f"{CITATION}; its 50 classes: Wang et al., Dancing with still images, CVPR 2024",
    ),
)
