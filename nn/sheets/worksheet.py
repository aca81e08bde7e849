"""A sheet: its numbers, what it asks for, the key, and the forms in which it is handed out.

>>> sheet = worksheet([2, 2, 1], seed=7)
>>> sheet.code == worksheet([2, 2, 1], seed=7).code, sheet.max_score
(True, 29.5)
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograd import AutogradTypeError, AutogradValueError
from autograd.tools.files import require_folder, write

from ..certifying.certificate import certify
from ..grading.equations import Case
from ..network.modules import MLP
from .draws import drawn
from .fields import Field, fields_of, key_of
from .rules import Printing
from .settings import Numbers, Settings, case_of, made, network, seed_of

if TYPE_CHECKING:
    from .page import Page

LARGEST = 1_000_000  # number on a sheet that somebody has written
FORMS = (".html", ".md", ".tex", ".ipynb", ".json")
_ALPHABET = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "ABCDEFGHXJKLMNYPQRSTUVWZZ2345679")


def worksheet(
    widths: Sequence[int] = (2, 2, 1),
    activation: str = "sigmoid",
    loss: str = "squared_error",
    seed: int = 0,
    digits: int = 4,
    difficulty: str = "pass",
    *,
    output_activation: str | None = None,
    eta: float | None = None,
    student: str | None = None,
    secret: str | bytes | None = None,
) -> Worksheet:
    """An exercise sheet: one sample, one small network, a pass of backpropagation by hand.

    widths             the inputs, then the neurons of each layer
    activation         σ: sigmoid, tanh, relu or linear
    loss               Err, by name: squared_error, half_squared_error (with ½), …
    seed               the sheet's number: the same seed, the same sheet
    digits             after the point, 2 to 8
    difficulty         "step" (one step back), "pass" (a whole pass), "formula" (formulas, no numbers) or "find"
                       (the one mistake in somebody's solution)
    output_activation  σ of the last layer, if it is another
    eta                η; by default one of 0.2 to 0.8 that suits the sheet
    student, secret    a variant of their own for a student, drawn from SHA-256 of seed and id under the secret

    θ, b, x and y have one decimal, 0.1 to 0.9 in size.  The numbers are drawn until the sheet can be worked by hand:
    no saturated neuron, no δ below 0.01, no sum that cancels, every printed result from the printed operands, and
    no two mistakes that give the same number by accident.  Raises AutogradValueError or AutogradTypeError for what no
    sheet can be, and where none was found.

    >>> sheet = worksheet([2, 2, 1], seed=7)
    >>> worksheet([2, 2, 1], seed=7, student="s01", secret="a long secret").numbers == sheet.numbers
    False
    """
    given: Any = tuple(widths) if isinstance(widths, Iterable) and not isinstance(widths, str) else widths
    settings = made(Settings(given, activation, output_activation, loss, seed, digits, difficulty, eta, student))
    return Worksheet(settings, drawn(settings, seed_of(settings, secret)))


@dataclass(frozen=True)
class Worksheet:
    """An exercise sheet; made by `worksheet`, or read by `Worksheet.load`.

    settings  what was asked for
    numbers   θ, b, x, y and η
    """

    settings: Settings
    numbers: Numbers

    @cached_property
    def network(self) -> MLP:
        """The network with the sheet's numbers."""
        return network(self.settings, self.numbers)

    @cached_property
    def case(self) -> Case:
        """Its sample, as the grader sees it."""
        return case_of(self.settings, self.numbers)

    @cached_property
    def fields(self) -> list[Field]:
        """The numbers that are asked for, in the order of computation.

        >>> [field.name for field in worksheet([1, 1], difficulty="step").fields]
        ['δ⁽¹⁾₁', '∂Err/∂θ⁽¹⁾₁₁', '∂Err/∂b⁽¹⁾₁', 'new θ⁽¹⁾₁₁', 'new b⁽¹⁾₁']
        """
        return fields_of(self.case, self.settings.difficulty)

    @cached_property
    def key(self) -> dict[str, Any]:
        """Every right number, as an answer has them, with all digits."""
        return key_of(self.case)

    @cached_property
    def code(self) -> str:
        """Four letters that tell one variant from another.

        >>> len(worksheet([1, 1]).code)
        4
        """
        return base64.b32encode(self._digest)[:4].decode().translate(_ALPHABET)

    @property
    def lot(self) -> float:
        """A number from 0 to 1 that belongs to the variant: which mistake is planted."""
        return int.from_bytes(self._digest[8:16], "big") / 2**64

    @property
    def _digest(self) -> bytes:
        return hashlib.sha256(repr(self.numbers).encode()).digest()

    @property
    def max_score(self) -> float:
        """All points together."""
        return sum(field.points for field in self.fields)

    @cached_property
    def certified(self) -> bool:
        """Whether the engine, the hand formulas and finite differences agree on every number of the key."""
        return bool(certify(self.network, self.numbers.x, self.numbers.y, self.settings.loss))

    @property
    def printing(self) -> Printing:
        """How its numbers are printed."""
        return Printing(self.settings.digits)

    @property
    def title(self) -> str:
        """Network, number and variant, for a heading.

        >>> worksheet([2, 1], "tanh", seed=3).title.rpartition(" ")[0]
        'network 2-1, tanh · sheet 3 · variant'
        """
        s = self.settings
        *_, last = s.activations
        sigmas = s.activation if last == s.activation or len(s.widths) == 2 else f"{s.activation}, then {last}"
        return f"network {'-'.join(map(str, s.widths))}, {sigmas} · sheet {s.seed} · variant {self.code}"

    @property
    def command(self) -> str:
        """What makes the sheet again."""
        s = self.settings
        words = [f"--layers {','.join(map(str, s.widths))} --activation {s.activation} --loss {s.loss} --seed {s.seed}"]
        words += [f"--output-activation {s.output_activation}"] if s.output_activation else []
        words += [f"--digits {s.digits}"] if s.digits != 4 else []
        words += [f"--difficulty {s.difficulty}"] if s.difficulty != "pass" else []
        words += [f"--eta {s.eta}"] if s.eta is not None else []
        words += ["--secret FILE --student ID"] if s.student is not None else []
        return f"deltagrad worksheet {' '.join(words)}"

    def for_student(self, student: str, secret: str | bytes) -> Worksheet:
        """That student's variant of it.

        >>> worksheet([1, 1]).for_student("s01", "a secret").settings.student
        's01'
        """
        settings = made(dataclasses.replace(self.settings, student=student))
        return Worksheet(settings, drawn(settings, seed_of(settings, secret)))

    # --- forms -----------------------------------------------------------------------------------

    def html(self, key: bool = False) -> Page:
        """A page to print, or the key of it: text, which a notebook shows."""
        from .page import page

        return page(self, key)

    def form(self) -> Page:
        """A page to fill in, also without a network, that writes an answer file."""
        from .page import form

        return form(self)

    def markdown(self, key: bool = False) -> str:
        """The sheet as Markdown, or its key."""
        from .texts import markdown

        return markdown(self, key)

    def latex(self, key: bool = False) -> str:
        """The sheet as a document for LaTeX, or its key."""
        from .latex import document

        return document(self, key)

    def notebook(self, key: bool = False) -> str:
        """The sheet as a notebook with cells to answer in, or its key."""
        from .notebook import notebook

        return notebook(self, key)

    def json(self) -> str:
        """What a grader needs to know it by: settings and numbers, no answers.

        >>> Worksheet.loads(worksheet([1, 1]).json()) == worksheet([1, 1])
        True
        """
        record = {"settings": dataclasses.asdict(self.settings), "numbers": dataclasses.asdict(self.numbers)}
        return (
            json.dumps({"deltagrad": "worksheet", "variant": self.code, **record}, ensure_ascii=False, indent=1) + "\n"
        )

    @classmethod
    def loads(cls, text: str) -> Worksheet:
        """The sheet of such a text.  Raises AutogradValueError for one that is none."""
        try:
            record = json.loads(text)
            settings, numbers = record["settings"], Numbers(**record["numbers"])
            read = cls(made(Settings(**{**settings, "widths": tuple(settings["widths"])})), numbers)
            shapes = [[len(row) for row in layer] for layer in numbers.theta], list(map(len, numbers.bias))
            before, *after = read.settings.widths
            wanted = [[n] * m for n, m in zip((before, *after), after)], after
            if shapes != wanted or (len(numbers.x), len(numbers.y)) != (before, after[-1]):
                raise ValueError("its numbers have not the network's shape")
            rows = [numbers.x, numbers.y, [numbers.eta], *numbers.bias, *chain(*numbers.theta)]
            if not all(isinstance(v, (int, float)) and abs(v) <= LARGEST for v in chain(*rows)):
                raise ValueError(f"its numbers are none, or above {LARGEST:,}")
            read.case.arguments()
        except (AutogradTypeError, AutogradValueError):
            raise
        except (ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
            raise AutogradValueError(f"worksheet: this is no sheet that `save` wrote ({error})") from None
        return read

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Worksheet:
        """The sheet of a file that `save` wrote with the ending .json."""
        try:
            return cls.loads(Path(path).read_text(encoding="utf-8-sig"))
        except UnicodeDecodeError:
            raise AutogradValueError(f"worksheet: {os.fspath(path)!r} is no text in UTF-8, and no sheet") from None

    def save(self, path: str | os.PathLike[str], key: bool = False) -> None:
        """Write it in the form that the ending says: .html, .md, .tex, .ipynb, or .json for the grader.

        key  write the key instead

        Raises AutogradValueError for another ending, or where there is no such folder.

        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     worksheet([1, 1]).save(folder + "/sheet.md")
        """
        target = Path(path)
        require_folder(target)
        forms = {".html": self.html, ".md": self.markdown, ".tex": self.latex, ".ipynb": self.notebook}
        if target.suffix == ".json":
            write(target, self.json())
        elif target.suffix in forms:
            write(target, forms[target.suffix](key))
        else:
            raise AutogradValueError(f"save: a sheet is written as {', '.join(FORMS)}, and not as {target.name!r}")

    def _repr_html_(self) -> str:
        return self.html()._repr_html_()

    def __repr__(self) -> str:
        return f"<worksheet: {self.title}, {self.max_score:g} points>"
