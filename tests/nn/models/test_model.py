"""A model takes rows as they are in a table, and answers in the table's words; its file says all of it."""

import json
import random
import time

import pytest

from autograd import AutogradTypeError, AutogradValueError
from nn import MLP, Model, Scales, certify, diagnose
from nn.training.datasets import IRIS, Column, Scale, read_csv

HOUSES = [[float(a), float(rooms)] for a in range(40, 200, 20) for rooms in (1, 2, 3)]
PRICES = [2500.0 * a + 10_000 * rooms for a, rooms in HOUSES]
iris = read_csv(IRIS)
SPECIES = [iris.classes[int(y)] for y in iris.Y]


def houses(**options):
    return Model.train(HOUSES, PRICES, layers=[], seed=0, epochs=200, learning_rate=0.05, target="price", **options)


def test_numbers_come_back_in_the_targets_unit(tmp_path):
    model = houses()
    assert model.predict([[100.0, 3.0]])[0] == pytest.approx(280_000, rel=0.01)
    model.save(tmp_path / "m.json")
    again = Model.load(tmp_path / "m.json")
    assert again.predict(HOUSES) == model.predict(HOUSES) and repr(again) == repr(model)
    with pytest.raises(AutogradValueError, match=r"nn\.Model\.load"):
        MLP.load(tmp_path / "m.json")
    with pytest.raises(AutogradValueError, match="numbers are no probabilities"):
        model.predict_proba(HOUSES)


def test_classes_come_back_by_name_with_probabilities(tmp_path):
    model = Model.train(iris.X, SPECIES, seed=0, epochs=60, learning_rate=0.02)
    found = model.predict(iris.X)
    assert sum(a == b for a, b in zip(found, SPECIES)) / 150 > 0.95 and model.history.accuracy[-1] > 0.95
    shares = model.predict_proba(iris.X)
    assert all(sum(row) == pytest.approx(1) for row in shares)
    assert [model.classes[row.index(max(row))] for row in shares] == found
    model.save(tmp_path / "m.json", notes="mine")
    content = json.loads((tmp_path / "m.json").read_text(encoding="utf-8"))
    assert content["version"] == 2 and content["notes"] == "mine"
    assert Model.load(tmp_path / "m.json").predict_proba(iris.X) == shares
    x, y = model.samples(iris.X[:2], SPECIES[:2])
    assert certify(model.network, x, y, model.loss) and diagnose(model.network, x, y, model.loss).verdict


@pytest.mark.parametrize("loss", ["squared_error", "hinge", "binary_cross_entropy"])
@pytest.mark.parametrize("Y", [["no", "yes", "yes", "no"], [False, True, True, False], [7, 9, 9, 7]])
def test_xor_in_the_tables_words_with_every_loss(loss, Y):
    X = [[0, 0], [0, 1], [1, 0], [1, 1]]
    model = Model.train(X, Y, loss=loss, seed=1, epochs=300, learning_rate=0.05, batch_size=None)
    assert model.predict(X) == Y


def test_text_is_a_feature_on_request_and_unknown_categories_are_named():
    X = [["red", 1.0], ["blue", 2.0], ["red", 3.0], ["blue", 1.5]] * 3
    model = Model.train(X, ["stop", "go", "stop", "go"] * 3, one_hot=True, seed=0, epochs=60)
    assert model.predict([["red", 2.0], ["blue", 2.0]]) == ["stop", "go"] and model.network.nin == 3
    with pytest.raises(AutogradValueError, match=r"X\[0\], column 1: 'green' is none of its categories, blue, red"):
        model.predict([["green", 1.0]])
    with pytest.raises(AutogradTypeError, match="convert text"):
        Model.train(X, [0, 1, 0, 1] * 3)


class Frame:
    """What a frame of polars has."""

    def __init__(self, columns, rows):
        self.names, self.rows = columns, rows

    @property
    def columns(self):
        return self.names

    def iter_rows(self):
        return iter(self.rows)


def test_a_frame_is_read_by_the_names_of_its_columns():
    model = Model.train(Frame(["area", "rooms"], HOUSES), PRICES, layers=[], seed=0, epochs=50)
    turned = Frame(["rooms", "note", "area"], [(b, "x", a) for a, b in HOUSES])
    assert model.predict(turned) == model.predict(HOUSES)
    with pytest.raises(AutogradValueError, match="no column 'area'; there are areas, rooms; perhaps 'areas'"):
        model.predict(Frame(["areas", "rooms"], HOUSES))


def test_a_plain_network_prepares_nothing(tmp_path):
    net = MLP(2, [2, 1], seed=0)
    net.save(tmp_path / "net.json")
    model = Model.load(tmp_path / "net.json")
    assert model.predict([[0.5, 2.0]]) == [net([0.5, 2.0]).data]
    assert [p.data for p in MLP.load(tmp_path / "net.json").parameters()] == [p.data for p in net.parameters()]


def test_what_the_main_job_wrote_in_version_1_is_understood(tmp_path):
    net = MLP(1, [1], "linear", initializer="zeros")
    net.save(tmp_path / "net.json")
    content = json.loads((tmp_path / "net.json").read_text(encoding="utf-8")) | {"version": 1}
    content["notes"] = {
        "inputs": [{"input": "x₁", "column": "area", "mean": 1.0, "deviation": 2.0}],
        "output": {"column": "price", "loss": "squared_error", "mean": 7.0, "deviation": 3.0},
    }
    (tmp_path / "net.json").write_text(json.dumps(content), encoding="utf-8")
    assert Model.load(tmp_path / "net.json").predict([[5.0]]) == [7.0]
    assert MLP.load(tmp_path / "net.json").nin == 1
    for notes in (None, "mine", {"inputs": 3, "output": {}}, [1]):
        (tmp_path / "net.json").write_text(json.dumps(content | {"notes": notes}), encoding="utf-8")
        assert Model.load(tmp_path / "net.json").predict([[5.0]]) == [0.0]


@pytest.mark.parametrize("make, message", [
    (lambda: Model.train([], []), "X has 0 rows, and Y 0"),
    (lambda: Model.train([[1.0]], ["a"]), "one class only, 'a'"),
    (lambda: Model.train([1.0, 2.0], [1.0, 2.5]), r"X\[0\] is 1.0"),
    (lambda: Model.train([[1], [2, 3]], [0.5, 1]), "2 val"),
    (lambda: Model.train([[1.0], [2.0]], ["a", 1]), "several kinds"),
    (lambda: Model.train([[1.0], [2.0]], [0.5, 1.5], loss="hinge"), "hinge compares classes"),
    (lambda: Model.train([[1.0], [2.0]], [0.5, 1.5], lr=1), "learning_rate=1"),
    (lambda: Model.train([[1.0], [2.0]], [0, 1], task="ranking"), "ranking"),
    (lambda: Model("net"), "network is an MLP"), (lambda: Model(MLP(2, [1]), columns=["a"]), "the columns make 1"),
    (lambda: Model(MLP(2, [1]), Scale([0.0], [1.0])), "1 have a scale"),
    (lambda: Model(MLP(1, [3]), classes=["a", "b"]), "2 classes"),
    (lambda: Model(MLP(1, [1])).predict([[1.0, 2.0]]), "2 values, and the model 1"),
    (lambda: Model(MLP(1, [1])).predict([[float("nan")]]), "column 1 is nan"),
    (lambda: Model(MLP(1, [1]), Scale([0.0], [1e-300])).predict([[1e300]]), "so far from the rows to train on"),
    (lambda: Model(MLP(1, [2]), classes=["a", "b"]).targets(["c"]), "none of the classes"),
])  # fmt: skip
def test_what_does_not_fit_is_said(make, message):
    with pytest.raises((AutogradValueError, AutogradTypeError), match=message):
        make()


def test_garbled_models_are_refused_or_harmless(tmp_path):
    model = Model(MLP(2, [2], seed=0), Scales(Scale([1.0, 2.0], [3.0, 4.0])), ["a", Column("b")], ["p", "q"],
                  loss="cross_entropy")  # fmt: skip
    path, generator = tmp_path / "m.json", random.Random(0)
    model.save(path)
    raw = path.read_bytes()
    for _ in range(400):
        garbled = bytearray(raw)
        garbled[generator.randrange(len(raw))] = generator.randrange(256)
        path.write_bytes(garbled)
        try:
            found = Model.load(path)
        except AutogradValueError as error:
            assert str(error).startswith(str(path)) and len(str(error)) < 700
            continue
        assert found.network.nin == 2


def test_whole_numbers_that_never_come_twice_are_no_classes():
    houses, prices = [[60.0, 2], [90.0, 3], [120.0, 4], [150.0, 4]], [180_000, 260_000, 330_000, 400_000]
    model = Model.train(houses, prices, layers=[], epochs=200, learning_rate=0.05, seed=0)
    assert not model.classes and 200_000 < model.predict([[100.0, 3]])[0] < 350_000
    assert Model.train([[0.0], [1.0], [2.0]], [0, 1, 1], layers=[], epochs=1, seed=0).classes


def test_one_hidden_layer_may_be_an_int_as_for_a_network():
    nets = [Model.train([[0.0], [1.0]], [0.5, 1.5], layers, epochs=1, seed=0).network for layers in (3, [3])]
    assert [p.data for p in nets[0].parameters()] == [p.data for p in nets[1].parameters()]
    for layers in (0, "3", [3, -1], [[3]], 2.5, True):
        with pytest.raises(AutogradValueError, match="layers are the neurons of each hidden layer"):
            Model.train([[0.0], [1.0]], [0.5, 1.5], layers)


@pytest.mark.parametrize(
    ("habit", "advice"),
    [
        ({"hidden_layer_sizes": (3,)}, r"Model.train has no argument 'hidden_layer_sizes'; here it is layers=\(3,\)"),
        ({"hidden": 3}, "here it is layers=3"), ({"max_iter": 9}, "Model.train has no argument .*epochs=9"),
        ({"epohcs": 9}, r"Model.train has no argument 'epohcs'; did you mean epochs\?$"),
    ],
)  # fmt: skip
def test_habits_of_scikit_learn_are_answered(habit, advice):
    with pytest.raises(AutogradTypeError, match=advice):
        Model.train([[0.0], [1.0]], [0.5, 1.5], **habit)


def test_validation_is_read_by_the_names_of_its_columns_too():
    turned = Frame(["rooms", "note", "area"], [(b, "x", a) for a, b in HOUSES])
    model = Model.train(
        Frame(["area", "rooms"], HOUSES), PRICES, seed=0, epochs=3, batch_size=None, validation=(turned, PRICES)
    )
    epochs = model.history.epochs  # measured after an epoch, which is before the next
    assert [e.validation_loss for e in epochs[:-1]] == pytest.approx([e.loss for e in epochs[1:]])
    with pytest.raises(AutogradTypeError, match="a pair"):
        Model.train(HOUSES, PRICES, validation=HOUSES)


def test_rows_that_can_be_read_once_only_are_enough():
    assert Model.train(iter(HOUSES), iter(PRICES), layers=[], epochs=1, seed=0).predict(HOUSES[:1])


def test_the_target_that_is_no_finite_number_is_named():
    with pytest.raises(AutogradValueError, match=r"^Y\[1\] is nan"):
        Model.train([[0.0], [1.0], [2.0]], [0.5, float("nan"), 1.5])


@pytest.mark.parametrize("seed", range(12))
def test_a_model_and_a_table_take_the_same_targets_for_classes(seed, tmp_path):
    generator = random.Random(seed)
    unit, most = generator.choice([(1.0, 3), (1.0, 9), (1.0, 14), (0.5, 4)])
    numbers = [unit * (i % (most + 1)) for i in range(generator.choice([most + 1, 2 * most + 2]))]
    path = tmp_path / "table.csv"
    path.write_text("a,y\n" + "".join(f"{i},{y}\n" for i, y in enumerate(numbers)))
    model = Model.train([[float(i)] for i in range(len(numbers))], numbers, layers=[], epochs=0)
    assert [float(c) for c in model.classes] == [float(c) for c in read_csv(path).classes]


def test_columns_of_one_name_are_not_guessed():
    frame = pytest.importorskip("pandas").DataFrame([[1.0, 2.0], [3.0, 4.0], [5.0, 1.0]], columns=["a", "a"])
    with pytest.raises(AutogradValueError, match="there are 2 columns 'a': which one is meant"):
        Model.train(frame, [1.5, 2.5, 0.5], epochs=1)
    model = Model.train(frame.set_axis(["a", "b"], axis=1), [1.5, 2.5, 0.5], epochs=1)
    twice = frame.assign(b=1.0)
    with pytest.raises(AutogradValueError, match="there are 2 columns 'a'"):
        model.predict(twice)


def test_many_columns_are_found_in_linear_time():
    pandas = pytest.importorskip("pandas")

    def seconds(n):
        columns = [f"c{j}" for j in range(n)]
        frame = pandas.DataFrame([[0.5] * n] * 2, columns=columns[::-1])
        model = Model(MLP(n, [1], "linear", initializer="zeros"), columns=columns)
        began = time.process_time()
        model.predict(frame)
        return time.process_time() - began

    assert min(seconds(20_000) for _ in range(2)) < 8 * min(seconds(5_000) for _ in range(2))  # 4; 16 if quadratic


def test_text_among_numbers_is_answered_with_what_takes_it():
    with pytest.raises(AutogradTypeError, match=r"X\[0\], column 2 is the text 'red': .* one_hot=True"):
        Model.train([[1.0, "red"], [2.0, "blue"]], [1.5, 2.5], epochs=1)


@pytest.mark.parametrize("change, said", [
    (lambda m: m.pop("columns"), "model: columns is missing"), (lambda m: m.update(columns=3), "columns is a list"),
    (lambda m: m["target"].update(loss="mse"), "'mse' is no loss; known are"),
    (lambda m: m["target"].update(loss=["x"]), "is no loss"),
    (lambda m: m["target"].pop("column"), "column is missing"),
    (lambda m: m["target"].update(classes=[None, 1]), "a class is text or a number, and not None"),
    (lambda m: m["columns"][0].update(column=3), "a name is text, and not 3"),
    (lambda m: m["columns"][0].update(deviation=0.0), "all of them above 0"),
    (lambda m: m["columns"][0].update(deviation=[1.0, 2.0]), "not one for each of its inputs"),
    (lambda m: m["columns"][0].update(mean="x"), "mean"), (lambda m: m["columns"].pop(), "inputs"),
])  # fmt: skip
def test_a_damaged_model_says_what_is_wrong_and_in_which_file(tmp_path, change, said):
    path = tmp_path / "m.json"
    Model.train([[1.0, 2.0], [2.0, 1.0], [3.0, 5.0]], [1.5, 2.5, 4.0], epochs=1).save(path)
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content["model"])
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(AutogradValueError) as caught:
        Model.load(path)
    assert str(path) in str(caught.value) and said in str(caught.value)
