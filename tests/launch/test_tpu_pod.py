"""tpu_pod.sh against a stub of gcloud that keeps the states of a slice in two files."""

import shlex

import pytest

WHERE = ["--zone=us-west4-a", "--quiet"]
OPTIONS = (
    *("--name=pod", "--zone=us-west4-a", "--accelerator=v5litepod-16", "--storage=gs://bucket"),
    "--runtime=v2-alpha-tpuv5-lite",
)
FLAGS = ("--config=configs/dm.py:bloodmnist,quick", "--workdir=/mnt/medjax/runs/a b")
RUN = shlex.join(["bash", "medjax/launch/tpu_worker.sh", "run"])
# A slice that is asked for is there; "ends" holds the exit statuses of the runs to come, each with
# the state that it leaves the slice in.
GCLOUD = r"""
touch node queued ends
known() { [ -s "$1" ] && cat "$1" || { echo "NOT_FOUND: pod was not found" >&2; exit 1; }; }
case "$3 $4" in
  "tpu-vm describe") known node ;;
  "queued-resources describe") known queued ;;
  "queued-resources create") echo READY >node; echo ACTIVE >queued ;;
  "queued-resources delete") rm node queued ;;
  "tpu-vm delete") rm node ;;
  "tpu-vm scp")
    [[ $5 != pod:* ]] || { mkdir -p made; echo x >made/report.html; tar -C made -czf "$6" .; } ;;
  "tpu-vm ssh")
    case "$*" in
      *"tpu_worker.sh run"*) read -r status after < <(sed -n 1p ends; echo 0) || true
        sed -i 1d ends
        [ -z "$after" ] || { echo "$after" >node; echo SUSPENDED >queued; }
        exit "${status:-0}" ;;
    esac ;;
esac
"""


@pytest.fixture
def cloud(box):
    box.stub("gcloud", GCLOUD)
    return box


def launch(box, *options, flags=FLAGS):
    return box.run("tpu_pod.sh", *OPTIONS, *options, "--", *flags)


def did(box):
    """What was asked of gcloud, in two words, looks left out."""
    calls = [call[3:5] for call in box.calls("gcloud")]
    return [" ".join(call) for call in calls if call[1] != "describe"]


CREATE, DELETE = "queued-resources create", "queued-resources delete"
ONE_RUN = ["tpu-vm scp", "tpu-vm ssh", "tpu-vm ssh"]
RESULTS = ["tpu-vm ssh", "tpu-vm scp"]


def commands(box, word):
    calls = [call for call in box.calls("gcloud") if call[3:5] == ["tpu-vm", "ssh"]]
    return [call for call in calls if word in call[-1]]


def test_it_asks_for_a_slice_runs_on_all_workers_and_fetches_the_results(cloud):
    done = launch(cloud)
    assert done.returncode == 0 and did(cloud) == [CREATE, *ONE_RUN, *RESULTS]
    (created,) = [call for call in cloud.calls("gcloud") if call[4] == "create"]
    assert created[5:] == [
        *("pod", "--node-id=pod", *WHERE, "--accelerator-type=v5litepod-16"),
        "--runtime-version=v2-alpha-tpuv5-lite",
    ]
    (setup,), (run,) = commands(cloud, "setup"), commands(cloud, "tpu_worker.sh run")
    assert setup[5:9] == run[5:9] == ["pod", *WHERE, "--worker=all"]
    assert setup[-1].endswith("bash medjax/launch/tpu_worker.sh setup gs://bucket")
    assert shlex.split(run[-1].removeprefix("--command="))[3:] == list(FLAGS)
    assert (cloud.root / "results" / "a b" / "report.html").exists()
    assert "slice pod stays and is billed" in done.stderr
    (archive,) = cloud.calls("git")
    assert "archive" in archive and archive[-1] == "HEAD"


def test_a_slice_that_is_there_is_used(cloud):
    (cloud.root / "node").write_text("READY\n")
    assert launch(cloud).returncode == 0
    assert did(cloud) == [*ONE_RUN, *RESULTS]


@pytest.mark.parametrize(
    ("node", "queued"),
    [
        ("PREEMPTED", "SUSPENDED"),
        ("PREEMPTED", ""),
        ("TERMINATED", "ACTIVE"),
        ("TERMINATED", ""),
        ("", "SUSPENDED"),
        ("", "ACTIVE"),
    ],
)
def test_a_slice_that_is_gone_is_made_anew(node, queued, cloud):
    (cloud.root / "node").write_text(node)
    (cloud.root / "queued").write_text(queued)
    cloud.stub("sleep", "exit 1")
    assert launch(cloud).returncode == 0
    assert did(cloud)[:2] == [DELETE if queued else "tpu-vm delete", CREATE]


@pytest.mark.parametrize(
    ("node", "queued"),
    [("", "WAITING_FOR_RESOURCES"), ("CREATING", "PROVISIONING"), ("PREEMPTED", "SUSPENDING")],
)
def test_a_slice_on_its_way_is_waited_for(node, queued, cloud):
    (cloud.root / "node").write_text(node)
    (cloud.root / "queued").write_text(queued)
    cloud.stub("sleep", "echo READY >node")
    done = launch(cloud)
    assert done.returncode == 0 and did(cloud) == [*ONE_RUN, *RESULTS]
    assert f"slice pod is {node or 'absent'}, its request {queued}" in done.stderr


@pytest.mark.parametrize(
    ("node", "queued", "message"),
    [("", "FAILED", "the request failed"), ("STOPPED", "ACTIVE", "slice pod is stopped")],
)
def test_what_cannot_become_ready_ends_it(node, queued, message, cloud):
    (cloud.root / "node").write_text(node)
    (cloud.root / "queued").write_text(queued)
    done = launch(cloud)
    assert done.returncode == 2 and message in done.stderr and did(cloud) == []


def test_gcloud_that_does_not_answer_ends_it(box):
    box.stub("gcloud", "echo 'ERROR: not signed in' >&2; exit 1")
    done = launch(box)
    assert done.returncode == 2
    assert done.stderr == "tpu_pod.sh: gcloud cannot describe pod: ERROR: not signed in\n"


@pytest.mark.parametrize("status", [143, 255, 1])
def test_a_preempted_run_is_resumed_on_another_slice(status, cloud):
    (cloud.root / "ends").write_text(f"{status} PREEMPTED\n" * 2)
    done = launch(cloud, "--spot")
    assert done.returncode == 0
    again = [DELETE, CREATE, *ONE_RUN]
    assert did(cloud) == [CREATE, *ONE_RUN, *again, *again, *RESULTS]
    runs = commands(cloud, "tpu_worker.sh run")
    assert runs[0] == runs[1] == runs[2]
    created = [call for call in cloud.calls("gcloud") if call[4] == "create"]
    assert all(call[-1] == "--spot" for call in created)
    assert "98 restarts left" in done.stderr


@pytest.mark.parametrize("status", [143, 255])
def test_a_stopped_run_is_resumed_on_the_same_slice(status, cloud):
    (cloud.root / "ends").write_text(f"{status}\n")
    assert launch(cloud).returncode == 0
    assert did(cloud) == [CREATE, *ONE_RUN, *ONE_RUN, *RESULTS]


def test_restarts_have_an_end(cloud):
    (cloud.root / "ends").write_text("143\n143\n")
    done = launch(cloud, "--restarts=1")
    assert done.returncode == 143 and "no restart left" in done.stderr


@pytest.mark.parametrize("status", [1, 2, 134])
def test_a_worker_that_fails_on_a_slice_that_is_well_ends_it(status, cloud):
    (cloud.root / "ends").write_text(f"{status}\n")
    done = launch(cloud, "--delete")
    assert done.returncode == status and did(cloud) == [CREATE, *ONE_RUN]
    assert f"failed with status {status}" in done.stderr


def test_a_set_up_that_fails_ends_it_before_the_run(cloud):
    cloud.stub("gcloud", '[[ "$*" != *"worker.sh setup"* ]] || exit 7\n' + GCLOUD)
    assert launch(cloud).returncode == 7
    assert commands(cloud, "tpu_worker.sh run") == []


@pytest.mark.parametrize("asked", [True, False])
def test_delete(asked, cloud):
    (cloud.root / "node").write_text("READY")
    (cloud.root / "queued").write_text("ACTIVE" if asked else "")
    assert launch(cloud, "--delete", "--results=out").returncode == 0
    assert did(cloud)[-1] == (DELETE if asked else "tpu-vm delete")
    assert (cloud.root / "out" / "report.html").exists()


def test_from_a_git_url(cloud):
    url = "git@example.org:lab/medjax.git"
    assert launch(cloud, f"--git={url}", "--ref=v1").returncode == 0
    (setup,) = commands(cloud, "setup")
    assert f"git clone --quiet {url} medjax && git -C medjax checkout --quiet v1" in setup[-1]
    assert cloud.calls("git") == [] and did(cloud) == [CREATE, *ONE_RUN[1:], *RESULTS]


def test_dry_run_prints_what_a_run_does(cloud):
    done = launch(cloud, "--dry-run", "--spot", "--project=p", "--delete")
    assert (done.returncode, done.stderr) == (0, "") and cloud.calls() == []
    printed = [shlex.split(line) for line in done.stdout.splitlines()]
    assert [words[0] for words in printed].count("gcloud") == 7
    assert launch(cloud, "--spot", "--project=p", "--delete").returncode == 0

    def plain(calls):
        return [[word.rpartition("/tmp.")[0] or word for word in call] for call in calls]

    real = [call for call in cloud.calls("gcloud") if call[4] != "describe"]
    assert plain(words for words in printed if words[0] == "gcloud") == plain(real)
