"""The list of software (SPDX) of a release, and the versions in its texts."""

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT / "Packaging"))
SOURCE = (ROOT / "Sources/rf-cam/Options/Help.swift").read_text()
VERSION = re.search(r'^let version: StaticString = "(.*)"$', SOURCE, re.M)[1]


def make_list(folder: Path) -> dict:
    command = [sys.executable, ROOT / "Packaging/sbom.py", VERSION, folder]
    environment = dict(os.environ, SOURCE_DATE_EPOCH="1700000000")
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout)


@pytest.fixture
def folder(tmp_path) -> Path:
    """A release of the packages that `make deb` made, and a text, which is not listed."""
    made = sorted((ROOT / "build").glob(f"rf-cam_{VERSION}_*.deb"))
    if not made:
        pytest.skip("no package was made (make deb)")
    for package in made:
        (tmp_path / package.name).hardlink_to(package)
    (tmp_path / "CHANGELOG.md").write_text("text")
    return tmp_path


def test_the_list_is_valid_spdx_and_has_what_is_linked_in(folder, tmp_path_factory):
    parser = pytest.importorskip("spdx_tools.spdx.parser.parse_anything", reason="spdx-tools is missing (make train-setup)")
    from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

    found = make_list(folder)
    file = tmp_path_factory.mktemp("spdx") / "list.spdx.json"
    file.write_text(json.dumps(found))
    assert validate_full_spdx_document(parser.parse_file(str(file))) == []
    packages = {item["SPDXID"]: item for item in found["packages"]}
    files = {item["packageFileName"]: item for item in packages.values() if item["name"].endswith(".deb")}
    assert set(files) == {path.name for path in folder.glob("*.deb")}
    for name, item in files.items():
        assert item["checksums"][0]["checksumValue"] == hashlib.sha256((folder / name).read_bytes()).hexdigest()
        links = {
            packages[relation["relatedSpdxElement"]]["name"]
            for relation in found["relationships"]
            if relation["spdxElementId"] == item["SPDXID"] and relation["relationshipType"] == "STATIC_LINK"
        }
        assert {"swift-standard-library", "libjpeg62-turbo-dev"} <= links, name


def test_equal_files_give_an_equal_list(folder):
    assert make_list(folder) == make_list(folder)


def test_a_file_whose_licence_is_not_known_is_an_error(tmp_path):
    from parts import parts

    (tmp_path / "versions.txt").write_text("libjpeg62-turbo-dev 1:2.1.5-2 0123\n")
    linked = f"  0  0  1  4         {tmp_path.resolve()}/usr/lib/libjpeg.a(jcapimin.o):(.text)\n"
    (tmp_path / "map").write_text(linked)
    assert [part.package for part in parts(tmp_path / "map", tmp_path)] == ["libjpeg62-turbo-dev"]
    (tmp_path / "map").write_text(linked + linked.replace("libjpeg.a", "libother.a"))
    with pytest.raises(ValueError, match=r"libother\.a is linked in"):
        parts(tmp_path / "map", tmp_path)


def test_all_texts_name_the_same_version():
    assert f"## {VERSION} - " in (ROOT / "CHANGELOG.md").read_text()
    assert f'#define RETINAFACE_VERSION "{VERSION}"\n' in (ROOT / "Sources/CRetinaFace/include/retinaface.h").read_text()
    assert set(re.findall(r"rf-cam[_-](\d[\d.]*\d)", (ROOT / "README.md").read_text())) == {VERSION}
