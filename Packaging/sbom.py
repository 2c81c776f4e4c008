#!/usr/bin/env python3
"""Prints what the files of a release contain, as SPDX 2.3 in JSON: the files with checksums, and the software linked into each.

Usage: sbom.py VERSION FOLDER   FOLDER: files of the release. The Debian packages come from the linker's maps (parts.py), the
version of Swift from the compiler, the model from Models/. SOURCE_DATE_EPOCH sets the time. Source of the format:
https://spdx.github.io/spdx-spec/v2.3/
"""

import hashlib
import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from parts import Part, parts

ROOT = Path(__file__).parent.parent
MODEL = ROOT / "Models/default.rfm"
MODEL_LICENCE = "LicenseRef-research-only"
ORGANIZATION = "Organization: the RetinaFace maintainers"
# Name of a file of the release: the board whose program it contains, the architecture of the sysroot. Without a board: the C library.
CONTENTS = {
    r"rf-cam-[\d.]+-linux-x86_64\.tar\.xz": ("x86-64", "amd64"),
    r"rf-cam-[\d.]+-linux-aarch64\.tar\.xz": ("aarch64", "arm64"),
    r"rf-cam-[\d.]+-linux-armv7\.tar\.xz": ("armv7", "armhf"),
    r"rf-cam_[\d.]+_(amd64|arm64|armhf)\.deb": (r"debian-\1", r"\1"),
    r"libretinaface(?:0|-dev)_[\d.]+_(amd64|arm64|armhf)\.deb": (None, r"\1"),
    r"rf_cam-[\d.]+-py3-none-.*_x86_64\.whl": ("x86-64", "amd64"),
    r"rf_cam-[\d.]+-py3-none-.*_aarch64\.whl": ("aarch64", "arm64"),
}


def identifier(name: str) -> str:
    return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", name)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def package(name: str, version: str, licence: str, checksum: str | None = None, **more) -> dict:
    fields = {
        "name": name,
        "SPDXID": identifier(f"{name}-{version}"),
        "versionInfo": version,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": licence,
        "copyrightText": "NOASSERTION",
    }
    if checksum:
        fields["checksums"] = [{"algorithm": "SHA256", "checksumValue": checksum}]
    return fields | more


def purl(locator: str) -> list[dict]:
    return [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": locator}]


def debian_package(part: Part, architecture: str) -> dict:
    locator = f"pkg:deb/debian/{part.package}@{quote(part.version, safe='')}?arch={architecture}"
    fields = package(part.package, f"{part.version} {architecture}", part.licence, part.sha256)
    return fields | {"versionInfo": part.version, "supplier": "Organization: Debian", "externalRefs": purl(locator)}


def swift_package() -> dict:
    text = subprocess.run(["swift", "--version"], capture_output=True, text=True, check=True).stdout
    version = re.search(r"Swift version ([\d.]+)", text)[1]
    more = {"supplier": "Organization: swift.org", "externalRefs": purl(f"pkg:generic/swift@{version}")}
    return package("swift-standard-library", version, "Apache-2.0 WITH Swift-exception", **more)


def model_package(version: str) -> dict:
    return package("rf-cam-model", version, MODEL_LICENCE, sha256(MODEL), packageFileName="Models/default.rfm", supplier=ORGANIZATION)


def file_package(path: Path, version: str) -> dict:
    licence = f"Apache-2.0 AND {MODEL_LICENCE}"
    return package(path.name, version, licence, sha256(path), packageFileName=path.name, supplier=ORGANIZATION)


def contents(name: str) -> tuple[str | None, str] | None:
    """Returns board and architecture of a file of the release; None for texts."""
    for pattern, (board, architecture) in CONTENTS.items():
        if match := re.fullmatch(pattern, name):
            return board and match.expand(board), match.expand(architecture)
    return None


def linked_packages(name: str) -> list[dict] | None:
    found = contents(name)
    if found is None:
        return None
    board, architecture = found
    if board is None:
        return []
    linked = parts(ROOT / "build" / board / "rf-cam.map", ROOT / "build/sysroots" / architecture)
    return [debian_package(part, architecture) for part in linked]


def relation(element: dict | str, kind: str, related: dict) -> dict:
    first = element if isinstance(element, str) else element["SPDXID"]
    return {"spdxElementId": first, "relationshipType": kind, "relatedSpdxElement": related["SPDXID"]}


def document(version: str, folder: Path) -> dict:
    swift, model = swift_package(), model_package(version)
    packages, relations = {item["SPDXID"]: item for item in (swift, model)}, []
    for path in sorted(folder.iterdir()):
        linked = linked_packages(path.name)
        if linked is None:
            continue
        made = file_package(path, version)
        packages |= {item["SPDXID"]: item for item in [made, *linked]}
        relations += [relation("SPDXRef-DOCUMENT", "DESCRIBES", made), relation(made, "CONTAINS", model)]
        relations += [relation(made, "STATIC_LINK", item) for item in [swift, *linked]]
    digest = hashlib.sha256("".join(item["SPDXID"] + str(item.get("checksums")) for item in packages.values()).encode()).hexdigest()
    created = datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), UTC)
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"rf-cam-{version}",
        "documentNamespace": f"https://spdx.org/spdxdocs/rf-cam-{version}-{digest}",
        "creationInfo": {"created": created.strftime("%Y-%m-%dT%H:%M:%SZ"), "creators": [ORGANIZATION, "Tool: rf-cam-sbom"]},
        "hasExtractedLicensingInfos": [
            {"licenseId": MODEL_LICENCE, "name": "Research only", "extractedText": (ROOT / "Models/LICENSE").read_text()}
        ],
        "packages": list(packages.values()),
        "relationships": relations,
    }


if __name__ == "__main__":
    print(json.dumps(document(sys.argv[1], Path(sys.argv[2])), indent=1))
