"""Results that a caller gives with a set."""

from made_rows import row
from memory_cases import made

from keras_vdd.hub.kept import as_results


def test_results_are_of_the_backend_that_scored_them():
    distilled = made("still")
    distilled.provenance["backend"] = "torch"
    scored = [as_results(given, distilled) for given in (row(backend="jax"), row(backend=None).to_json())]
    assert [results.backend for results in scored] == ["jax", "torch"]
    assert [results.rows[0].backend for results in scored] == ["jax", None]
