"""The lecture's formulas, derived by hand: the referee of everything the engine computes.

    u   pre-activation       θ   weight, θ[i][l] from l to i      y   target
    o   output               δ   ∂Err/∂u                          ŷ   the last layer's o
    σ   activation, σ' its slope                                  η   learning rate

Indices run as in the lecture: l → i → j from left to right, k the output layer.  Nothing here
builds a graph or knows the engine: plain sums and products from left to right, on whatever
numbers come in.  σ and σ' are arguments, so exact fractions and symbols go through the same
lines; the accurate ones for floats stand at the end.  This file imports nothing but `math`.
"""

import math

# --- forward pass: sections 2 and 7 -----------------------------------------------------


def weighted_sum(theta_i, o, bias=None):
    """u_i = Σ_l θ_il · o_l   (section 2, step 1; a bias b_i, where there is one, is added last)

    >>> weighted_sum([0.5, -1.0], [2.0, 3.0], 4.0)
    2.0
    """
    return sum_of([*(theta * o_l for theta, o_l in zip(theta_i, o)), *([] if bias is None else [bias])])


def activation(u_i, sigma):
    """o_i = σ(u_i)   (section 2, step 2)

    >>> activation(-1.0, relu)
    0
    """
    return sigma(u_i)


def forward(x, theta, bias, sigma):
    """The forward pass: input → all u and o → output   (section 6)

    x        the inputs, which are the o of layer 0
    theta    theta[k][i][l]: the weight of layer k from l to i
    bias     bias[k][i], or None where a layer has none
    sigma    sigma[k]: the activation of layer k

    Returns u[k][i] and o[k][i].

    >>> forward([1.0], [[[2.0], [-2.0]]], [None], [relu])
    ([[2.0, -2.0]], [[2.0, 0]])
    """
    u, o = [], []
    for theta_k, bias_k, sigma_k in zip(theta, bias, sigma):
        previous = o[-1] if o else x
        biases = [None] * len(theta_k) if bias_k is None else bias_k
        u.append([weighted_sum(theta_i, previous, b_i) for theta_i, b_i in zip(theta_k, biases)])
        o.append([activation(u_i, sigma_k) for u_i in u[-1]])
    return u, o


# --- the error: section 3 ---------------------------------------------------------------


def squared_error(y, y_hat):
    """Err = Σ_i (y⁽ⁱ⁾ − ŷ⁽ⁱ⁾)²   (section 3)

    >>> squared_error([1.0, 0.0], [0.5, 0.5])
    0.5
    """
    return sum_of([(a - b) * (a - b) for a, b in zip(y, y_hat)])


def half_squared_error(y, y_hat):
    """Err = ½ Σ_i (y⁽ⁱ⁾ − ŷ⁽ⁱ⁾)², as many courses have it

    >>> half_squared_error([1.0, 0.0], [0.5, 0.5])
    0.25
    """
    return sum_of([(a - b) * (a - b) / 2 for a, b in zip(y, y_hat)])


def mean_squared_error(y, y_hat):
    """Err = Σ_i (y⁽ⁱ⁾ − ŷ⁽ⁱ⁾)² / n over n outputs

    >>> mean_squared_error([1.0, 0.0], [0.5, 0.5])
    0.25
    """
    return sum_of([(a - b) * (a - b) / len(y_hat) for a, b in zip(y, y_hat)])


def cross_entropy(y, y_hat):
    """Err = −Σ y_k·log p_k behind a softmax p of the logits ŷ: −log p_k = log Σ_j e^(ŷ_j − ŷ_k)

    >>> cross_entropy([0.0, 1.0], [0.0, 50.0]) == math.exp(-50)
    True
    """

    def surprise(k):
        m = max(range(len(y_hat)), key=lambda j: y_hat[j])
        rest = sum_of([_exp_of_difference(b, y_hat[m]) for j, b in enumerate(y_hat) if j != m])
        return math.log1p(rest) if k == m else (y_hat[m] - y_hat[k]) + math.log1p(rest)

    return sum_of([a * surprise(k) for k, a in enumerate(y) if a])


def binary_cross_entropy(y, y_hat):
    """Err = −Σ (y·log σ(ŷ) + (1 − y)·log(1 − σ(ŷ))), ŷ a logit and σ the sigmoid; −log σ(ŷ) = log(1 + e^−ŷ)

    >>> binary_cross_entropy([1.0], [0.0]) == math.log(2)
    True
    """
    return sum_of(
        [(a * softplus(-b) if a else 0.0) + ((1 - a) * softplus(b) if a != 1 else 0.0) for a, b in zip(y, y_hat)]
    )


def hinge(y, y_hat):
    """Err = Σ max(0, 1 − y·ŷ), for y of −1 and 1

    >>> hinge([1.0, -1.0], [0.5, -2.0])
    0.5
    """
    return sum_of([max(1 - a * b, 0) for a, b in zip(y, y_hat)])


# --- δ at the output layer: section 5 ------------------------------------------------------


def output_delta(error_slope_k, slope_k):
    """δ_k = ∂Err/∂ŷ · σ'(u_k)   (section 7, delta of the output layer, for any error)

    >>> output_delta(-2.0, 0.25)
    -0.5
    """
    return error_slope_k * slope_k


def output_delta_squared_error(y_k, y_hat_k, slope_k):
    """δ_k = −2(y − ŷ) · σ'(u_k)   (section 5, boxed: the squared error)

    >>> output_delta_squared_error(1.0, 0.5, 0.25)
    -0.25
    """
    return -2 * (y_k - y_hat_k) * slope_k


def squared_error_slopes(y, y_hat):
    """∂Err/∂ŷ_k = −2(y_k − ŷ_k) for Err = Σ (y − ŷ)²

    >>> squared_error_slopes([1.0], [0.5])
    [-1.0]
    """
    return [-2 * (a - b) for a, b in zip(y, y_hat)]


def half_squared_error_slopes(y, y_hat):
    """∂Err/∂ŷ_k = −(y_k − ŷ_k) for Err = ½ Σ (y − ŷ)²

    >>> half_squared_error_slopes([1.0], [0.5])
    [-0.5]
    """
    return [-(a - b) for a, b in zip(y, y_hat)]


def mean_squared_error_slopes(y, y_hat):
    """∂Err/∂ŷ_k = −2(y_k − ŷ_k) / n for the mean of n squares

    >>> mean_squared_error_slopes([1.0, 0.0], [0.5, 1.0])
    [-0.5, 1.0]
    """
    return [-2 * (a - b) / len(y_hat) for a, b in zip(y, y_hat)]


def softmax(y_hat):
    """p_k = e^(ŷ_k) / Σ_j e^(ŷ_j)

    >>> softmax([0.0, 0.0])
    [0.5, 0.5]
    """
    largest = max(y_hat)
    share = [_exp_of_difference(a, largest) for a in y_hat]
    total = sum_of(share)
    return [e / total for e in share]


def cross_entropy_slopes(y, y_hat, softmax=softmax):
    """∂Err/∂ŷ_k = p_k − y_k for Err = −Σ y_k·log p_k behind a softmax p of the logits ŷ

    y is one probability per class, usually a single 1.  Since Σ y = Σ p = 1,
    p_k − y_k = Σ_(j≠k) y_j·p_k − y_k·Σ_(j≠k) p_j: for a single 1 at k that is −Σ_(j≠k) p_j, which
    keeps its digits where p_k is almost 1 and p_k − 1 would not.

    >>> cross_entropy_slopes([1.0, 0.0], [50.0, 0.0]) == [-math.exp(-50), math.exp(-50)]
    True
    """
    p = softmax(y_hat)
    classes = range(len(y_hat))

    def slope(k):
        others = [j for j in classes if j != k]
        return sum_of([y[j] * p[k] for j in others]) - y[k] * sum_of([p[j] for j in others])

    return [slope(k) for k in classes]


def binary_cross_entropy_slopes(y, y_hat, sigmoid=None):
    """∂Err/∂ŷ_k = σ(ŷ_k) − y_k = (1 − y_k)·σ(ŷ_k) − y_k·σ(−ŷ_k), ŷ a logit and σ the sigmoid

    >>> binary_cross_entropy_slopes([1.0], [0.0])
    [-0.5]
    """
    p = sigmoid or ACTIVATIONS["sigmoid"][0]
    return [(1 - a) * p(b) - a * p(-b) for a, b in zip(y, y_hat)]


def hinge_slopes(y, y_hat):
    """∂Err/∂ŷ_k = −y_k where y_k·ŷ_k < 1, else 0, for Err = Σ max(0, 1 − y·ŷ)

    >>> hinge_slopes([1.0, -1.0], [0.5, -2.0])
    [-1.0, 0.0]
    """
    return [-a if a * b < 1 else 0.0 for a, b in zip(y, y_hat)]


# --- δ of the hidden layers: section 5 -------------------------------------------------------


def hidden_delta(slope_i, delta_next, theta_column):
    """δ_i = σ'(u_i) · Σ_j δ_j · θ_ji   (section 5, boxed: the recursive formula)

    slope_i       σ'(u_i)
    delta_next    δ_j of every neuron j of the next layer
    theta_column  θ_ji, from i to each of them

    >>> hidden_delta(0.5, [1.0, 2.0], [3.0, -1.0])
    0.5
    """
    return slope_i * sum_of([delta_j * theta_ji for delta_j, theta_ji in zip(delta_next, theta_column)])


def backward(theta, u, error_slopes, sigma_slope):
    """The backward pass: δ_k at the output, then for each layer, right to left, δ_i   (section 6)

    theta         theta[k][i][l]
    u             u[k][i]
    error_slopes  ∂Err/∂ŷ for every output
    sigma_slope   sigma_slope[k]: σ' of layer k

    Returns δ[k][i].

    >>> backward([[[1.0]], [[3.0]]], [[0.5], [1.5]], [2.0], [linear_slope, linear_slope])
    [[6.0], [2.0]]
    """
    last = len(theta) - 1
    delta = [[output_delta(e, sigma_slope[last](u_k)) for e, u_k in zip(error_slopes, u[last])]]
    for k in range(last - 1, -1, -1):
        columns = zip(*theta[k + 1])
        delta.insert(0, [hidden_delta(sigma_slope[k](u_i), delta[0], column) for u_i, column in zip(u[k], columns)])
    return delta


# --- the gradient and the update: sections 4 and 6 --------------------------------------------


def weight_gradient(delta_i, o_l):
    """∂Err/∂θ_il = δ_i · o_l   (section 4, boxed)

    >>> weight_gradient(0.5, 4.0)
    2.0
    """
    return delta_i * o_l


def bias_gradient(delta_i):
    """∂Err/∂b_i = δ_i: the bias is the weight of an input that is always 1

    >>> bias_gradient(0.5)
    0.5
    """
    return delta_i


def gradients(x, o, delta):
    """∂Err/∂θ[k][i][l] = δ[k][i] · o[k−1][l], with o[−1] = x, and ∂Err/∂b[k][i] = δ[k][i]

    >>> gradients([2.0], [[3.0], [5.0]], [[7.0], [11.0]])
    ([[[14.0]], [[33.0]]], [[7.0], [11.0]])
    """
    inputs = [x, *o[:-1]]
    theta = [[[weight_gradient(d, o_l) for o_l in before] for d in deltas] for before, deltas in zip(inputs, delta)]
    return theta, [[bias_gradient(d) for d in deltas] for deltas in delta]


def batch_gradients(X, Y, theta, bias, sigma, sigma_slope, error_slopes=squared_error_slopes):
    """The sum over the samples of ∂Err/∂θ and ∂Err/∂b, since Err is a sum over the samples

    X, Y          the samples: a list of inputs, and a list of targets
    error_slopes  (y, ŷ) -> ∂Err/∂ŷ for every output

    >>> batch_gradients([[1.0], [2.0]], [[0.0], [0.0]], [[[1.0]]], [None], [linear], [linear_slope])
    ([[[10.0]]], [[6.0]])
    """
    samples = []
    for x, y in zip(X, Y):
        u, o = forward(x, theta, bias, sigma)
        samples.append(gradients(x, o, backward(theta, u, error_slopes(y, o[-1]), sigma_slope)))
    total_theta = [
        [[sum_of([g[0][k][i][l] for g in samples]) for l in range(len(row))] for i, row in enumerate(layer)]
        for k, layer in enumerate(theta)
    ]
    total_bias = [[sum_of([g[1][k][i] for g in samples]) for i in range(len(layer))] for k, layer in enumerate(theta)]
    return total_theta, total_bias


def updated(theta_il, eta, delta_i, o_l):
    """θ_il ← θ_il − η · δ_i · o_l   (section 6, η the learning rate)

    >>> updated(1.0, 0.5, 2.0, 0.25)
    0.75
    """
    return theta_il - eta * (delta_i * o_l)


def _exp_of_difference(a, b):
    """e^(a − b), with what a − b loses in rounding, up to 372 ulp of the result, put back."""
    difference = a - b
    back = difference - a
    lost = (a - (difference - back)) - (b + back)
    return math.exp(difference) * (1 + lost)


def sum_of(terms):
    """Σ from left to right, as the engine sums; `sum` compensates since Python 3.12.

    >>> sum_of([1.0, 2.0**-53, 2.0**-53])
    1.0
    """
    total = 0
    for n, term in enumerate(terms):
        total = term if n == 0 else total + term
    return total


# --- σ and σ' for floats ----------------------------------------------------------------------
# The lecture's textbook form stands beside each one; these lose no digits where those do.


def sigmoid(u):
    """σ(u) = 1 / (1 + e⁻ᵘ)

    >>> sigmoid(0.0)
    0.5
    """
    e = math.exp(-abs(u))  # e⁻ᵘ would overflow for u < −709
    return (1.0 if u >= 0 else e) / (1.0 + e)


def sigmoid_slope(u):
    """σ'(u) = σ(u)·(1 − σ(u)) = e⁻ᵘ / (1 + e⁻ᵘ)²

    >>> sigmoid_slope(0.0)
    0.25
    """
    e = math.exp(-abs(u))  # an even function; 1 − σ(u) is 0 from u = 37 on
    return e / ((1.0 + e) * (1.0 + e))


def tanh(u):
    """σ(u) = (eᵘ − e⁻ᵘ) / (eᵘ + e⁻ᵘ)

    >>> tanh(0.0)
    0.0
    """
    e = math.expm1(-2.0 * abs(u))  # eᵘ − e⁻ᵘ cancels near 0 and overflows at 710
    return math.copysign(e / (2.0 + e), u)


def tanh_slope(u):
    """σ'(u) = 1 − σ(u)² = 4·e⁻²ᵘ / (1 + e⁻²ᵘ)²

    >>> tanh_slope(0.0)
    1.0
    """
    e = math.exp(-2.0 * abs(u))  # 1 − σ² has lost half its digits at |u| = 9, all at 19
    return 4.0 * e / ((1.0 + e) * (1.0 + e))


def relu(u):
    """σ(u) = max(0, u)

    >>> relu(3.0), relu(-3.0)
    (3.0, 0)
    """
    return u if u > 0 else 0


def relu_slope(u):
    """σ'(u) = 1 for u > 0, else 0

    >>> relu_slope(3.0), relu_slope(0.0)
    (1, 0)
    """
    return 1 if u > 0 else 0


def linear(u):
    """σ(u) = u

    >>> linear(3.0)
    3.0
    """
    return u


def linear_slope(u):
    """σ'(u) = 1

    >>> linear_slope(3.0)
    1
    """
    return 1


def softplus(u):
    """σ(u) = log(1 + eᵘ)

    >>> softplus(0.0) == math.log(2)
    True
    """
    return max(u, 0.0) + math.log1p(math.exp(-abs(u)))  # eᵘ overflows at 710


def softplus_slope(u):
    """σ'(u) = eᵘ / (1 + eᵘ), the sigmoid

    >>> softplus_slope(0.0)
    0.5
    """
    return sigmoid(u)


def leaky_relu(u):
    """σ(u) = u for u > 0, else 0.01·u

    >>> leaky_relu(3.0), leaky_relu(-3.0)
    (3.0, -0.03)
    """
    return u if u > 0 else 0.01 * u


def leaky_relu_slope(u):
    """σ'(u) = 1 for u > 0, else 0.01

    >>> leaky_relu_slope(3.0), leaky_relu_slope(0.0)
    (1, 0.01)
    """
    return 1 if u > 0 else 0.01


def elu(u):
    """σ(u) = u for u > 0, else eᵘ − 1

    >>> elu(3.0), elu(0.0)
    (3.0, 0.0)
    """
    return u if u > 0 else math.expm1(u)


def elu_slope(u):
    """σ'(u) = 1 for u > 0, else eᵘ

    >>> elu_slope(3.0), elu_slope(0.0)
    (1, 1.0)
    """
    return 1 if u > 0 else math.exp(u)


def softsign(u):
    """σ(u) = u / (1 + |u|)

    >>> softsign(3.0), softsign(-math.inf)
    (0.75, -1.0)
    """
    return u / (1.0 + abs(u)) if abs(u) != math.inf else math.copysign(1.0, u)


def softsign_slope(u):
    """σ'(u) = 1 / (1 + |u|)²

    >>> softsign_slope(-1.0)
    0.25
    """
    return 1.0 / (1.0 + abs(u)) / (1.0 + abs(u))


def silu(u):
    """σ(u) = u / (1 + e⁻ᵘ)

    >>> silu(0.0), silu(-math.inf)
    (0.0, -0.0)
    """
    return u * sigmoid(u) if u != -math.inf else -0.0


def silu_slope(u):
    """σ'(u) = s·(1 + u·(1 − s)), s the sigmoid of u

    >>> silu_slope(0.0)
    0.5
    """
    s, t = sigmoid(u), sigmoid(-u)  # t = 1 − s, which is 0 from u = 37 on
    return s + u * t * s if abs(u) != math.inf else s


def gelu(u):
    """σ(u) = u·Φ(u), Φ the normal distribution

    >>> gelu(0.0), gelu(-math.inf)
    (0.0, 0.0)
    """
    return u * _normal(u) if u != -math.inf else 0.0


def gelu_slope(u):
    """σ'(u) = Φ(u) + u·φ(u), φ(u) = e^(−u²/2) / √2π

    >>> gelu_slope(0.0)
    0.5
    """
    density = math.exp(-u * u / 2) / math.sqrt(2 * math.pi)
    return _normal(u) + (u * density if density else 0.0)


def _normal(u):
    """Φ(u) = ½·erfc(−u/√2), which keeps its digits where ½·(1 + erf(u/√2)) has none"""
    return math.erfc(-u / math.sqrt(2)) / 2


ACTIVATIONS = {
    "tanh": (tanh, tanh_slope),
    "sigmoid": (sigmoid, sigmoid_slope),
    "relu": (relu, relu_slope),
    "leaky_relu": (leaky_relu, leaky_relu_slope),
    "elu": (elu, elu_slope),
    "softplus": (softplus, softplus_slope),
    "softsign": (softsign, softsign_slope),
    "gelu": (gelu, gelu_slope),
    "silu": (silu, silu_slope),
    "linear": (linear, linear_slope),
}

ERRORS = {
    "squared_error": squared_error,
    "half_squared_error": half_squared_error,
    "mean_squared_error": mean_squared_error,
    "cross_entropy": cross_entropy,
    "binary_cross_entropy": binary_cross_entropy,
    "hinge": hinge,
}

ERROR_SLOPES = {
    "squared_error": squared_error_slopes,
    "half_squared_error": half_squared_error_slopes,
    "mean_squared_error": mean_squared_error_slopes,
    "cross_entropy": cross_entropy_slopes,
    "binary_cross_entropy": binary_cross_entropy_slopes,
    "hinge": hinge_slopes,
}
