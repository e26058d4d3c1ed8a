"""The wheels that `gpu.sh` carries to a machine without a package index: fetched here, and tried out here.

    python tests/benchmarks/gpu_wheels.py fetch [--python 3.12] [--folder .wheels]
    python tests/benchmarks/gpu_wheels.py check [--folder FOLDER] [ARGUMENT OF gpu.py ...]

`fetch` takes what `gpu_wheels.txt` names at the versions of constraints.txt, for CPython on Linux and x86-64, and says
how much is carried, the checkout included. `check` makes an environment that has nothing but those wheels, fetched for
this very Python, and this interpreter's own torch, jax, numpy, safetensors and what they need, and runs `gpu.py` in it,
with `--imports` unless it is told more.
"""

import argparse
import importlib.metadata
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import venv

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
THERE = ("torch", "jax", "numpy", "safetensors")
ABSENT = ("av", "datasets", "keras", "pyarrow", "PIL")
LARGEST_BYTES = 64 * 2**20
# pip matches these one by one, and no older one for a newer.
PLATFORMS = (
    "manylinux_2_28_x86_64",
    "manylinux_2_27_x86_64",
    "manylinux_2_17_x86_64",
    "manylinux2014_x86_64",
)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    fetching = commands.add_parser("fetch")
    fetching.add_argument("--python", default="3.12", help="version of the interpreter there")
    checking = commands.add_parser("check")
    for command in (fetching, checking):
        command.add_argument(
            "--folder", type=pathlib.Path, help=".wheels for fetch; for check, one that is filled"
        )
    asked, rest = parser.parse_known_args()
    if asked.command == "fetch":
        fetch(asked.folder or ROOT / ".wheels", asked.python)
    else:
        sys.exit(check(asked.folder, rest or ["--imports"]))


def wanted():
    """Return `name==version` of each package that is carried."""
    lines = (HERE / "gpu_wheels.txt").read_text(encoding="utf-8").splitlines()
    names = [line for line in lines if line and not line.startswith("#")]
    pinned = dict(
        line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line
    )
    versions = {plain(name): version for name, version in pinned.items()}
    return [f"{name}=={versions[plain(name)]}" for name in names]


def plain(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def needs(names, without=()):
    """Return the plain names of packages and of all that they need, as this environment knows it.

    Args:
        names: packages to begin with.
        without: packages that are not followed and not returned.
    """
    from packaging.requirements import Requirement

    found, waiting = {}, [plain(name) for name in names]
    while waiting:
        name = waiting.pop()
        if name in found or name in without:
            continue
        found[name] = True
        for line in importlib.metadata.requires(name) or ():
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting.append(plain(requirement.name))
    return sorted(found)


def fetch(folder, python):
    """Fill a folder with the wheels, replacing those that it has; end with a message if they are too large."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.whl"):
        old.unlink()
    tags = ["--only-binary=:all:", "--implementation", "cp", "--python-version", python]
    tags += [word for platform in PLATFORMS for word in ("--platform", platform)]
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "-q",
        "--no-deps",
        *tags,
        "-d",
        str(folder),
        *wanted(),
    ]
    subprocess.run(command, check=True)
    sizes = {wheel.name: wheel.stat().st_size for wheel in sorted(folder.glob("*.whl"))}
    if len(sizes) != len(wanted()):
        sys.exit(f"error: {len(wanted())} wheels were asked for and {len(sizes)} came")
    checkout = tracked_bytes()
    total = sum(sizes.values()) + checkout
    for name, size in sizes.items():
        print(f"{size / 2**20:6.2f} MiB  {name}")
    print(
        f"{checkout / 2**20:6.2f} MiB  the checkout\n{total / 2**20:6.2f} MiB  in all, of {LARGEST_BYTES >> 20}"
    )
    if total > LARGEST_BYTES:
        sys.exit(f"error: {total:,} bytes are more than the {LARGEST_BYTES:,} that can be carried")


def tracked_bytes():
    """Bytes of the files that git knows or would know."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, check=True, capture_output=True).stdout.decode().split("\0")
    paths = [ROOT / name for name in set(names) if name]
    return sum(path.stat().st_size for path in paths if path.is_file())


def check(folder, arguments):
    """Run `gpu.py` with nothing but the wheels and `THERE`; return its exit status."""
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        if folder is None:
            folder = scratch / "wheels"
            fetch(folder, f"{sys.version_info.major}.{sys.version_info.minor}")
        venv.create(scratch / "bare", symlinks=True)
        (packages,) = (scratch / "bare" / "lib").glob("python*/site-packages")
        borrow(needs(THERE), packages)
        python = scratch / "bare" / "bin" / "python"
        present = subprocess.run(
            [python, "-c", f"import importlib.util as u; print([n for n in {ABSENT} if u.find_spec(n)])"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        if present != "[]":
            sys.exit(f"error: the bare environment has {present}")
        print(f"a bare environment with {', '.join(path.name for path in sorted(packages.iterdir()))}")
        environment = {
            **os.environ,
            "PYTHON": str(python),
            "PIP": f"{sys.executable} -m pip",
            "WHEELS": str(folder),
        }
        environment.pop("PYTHONPATH", None)
        return subprocess.run(
            ["bash", HERE / "gpu.sh", "run", *arguments], env=environment, check=False
        ).returncode


def borrow(names, packages):
    """Link what the named packages installed here into the folder `packages`, and nothing else."""
    for name in names:
        distribution = importlib.metadata.distribution(name)
        for top in {file.parts[0] for file in distribution.files or ()} - {"..", "__pycache__"}:
            source, link = pathlib.Path(distribution.locate_file(top)), packages / top
            if source.exists() and not link.exists():
                link.symlink_to(source)


if __name__ == "__main__":
    main()
