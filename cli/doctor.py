"""`vdd doctor`: what this machine has to run on."""

import click

from keras_vdd.cli import output, session
from keras_vdd.cli.examples import example


@click.command("doctor", epilog=example("vdd doctor --json"))
@session.options
@session.json_option
def command(as_json):
    """Say what this machine has: backends and their devices, memory, disk, versions, codecs.

    `auto` is the device that a run takes where nobody chooses; `deterministic`, whether runs on it repeat bit
    for bit without run.deterministic=true.

    Exits with 1 where no backend works.
    """
    from keras_vdd.diagnosis import doctor

    facts = doctor()
    if as_json:
        output.emit_json(facts)
    else:
        output.emit_lines(facts)
    return 0 if any(about.get("works") for about in facts["backends"].values()) else 1
