"""From a video file or a folder of images to frames of one size."""
