"""Runs on a device: chosen for all that is computed, told in environment.json, kept to until they are finished."""

import json

import keras
import pytest
from small_experts import recipe_of
from small_run import rewritten, small

from keras_vdd import backend, diagnosis, pipeline, placement
from keras_vdd.backend import cuda_driver
from keras_vdd.backend.devices import Device
from keras_vdd.classifiers import training
from keras_vdd.errors import UsageError, VddError
from keras_vdd.experts import engine as experts
from keras_vdd.experts.processes import ExpertProcess
from keras_vdd.planning import plan
from keras_vdd.recipe.load import load_recipe
from keras_vdd.runs.folder import RunFolder

GPU = Device("cuda:1", "NVIDIA H100 80GB HBM3", 85_899_345_920)
BRIEF = ("evaluation.compare=[]", "evaluation.seeds=1", "evaluation.steps=1")


@pytest.fixture
def on_gpu(monkeypatch):
    """As if all were computed on `GPU`."""
    monkeypatch.setattr(backend, "device_in_use", lambda: GPU)
    monkeypatch.setattr(backend, "devices", lambda: [GPU, Device("cpu", "cpu")])
    monkeypatch.setattr(backend, "cuda_version", lambda: "12.6")
    monkeypatch.setattr(cuda_driver, "versions", lambda: ("550.54.15", "12.4"))


def written(run):
    return json.loads((run.path / "environment.json").read_text())


@pytest.mark.parametrize("work", ["distill", "plan", "make_experts", "evaluate", "train"])
def test_a_device_that_is_not_there_leaves_nothing_behind(whole, tmp_path, work):
    recipe = recipe_of(tmp_path, "run.device=cuda:99")
    calls = {
        "distill": lambda: pipeline.distill(recipe),
        "plan": lambda: plan.plan(recipe),
        "make_experts": lambda: pipeline.make_experts(recipe),
        "evaluate": lambda: pipeline.evaluate(whole.folder, recipe),
        "train": lambda: training.train(whole.folder, recipe, save=tmp_path / "c.keras"),
    }
    with pytest.raises(UsageError, match="run.device=cuda:99 is not here"):
        calls[work]()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_run_computes_where_and_how_its_recipe_says(whole, tmp_path, monkeypatch):
    seen, real = [], backend.use_device

    def use(asked):
        seen.append((asked, backend.is_deterministic()))
        return real(asked)

    monkeypatch.setattr(backend, "use_device", use)
    recipe = small(tmp_path, "run.device=cpu", "run.deterministic=true", *BRIEF, store=whole.store)
    results = pipeline.distill(recipe)
    cpu = backend.devices()[0].kind == "cpu"
    # JAX had begun on a processor, which repeats without a flag.
    assert seen == [("cpu", keras.config.backend() != "jax" or backend.is_deterministic())]
    folder = tmp_path / "runs" / "quickstart"
    told = json.loads((folder / "environment.json").read_text())
    assert (told["device"], told["device_kind"], told["deterministic"]) == ("cpu", "cpu", True)
    assert not told.keys() & {"cuda", "driver", "device_memory_bytes"}
    if cpu:  # There, sums are added up in one order anyhow.
        assert results["losses"] == whole.results["losses"]


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("device", [Device("cpu", "cpu"), GPU], ids=["cpu", "gpu"])
def test_a_precision_whose_gradients_may_be_wrong_is_told(precision, device, monkeypatch, caplog):
    monkeypatch.setattr(backend, "device_in_use", lambda: device)
    with placement.on_its_device(load_recipe("quickstart", [f"run.precision={precision}"])):
        pass
    faulty = (keras.config.backend(), device.kind, precision) == ("torch", "cpu", "bfloat16")
    assert [record.name.partition(".")[0] for record in caplog.records] == ["keras_vdd"] * faulty
    assert ("bfloat16 on a processor: torch may leave parts of" in caplog.text) == faulty


def test_what_a_gpu_is_stands_in_the_environment(on_gpu, tmp_path):
    told = written(RunFolder(small(tmp_path)))
    assert told["device"] == "NVIDIA H100 80GB HBM3" and told["device_kind"] == "cuda"
    assert told["device_memory_bytes"] == 85_899_345_920 and told["cuda"] == "12.6"
    assert told["driver"] == "550.54.15, for CUDA up to 12.4" and told["deterministic"] is False


def test_what_doctor_says(on_gpu, monkeypatch):
    monkeypatch.setattr(backend, "is_deterministic", lambda: False)
    gpu = {"label": "NVIDIA H100 80GB HBM3", "memory_bytes": 85_899_345_920}
    assert placement.report() == {
        "devices": {"cuda:1": gpu, "cpu": {"label": "cpu", "memory_bytes": None}},
        "auto": "cuda:1",
        "cuda": "12.6",
        "driver": "550.54.15, for CUDA up to 12.4",
        "deterministic": False,
    }
    monkeypatch.setattr(backend, "is_deterministic", lambda: True)
    assert placement.report()["deterministic"] is True
    # Limits of containers and of processes count.
    monkeypatch.setattr(diagnosis, "main_memory_bytes", lambda: 10**6)
    assert diagnosis._memory() == (10**6, 10**6)


def test_what_the_driver_says(monkeypatch):
    """Its libraries write into what they are handed, and return 0."""

    class Library:
        cuInit = staticmethod(lambda flags: 0)
        cuDeviceGet = staticmethod(lambda device, number: 0 if number == 1 else 101)
        nvmlInit_v2 = staticmethod(lambda: 0)

        @staticmethod
        def cuDeviceTotalMem_v2(total, device):
            total._obj.value = 85_899_345_920
            return 0

        @staticmethod
        def nvmlSystemGetDriverVersion(text, length):
            text.value = b"550.54.15"
            return 0

        @staticmethod
        def cuDriverGetVersion(number):
            number._obj.value = 12040
            return 0

    monkeypatch.setattr(cuda_driver, "_library", lambda name: Library)
    assert cuda_driver.versions() == ("550.54.15", "12.4")
    assert cuda_driver.device_bytes(1) == 85_899_345_920 and cuda_driver.device_bytes(0) is None


def test_a_driver_that_is_not_there_says_nothing(monkeypatch):
    monkeypatch.setattr(cuda_driver, "_library", lambda name: None)
    assert cuda_driver.versions() == (None, None) and cuda_driver.device_bytes(0) is None


def test_a_run_goes_on_with_the_kind_of_device_that_it_began_on(tmp_path, monkeypatch):
    run = RunFolder(small(tmp_path))
    RunFolder(small(tmp_path, "run.device=cpu"))
    before = written(run)
    with monkeypatch.context() as patch:
        patch.setattr(backend, "device_in_use", lambda: GPU)
        if before["device_kind"] != "cuda":
            with pytest.raises(
                VddError, match="was begun on the device cpu, and this is cuda: go on with --device cpu"
            ):
                RunFolder(small(tmp_path))
        (run.path / "results.json").write_text("{}")
        assert RunFolder(small(tmp_path)).path == run.path
    (run.path / "results.json").unlink()
    # Before there was a choice, runs did not say.
    (run.path / "environment.json").write_text(json.dumps({"backend": before["backend"]}))
    assert RunFolder(small(tmp_path)).path == run.path


def test_stills_of_another_kind_of_device_are_refused(tmp_path):
    recipe = small(tmp_path)
    other = RunFolder(recipe)
    (other.stage("static") / "memory.safetensors").write_bytes(b"")
    rewritten(other.path / "environment.json", device_kind="tpu")
    with pytest.raises(UsageError, match="would learn: the device, tpu, differs."):
        pipeline.stills_of(other.path, recipe)


@pytest.mark.parametrize(
    "before, after",
    [
        (["static.chunk=8"], ["static.chunk=2"]),
        (["dynamic.chunk=8"], ["dynamic.chunk=2"]),
        (["dynamic.loss=mtt", "dynamic.gradient=auto"], ["dynamic.loss=mtt", "dynamic.gradient=adjoint"]),
        (["run.device=auto"], ["run.device=cpu"]),
    ],
)
def test_what_is_lowered_for_want_of_memory_is_the_same_run(tmp_path, before, after):
    more = ["dynamic.learning_rates.step_size=1e-5"] if "dynamic.loss=mtt" in before else []
    assert RunFolder(small(tmp_path, *more, *before)).path == RunFolder(small(tmp_path, *more, *after)).path


@pytest.mark.parametrize(
    "change", ["dynamic.gradient=tesla", "run.deterministic=true", "dynamic.batch_size=2"]
)
def test_what_results_depend_on_is_not(tmp_path, change):
    mtt = ["dynamic.loss=mtt", "dynamic.learning_rates.step_size=1e-5"]
    RunFolder(small(tmp_path, *mtt))
    with pytest.raises(VddError, match=rf"another recipe \({change.partition('=')[0]} differs\)"):
        RunFolder(small(tmp_path, *mtt, change))


@pytest.mark.slow
def test_processes_compute_on_the_device_of_the_run(stores, tmp_path):
    training = experts.training_of(recipe_of(tmp_path))
    not_here = pytest.raises(VddError, match="run.device=cuda:99 is not here")
    with (
        ExpertProcess(stores["train"], stores["test"], training, tmp_path, 1, "cuda:99") as process,
        not_here,
    ):
        process.started()


def test_experts_side_by_side_are_given_the_device(linear, stores, tmp_path, monkeypatch):
    given = []

    class Process:
        def __init__(self, train, test, training, folder, threads, device):
            given.append((device, training.deterministic))
            raise VddError("that is enough")

    monkeypatch.setattr(experts, "ExpertProcess", Process)
    recipe = recipe_of(tmp_path, "experts.processes=2", "run.device=cpu", "run.deterministic=true")
    with pytest.raises(VddError, match="that is enough"):
        experts.learn_experts(recipe, stores)
    assert given == [("cpu", True)]


@pytest.mark.parametrize("words", [
    "avg_pool3d_backward_cuda does not have a deterministic implementation, but you set x. You can turn",
    "Exception encountered when calling AvgPool.call().\n\n\x1b[1mavg_pool3d_backward_cuda does not have a "
    "deterministic implementation, but you set x. You can\x1b[0m\n\nArguments received",
])  # fmt: skip
def test_an_operation_that_has_no_deterministic_form_is_named(words):
    with pytest.raises(VddError) as raised, placement.computing("auto", deterministic=True):
        raise RuntimeError(words)
    assert str(raised.value) == (
        f"run.deterministic=true cannot be kept on {backend.device_in_use()}: avg_pool3d_backward_cuda does not have "
        "a deterministic implementation, but you set x. Set run.deterministic=false, or run.device=cpu, where sums "
        "repeat without it."
    )
    with pytest.raises(RuntimeError, match="does not have"), placement.computing():
        raise RuntimeError(words)


@pytest.mark.skipif(keras.config.backend() != "torch", reason="torch has such an operation on a processor")
def test_torch_itself_says_so():
    import torch

    told = pytest.raises(VddError, match="cpu: put_ does not have a deterministic implementation")
    with told, placement.computing("cpu", deterministic=True):
        torch.zeros(3).put_(torch.tensor([0]), torch.tensor([1.0]))


def test_the_plan_names_the_device(whole):
    assert plan.plan(whole.recipe)["machine"]["device"] == str(backend.device_in_use())
