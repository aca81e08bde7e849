"""The same questions put to a peer library: JSON in, JSON out, in a process of its own.

    python peers.py torch|jax|hips < questions > answers

Imports nothing of this project, since HIPS autograd has our package's name and JAX may live
in another interpreter.  A question is a row's name with a column of floats for each operand;
an answer is the columns of the value (""), of the slopes ("0", "1") and of the second
derivatives ("0,1").  Whole columns are asked at once, the way these libraries are used.
"""

import contextlib
import importlib.metadata
import json
import sys
import warnings


def torch_library():
    import torch
    from torch.nn import functional as F

    def squares(o, p, y, z):
        return F.mse_loss(torch.stack([o, p]), torch.stack([y, z]), reduction="none")

    functions = {name: getattr(torch, name) for name in (
        "add", "sub", "mul", "div", "neg", "pow", "sqrt", "exp", "expm1", "log", "log1p", "sin", "cos", "tan",
        "asin", "acos", "atan", "sinh", "cosh", "tanh", "sigmoid", "relu", "abs", "maximum", "minimum", "erf", "sign",
        "log2", "log10", "exp2", "atan2", "asinh", "acosh", "atanh", "erfc", "copysign", "floor", "ceil", "trunc",
        "fmod",
    )}  # fmt: skip
    functions |= {
        "mod": torch.remainder, "softsign": F.softsign,
        "leaky_relu": lambda x, slope: torch.where(x > 0, x, slope * x),
        "where": lambda condition, x, y: torch.where(condition != 0, x, y),
        "hinge": lambda o, y: torch.clamp(1 - y * o, min=0.0),
        "softplus": F.softplus, "silu": F.silu, "gelu": F.gelu,
        "hypot": lambda x, y, z: torch.hypot(torch.hypot(x, y), z),
        "logsumexp": lambda *xs: torch.logsumexp(torch.stack(xs), 0),
        "softmax": lambda *xs: torch.softmax(torch.stack(xs), 0)[0],
        "cross_entropy": lambda *xs: F.cross_entropy(
            torch.stack(xs, 1), torch.zeros(len(xs[0]), dtype=torch.long), reduction="none"
        ),
        "fsum": lambda *xs: torch.stack(xs).sum(0),
        "binary_cross_entropy": lambda u, y: F.binary_cross_entropy_with_logits(u, y, reduction="none"),
        "elu": lambda x, alpha: torch.where(x > 0, x, alpha * torch.expm1(torch.clamp(x, max=0.0))),
        "squared_error": lambda o, p, y, z: squares(o, p, y, z).sum(0),
        "mean_squared_error": lambda o, p, y, z: squares(o, p, y, z).mean(0),
    }  # fmt: skip

    def slopes(y, xs):
        if not y.requires_grad:
            return [None for _ in xs]
        return torch.autograd.grad(y.sum(), xs, create_graph=True, allow_unused=True)

    def columns(xs):
        return [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in xs]

    def ask(f, operands):
        xs = columns(operands)
        y = f(*xs)
        first = slopes(y, xs)
        second = [[None] * len(xs) if s is None else slopes(s, xs) for s in first]
        return y, first, second

    torch.set_num_threads(1)
    return "PyTorch", importlib.metadata.version("torch"), functions, ask


def jax_library():
    import jax

    jax.config.update("jax_enable_x64", True)
    import jax.numpy as np
    from jax import nn

    names = (
        "add", "sub", "mul", "div", "neg", "pow", "sqrt", "exp", "expm1", "log", "log1p", "sin", "cos", "tan",
        "asin", "acos", "atan", "sinh", "cosh", "tanh", "abs", "maximum", "minimum", "sign",
        "cbrt", "log2", "log10", "exp2", "atan2", "asinh", "acosh", "atanh", "copysign", "floor", "ceil", "trunc",
        "fmod", "mod", "floordiv",
    )  # fmt: skip
    numpy_names = {"floordiv": "floor_divide", "atan2": "arctan2", "asinh": "arcsinh", "acosh": "arccosh",
                   "atanh": "arctanh", "sub": "subtract",
                   "mul": "multiply", "div": "divide", "neg": "negative", "pow": "power",
                   "asin": "arcsin", "acos": "arccos", "atan": "arctan"}  # fmt: skip
    functions = {name: getattr(np, numpy_names.get(name, name)) for name in names}
    functions |= {
        "softsign": nn.soft_sign, "erfc": jax.scipy.special.erfc, "leaky_relu": nn.leaky_relu,
        "where": lambda condition, x, y: np.where(condition != 0, x, y),
        "hinge": lambda o, y: np.maximum(0.0, 1 - y * o),
        "sigmoid": nn.sigmoid, "relu": nn.relu, "softplus": nn.softplus, "silu": nn.silu, "elu": nn.elu,
        "gelu": lambda x: nn.gelu(x, approximate=False), "erf": jax.scipy.special.erf,
        "hypot": lambda x, y, z: np.hypot(np.hypot(x, y), z),
        "logsumexp": lambda *xs: nn.logsumexp(np.stack(xs)),
        "softmax": lambda *xs: nn.softmax(np.stack(xs))[0],
        "cross_entropy": lambda *xs: -nn.log_softmax(np.stack(xs))[0],
        "fsum": lambda *xs: np.stack(xs).sum(),
        "binary_cross_entropy": lambda u, y: -y * nn.log_sigmoid(u) - (1 - y) * nn.log_sigmoid(-u),
        "squared_error": lambda o, p, y, z: (y - o) ** 2 + (z - p) ** 2,
        "mean_squared_error": lambda o, p, y, z: ((y - o) ** 2 + (z - p) ** 2) / 2,
    }  # fmt: skip

    def ask(f, operands):
        xs = [np.array(x, dtype=np.float64) for x in operands]
        n = range(len(xs))
        first = [jax.grad(f, i) for i in n]
        second = [[jax.grad(s, j) for j in n] for s in first]
        return jax.vmap(f)(*xs), [jax.vmap(s)(*xs) for s in first], [[jax.vmap(s)(*xs) for s in row] for row in second]

    return "JAX", importlib.metadata.version("jax"), functions, ask


def hips_library():
    import autograd.numpy as np
    import autograd.scipy.special as special

    from autograd import elementwise_grad

    names = (
        "sqrt", "exp", "expm1", "log", "log1p", "sin", "cos", "tan", "sinh", "cosh", "tanh",
        "abs", "maximum", "minimum", "sign", "log2", "log10", "exp2", "floor", "ceil", "trunc", "mod",
    )  # fmt: skip
    functions = {name: getattr(np, name) for name in names}
    functions |= {
        "atan2": np.arctan2, "asinh": np.arcsinh, "acosh": np.arccosh, "atanh": np.arctanh, "erfc": special.erfc,
        "softsign": lambda x: x / (1 + np.abs(x)),
        "leaky_relu": lambda x, slope: np.where(x > 0, x, slope * x),
        "where": lambda condition, x, y: np.where(condition != 0, x, y),
        "hinge": lambda o, y: np.maximum(0.0, 1 - y * o),
        "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "neg": np.negative, "pow": np.power,
        "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan, "erf": special.erf, "sigmoid": special.expit,
        "logsumexp": lambda *xs: special.logsumexp(np.array(xs), axis=0),
        "cross_entropy": lambda *xs: special.logsumexp(np.array(xs), axis=0) - xs[0],
        "fsum": lambda *xs: np.sum(np.array(xs), axis=0),
        "binary_cross_entropy": lambda u, y: y * np.logaddexp(0.0, -u) + (1 - y) * np.logaddexp(0.0, u),
        "squared_error": lambda o, p, y, z: (y - o) ** 2 + (z - p) ** 2,
        "mean_squared_error": lambda o, p, y, z: ((y - o) ** 2 + (z - p) ** 2) / 2,
        "softplus": lambda x: np.logaddexp(0.0, x),
        "relu": lambda x: np.maximum(0.0, x),
        "silu": lambda x: x * special.expit(x),
        "gelu": lambda x: 0.5 * x * special.erfc(-x / np.sqrt(2.0)),
        "elu": lambda x, alpha: np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0.0))),
        "hypot": lambda *xs: np.sqrt(sum(x * x for x in xs)),
    }  # fmt: skip

    def ask(f, operands):
        xs = [np.array(x) for x in operands]
        n = range(len(xs))
        first = [elementwise_grad(f, i) for i in n]
        second = [[elementwise_grad(s, j) for j in n] for s in first]
        return f(*xs), [s(*xs) for s in first], [[s(*xs) for s in row] for row in second]

    return "HIPS autograd", importlib.metadata.version("autograd"), functions, ask


LIBRARIES = {"torch": torch_library, "jax": jax_library, "hips": hips_library}


def column(y, n):
    """A column of n floats; None is what libraries say for no dependence."""
    return [0.0] * n if y is None else [float(v) for v in y]


def main():
    warnings.simplefilter("ignore")
    out = sys.stdout
    with contextlib.redirect_stdout(sys.stderr):
        name, version, functions, ask = LIBRARIES[sys.argv[1]]()
        answers = {}
        for row, operands in json.load(sys.stdin).items():
            if row not in functions:
                continue

            value, first, second = ask(functions[row], operands)
            n = len(operands[0])
            answers[row] = {"": column(value, n)}
            for i, s in enumerate(first):
                answers[row][str(i)] = column(s, n)
                for j, ss in enumerate(second[i]):
                    answers[row][f"{i},{j}"] = column(ss, n)
    json.dump({"name": name, "version": version, "answers": answers}, out)


if __name__ == "__main__":
    main()
