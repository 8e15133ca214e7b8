"""The JobSet manifests: valid, and true to what they name."""

import copy
import pathlib
import re

import jsonschema
import pytest
import yaml

from medjax import parallel

LAUNCH = pathlib.Path(__file__).resolve().parents[2] / "launch"
FILES = ("k8s_jobset.yaml", "k8s_jobset_tpu.yaml")
# What tells a process of the others, for medjax.launch.
STARTING = parallel.VARIABLES


def load(name):
    (manifest,) = yaml.safe_load_all((LAUNCH / name).read_text())
    return manifest


def only_job(manifest):
    (job,) = manifest["spec"]["replicatedJobs"]
    return job, job["template"]["spec"], job["template"]["spec"]["template"]["spec"]


@pytest.fixture(params=FILES)
def manifest(request):
    return load(request.param)


def environment(container):
    return {v["name"]: v.get("value", v.get("valueFrom")) for v in container["env"]}


def test_it_is_a_jobset(manifest, jobset_schema):
    assert not list(jsonschema.Draft202012Validator(jobset_schema).iter_errors(manifest))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("spec/replicatedJobs/0/template/spec/completionMode", "NonIndexed"),
        ("spec/replicatedJobs/0/template/spec/completion", 2),
        ("spec/replicatedJobs/0/template/spec/template/spec/restartPolicy", "OnFailure"),
        ("spec/failurePolicy/rules/0/action", "Restart"),
        ("spec/failurePolicy/maxRestart", 3),
        ("metadata/name", "Medjax_1"),
    ],
)
def test_the_schema_refuses_what_is_none(path, value, jobset_schema):
    manifest = copy.deepcopy(load(FILES[0]))
    *parents, last = path.split("/")
    place = manifest
    for key in parents:
        place = place[int(key) if key.isdigit() else key]
    place[last] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(jobset_schema).validate(manifest)


def test_a_preemption_restarts_all_without_counting(manifest):
    policy = manifest["spec"]["failurePolicy"]
    (rule,) = policy["rules"]
    assert rule["action"] == "RestartJobSetAndIgnoreMaxRestarts" and policy["maxRestarts"] > 0
    assert rule["onJobFailureReasons"] == ["PodFailurePolicy"]
    _, spec, pod = only_job(manifest)
    by_exit, by_condition = spec["podFailurePolicy"]["rules"]
    assert by_exit["action"] == by_condition["action"] == "FailJob"
    (container,) = pod["containers"]
    codes = {"containerName": container["name"], "operator": "In", "values": [143]}
    assert by_exit["onExitCodes"] == codes
    assert by_condition["onPodConditions"] == [{"type": "DisruptionTarget", "status": "True"}]
    assert spec["backoffLimit"] == 0 and pod["terminationGracePeriodSeconds"] >= 60


def test_every_host_runs_one_process_and_all_share_the_workdir(manifest, parsed):
    job, spec, pod = only_job(manifest)
    assert job["replicas"] == 1 and spec["completions"] == spec["parallelism"] > 1
    (container,) = pod["containers"]
    _, workdir = parsed([*container["command"], *container["args"]])
    volumes = {v["name"]: v for v in pod["volumes"]}
    mounts = {m["name"]: m["mountPath"] for m in container["volumeMounts"]}
    assert set(volumes) == set(mounts)
    assert "persistentVolumeClaim" in volumes["storage"]
    assert workdir.is_relative_to(mounts["storage"])
    variables = environment(container)
    for name in ("MEDJAX_DATA_DIR", "JAX_COMPILATION_CACHE_DIR"):
        assert pathlib.Path(variables[name]).is_relative_to(mounts["storage"])


def test_gpu_processes_are_told_of_each_other_under_the_names_that_jobset_gives():
    manifest = load("k8s_jobset.yaml")
    job, spec, pod = only_job(manifest)
    (container,) = pod["containers"]
    variables = environment(container)
    assert {name for name in variables if name in STARTING} == set(STARTING)
    assert not {n for n in variables if n.startswith("MEDJAX_")} - {*STARTING, "MEDJAX_DATA_DIR"}
    name, network = manifest["metadata"]["name"], manifest["spec"]["network"]
    assert network["enableDNSHostnames"] is True
    subdomain = network.get("subdomain", name)
    (port,) = container["ports"]
    first = f"{name}-{job['name']}-0-0.{subdomain}:{port['containerPort']}"
    assert variables["MEDJAX_COORDINATOR"] == first
    assert variables["MEDJAX_NUM_PROCESSES"] == str(spec["completions"])
    index = "metadata.annotations['batch.kubernetes.io/job-completion-index']"
    assert variables["MEDJAX_PROCESS_ID"] == {"fieldRef": {"fieldPath": index}}
    assert list(container["resources"]["limits"]) == ["nvidia.com/gpu"]
    text = (LAUNCH / "k8s_jobset.yaml").read_text()
    assert text.count("  # hosts") == 3


def test_tpu_processes_are_told_by_gke_and_fill_the_slice():
    manifest = load("k8s_jobset_tpu.yaml")
    _, spec, pod = only_job(manifest)
    (container,) = pod["containers"]
    assert not set(environment(container)) & set(STARTING)
    topology = pod["nodeSelector"]["cloud.google.com/gke-tpu-topology"]
    across, down = map(int, topology.split("x"))
    chips = container["resources"]["limits"]["google.com/tpu"]
    assert across * down == chips * spec["completions"]
    exclusive = manifest["metadata"]["annotations"]
    assert list(exclusive.values()) == ["cloud.google.com/gke-nodepool"]


def test_the_image_holds_what_the_manifests_call():
    text = (LAUNCH / "Dockerfile").read_text()
    copied = set(re.findall(r"^COPY (.*) \S+$", text, re.MULTILINE))
    assert copied == {"pyproject.toml README.md LICENSE", "medjax", "configs", "launch"}
    assert all((LAUNCH.parent / name).exists() for line in copied for name in line.split())
    user = re.findall(r"^USER (\d+)$", text, re.MULTILINE)
    assert user == [str(only_job(load(FILES[0]))[2]["securityContext"]["runAsUser"])]
