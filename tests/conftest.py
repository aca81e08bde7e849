"""Settings of every test: Hypothesis looks at the same examples in every run, and has no clock."""

import os

import hypothesis

hypothesis.settings.register_profile("suite", deadline=None, derandomize=True, max_examples=50)
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=1000)
hypothesis.settings.load_profile("suite")

# Before anybody imports JAX: two simulated devices, as notebook 11 has them.
os.environ.setdefault("XLA_FLAGS", "--xla_force_host_platform_device_count=2")
