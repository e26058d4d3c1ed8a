"""`vdd predict`: what a saved classifier sees in videos."""

import click

from keras_vdd.cli import completion, output, session
from keras_vdd.cli.examples import example
from keras_vdd.text import printable


@click.command(
    "predict",
    epilog=example(
        "vdd predict classifier.keras clip.mp4", "vdd predict classifier.keras videos/ --top 1 --json"
    ),
)
@session.options
@click.argument("model", metavar="FILE.keras", shell_complete=completion.files)
@click.argument("videos", metavar="VIDEO...", nargs=-1, required=True, shell_complete=completion.files)
@click.option(
    "--top",
    type=click.IntRange(min=1),
    default=5,
    show_default=True,
    metavar="N",
    help="Classes of each video.",
)
@click.option(
    "--clips",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    metavar="N",
    help="Clips of each video, spread evenly over it, whose probabilities are averaged.",
)
@click.option(
    "--interval", type=click.IntRange(min=1), metavar="N",
    help="Frames from one clip frame to the next; else as the file says.",
)  # fmt: skip
@session.json_option
def command(model, videos, top, clips, interval, as_json):
    """Say which classes a classifier sees in videos, and how sure it is.

    FILE.keras is what `vdd train --save` wrote. A VIDEO is a file, a folder of numbered images, or a folder that holds
    videos at any depth.
    """
    from keras_vdd.classifiers.clips_of_videos import found_videos

    # Before a backend starts, which takes seconds: a slip in a path should not.
    found_videos(videos)
    with session.working():
        from keras_vdd.classifiers.prediction import predict

        found = predict(model, videos, top, clips, interval)
    if as_json:
        return output.emit_json(found)
    for video in found["videos"]:
        click.echo(printable(video["video"]))
        output.emit_lines(dict(tuple(entry.values()) for entry in video["top"]), indent=2)
