#!/usr/bin/env bash
# Takes gpu.py to a machine with a GPU that has torch, jax, numpy and safetensors, and no package index.
#
#   gpu.sh fetch [--python 3.12]     here: fill .wheels/ with what must be carried; says its size
#   gpu.sh check [ARGUMENT ...]      here: run gpu.py (--imports) with nothing but such wheels and what is there
#   gpu.sh run [ARGUMENT ...]        there, in a copy of the checkout that has .wheels/: run gpu.py
#
# Results go to $OUT where that is set, else to runs/gpu. PYTHON names another interpreter, PIP another pip, and WHEELS
# another folder than .wheels/.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
python=${PYTHON:-python3}
pip=${PIP:-$python -m pip}
wheels=${WHEELS:-$root/.wheels}
command=${1:-}
shift || true

case $command in
  fetch | check)
    exec "$python" "$here/gpu_wheels.py" "$command" "$@"
    ;;
  run)
    compgen -G "$wheels/*.whl" >/dev/null ||
      { echo "error: $wheels has no wheels: run gpu.sh fetch where there is a package index" >&2; exit 2; }
    site=$(mktemp -d)
    trap 'rm -rf "$site"' EXIT
    # shellcheck disable=SC2086
    $pip install -q --no-index --no-deps --no-compile --no-cache-dir --target "$site" "$wheels"/*.whl
    PYTHONPATH=$site PYTHONUNBUFFERED=1 "$python" "$here/gpu.py" --out "${OUT:-$root/runs/gpu}" "$@"
    ;;
  *)
    sed -n '2,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
    exit 2
    ;;
esac
