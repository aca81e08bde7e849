"""LLVM IR with loops: a function that grows line by line, whose blocks are scopes of what has been computed.

An equal right side in one scope, or one around it, is written once.  Loops run at least once.  Places in memory that
differ between functions of one text are parameters, so that equal families share their code.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from ...ops import Op
from .vectors import Block, splat

Body: TypeAlias = "Callable[[str, list[str]], list[str] | None]"
# %out: where the outputs of the first sample go, or where they are summed; %stride: from one output to the next;
# %here: how many samples; %adds: whether sums of others before them are there.
_GIVEN = ("ptr {}%columns", "ptr {}%scalars", "ptr {}%work", "ptr {}%out{}", "i64 %stride")


class Function(Block):
    """A function of the module, being written.

    parameters  places in memory that are given by the caller, in bytes from the start of a pointer
    """

    def __init__(self, name: str, lanes: int, outside: Callable[[Op, int], str]) -> None:
        super().__init__(lanes, outside)
        self.name = name
        self.label = "entry"
        self.parameters: list[tuple[str, int]] = []
        self.scopes: list[dict[str, str]] = [self.known]
        self.kept_in: list[dict[tuple[str, ...], Any]] = [self.kept]

    def value(self, text: str) -> str:
        """The name of this right side, in this scope."""
        for scope in self.scopes:
            if text in scope:
                return scope[text]
        return self.again(text, keep=True)

    def again(self, text: str, keep: bool = False) -> str:
        """A name for this right side, whether it has one or not: a read of memory that changes."""
        self.count += 1
        name = f"%v{self.count}"
        self.lines.append(f"  {name} = {text}")
        if keep:
            self.scopes[-1][text] = name
        return name

    def do(self, text: str) -> None:
        self.lines.append(f"  {text}")

    def place(self, pointer: str, offset: int) -> str:
        """A fixed place in memory, by way of a parameter."""
        if (pointer, offset) not in self.parameters:
            self.parameters.append((pointer, offset))
        return self.value(f"getelementptr i8, ptr {pointer}, i64 %p{self.parameters.index((pointer, offset))}")

    def loop(
        self, end: str | int, carried: Sequence[tuple[str, str]], body: Body, start: str | int = 0, step: int = 1
    ) -> list[str]:
        """From start to before end; `carried` are types and first values of what the body is given and gives back."""
        self.count += 1
        number, before = self.count, self.label
        self.do(f"br label %loop_{number}")
        self.lines.append(f"loop_{number}:")
        self.label = f"loop_{number}"
        at = len(self.lines)
        index, *values = [f"%i{number}", *(f"%c{number}_{k}" for k in range(len(carried)))]
        self.scopes.append({})
        kept, self.kept = self.kept, {}
        results = body(index, values) or []
        self.kept = kept
        self.scopes.pop()
        following = self.again(f"add nuw nsw i64 {index}, {step}")
        more = self.again(f"icmp ult i64 {following}, {end}")
        phis = [f"  {index} = phi i64 [{start}, %{before}], [{following}, %{self.label}]"]
        phis += [
            f"  {value} = phi {kind} [{first}, %{before}], [{result}, %{self.label}]"
            for value, (kind, first), result in zip(values, carried, results)
        ]
        self.lines[at:at] = phis
        self.do(f"br i1 {more}, label %loop_{number}, label %done_{number}")
        self.lines.append(f"done_{number}:")
        self.label = f"done_{number}"
        return results

    # --- addresses and numbers -------------------------------------------------------------------

    def times(self, a: str, factor: int) -> str:
        return "0" if factor == 0 or a == "0" else a if factor == 1 else self.value(f"mul i64 {a}, {factor}")

    def plus(self, a: str | int, b: str | int) -> str:
        if str(a) == "0":
            return str(b)
        return str(a) if str(b) == "0" else self.value(f"add i64 {a}, {b}")

    def at(self, pointer: str, offset: str | int) -> str:
        return pointer if str(offset) == "0" else self.value(f"getelementptr i8, ptr {pointer}, i64 {offset}")

    def everywhere(self, x: str) -> str:
        first = self.value(f"insertelement {self.type} poison, double {x}, i64 0")
        return self.value(
            f"shufflevector {self.type} {first}, {self.type} poison, <{self.lanes} x i32> zeroinitializer"
        )

    def zeros(self, n: int, x: float = 0.0) -> list[tuple[str, str]]:
        return [(self.type, splat(x))] * n

    def text(self, name: str) -> str:
        parameters = "".join(f", i64 %p{k}" for k in range(len(self.parameters)))
        given = ", ".join(_GIVEN).format(*["noalias "] * 4, "")
        head = f"define internal void @{name}({given}, i64 %panels, i64 %here, i1 %adds{parameters}) #0 {{"
        return "\n".join([head, "entry:", *self.lines, "  ret void", "}"])

    def invoked(self, name: str, once: bool = False) -> str:
        """How the function is called, under the name that its text has."""
        given = ", ".join(_GIVEN).format(*[""] * 4, "" if once else "_here")
        panels = "1, i64 1, i1 false" if once else "%panels, i64 %here, i1 %adds"
        places = "".join(f", i64 {offset}" for _, offset in self.parameters)
        return f"  call void @{name}({given}, i64 {panels}{places})"
