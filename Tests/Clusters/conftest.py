"""Pictures, the program's answers, and workers that die."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RECIPES = ROOT / "Examples/clusters"
sys.path[:0] = [str(RECIPES), str(Path(__file__).parent)]
os.environ["RF_KILLED"] = str(Path(tempfile.mkdtemp(), "killed"))
# Workers import the recipes and these tests by name.
os.environ["PYTHONPATH"] = os.pathsep.join([str(RECIPES), str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])


@pytest.fixture(scope="session")
def pictures(tmp_path_factory) -> Path:
    """A folder of pictures of the repository, of the evaluation data where there are any, and of broken ones."""
    folder = tmp_path_factory.mktemp("pictures")
    shutil.copytree(ROOT / "Tests/Fixtures/pictures", folder / "fixtures")
    data = os.environ.get("RF_DATA")
    for source in sorted(Path(data, "data/eval").rglob("*.jpg"))[:60] if data else []:
        (folder / "eval" / source.parent.name).mkdir(parents=True, exist_ok=True)
        shutil.copy(source, folder / "eval" / source.parent.name)
    whole = (folder / "fixtures/group.jpg").read_bytes()
    (folder / "cut.jpg").write_bytes(whole[: len(whole) // 3])
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "no picture.png").write_text("text")
    (folder / "a #1 100%41.jpg").write_bytes(whole)
    return folder


@pytest.fixture(scope="session")
def answers(pictures) -> dict[str, list]:
    """The program's faces by path; no entry: an error."""
    program = shutil.which("rf-cam", path=sysconfig.get_path("scripts"))
    run = subprocess.run([program, "--recursive", "--format", "json", str(pictures)], capture_output=True, text=True)
    assert run.returncode == 1, "some pictures are broken"
    records = [json.loads(line) for line in run.stdout.splitlines()]
    return {str(Path(record["source"]).relative_to(pictures)): record["faces"] for record in records if "error" not in record}


@pytest.fixture
def killed_once() -> Path:
    """The file that a killed worker leaves; see deadly.py."""
    path = Path(os.environ["RF_KILLED"])
    path.unlink(missing_ok=True)
    return path
