"""deltagrad.py: both packages through one door, also where `nn` is somebody else's."""

import os
import subprocess
import sys

import pytest

import autograd
import deltagrad
import nn

ROOT = os.path.dirname(os.path.abspath(deltagrad.__file__))


def run(script, *, check=True):
    environment = {**os.environ, "PYTHONPATH": ROOT}
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, env=environment)
    assert not check or done.returncode == 0, done.stderr
    return done


def test_all_public_names_of_both_are_here():
    assert set(autograd.__all__).isdisjoint(nn.__all__)
    assert deltagrad.__all__ == [*autograd.__all__, *nn.__all__]
    for package in (autograd, nn):
        for name in package.__all__:
            assert getattr(deltagrad, name) is getattr(package, name)
    assert {*deltagrad.__all__, "abs", "pow", "__version__"} <= set(dir(deltagrad))
    assert deltagrad.abs is autograd.abs and deltagrad.__version__ == autograd.__version__
    with pytest.raises(AttributeError, match="module 'deltagrad' has no attribute 'MPL'"):
        deltagrad.MPL  # noqa: B018


def test_the_version_is_that_of_the_distribution():
    metadata = pytest.importorskip("importlib.metadata")
    try:
        installed = metadata.version("deltagrad")
    except metadata.PackageNotFoundError:
        pytest.skip("deltagrad is not installed, only found on the path")
    assert installed == deltagrad.__version__


def test_what_is_loaded_late_stays_so(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import sys\nimport deltagrad\nfrom deltagrad import MLP, Value\n"
        "assert not {'autograd.drawing', 'nn.certifying.certificate', 'numpy'} & set(sys.modules)\n"
        "from deltagrad import draw, certify\nassert 'autograd.drawing' in sys.modules\n"
    )
    run(script)


@pytest.mark.parametrize("first", ["import nn", "import deltagrad", "from deltagrad import MLP"])
def test_beside_an_nn_of_one_s_own(tmp_path, first):
    (tmp_path / "nn.py").write_text("MINE = True\n")
    script = tmp_path / "script.py"
    script.write_text(
        f"{first}\nimport copy, pickle\nimport nn\nfrom deltagrad import MLP, Value, certify, squared_error\n"
        "assert nn.MINE and not hasattr(nn, 'MLP')\n"
        "net = MLP(2, [3, 1], seed=0)\nerr = squared_error(net([1.0, -1.0]), 0.5)\nerr.backward()\n"
        "assert isinstance(err, Value) and certify(net, [1.0, -1.0], 0.5).comparisons\n"
        "assert pickle.loads(pickle.dumps(net))([1.0, -1.0]).data == net([1.0, -1.0]).data\n"
    )
    run(script)


def test_another_autograd_in_front_is_named(tmp_path):
    (tmp_path / "autograd.py").write_text("")
    script = tmp_path / "script.py"
    script.write_text("import deltagrad\n")
    done = run(script, check=False)
    assert done.returncode and "deltagrad needs the package autograd beside it" in done.stderr
    assert str(tmp_path / "autograd.py") in done.stderr


@pytest.mark.parametrize("beside", [False, True])
def test_the_module_is_the_command(tmp_path, beside):
    """python -m deltagrad, also beside an nn of one's own."""
    if beside:
        (tmp_path / "nn.py").write_text("MINE = True\n")
    environment = {**os.environ, "PYTHONPATH": ROOT, "PYTHONIOENCODING": "utf-8"}

    def module(*arguments):
        command = [sys.executable, "-m", "deltagrad", *arguments]
        return subprocess.run(command, capture_output=True, encoding="utf-8", env=environment, cwd=tmp_path)

    assert module("--help").stdout.startswith("usage: deltagrad {train,predict,")
    done = module("draw", "tanh(w*x)", "w=0.5", "x=2")
    assert (done.returncode, done.stdout, done.stderr) == (0, "wrote graph.svg\n", "")
    done = module("trian")
    assert (done.returncode, done.stderr) == (2, "deltagrad: there is no command 'trian'; there is train\n")
    done = module("worksheet", "--seed", "7", "--form", "md")
    assert done.returncode == 0 and "sheet 7" in done.stdout and done.stderr == ""
