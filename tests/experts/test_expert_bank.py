"""What is kept of experts: where, how it is read back, and damage to it."""

import json
import types

import numpy as np
import pytest
from safetensors.numpy import save
from small_experts import contents, recipe_of

from keras_vdd.errors import VddError
from keras_vdd.experts import engine
from keras_vdd.experts.bank import (
    ExpertBank,
    expert_path,
    folder_name,
    save_expert,
    warn_of_no_checksums,
)
from keras_vdd.experts.training import Expert, ExpertTrainer
from keras_vdd.learning import checkpoint


def test_what_is_read_is_what_was_trained(linear, stores, tmp_path):
    recipe = recipe_of(tmp_path, "experts.count=2", "experts.epochs=3")
    training = engine.training_of(recipe)
    bank = engine.learn_experts(recipe, stores)
    trainer = ExpertTrainer(stores["train"], stores["test"], training)
    assert (len(bank), bank.epochs) == (2, 3) and bank.nbytes == sum(map(len, contents(bank.folder).values()))
    assert 2 * trainer.nbytes < bank.nbytes < 2 * trainer.nbytes + 5000
    for number in range(2):
        expert = trainer.train(number)
        assert bank.accuracies[number] == expert.top1 and bank.losses[number] == expert.losses
        for epoch, snapshot in enumerate(expert.snapshots):
            found = bank.snapshot(number, epoch)
            assert [a.tobytes() for a in found] == [a.tobytes() for a in snapshot]
            assert [(a.dtype, a.shape) for a in found] == [(np.float32, a.shape) for a in snapshot]
    for number, epoch in ((2, 0), (-1, 0), (0, 4), (0, -1)):
        with pytest.raises(IndexError, match="there are 2, with epochs 0 to 3"):
            bank.snapshot(number, epoch)
    said = json.loads((bank.folder / "experts.json").read_text())
    assert (said["set"], said["training"]["epochs"]) == ("shapes", 3)
    assert len(said["videos"].pop("checksum")) == 32 and said["videos"] == {"train": 24, "test": 16}


CHANGES = {
    "learning rate": "experts.learning_rate=0.02",
    "epochs": "experts.epochs=3",
    "batch size": "experts.batch_size=9",
    "seed": "run.seed=1",
    "precision": "run.precision=bfloat16",
    "width": "dynamic.width=9",
    "stem": "dynamic.stem=9",
    "interval": "data.interval=2",
    "flip": "data.flip=true",
    "augment": "dynamic.augment=[flip]",
    "deterministic": "run.deterministic=true",
}
SAME = ("experts.count=7", "run.device=cpu", "experts.processes=2", "dynamic.iterations=9", "run.name=other")


def test_the_folder_s_name_tells_all_that_experts_depend_on(stores, tmp_path):
    def name(*settings, train=stores["train"], test=stores["test"], backend="torch"):
        training = engine.training_of(recipe_of(tmp_path, *settings))
        return folder_name("shapes", train, test, training, backend)

    def other(**facts):
        keys = "folder split class_names names labels lengths sources size codec middle".split()
        return types.SimpleNamespace(**{**{key: getattr(stores["train"], key) for key in keys}, **facts})

    base = name()
    assert base.startswith("shapes-") and base == name(train=other(folder="elsewhere"))
    assert {name(setting) for setting in SAME} == {base}
    changed = {what: name(setting) for what, setting in CHANGES.items()}
    sources = stores["train"].sources
    facts = {
        "codec": {"codec": "jpeg"},
        "size": {"size": 16},
        "middle": {"middle": (8, 3)},
        "sources": {"sources": [sources[1], *sources[1:]]},
        "classes": {"class_names": [*stores["train"].class_names[:-1], "renamed"]},
    }
    changed |= {what: name(train=other(**values)) for what, values in facts.items()}
    changed |= {"test": name(test=stores["train"]), "backend": name(backend="jax")}
    assert len({base, *changed.values()}) == 1 + len(changed), changed


def damage(path, how):
    whole = path.read_bytes()
    if how == "empty":
        path.write_bytes(b"")
    elif how == "cut":
        path.write_bytes(whole[: len(whole) // 2])
    elif how == "noise":
        path.write_bytes(np.random.default_rng(0).bytes(500))
    elif how == "no facts":
        checkpoint.save_arrays(path, {"0/0": np.zeros(2)}, epochs=1)
    else:
        # Safetensors all right, but the facts are a list.
        length = int.from_bytes(whole[:8], "little")
        header = json.loads(whole[8 : 8 + length])
        header["__metadata__"] = {"facts": "[1, 2]"}
        text = json.dumps(header).encode()
        path.write_bytes(len(text).to_bytes(8, "little") + text + whole[8 + length :])


def made_up(folder, count=2):
    rng = np.random.default_rng(1)
    snapshots = [[rng.random(3, dtype="float32"), rng.random((2, 2), dtype="float32")] for _ in range(2)]
    for number in range(count):
        save_expert(folder, number, Expert(snapshots, [0.5], 25.0))
    return snapshots


@pytest.mark.parametrize("how", ["empty", "cut", "noise", "no facts", "a list"])
def test_a_damaged_expert_is_named_in_one_sentence(tmp_path, how):
    made_up(tmp_path)
    ExpertBank(tmp_path, 2)
    damage(expert_path(tmp_path, 1), how)
    with pytest.raises(VddError, match="expert-0001.* is damaged .*: delete it and run again") as caught:
        ExpertBank(tmp_path, 2)
    assert "\n" not in str(caught.value)


def test_a_weight_that_is_not_there_is_damage_too_and_a_missing_expert_is_named(tmp_path):
    snapshots = made_up(tmp_path)
    bank = ExpertBank(tmp_path, 2)
    found = bank.snapshot(1, 1)
    assert all((a == b).all() for a, b in zip(found, snapshots[1], strict=True))
    checkpoint.save_arrays(
        expert_path(tmp_path, 1), {"0/0": snapshots[0][0]}, epochs=1, weights=2, losses=[0.5], top1=25.0
    )
    with pytest.raises(VddError, match="expert-0001.* is damaged"):
        bank.snapshot(1, 1)
    with pytest.raises(VddError, match="expert-0002.* is missing: run 'vdd experts'"):
        ExpertBank(tmp_path, 3)


def test_a_flipped_bit_is_noticed_when_its_snapshot_is_read(tmp_path):
    snapshots = made_up(tmp_path)
    path = expert_path(tmp_path, 1)
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << place % 8]) + whole[place + 1 :])
        with pytest.raises(VddError, match="expert-0001.* is damaged") as caught:
            [bank.snapshot(1, epoch) for bank in [ExpertBank(tmp_path, 2)] for epoch in range(2)]
        assert "\n" not in str(caught.value)
    # Only what is read is checked: the last array is of the last epoch.
    assert (ExpertBank(tmp_path, 2).snapshot(1, 0)[0] == snapshots[0][0]).all()


def test_the_expert_of_another_number_or_training_is_not_taken(tmp_path):
    made_up(tmp_path)
    save_expert(tmp_path / "..", 0, Expert([[np.zeros(3, "float32")]], [], 0.0), key="a")
    ExpertBank(tmp_path / "..", 1, "a")
    with pytest.raises(VddError, match="expert-0000.* is another expert than its name and folder say"):
        ExpertBank(tmp_path / "..", 1, "b")
    expert_path(tmp_path, 1).write_bytes(expert_path(tmp_path, 0).read_bytes())
    with pytest.raises(VddError, match="expert-0001.* is another expert"):
        ExpertBank(tmp_path, 2)


def test_experts_of_a_version_without_checksums_are_read_after_a_warning(tmp_path, caplog):
    arrays = {"0/0": np.ones(2, "float32")}
    facts = json.dumps({"epochs": 0, "weights": 1, "losses": [], "top1": 1.0})
    expert_path(tmp_path, 0).write_bytes(save(arrays, metadata={"facts": facts}))
    bank = ExpertBank(tmp_path, 1, "any")
    warn_of_no_checksums(bank)
    assert "kept no checksums" in caplog.text and bank.snapshot(0, 0)[0].tolist() == [1, 1]
