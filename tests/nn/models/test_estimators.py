"""scikit-learn's estimators: its own checks, pipelines, scores and searches."""

import pytest

pytest.importorskip("sklearn")

from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from nn import certify, diagnose
from nn.models.estimators import NetClassifier, NetRegressor

X, Y = load_iris(return_X_y=True)
KNOWN = {"check_sample_weight_equivalence_on_dense_data": "batches; scikit-learn's MLPs fail it too"}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "estimator", [NetClassifier(epochs=10), NetRegressor(epochs=10)], ids=lambda e: type(e).__name__
)
def test_scikit_learns_own_checks_pass(estimator):
    found = check_estimator(estimator, on_fail=None, on_skip=None)
    failed = {check["check_name"]: check["exception"] for check in found if check["status"] == "failed"}
    assert failed.keys() <= KNOWN.keys(), failed


def test_pipelines_scores_and_searches():
    pipeline = make_pipeline(StandardScaler(), NetClassifier(epochs=30, random_state=0))
    assert cross_val_score(pipeline, X, Y, cv=3).mean() > 0.93
    search = GridSearchCV(pipeline, {"netclassifier__layers": [(), (4,)]}, cv=2, n_jobs=2).fit(X, Y)
    assert search.best_score_ > 0.9
    regressor = NetRegressor(layers=(), epochs=60, random_state=0).fit(X[:, :3], X[:, 3])
    assert regressor.score(X[:, :3], X[:, 3]) > 0.9


def test_the_model_is_one_that_certify_and_diagnose_take():
    classifier = NetClassifier(epochs=20, random_state=1, class_weight={0: 2.0}).fit(X, Y)
    model = classifier.model_
    x, y = model.samples(X[:2], Y[:2])
    assert certify(model.network, x, y, model.loss) and diagnose(model.network, x, y, model.loss).verdict
    assert classifier.predict_proba(X[:2]).shape == (2, 3)


@pytest.mark.parametrize("made, words", [
    (lambda: NetClassifier(hidden_layer_sizes=(8,)), "NetClassifier has no argument 'hidden_layer_sizes'; here it is"),
    (lambda: NetRegressor(max_iter=3), "NetRegressor has no argument 'max_iter'; here it is epochs=3"),
    (lambda: NetClassifier(seed=3), "random_state=3"), (lambda: NetClassifier(solver="adam"), "optimizer='adam'"),
    (lambda: NetClassifier(optimizer="lbfgs").fit(X, Y), "unknown optimizer 'lbfgs'; choose one of sgd, adam"),
    (lambda: NetClassifier(activation="logistic").fit(X, Y), '"sigmoid" here'),
    (lambda: NetClassifier(class_weight={7: 1.0}).fit(X, Y), "class_weight: 7 is none of the classes"),
])  # fmt: skip
def test_habits_of_scikit_learn_are_answered(made, words):
    with pytest.raises((TypeError, ValueError)) as caught:
        made()
    assert words in str(caught.value)


def test_names_are_known_in_whatever_letters():
    assert NetClassifier(optimizer="Adam", activation="ReLU", epochs=1).fit(X, Y).n_iter_ == 1
