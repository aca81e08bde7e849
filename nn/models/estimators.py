"""scikit-learn's side of a Model, for pipelines and searches; `model_` is the Model that was trained.

Of check_estimator one check fails, as for scikit-learn's own MLPs, where there are batches: a weight of 2 is not,
bit for bit, the row twice (check_sample_weight_equivalence_on_dense_data).
"""

from __future__ import annotations

from typing import Any

from autograd import MissingDependency

from ..network.choosing import Answering, chosen, cut
from ..training.datasets import Column
from ..training.loop import fit
from ..training.optimizers import OPTIMIZERS
from .model import Model

try:
    import numpy as np
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
    from sklearn.utils import check_random_state
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import _check_sample_weight, check_is_fitted, column_or_1d, validate_data
except ImportError:
    raise MissingDependency("nn.models.estimators needs scikit-learn: pip install 'deltagrad[sklearn]'") from None


class _Net(BaseEstimator, Answering):  # type: ignore[misc]
    """What both share: the settings, and a Model made of what they say."""

    def __init__(
        self,
        layers: Any = (8,),
        activation: Any = "tanh",
        loss: str | None = None,
        optimizer: str = "adam",
        learning_rate: float = 0.02,
        weight_decay: float = 0.0,
        epochs: int = 100,
        batch_size: int | None = 16,
        class_weight: Any = None,
        random_state: Any = None,
    ) -> None:
        self.layers, self.activation, self.loss = layers, activation, loss
        self.optimizer, self.learning_rate, self.weight_decay = optimizer, learning_rate, weight_decay
        self.epochs, self.batch_size = epochs, batch_size
        self.class_weight, self.random_state = class_weight, random_state

    def _train(self, X: Any, Y: list[Any], classes: list[Any], sample_weight: Any) -> Any:
        """model_ from checked arrays: Y is numbers, or the classes' names."""
        columns = [Column(str(name)) for name in getattr(self, "feature_names_in_", [""] * X.shape[1])]
        seed = int(check_random_state(self.random_state).randint(2**31))
        rows, weights = X.tolist(), self.class_weight
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, X)
        model = Model.fresh(columns, rows, Y, classes, self.layers, self.activation, self.loss, seed=seed)
        if isinstance(weights, dict):
            if unknown := [label for label in weights if label not in classes]:
                raise ValueError(f"class_weight: {unknown[0]!r} is none of the classes {cut(classes)}")
            weights = {classes.index(label): weight for label, weight in weights.items()}
        kind = chosen("optimizer", self.optimizer, OPTIMIZERS)
        optimizer = kind(model.network.parameters(), self.learning_rate, weight_decay=self.weight_decay)
        model.history = fit(
            model.network, *model.samples(rows, Y), loss=model.loss, optimizer=optimizer, epochs=self.epochs, seed=seed,
            batch_size=self.batch_size, class_weight=weights, sample_weight=sample_weight, progress=False,
        )  # fmt: skip
        self.model_, self.n_iter_ = model, len(model.history.epochs)
        return self

    def _asked(self, X: Any, what: Any) -> list[Any]:
        check_is_fitted(self, "model_")
        return list(what(self.model_, validate_data(self, X, reset=False, dtype="float64").tolist()))


class NetClassifier(ClassifierMixin, _Net):  # type: ignore[misc]
    """A network that tells classes apart; the settings are fit's, `layers` those of the hidden layers.

    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], ["a", "a", "b", "b"]
    >>> NetClassifier(random_state=0).fit(X, y).predict([[0.5], [2.5]]).tolist()
    ['a', 'b']
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """Train on rows and labels."""
        X, y = validate_data(self, X, y, dtype="float64")
        check_classification_targets(y)
        self.classes_ = np.unique(y)
        if len(self.classes_) < 2:
            raise ValueError("NetClassifier: there is one class only, and nothing to tell apart")
        return self._train(X, y.tolist(), self.classes_.tolist(), sample_weight)

    def predict(self, X: Any) -> Any:
        """The label of each row."""
        return np.array(self._asked(X, Model.predict), self.classes_.dtype)

    def predict_proba(self, X: Any) -> Any:
        """How probable each class is."""
        return np.array(self._asked(X, Model.predict_proba))


class NetRegressor(RegressorMixin, _Net):  # type: ignore[misc]
    """A network that predicts numbers; the settings are NetClassifier's.

    >>> NetRegressor((), epochs=300, random_state=0).fit([[0.0], [1.0], [2.0]], [1, 3, 5]).predict([[3.0]]).round(1)
    array([7.])
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """Train on rows and numbers."""
        X, y = validate_data(self, X, y, dtype="float64", multi_output=True, y_numeric=True)
        ys = column_or_1d(y, warn=True) if y.shape[1:] == (1,) else y
        return self._train(X, ys.tolist(), [], sample_weight)

    def predict(self, X: Any) -> Any:
        """The number of each row."""
        return np.array(self._asked(X, Model.predict))
