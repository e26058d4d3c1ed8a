"""What a recipe may say: one typed schema, every field documented, unknown fields refused.

The settings are those of "Dancing with Still Images" (CVPR 2024), sections 4 and 5.1, and of its
released code. Ranges are checked in the sections; here, that the sections fit together; what depends on
the data (class counts, a missing root), where the data is read.
"""

from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator, SerializeAsAny, model_validator
from pydantic_core import PydanticKnownError

from keras_vdd.errors import UsageError
from keras_vdd.evaluation.baselines import BASELINES
from keras_vdd.memory import MEMORIES, Memory, MemorySettings
from keras_vdd.methods import METHODS, MatchingSettings, Method
from keras_vdd.methods.dc.settings import StaticSettings
from keras_vdd.models.registry import NETWORKS
from keras_vdd.published.largest import LARGEST_VIDEO
from keras_vdd.recipe.data_settings import DataSettings
from keras_vdd.recipe.evaluation_settings import EvaluationSettings, ExportSettings
from keras_vdd.recipe.stage_settings import CoresetSettings, ExpertSettings, InterpolatorSettings
from keras_vdd.settings import DeviceName, FolderName, Place, Positive, Settings, Whole, in_short
from keras_vdd.storage.storage_types import LEARNED_AS
from keras_vdd.temporal import LEARNED

# The loss of stage 1, and that of stage 2 where a recipe says none.
STATIC_LOSS, DYNAMIC_LOSS = "dc", "dm"
# What is learned where a recipe does not say.
MEMORY_KIND = "static-dynamic"


def _with_interpolator(values: dict[str, Any]) -> dict[str, Any]:
    memory = values.get("memory")
    if (
        values.get("interpolator") is None
        and isinstance(memory, dict)
        and memory.get("interpolation") == LEARNED
    ):
        kind = memory.get("kind", MEMORY_KIND)
        if isinstance(kind, str) and kind in MEMORIES and "interpolation" in MEMORIES.get(kind).settings.uses:
            return {**values, "interpolator": {}}
    return values


def _of_its_loss(values: Any) -> MatchingSettings:
    return _of_its_choice(values, MatchingSettings, "loss", DYNAMIC_LOSS, METHODS)


def _of_its_kind(values: Any) -> MemorySettings:
    return _of_its_choice(values, MemorySettings, "kind", MEMORY_KIND, MEMORIES)


def _of_its_choice(values, base, setting, default, known):
    """A section, checked as the settings of what it chooses: one that was registered counts from then on."""
    if isinstance(values, base):
        return values
    if not isinstance(values, dict):
        raise PydanticKnownError("dict_type")
    chosen = values.get(setting, default)
    if not isinstance(chosen, str) or chosen not in known:
        context = {
            "discriminator": setting,
            "tag": in_short(chosen),
            "expected_tags": ", ".join(known.names()),
        }
        raise PydanticKnownError("union_tag_invalid", context)
    return known.get(chosen).settings.model_validate(values)


class RunSettings(Settings):
    """Where a run lives and how it is made repeatable."""

    dir: Place = "runs"
    """Folder of run folders."""
    name: FolderName | None = None
    """Name of the run folder; the recipe's name where none is given."""
    seed: Annotated[Whole, Field(ge=0, lt=2**63)] = 0
    """Gives every random draw of the run, through named streams."""
    checkpoint_every: Positive = 100
    """Iterations from one checkpoint to the next."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """What the networks compute in; memories and losses stay float32."""
    device: DeviceName = "auto"
    """What computes: auto (what the backend takes by itself, an accelerator before the processor), cpu, gpu (the
    first accelerator of whatever kind), cuda, cuda:N or mps (torch)."""
    deterministic: bool = False
    """Sums on an accelerator are added up in one order, so that runs repeat bit for bit; slower. A processor's
    repeat without it."""


class Recipe(Settings):
    """All that a run depends on. `vdd distill` takes one to the end."""

    name: FolderName
    """Name of the recipe: that of its file where the file does not say."""
    summary: str = ""
    """One line for `vdd recipes list`."""
    data: DataSettings = DataSettings()
    run: RunSettings = RunSettings()
    memory: Annotated[SerializeAsAny[MemorySettings], PlainValidator(_of_its_kind)] = _of_its_kind({})
    coreset: CoresetSettings | None = None
    """Real clips in place of learned ones; then there are no stages."""
    static: StaticSettings | None = None
    """Stage 1; null leaves the stills as the real frames they start from."""
    experts: ExpertSettings | None = None
    """Networks that stage 2 reads; there wherever its loss reads them (mtt)."""
    interpolator: InterpolatorSettings | None = None
    """What makes all frames of a few; there wherever memory.interpolation=parametric."""
    dynamic: Annotated[SerializeAsAny[MatchingSettings], PlainValidator(_of_its_loss)] | None = None
    """Stage 2; null where stills alone are wanted."""
    evaluation: EvaluationSettings = EvaluationSettings()
    export: ExportSettings = ExportSettings()

    def __repr__(self) -> str:
        return f"Recipe({self.name!r}: {self.title} on {self.data.set})"

    __str__ = __repr__

    @property
    def method(self) -> str:
        """`static-dc` (stills by gradient matching alone), `naive` (learned directly), `static-dynamic` or another
        kind of memory, or the coreset's method."""
        if self.coreset is not None:
            return self.coreset.method
        if self.dynamic is None:
            return "static-dc"
        return "naive" if self.memory_kind.naive else self.memory.kind

    @property
    def title(self) -> str:
        """What the set is called in tables, such as "MTT + static-dynamic"."""
        if self.coreset is not None:
            return "full set" if self.coreset.method == "full" else f"{self.coreset.method} clips"
        if self.dynamic is None:
            return f"static-{self.loss_of('static').title}"
        return self.loss_of("dynamic").title + self.memory_kind.title

    @property
    def run_name(self) -> str:
        """Name of the run folder under `run.dir`."""
        return self.run.name or self.name

    @property
    def memory_kind(self) -> Memory:
        """The `Memory` of the recipe's kind."""
        return MEMORIES.get(self.memory.kind)

    def loss_of(self, stage: str) -> Method:
        """The `Method` of a stage that the recipe has, "static" or "dynamic"."""
        dynamic: Any = self.dynamic
        return METHODS.get(STATIC_LOSS if stage == "static" else dynamic.loss)

    @property
    def learned_as(self) -> str | None:
        """The storage type that memories are rounded to as they are learned, None for none."""
        return self.export.dtype if self.memory.quantise else None

    @property
    def needs_experts(self) -> bool:
        """Whether stage 2 reads experts."""
        return self.dynamic is not None and self.loss_of("dynamic").expert_epochs is not None

    @property
    def needs_interpolator(self) -> bool:
        """Whether a trained interpolator makes the frames of its videos."""
        return self.dynamic is not None and self.memory.interpolates_by_network(self.data.frames)

    @property
    def expert_epochs(self) -> int:
        """Epochs that each expert is trained; its snapshots count from 0, before training."""
        experts: Any = self.experts
        needed: Any = self.loss_of("dynamic").expert_epochs
        return needed(self.dynamic) if experts.epochs is None else experts.epochs

    @model_validator(mode="before")
    @classmethod
    def _what_goes_without_saying(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        values = _with_interpolator(values)
        if not isinstance(values.get("dynamic"), dict):
            return values
        dynamic = {"loss": DYNAMIC_LOSS, **values["dynamic"]}
        # Sets and runs of before say so of DM and DC; no other way is left.
        if dynamic.get("networks") == "fresh":
            del dynamic["networks"]
        values = {**values, "dynamic": dynamic}
        # What is no loss is refused where the section is checked.
        known = isinstance(dynamic["loss"], str) and dynamic["loss"] in METHODS
        if values.get("experts") is None and known and METHODS.get(dynamic["loss"]).expert_epochs is not None:
            values["experts"] = {}
        return values

    @model_validator(mode="after")
    def _sections_fit(self) -> "Recipe":
        wrong = [*self._coreset_alone()] if self.coreset else [*self._learned()]
        wrong += [*self._experts_fit(), *self._interpolator_fits(), *self._storage_fits()]
        refusals = {name: BASELINES.get(name).refusal(self) for name in self.evaluation.compare}
        wrong += [f"evaluation.compare has {name}, {why}" for name, why in refusals.items() if why]
        wrong += [*self.memory.fits(self.data), *self._video_fits()]
        if wrong:
            raise ValueError("\n".join(wrong))
        return self

    def _coreset_alone(self):
        for stage in ("static", "dynamic", "experts"):
            if getattr(self, stage) is not None:
                yield f"a coreset is chosen, not learned; set {stage}=null"
        if self.memory_kind.clips is None:
            kinds = " or ".join(f"memory.kind={memory.kind}" for memory in MEMORIES if memory.clips)
            yield f"a coreset holds clips, not memory.kind={self.memory.kind}; set {kinds}"
        if self.memory.stored_frames is not None:
            yield "memory.stored_frames is for what is learned, and a coreset is of whole clips; set it null"
        if self.memory.quantise:
            yield "memory.quantise=true is for what is learned, and a coreset is chosen; set memory.quantise=false"

    def _learned(self):
        kind, stills = self.memory.kind, self.memory_kind.stills
        if self.dynamic is not None:
            yield from self._rates_fit()
            yield from self._loss_fits()
            yield from self._frames_fit()
        elif stills == "start":
            alone = " or ".join(
                f"memory.kind={memory.kind}" for memory in MEMORIES if memory.stills == "whole"
            )
            yield f"memory.kind={kind} needs a dynamic stage; for stills set {alone}"
        elif self.static is None or stills is None:
            yield f"memory.kind={kind} has no stage that learns it; add a dynamic stage or a coreset"
        if stills is None and self.static is not None:
            yield f"a static stage learns stills, and memory.kind={kind} has none; set static=null"

    def _rates_fit(self):
        dynamic, kind = self.dynamic, self.memory.kind
        needed = dict.fromkeys(self.memory_kind.learns, f"memory.kind={kind}")
        for part, setting in self.loss_of("dynamic").learned(dynamic).items():
            needed[part] = f"dynamic.{setting}={dynamic.loss if setting == 'loss' else 'true'}"
        for part, rate in dynamic.learning_rates:
            name = f"dynamic.learning_rates.{part}"
            if rate is None and part in needed:
                yield f"{needed[part]} needs {name}"
            if rate is not None and part not in needed:
                yield f"{name}={rate:g} is for what is not learned here; set {name}=null"

    def _loss_fits(self):
        loss, memory = self.loss_of("dynamic"), self.memory
        if loss.memories is not None and memory.kind not in loss.memories:
            yield (
                f"dynamic.loss={loss.name} does not work with memory.kind={memory.kind}; "
                f"it works with {', '.join(loss.memories)}"
            )
        if loss.fits is not None:
            yield from loss.fits(self.dynamic, memory)

    def _frames_fit(self):
        stage, memory, data = self.dynamic, self.memory, self.data
        if (getattr(stage, "real_frames", None) or 0) > data.frames:
            yield (
                f"dynamic.real_frames={stage.real_frames} is above data.frames={data.frames}; real frames are those of "
                "a whole clip, or fewer that are spread over its time"
            )
            return
        if getattr(stage, "real_frames", None) and self.memory_kind.most_shapes is not None:
            yield (
                f"dynamic.real_frames={stage.real_frames} matches stored frames, and memory.kind={memory.kind} stores "
                "other ones of each video; set dynamic.real_frames=null"
            )
            return
        if not hasattr(stage, "segments"):
            return
        real = stage.real_frames or data.frames
        shown = data.frames if stage.real_frames is None else memory.frames_of(data.frames)
        if stage.segments > 1:
            from keras_vdd.temporal import segments  # needs NumPy, which other recipes are spared

            try:
                segments(real, shown, stage.segments)
            except UsageError as error:
                yield f"dynamic.segments={stage.segments}: {str(error).rstrip('.')}"
                return
        if NETWORKS.get(stage.network).input == "frames" and max(real, shown) > stage.segments:
            yield (
                f"dynamic.network={stage.network} looks at frames, and a segment has {real // stage.segments} real and "
                f"{shown // stage.segments} synthetic ones; set as many dynamic.segments as there are frames"
            )

    def _experts_fit(self):
        if self.experts is None or self.coreset is not None:
            return
        if not self.needs_experts:
            yield f"experts are read by {losses_with_experts()} only; set experts=null"
            return
        read = self.loss_of("dynamic").expert_epochs(self.dynamic)
        if self.expert_epochs < read:
            yield (
                f"experts.epochs={self.experts.epochs} is below the {read} epochs that "
                f"dynamic.loss={self.dynamic.loss} reads with these settings; raise it, or set experts.epochs=null"
            )

    def _interpolator_fits(self):
        if self.interpolator is not None and self.memory.interpolation != LEARNED:
            yield f"an interpolator is for memory.interpolation={LEARNED} only; set interpolator=null"
        elif self.needs_interpolator:
            from keras_vdd.temporal.interpolator import why_not  # needs NumPy, which other recipes are spared

            if wrong := why_not(self.interpolator.architecture(self.memory, self.data)):
                yield f"interpolator: {wrong}"

    def _storage_fits(self):
        dtype = self.export.dtype
        if self.memory.quantise and dtype not in LEARNED_AS:
            yield (
                f"memory.quantise=true learns what {' or '.join(LEARNED_AS)} stores, not export.dtype={dtype}; "
                f"set export.dtype={LEARNED_AS[0]}"
            )
        if dtype == "uint8" and self.coreset is None:
            yield "export.dtype=uint8 keeps real pixels, which a learned set has none of; choose int8"

    def _video_fits(self):
        frames, size = self.data.frames, self.data.size
        nbytes = 12 * frames * size**2
        if nbytes > LARGEST_VIDEO and (self.coreset is None or self.coreset.method != "full"):
            yield (
                f"data.frames={frames} and data.size={size} make videos of {nbytes:,} bytes, more than the "
                f"{LARGEST_VIDEO:,} that a set may have; lower one of them"
            )


def losses_with_experts() -> str:
    """The settings that have experts read, as a sentence lists them."""
    return " or ".join(
        f"dynamic.loss={method.name}" for method in METHODS if method.expert_epochs is not None
    )
