"""Tables that are pasted into the page: read as nn.training.datasets reads a file, and as people write them."""

from __future__ import annotations

import csv
import io
import random
from pathlib import Path
from typing import Any

import pytest

from nn.page.content import LONGEST_ORDER
from nn.training.cells import MISSING, SEPARATORS, is_missing
from nn.training.datasets import IRIS, Dataset, Scale, read_csv

from .in_node import run


def pasted(text: str, **choice: Any) -> Any:
    """What the page makes of a text, with its own proposal for all that is not chosen."""
    return run(
        "const table = tableIn(given.text), choice = { ...proposal(table), ...given.choice };"
        "return { found: foundIn(table, choice), choice, ...pointsFrom(table, choice) };",
        {"text": text, "choice": choice},
    )


def refused(text: str, **choice: Any) -> str:
    said: str = run(
        "try { const table = tableIn(given.text); pointsFrom(table, { ...proposal(table), ...given.choice }); }"
        "catch (error) { return error.message; } return '';",
        {"text": text, "choice": choice},
    )
    return said


def agrees(made: Any, data: Dataset) -> None:
    """The page has the rows, the scales and the classes that Python has."""
    scale = Scale.of(data.X)
    assert [c["column"] for c in made["table"]["columns"]] == data.features
    assert [c["mean"] for c in made["table"]["columns"]] == pytest.approx(scale.mean, rel=1e-12, abs=1e-12)
    assert [c["deviation"] for c in made["table"]["columns"]] == pytest.approx(scale.deviation, rel=1e-12)
    assert made["places"] == [pytest.approx(scale.apply(row), abs=1e-9) for row in data.X]
    assert made["table"]["target"]["column"] == data.target
    if data.classes:
        assert made["table"]["target"]["classes"] == data.classes
        assert made["classes"] == [int(y) for y in data.Y] and made["count"] == len(data.classes)
    else:
        of_target = Scale.of([[y] for y in data.Y])
        assert made["targets"] == [pytest.approx(of_target.apply([y]), abs=1e-9) for y in data.Y] and made["count"] == 0


def test_a_file_is_read_as_python_reads_it() -> None:
    made = pasted(IRIS.read_text(encoding="utf-8"))
    agrees(made, read_csv(IRIS))
    assert made["found"] == "150 rows of 5 columns." and made["inputs"] == 4


def test_a_cell_without_a_value_is_what_it_is_for_python() -> None:
    cells = [*MISSING, *map(str.upper, MISSING), "0", "none", "missing value", "-"]
    assert run("return given.map(isMissing)", cells) == [is_missing(cell) for cell in cells]


SIGNS = [(separator, decimal) for separator in SEPARATORS for decimal in ".," if separator != decimal]


@pytest.mark.parametrize(("separator", "decimal"), SIGNS)
@pytest.mark.parametrize("target", ["text", "whole", "numbers"])
def test_random_tables_are_read_as_python_reads_them(separator: str, decimal: str, target: str, tmp_path: Path) -> None:
    generator = random.Random(f"{separator}{decimal}{target}")
    for _ in range(4):
        inputs, size = generator.randint(2, 8), 10 ** generator.randint(-6, 6)
        ys = {"text": ["a b", "c", 'd "e"'][: generator.randint(2, 3)], "whole": ["7", "12"]}.get(target)
        rows = [
            [f"{generator.gauss(3 * size, size):.5g}" for _ in range(inputs)]
            + [ys[i % len(ys)] if ys else f"{generator.uniform(-9, 9):.4f}"]
            for i in range(generator.randint(8, 30))
        ]
        rows = [[cell.replace(".", decimal) if target != "text" or c < inputs else cell for c, cell in enumerate(row)]
                for row in rows]  # fmt: skip
        text = io.StringIO()
        writer = csv.writer(text, delimiter=separator, lineterminator=generator.choice(["\n", "\r\n"]))
        writer.writerow([*(f"x {i}" for i in range(inputs)), "y"])
        writer.writerows(rows)
        (tmp_path / "table.csv").write_text(text.getvalue(), encoding="utf-8", newline="")
        agrees(pasted(text.getvalue()), read_csv(tmp_path / "table.csv", decimal=decimal))


@pytest.mark.parametrize(("text", "places", "classes"), [
    ("0.5, 1.2, a\n−0.3, 0.4, b", [[0.5, 1.2], [-0.3, 0.4]], ["a", "b"]),
    ("1,5 2,3 a\n2,5  2,2 b\n", [[1.5, 2.3], [2.5, 2.2]], ["a", "b"]),
    ("1.5\t2.3\t1\n2.5\t2.2\t0\n1\t2\t0", [[1.5, 2.3], [2.5, 2.2], [1, 2]], ["0", "1"]),
    ("\ufeffa;b;k\r\n1;2;x\r\n3;5;y\r\n\r\n", [[1, 2], [3, 5]], ["x", "y"]),
    ('"a";"b";"k"\n"1,5";"2";"x;y"\n"3,5";"5";"z"', [[1.5, 2], [3.5, 5]], ["x;y", "z"]),
    (",a,b,k\n0,1,2,x\n1,3,5,y", [[1, 2], [3, 5]], ["x", "y"]),
    ("a,b,k,\n1,2,x,\n3,5,y,", [[1, 2], [3, 5]], ["x", "y"]),
    ("kind,a,b\nx,1,2\ny,3,5\nx,1,2.5", [[1, 2], [3, 5], [1, 2.5]], ["x", "y"]),
    ("name,a,b,k\nann,1e3,.5,True\nbob,+3,5.,False", [[1000, 0.5], [3, 5]], ["False", "True"]),
])  # fmt: skip
def test_tables_as_people_write_them(text: str, places: list[list[float]], classes: list[str]) -> None:
    made = pasted(text)
    scale = Scale.of(places)
    assert made["places"] == [pytest.approx(scale.apply(row)) for row in places]
    assert made["table"]["target"]["classes"] == classes


def test_what_is_left_out_is_said() -> None:
    made = pasted("name;a;b;k\nann;1;2;x\nbob;;2;y\nsue;2;NA;x\njoe;2,5;1;y\n")
    assert made["found"] == (
        "4 rows of 4 columns, decimals with a comma. No numbers, and so no inputs: name."
        " 2 rows without a value are left out."
    )
    assert len(made["places"]) == 2
    rows = "\n".join(f"{i},{i * i},{'ab'[i >= 400]}" for i in range(569))
    many = pasted(rows)
    assert "200 rows, evenly spread, are taken" in many["found"] and "without names" in many["found"]
    assert len(many["places"]) == LONGEST_ORDER and 135 < many["classes"].count(0) < 145
    wide = pasted(
        "\n".join([",".join("abcdefghijk"), *(",".join(map(str, range(i, i + 10))) + f",{i % 2}" for i in range(6))])
    )
    assert wide["inputs"] == 8 and "8 of 10 columns go in" in wide["found"]


def test_column_and_kind_can_be_chosen() -> None:
    text = "a,b,c,q\n1,2,5,3\n2,3,1,4\n3,4,1,3\n4,4,2,4\n"
    assert pasted(text)["table"]["target"]["classes"] == ["3", "4"]
    numbers = pasted(text, classes=False)
    assert numbers["count"] == 0 and numbers["table"]["target"]["mean"] == 3.5
    other = pasted(text, target=2, inputs=[3, 0])
    assert [c["column"] for c in other["table"]["columns"]] == ["q", "a"] and other["table"]["target"]["column"] == "c"


@pytest.mark.parametrize(("text", "words"), [
    ("", "There is no row yet."),
    (",,\n?,,", "No cell has a value yet."),
    ("hello", "“hello”, has one cell: columns are separated by"),
    ("a,b,k\n1,2,x\n3,4\n5,6,y", "Row 3, “3,4”, has 2 cells, and most have 3."),
    ("a,b,k\n1,2,x\n3,4 cm,y\n5,6,y", "Row 3, b: “4 cm” is no number."),
    ("a,b,k\n1,2,x\n3,1e999,y\n5,6,y", "Row 3, b: “1e999” is no number."),
    ("a,k\n1,x\n2,y", "two columns of numbers beside the one that is learned, and there is one"),
    ("a,b,k\n1,2,x\n3,4,x", "“k” is “x” in every row"),
    ("a,b,y\n1,2,5.5\n3,4,5.5", "“y” is 5.5 in every row"),
    ("a,b,k\n1,2,p\n3,4,q\n3,4,r\n3,5,s", "“k” has 4 classes, p, q, r, s: two or three"),
    ("a,b,k\n1,2,p\n?,4,q", "There is one row with all values"),
])  # fmt: skip
def test_what_cannot_be_learned_is_refused_in_words(text: str, words: str) -> None:
    assert words in refused(text)
