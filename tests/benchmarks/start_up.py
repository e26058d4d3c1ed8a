"""How long the commands that need no Keras take beside a bare interpreter.

    python tests/benchmarks/start_up.py [runs]

They alternate; medians and their ratios to it are printed. Not a test: a time depends on the machine.
"""

import statistics
import subprocess
import sys
import time

COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "vdd --help": [sys.executable, "-m", "keras_vdd.cli", "--help"],
    "vdd recipes list": [sys.executable, "-m", "keras_vdd.cli", "recipes", "list"],
    "vdd recipes show": [sys.executable, "-m", "keras_vdd.cli", "recipes", "show", "mtt-miniucf"],
}


def seconds(command):
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def main(runs):
    spent = {name: [] for name in COMMANDS}
    for _ in range(runs):
        for name, command in COMMANDS.items():
            spent[name].append(seconds(command))
    medians = {name: statistics.median(times) for name, times in spent.items()}
    bare = next(iter(medians.values()))
    for name, median in medians.items():
        print(f"{name:<16} {median:.3f} s, median of {runs}; {median / bare:.1f} times the first")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 9)
