"""One table of several methods, each distilled with several seeds.

    python tests/benchmarks/method_table.py RECIPE [RECIPE ...] [KEY=VALUE ...] [--seeds 0 1 2]
        [--runs runs/table] [--backend torch] [--json]

Runs `vdd distill --recipe RECIPE --seed SEED KEY=VALUE ...` one after the other, in `--runs`, and goes on
where it was stopped. Each row of a method is the mean over seeds of a run's mean over fresh networks, and the
population standard deviation of those means: what another distillation would give. Networks that diverged are
counted beside it. Then come the real clips and stills of as many bytes, where a recipe compares itself with
them.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys

from keras_vdd.evaluation.records import Results

EQUAL = ("random clips, equal bytes", "random stills, equal bytes")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("words", nargs="+", metavar="RECIPE or KEY=VALUE")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--runs", default="runs/table")
    parser.add_argument("--backend", default="torch")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    recipes = [word for word in asked.words if "=" not in word]
    settings = [word for word in asked.words if "=" in word]
    figures = {}
    for recipe in recipes:
        for seed in asked.seeds:
            for row in _rows(recipe, seed, settings, asked):
                figures.setdefault(recipe, {}).setdefault(row["method"], []).append(row)
    if asked.json:
        print(json.dumps(figures))
        return
    print("| method | recipe | bytes | top-1 % | pairs % | clips, equal bytes | stills, equal bytes |")
    print("|---|---|---:|---|---|---|---|")
    for recipe, methods in figures.items():
        for method, rows in methods.items():
            if method not in EQUAL:
                beside = " | ".join(_spread(methods.get(name, []), "top1") for name in EQUAL)
                cells = (
                    f"{rows[0]['bytes']:,} | {_spread(rows, 'top1')} | {_spread(rows, 'pairs')} | {beside}"
                )
                print(f"| {method} | `{recipe}` | {cells} |")


def _rows(recipe, seed, settings, asked):
    """Rows of a run's table, which is made first where it is not there yet. Ends where a run fails."""
    name = f"{recipe}-{seed}"
    command = [pathlib.Path(sys.executable).with_name("vdd"), "distill", "--backend", asked.backend]
    where = ["--recipe", recipe, "--seed", str(seed), "--name", name, f"run.dir={asked.runs}"]
    done = subprocess.run([*command, *where, *settings], stdout=subprocess.DEVNULL)
    if done.returncode:
        sys.exit(f"{recipe} with seed {seed} ended with code {done.returncode}.")
    results = Results.read(pathlib.Path(asked.runs) / name / "results.json")
    return [row.to_json() for row in results.rows]


def _spread(rows, score):
    means = [row[score]["mean"] for row in rows if row[score] and row[score]["mean"] is not None]
    diverged = sum(row["diverged"] for row in rows)
    spread = f"{statistics.mean(means):.1f} ±{statistics.pstdev(means):.1f}" if means else ""
    return f"{spread} ({diverged} diverged)" if diverged else spread


if __name__ == "__main__":
    main()
