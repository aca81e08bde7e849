"""A small transformer that learns to spell names, in the manner of microgpt: scalars, lists and one engine.

Embeddings, RMS norm, causal attention with several heads, an MLP, Adam.  Which engine it runs on is an
argument; whatever has +, ×, powers, exp, log, relu, `data` and `grad` will do.

    python tests/benchmarks/transformer.py 200       train for 200 steps on Values, and invent some names
"""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

WIDTH, HEADS, CONTEXT = 16, 4, 16
NAMES = [*map(str.lower, re.findall(r"\w+", """
    Ada Agnes Alan Alma Anna Arno Barbara Bernhard Bettina Bruno Carl Caroline Charlotte Clara Clemens Cornelia Daniela
    Dora Edith Eleonore Elisabeth Emil Emilia Emmy Erna Ernst Felix Florian Franziska Frieda Friederike Gabriel Georg
    Gottfried Greta Hanna Hedy Helene Hugo Ida Immanuel Irene Isabella Jakob Johanna Josephine Karl Konstantin Kurt Lena
    Leonhard Lise Lotte Ludwig Magdalena Margarete Maria Mathilde Max Nathalie Nikolaus Nina Nora Ottilie Otto Paula
    Rosalinde Ruth Sebastian Sofia Susanne Theodora Tilda Ulla Valentin Vera Veronika Viktoria Walter Willi
"""))]  # fmt: skip
LETTERS = sorted(set("".join(NAMES)))
END = len(LETTERS)  # before the first letter and after the last one

Vector = list[Any]
SumOfProducts = Callable[[Sequence[Any], Sequence[Any]], Any]


def plain_sum(p: Sequence[Any], q: Sequence[Any]) -> Any:
    return sum(a * b for a, b in zip(p, q))


class Transformer:
    """One layer, its weights and its Adam, on numbers made by V; `sumprod` adds products."""

    def __init__(self, V: Callable[[float], Any], sumprod: SumOfProducts = plain_sum) -> None:
        generator = random.Random(1)

        def matrix(rows: int, columns: int) -> list[Vector]:
            return [[V(generator.gauss(0.0, 0.08)) for _ in range(columns)] for _ in range(rows)]

        self.sumprod = sumprod
        self.letters, self.places = matrix(END + 1, WIDTH), matrix(CONTEXT, WIDTH)
        self.query, self.key, self.value, self.out = (matrix(WIDTH, WIDTH) for _ in range(4))
        self.up, self.down, self.head = matrix(4 * WIDTH, WIDTH), matrix(WIDTH, 4 * WIDTH), matrix(END + 1, WIDTH)
        matrices = self.letters, self.places, self.query, self.key, self.value, self.out, self.up, self.down, self.head
        self.theta = [theta for each in matrices for row in each for theta in row]
        self.mean, self.square = [0.0] * len(self.theta), [0.0] * len(self.theta)
        self.steps = 0

    def embedding(self, letter: Any) -> Vector:
        return self.letters[letter]

    def times(self, matrix: list[Vector], x: Vector) -> Vector:
        return [self.sumprod(row, x) for row in matrix]

    def normed(self, x: Vector) -> Vector:
        scale = (self.sumprod(x, x) / len(x) + 1e-5) ** -0.5
        return [a * scale for a in x]

    @staticmethod
    def softmax(logits: Vector) -> Vector:
        largest = max(u.data for u in logits)
        powers = [(u - largest).exp() for u in logits]
        total = sum(powers)
        return [e / total for e in powers]

    def attention(self, x: Vector, keys: list[Vector], values: list[Vector]) -> Vector:
        query, size, heads = self.times(self.query, x), WIDTH // HEADS, []
        keys.append(self.times(self.key, x))
        values.append(self.times(self.value, x))
        for start in range(0, WIDTH, size):
            part = slice(start, start + size)
            scores = [self.sumprod(query[part], key[part]) / size**0.5 for key in keys]
            weights = self.softmax(scores)
            heads += [self.sumprod(weights, [value[j] for value in values]) for j in range(start, start + size)]
        return self.times(self.out, heads)

    def logits(self, letter: int, place: int, keys: list[Vector], values: list[Vector]) -> Vector:
        """What comes after this letter at this place; keys and values of the earlier ones are completed."""
        x = self.normed([a + b for a, b in zip(self.embedding(letter), self.places[place])])
        x = [a + b for a, b in zip(x, self.attention(self.normed(x), keys, values))]
        hidden = [u.relu() for u in self.times(self.up, self.normed(x))]
        x = [a + b for a, b in zip(x, self.times(self.down, hidden))]
        return self.times(self.head, x)

    def error(self, name: str) -> Any:
        """The mean cross-entropy of the letters of a name, the end included."""
        spelled = [END, *map(LETTERS.index, name[: CONTEXT - 1]), END]
        keys: list[Vector] = []
        values: list[Vector] = []
        errors = []
        for place, (letter, following) in enumerate(pairwise(spelled)):
            errors.append(-self.softmax(self.logits(letter, place, keys, values))[following].log())
        return (1 / len(errors)) * sum(errors)

    def step(self) -> float:
        """One name, forward and backward, and a step of Adam."""
        err = self.error(NAMES[self.steps % len(NAMES)])
        err.backward()
        self.steps += 1
        for i, theta in enumerate(self.theta):
            self.mean[i] = 0.85 * self.mean[i] + 0.15 * theta.grad
            self.square[i] = 0.99 * self.square[i] + 0.01 * theta.grad**2
            mean, square = self.mean[i] / (1 - 0.85**self.steps), self.square[i] / (1 - 0.99**self.steps)
            theta.data -= 0.01 * mean / (square**0.5 + 1e-8)
            theta.grad = 0.0
        return float(err.data)

    def invented(self, generator: random.Random) -> str:
        """A name letter by letter, each drawn by its probability."""
        keys: list[Vector] = []
        values: list[Vector] = []
        letter, name = END, ""
        for place in range(CONTEXT):
            shares = [p.data for p in self.softmax(self.logits(letter, place, keys, values))]
            letter = generator.choices(range(END + 1), shares)[0]
            if letter == END:
                break
            name += LETTERS[letter]
        return name


def main() -> None:
    from autograd import Value, no_grad, sumprod

    transformer, generator = Transformer(Value, sumprod), random.Random(0)
    for step in range(1, int(sys.argv[1] if len(sys.argv) > 1 else 200) + 1):
        err = transformer.step()
        if step % 25 == 0:
            print(f"step {step}, Err = {err:.3f}")
    with no_grad():
        print(" ".join(transformer.invented(generator) for _ in range(10)))


if __name__ == "__main__":
    main()
