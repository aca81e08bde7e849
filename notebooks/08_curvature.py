# %% [markdown]
# # 8 · Curvature
#
# A gradient says which way is down. It does not say how far to go: that is told by how the gradient itself changes,
# the **curvature**. In this engine a gradient is a graph like any other, so its derivative is one more call. With it
# come Newton's method, SciPy's optimisers, and the answer to a question that every training asks: how large may
# $\eta$ be?
#
# You need notebooks [1](01_a_number_that_remembers.ipynb) and [3](03_the_lectures_neuron.ipynb). It takes about twenty
# minutes. NumPy and SciPy come with `pip install '.[notebooks]'`.

# %%
import numpy as np
from scipy.optimize import minimize

from autograd import Op, Value, fsum, grad, hessian, hessian_of, hvp, hvp_of, softplus, value_and_grad
from nn import MLP, grade, squared_error

# %% [markdown]
# ## The gradient has a gradient
#
# One weight, and an error that is smallest somewhere between: the more $\theta$ grows, the better the sample is told
# apart, and the more the weight itself costs.

# %%
theta = Value(2.0, "θ")
err = softplus(-theta) + 0.1 * theta**2
err.label = "Err"

(slope,) = grad(err, [theta])
(curvature,) = grad(slope, [theta])
print(f"Err        {err.data:+.6f}")
print(f"slope      {slope.data:+.6f}")
print(f"curvature  {curvature.data:+.6f}")

# %% [markdown]
# The slope is a graph of its own. Nobody wrote down a second list of derivatives: the rule of each operation is written
# with operations that have rules.

# %%
slope

# %% [markdown]
# **Question.** Curvature is how fast the slope changes. At which $\theta$ would the slope be 0, if it went on changing
# at that rate? How near is that to the true minimum?
#
# ## Newton's method
#
# $\theta \leftarrow \theta - \text{slope} / \text{curvature}$: go to where the slope would vanish, and look again.
# Beside it the step of the lecture, $\theta \leftarrow \theta - \eta \cdot \text{slope}$, with $\eta = 0.5$.


# %%
def one_weight(theta):
    return softplus(-theta) + 0.1 * theta**2


newton = descent = 2.0
print("step   |slope|, Newton   |slope|, descent")
for step in range(6):
    newton_slope, descent_slope = value_and_grad(one_weight)(newton)[1], value_and_grad(one_weight)(descent)[1]
    print(f"{step:>4}   {max(abs(newton_slope), 1e-12):.1e}           {abs(descent_slope):.1e}")
    newton -= newton_slope / hessian_of(one_weight)(newton)
    descent -= 0.5 * descent_slope

# %% [markdown]
# Descent makes the slope smaller by about the same *factor* each time; Newton squares it: 2 right digits become 4,
# then 8, then all there are. (Below $10^{-12}$ it is rounding, and not printed.)
#
# ## Many directions: the Hessian
#
# With several weights the slope in one direction changes when another one moves. All of it together is the matrix
# $\partial^2 f/\partial x_i \partial x_j$. The classical test is Rosenbrock's valley, which is long, bent and narrow:


# %%
def rosenbrock(x):
    return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2


x = [Value(1.0, "x₁"), Value(1.0, "x₂")]
matrix = [[h.data for h in row] for row in hessian(rosenbrock(x), x)]
flat, steep = np.linalg.eigvalsh(matrix)
print(matrix)
print(f"along the valley {flat:.3f}, across it {steep:.1f}: {steep / flat:.0f} times as much")

# %% [markdown]
# **Question.** Across the valley a step may be no longer than about 2/1000, or it lands higher on the other side. How
# many such steps does it take along the valley, where the slope is thousands of times smaller?


# %%
def far(x):
    return max(abs(x[0] - 1), abs(x[1] - 1)) > 1e-3


def steps_of_descent(x, eta=0.0015):
    steps = 0
    while far(x):
        slope = value_and_grad(rosenbrock)(x)[1]
        x = [v - eta * g for v, g in zip(x, slope)]
        steps += 1
    return steps


def steps_of_newton(x):
    steps = 0
    while far(x):
        slope = value_and_grad(rosenbrock)(x)[1]
        x = x - np.linalg.solve(hessian_of(rosenbrock)(x), slope)
        steps += 1
    return steps


start = np.array([-1.2, 1.0])
print("descent:", steps_of_descent(list(start)), "steps")
print("Newton: ", steps_of_newton(start), "steps")

# %% [markdown]
# A Newton step costs more: a Hessian of $n$ numbers is $n$ gradients, and then a system of equations. For two numbers
# that is nothing. For ten thousand it is hopeless, and we come back to it.
#
# ## SciPy
#
# SciPy has better methods than either, and takes derivatives from whoever has them. `value_and_grad`, `hessian_of` and
# `hvp_of` turn a function into what it asks for; [the page](../docs/functions.md) has fits and roots too.

# %%
ways = {
    "BFGS": {},
    "L-BFGS-B": {},
    "Newton-CG": {"hessp": hvp_of(rosenbrock)},
    "trust-exact": {"hess": hessian_of(rosenbrock)},
}
for method, second in ways.items():
    found = minimize(value_and_grad(rosenbrock), start, jac=True, method=method, **second)
    print(f"{method:12} found: {found.success}, near (1, 1): {bool(abs(found.x - 1).max() < 1e-3)}")

exact = minimize(value_and_grad(rosenbrock), start, jac=True, method="BFGS", options={"gtol": 1e-8})
differences = minimize(rosenbrock, start, method="BFGS", options={"gtol": 1e-8})
print("fewer calls of f than with SciPy's own differences:", exact.nfev < differences.nfev)
print("nearer to the minimum:", bool(abs(exact.x - 1).max() < abs(differences.x - 1).max()))

# %% [markdown]
# ## How large may η be?
#
# A network has too many weights for its Hessian, but one never needs the matrix. How the gradient changes *in one
# direction* $v$ is one vector, $H v$, and no matrix is built for it: `hvp(err, θ, v)`.
#
# The largest curvature is found by asking again and again: $v \leftarrow H v / |H v|$ turns towards the steepest
# direction. First a network in a minimum:

# %%
samples = [([0.5, -1.0], 0.5), ([1.0, 0.3], -0.25), ([-0.75, 0.5], 0.1)]
net = MLP(2, [2, 1], seed=0)
thetas = net.parameters()


def error():
    return fsum([squared_error(net(x), y) for x, y in samples])


def descend(eta, steps):
    for _ in range(steps):
        slopes = grad(error(), thetas)
        for theta, g in zip(thetas, slopes):
            theta.data -= eta * g.data
    return error().data


print("Err after 1500 steps is below 10⁻²⁰:", descend(0.2, 1500) < 1e-20)

# %%
v = [1.0] * len(thetas)
for _ in range(60):
    Hv = [h.data for h in hvp(error(), thetas, v)]
    steepest = sum(h * h for h in Hv) ** 0.5
    v = [h / steepest for h in Hv]
print(f"largest curvature λ = {steepest:.4f}, so η must stay below 2/λ = {2 / steepest:.4f}")

# %% [markdown]
# **Question.** Why 2/λ? In the steepest direction the error is $\frac12 \lambda d^2$ at distance $d$ from the minimum.
# What does one step $d \leftarrow d - \eta \lambda d$ make of $d$, when $\eta = 2/\lambda$?
#
# It goes to $-d$, just as far on the other side. A little less, and it comes back; a little more, and it leaves. We
# push the weights off by $10^{-4}$ in that direction, and look:

# %%
minimum = [theta.data for theta in thetas]


def pushed_then(eta, steps):
    for theta, at, d in zip(thetas, minimum, v):
        theta.data = at + 1e-4 * d
    descend(eta, steps)
    return sum((theta.data - at) * d for theta, at, d in zip(thetas, minimum, v))


for factor in (0.5, 0.95, 1.05):
    away = pushed_then(factor * 2 / steepest, 20) / 1e-4
    print(f"η = {factor:.2f} · 2/λ: after 20 steps {abs(away):.2f} times as far away")

# %% [markdown]
# The bound is sharp, and it was computed before a single step was taken.
#
# ## Exercise: a Hessian by hand
#
# Rosenbrock's slope is $\left(-400\,x\,(y - x^2) - 2\,(1 - x),\; 200\,(y - x^2)\right)$. `my_first_row` and
# `my_second_row` are the derivatives of its two numbers by $x$ and by $y$, and together the Hessian. Each row is the
# rule of an operation, from its output $o$ and its operands, so `grade` can judge it. There is a mistake in each.


# %%
def my_first_row(o, x, y):
    return 1200 * x**2 + 2, -400 * x


def my_second_row(o, x, y):
    return 400 * x, 200.0


# %%
def slope_as_operation(n):
    return Op(
        f"slope{n + 1}",
        lambda x, y: value_and_grad(rosenbrock)([x, y])[1][n],
        lambda o, x, y: hessian_of(rosenbrock)([x, y])[n],
    )


for n, row in enumerate([my_first_row, my_second_row]):
    print(grade(row, slope_as_operation(n)))

at = [-1.2, 1.0]
for _ in range(6):
    (a, b), (c, d) = my_first_row(None, *at), my_second_row(None, *at)
    g = value_and_grad(rosenbrock)(at)[1]
    at = [at[0] - (d * g[0] - b * g[1]) / (a * d - b * c), at[1] - (a * g[1] - c * g[0]) / (a * d - b * c)]
print(f"six of Newton's steps with these rows lead to ({at[0]:.6f}, {at[1]:.6f})")

# %% [markdown]
# With the right rows they lead to the minimum, $(1, 1)$.
#
# <details><summary>A solution</summary>
#
# ```python
# def my_first_row(o, x, y):
#     return 1200 * x**2 - 400 * y + 2, -400 * x
#
#
# def my_second_row(o, x, y):
#     return -400 * x, 200.0
# ```
# </details>
#
# On to [notebook 9](09_forward_and_reverse.ipynb): `hvp` went forward *and* back. When is which direction the better?
