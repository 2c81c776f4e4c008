"""The completion for bash: what it offers, and that a hostile file name is only ever a name."""

import os
import pty
import select
import subprocess
import time
from pathlib import Path

import pytest

from options import options

COMPLETION = Path(__file__).parent.parent.parent / "Packaging/rf-cam.bash"
HOSTILE = [
    "a b.rfm",
    "a$(id>PWNED)b.rfm",
    "a`id>PWNED`b.rfm",
    "a${x:=$(id>PWNED)}.rfm",
    "a$HOME.rfm",
    "~root",
    "~",
    "a~.rfm",
    "two\nlines.rfm",
    "tab\there.rfm",
    "it's.rfm",
    'a"quoted".rfm',
    "a;id>PWNED;.rfm",
    "a&id>PWNED.rfm",
    "a|id.rfm",
    "a*?[x].rfm",
    "a{b,c}.rfm",
    "a\\b.rfm",
    "!!.rfm",
    "#a.rfm",
    "a=b.rfm",
    "a:b.rfm",
    "a[$(id>PWNED)].rfm",
    "-x.rfm",
    "--model",
    "\u00e9 \u4eba.rfm",
]


def inserted(name: str) -> str:
    """Returns the word for a name: unchanged unless it would be read as an option or a home folder."""
    return f"./{name}" if name[0] in "-~" else name


def run_bash(script: str, *words: str | Path, **more) -> bytes:
    outcome = subprocess.run(["bash", "--norc", "-c", script, "bash", *words], capture_output=True, timeout=60, **more)
    assert outcome.stderr == b""
    return outcome.stdout


def complete(program: Path | str, folder: Path, *words: str, before: str = "", **more) -> list[str]:
    """Returns bash's completions after these words, the last of which is being typed."""
    script = (
        before
        + """
        source "$1"; program=$2; shift 2
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
        _rf_cam "$program" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        [ ${#COMPREPLY[@]} -eq 0 ] || printf '%s\\0' "${COMPREPLY[@]}"
    """
    )
    return run_bash(script, COMPLETION, program, "rf-cam", *words, cwd=folder, **more).decode().split("\0")[:-1]


def test_every_option_and_what_is_valid_is_offered(program, tmp_path):
    program = program.resolve()
    assert set(complete(program, tmp_path, "-")) == set(options(program))
    assert complete(program, tmp_path, "--thr") == ["--threshold", "--threads"]
    assert complete(program, tmp_path, "--format", "") == ["text", "json", "csv", "events", "wider", "hash", "none"]
    assert complete(program, tmp_path, "--format", "=", "js") == ["json"]
    assert complete(program, tmp_path, "--format", "=") == ["text", "json", "csv", "events", "wider", "hash", "none"]
    assert "reference" in complete(program, tmp_path, "--isa", "")
    (tmp_path / "folder").mkdir()
    (tmp_path / "file.jpg").touch()
    assert complete(program, tmp_path, "--output", "f") == ["folder"]
    assert sorted(complete(program, tmp_path, "f")) == ["file.jpg", "folder"]
    assert sorted(complete(program, tmp_path, "--stats", "f")) == ["file.jpg", "folder"]
    assert complete(program, tmp_path, "pat") == ["pattern:"]


@pytest.mark.parametrize("option", [[], ["--model"], ["--config"], ["--results"], ["--output"], ["--crops"], ["--model", "="]])
def test_a_hostile_name_is_offered_as_it_is(program, tmp_path, option):
    for name in HOSTILE:
        path = tmp_path / name
        path.mkdir() if option[:1] in (["--output"], ["--crops"]) else path.touch()
    (tmp_path / "file").touch()
    for shell_options in ("", "shopt -s failglob dotglob nocaseglob; GLOBIGNORE='*';", "set -f;"):
        offered = complete(program.resolve(), tmp_path, *option, "", before=shell_options)
        expected = {inserted(name) for name in HOSTILE}
        assert expected <= set(offered)
        assert "PWNED" not in os.listdir(tmp_path)
    assert complete(program.resolve(), tmp_path, *option, "a b") == ["a b.rfm"]
    assert complete(program.resolve(), tmp_path, *option, "a\\ b") == ["a b.rfm"]


def test_the_shell_keeps_its_options(program, tmp_path):
    script = """
        GLOBIGNORE=x; source "$1"; shopt >before; set -o >>before
        for words in "rf-cam --model a" "rf-cam -" "rf-cam --format j"; do
          read -ra COMP_WORDS <<<"$words"; COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
          _rf_cam "$2" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        done
        shopt >after; set -o >>after; cmp before after && echo "same $GLOBIGNORE"
    """
    assert run_bash(script, COMPLETION, program.resolve(), cwd=tmp_path) == b"same x\n"


@pytest.mark.parametrize(
    "typed, path",
    [("./rf-cam", "/usr/bin:/bin"), ("rf-cam", ".:/usr/bin:/bin"), ("rf-cam", ":/usr/bin:/bin"), ("$(id>PWNED)/rf-cam", "/usr/bin:/bin")],
)
def test_no_program_of_the_current_folder_is_run(tmp_path, typed, path):
    fake = tmp_path / "rf-cam"
    fake.write_text("#!/bin/sh\nid >PWNED\n")
    fake.chmod(0o755)
    for words in (["-"], ["--format", ""], ["--isa", ""], ["x"], ["--stats", ""]):
        complete(typed, tmp_path, *words, env=dict(os.environ, PATH=path))
    assert os.listdir(tmp_path) == ["rf-cam"]


def test_what_a_program_prints_is_not_expanded(tmp_path):
    fake = tmp_path / "bin/rf-cam"
    fake.parent.mkdir()
    fake.write_text(
        "#!/bin/sh\ncat <<'END'\n--format words text $(id>PWNED) `id>PWNED`\n--$(id>PWNED) flag\n--a* words *\n--isa $(id>PWNED)\nEND\n"
    )
    fake.chmod(0o755)
    assert complete(fake, tmp_path, "--format", "") == ["text"]
    assert complete(fake, tmp_path, "--a*", "") == []
    complete(fake, tmp_path, "--isa", "")
    complete(fake, tmp_path, "-")
    assert os.listdir(tmp_path) == ["bin"]


class Terminal:
    """An interactive bash on a terminal of its own, where rf-cam is a function that writes its words to a file."""

    def __init__(self, folder: Path, program: Path):
        self.words = folder.parent / "words"
        bin_folder = folder.parent / "bin"
        bin_folder.mkdir()
        (bin_folder / "rf-cam").symlink_to(program.resolve())
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execvpe(
                "bash",
                ["bash", "--norc", "--noprofile", "-i"],
                dict(
                    os.environ,
                    PATH=f"{bin_folder}:{os.environ['PATH']}",
                    PS1="ready> ",
                    TERM="dumb",
                    INPUTRC="/dev/null",
                    HISTFILE="",
                    HOME=str(folder.parent),
                    LC_ALL="C.UTF-8",
                ),
            )
        self.wait_for("ready> ")
        self.enter("bind 'set enable-bracketed-paste off'; set +H")
        self.enter(f"rf-cam() {{ printf '%s\\0' \"$@\" >'{self.words}'; }}; source '{COMPLETION}'")

    def wait_for(self, text: str, seconds: float = 30):
        seen, end = b"", time.monotonic() + seconds
        while text.encode() not in seen:
            assert time.monotonic() < end, f"the terminal shows no {text!r}, only {seen!r}"
            if select.select([self.terminal], [], [], 0.1)[0]:
                seen += os.read(self.terminal, 65536)

    def enter(self, line: str):
        os.write(self.terminal, (line + "\n").encode())
        self.wait_for("ready> ")

    def complete(self, line: str) -> list[str]:
        """Types the line and TAB, presses Enter; the words that the program is started with."""
        self.words.unlink(missing_ok=True)
        self.enter(line + "\t")
        return self.words.read_text().split("\0")[:-1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.terminal)
        os.waitpid(self.pid, 0)


def test_a_terminal_inserts_hostile_names_quoted(program, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    (tmp_path / "homely").touch()
    with Terminal(folder, program) as terminal:
        for name in HOSTILE:
            # The only name there is: one TAB inserts all of it.
            (folder / name).touch()
            assert terminal.complete("rf-cam --model ") == ["--model", inserted(name)]
            if name[0] == "a":
                assert terminal.complete("rf-cam a") == [name]
            (folder / name).unlink()
        assert terminal.complete("rf-cam --model ~/home") == ["--model", str(tmp_path / "homely")]
        assert terminal.complete("rf-cam --model $HOME/home") == ["--model", str(tmp_path / "homely")]
        assert terminal.complete("rf-cam --thresh") == ["--threshold"]
        (folder / "it is.rfm").touch()
        assert terminal.complete("rf-cam --model it\\ ") == ["--model", "it is.rfm"]
        assert terminal.complete("rf-cam --model 'it i") == ["--model", "it is.rfm"]
        assert terminal.complete("rf-cam --model=it") == ["--model=it is.rfm"]
    assert os.listdir(folder) == ["it is.rfm"]
