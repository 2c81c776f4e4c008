"""What is demanded of the rows of both recipes."""

import numpy as np
import pyarrow.parquet as pq


def rows_of(output) -> dict[str, dict]:
    rows = [row for part in sorted(output.glob("*.parquet")) for row in pq.read_table(part).to_pylist()]
    assert len({row["path"] for row in rows}) == len(rows), "a picture has one row"
    return {row["path"]: row for row in rows}


def check_rows(output, answers) -> None:
    """Every picture has a row; its faces are the program's, as far as that prints them; broken ones have an error."""
    rows = rows_of(output)
    broken = {path for path, row in rows.items() if row["error"]}
    assert broken == {"cut.jpg", "empty.jpg", "no picture.png"} and set(rows) - broken == set(answers)
    for path, faces in answers.items():
        found = rows[path]["faces"]
        assert len(found) == len(faces), path
        for face, want in zip(found, faces, strict=True):
            assert abs(face["score"] - want["score"]) <= 1.1e-5, path
            assert np.abs(np.subtract(face["box"], want["box"])).max() <= 0.0101, path
            assert np.abs(np.subtract(np.reshape(face["landmarks"], (5, 2)), want["landmarks"])).max() <= 0.0101, path
    assert all(not rows[path]["faces"] for path in broken)
