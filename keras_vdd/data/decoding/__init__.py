"""From a video file or a folder of images to frames of one size."""

# The method resizes to 160x120 and crops 112 out of the middle (METHOD, section 1): for any size and
# aspect this is a short side of 120/112 of the crop.
SHORT_SIDE = (120, 112)
