"""Names in the variables of make: whatever a name holds, programs get it in one piece.

The Makefile runs in a folder of its own beside stand-ins that write down the words they are started with.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
HOSTILE = [
    "a b",
    "it's",
    'say "x"',
    "$(id>PWNED)",
    "`id>PWNED`",
    "$HOME",
    "${x}",
    "a;id>PWNED",
    "a&b|c",
    "*",
    "a\\b",
    "#1",
    "a=b:c",
    "-x",
    "%",
]
RECORD = """#!/bin/bash
printf '%s\\0' "$(basename "$0")" "$@" >>"$RECORDED"; printf '\\n' >>"$RECORDED"
for name in MODEL PICTURE; do [ -z "${!name}" ] || printf '%s=%s\\0\\n' "$name" "${!name}" >>"$RECORDED"; done
"""


class Checkout:
    """The Makefile and its own scripts, with stand-ins for what they call."""

    def __init__(self, folder: Path):
        self.root, self.recorded = folder / "check out", folder / "recorded"
        for name in ("Makefile", "Training/make-model.sh", "Training/requirements.txt", "Training/requirements-eval.txt"):
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, self.root / name)
        for name in (
            ".venv/bin/python",
            "build/rf-pack",
            "Toolchains/setup.sh",
            "Toolchains/cross.sh",
            "Boards/build.sh",
            "Packaging/make-deb.sh",
            "Benchmarks/arm-cost/run.sh",
        ):
            self.stand_in(self.root / name, RECORD)
        programs = self.root / ".build/release"
        for name in ("rf-cam", "rf-pack", "rf-bench"):
            self.stand_in(programs / name, RECORD)
        self.stand_in(folder / "bin/swift", "#!/bin/sh\n")
        (self.root / ".venv/installed").touch()
        self.path = f"{folder}/bin:{os.environ['PATH']}"

    @staticmethod
    def stand_in(path: Path, text: str):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    def make(self, *words: str) -> tuple[int, str]:
        self.recorded.unlink(missing_ok=True)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
        outcome = subprocess.run(
            ["make", *words],
            cwd=self.root,
            env=dict(environment, PATH=self.path, RECORDED=str(self.recorded)),
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert not list(self.root.rglob("PWNED"))
        return outcome.returncode, outcome.stdout + outcome.stderr

    def calls(self, program: str) -> list[list[str]]:
        """The words of each call of a program, and the names in its environment, in order."""
        calls = [line.split("\0")[:-1] for line in self.recorded.read_text().split("\n")]
        return [call[1:] if call[0] == program else call for call in calls if call and (call[0] == program or "=" in call[0])]


@pytest.fixture
def checkout(tmp_path) -> Checkout:
    return Checkout(tmp_path)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_model_is_made_of_names_in_one_piece(checkout, tmp_path, name):
    weights, pictures, out = tmp_path / f"{name}.pth", tmp_path / name, tmp_path / f"{name}.rfm"
    weights.touch()
    pictures.mkdir()
    status, said = checkout.make(
        "model", f"WEIGHTS={weights}", f"OUT={out}", f"ANCHORS={name}", f"ACTIVATION={name}", "PRECISION=int8", f"CALIBRATE={pictures}"
    )
    assert status == 0, said
    (export,) = checkout.calls("python")
    scratch = Path(export[4]).parent
    assert export[4].endswith("/exchange.safetensors") and not scratch.exists()
    assert export[:3] == ["-m", "retinaface_training.export", str(weights)] and export[5:] == ["--anchors", name, "--activation", name]
    pack, inspect = checkout.calls("rf-pack")
    assert pack == [export[4], "--output", str(out), "--name", name, "--precision", "int8", "--calibrate", str(pictures)]
    assert inspect == ["inspect", str(out)]
    status, said = checkout.make("model", f"WEIGHTS={weights}", f"OUT={out}.onnx", f"ANCHORS={name}", f"SIZE={name}")
    (export,) = checkout.calls("python")
    assert status == 0 and export[2:] == [str(weights), "--output", f"{out}.onnx", "--anchors", name, "--size", name], said


def test_model_files_and_graphs_are_weights_too(checkout, tmp_path):
    for file in ("a.rfm", "a.safetensors", "a.onnx"):
        (tmp_path / file).touch()
        status, said = checkout.make("model", f"WEIGHTS={tmp_path / file}", f"OUT={tmp_path}/b.rfm")
        exports, (pack, _) = checkout.calls("python"), checkout.calls("rf-pack")
        assert status == 0 and len(exports) == (file == "a.onnx") and (exports or pack[0] == str(tmp_path / file)), said
    status, said = checkout.make(
        "model", f"WEIGHTS={tmp_path}/a.pth", f"OUT={tmp_path}/b.onnx", "PRECISION=int8", f"CALIBRATE={tmp_path}", "SIZE=64x48"
    )
    assert status == 2 and "no checkpoint" in said
    (tmp_path / "a.pth").touch()
    status, said = checkout.make(
        "model", f"WEIGHTS={tmp_path}/a.pth", f"OUT={tmp_path}/b.onnx", "PRECISION=int8", f"CALIBRATE={tmp_path}", "SIZE=64x48"
    )
    (first, second), (pack,) = checkout.calls("python"), checkout.calls("rf-pack")
    assert status == 0 and first[2] == str(tmp_path / "a.pth") and pack[0] == first[4], said
    assert pack[2].endswith("/b.rfm") and second[2:] == [pack[2], "--output", f"{tmp_path}/b.onnx", "--size", "64x48"]


@pytest.mark.parametrize("name", HOSTILE)
def test_boards_get_names_in_one_piece(checkout, name):
    status, said = checkout.make("firmware", f"BOARD={name}", f"MODEL={name}.rfm", f"PICTURE={name}.jpg")
    assert status == 0, said
    assert checkout.calls("build.sh")[-3:] == [[name], [f"MODEL={name}.rfm"], [f"PICTURE={name}.jpg"]]
    status, said = checkout.make("cross", f"BOARD={name}")
    assert status == 0 and checkout.calls("cross.sh") == [[name]], said


def test_lists_are_split_and_options_follow_the_shell(checkout):
    assert checkout.make("deb")[0] == 0 and checkout.calls("make-deb.sh") == [["amd64"]]
    assert checkout.make("deb", "ARCHITECTURES=amd64  arm64")[0] == 0 and checkout.calls("make-deb.sh") == [["amd64", "arm64"]]
    assert checkout.make("deb", "ARCHITECTURES=* $(id>PWNED)")[0] == 0 and checkout.calls("make-deb.sh") == [["*", "$(id>PWNED)"]]
    assert checkout.make("train", "OPTIONS=--data 'my folder' --runs x")[0] == 0
    assert checkout.calls("python") == [["-m", "retinaface_training.train", "--data", "my folder", "--runs", "x"]]


@pytest.mark.parametrize(
    "words, message",
    [
        ([], "name WEIGHTS=checkpoint.pth and OUT=model.rfm"),
        (["WEIGHTS=a b.pth", "OUT=c.rfm"], "no checkpoint 'a b.pth'"),
        (["WEIGHTS=Makefile", "OUT=no folder/c.rfm"], "no folder for 'no folder/c.rfm'"),
        (["WEIGHTS=Makefile", "OUT=c.rfm", "SIZE=640x480"], "SIZE is for OUT=model.onnx"),
        (["WEIGHTS=Makefile", "OUT=c.rfm", "PRECISION=int8"], "PRECISION=int8 needs CALIBRATE=folder of pictures"),
    ],
)
def test_what_is_missing_is_named(checkout, words, message):
    status, said = checkout.make("model", *words)
    assert status == 2 and f"make model: {message}" in said
