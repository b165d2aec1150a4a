"""What is exported loads in `datasets` and trains in TRL as its makers ship it."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from annotation.datasets import services
from annotation.datasets.exporting import export_as
from annotation.datasets.formats.catalogue import FORMATS
from annotation.datasets.policy import Policy
from tests.annotation.datasets.world import make_world

pytestmark = [pytest.mark.django_db, pytest.mark.train, pytest.mark.slow]

PROGRAM = Path(__file__).with_name("stock_trainers.py")
IN_BOTH = ("kwise", "sft")
TRAINED = {
    "preference", "preference-implicit", "preference-standard", "reward", "soft", "unpaired",
    "sft", "sft-messages",
}  # fmt: skip


def test_every_export_loads_and_the_training_ones_take_a_step(settings, tmp_path):
    """One process for all, for importing TRL is most of it. DPO's loss before the first step is
    ln 2, the reward model's that of the margins; a wrong column would be neither."""
    settings.DATA_DIR = tmp_path / "data"
    project = make_world(items=24)
    policy = Policy(split=(0.6, 0.2, 0.2))
    dataset = services.freeze_dataset(project=project, policy=policy).dataset
    exports, records = tmp_path / "exports", {}
    for form in FORMATS.values():
        if form.columns is not None and form.key != "ratings":  # which nobody gave here
            for name, as_parquet in ((form.key, False), (f"{form.key}.parquet", True)):
                if not as_parquet or form.key in IN_BOTH:
                    records[name] = export_as(
                        dataset=dataset, form=form, target=exports / name, as_parquet=as_parquet
                    )
    said = _run(exports, tmp_path)
    assert set(said) == set(records)
    for name, found in said.items():
        form = FORMATS[name.removesuffix(".parquet")]
        written = {f: e["rows"] for f, e in records[name]["files"].items() if "rows" in e}
        assert set(found["columns"]) == set(form.columns)
        assert sorted(found["rows"].values()) == sorted(written.values())
        assert (found["loss"] is not None) == (form.key in TRAINED)
        if found["loss"] is not None:
            assert math.isfinite(found["loss"])
            assert found["loss"] > 0
    for key in ("preference", "preference-implicit", "preference-standard", "soft"):
        assert said[key]["loss"] == pytest.approx(math.log(2), abs=1e-3)


def _run(exports, tmp_path):
    """In a folder and with a path on which nothing of ours is."""
    environment = {
        **{key: os.environ[key] for key in ("PATH", "LANG") if key in os.environ},
        "HOME": str(tmp_path),
        "HF_HOME": str(tmp_path / "hf"),
        "HF_HUB_OFFLINE": "1",
        "HF_DATASETS_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "OMP_NUM_THREADS": "1",
        "CUDA_VISIBLE_DEVICES": "",
    }
    program = tmp_path / PROGRAM.name
    program.write_bytes(PROGRAM.read_bytes())
    done = subprocess.run(
        [sys.executable, str(program), str(exports)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])
