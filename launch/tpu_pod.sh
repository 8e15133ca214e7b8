#!/usr/bin/env bash
# Runs medjax on a Cloud TPU slice: uses or requests the slice, starts the same command on every
# worker, requests another slice after a preemption, and copies the results back.
set -euo pipefail

usage() {
  cat <<'END'
Usage: launch/tpu_pod.sh --name=NAME --zone=ZONE --accelerator=TYPE --runtime=VERSION \
         --storage=gs://BUCKET|HOST:/EXPORT [options] \
         -- --config=FILE --workdir=/mnt/medjax/FOLDER [flags of medjax.launch]

Requests the slice NAME as a queued resource, or uses it if it exists; mounts the storage at
/mnt/medjax on every worker, installs medjax there and runs it. MEDJAX_DATA_DIR is /mnt/medjax/data.

Options:
  --name=NAME         name of the slice and of its queued resource
  --zone=ZONE         zone, as in us-west4-a
  --accelerator=TYPE  type of the slice, as in v5litepod-16
  --runtime=VERSION   version for this TYPE, as in v2-alpha-tpuv5-lite; see Cloud TPU's documentation
  --storage=PLACE     a bucket (mounted by gcsfuse) or an NFS export, which outlives the slice
  --project=PROJECT   project; default: that of gcloud
  --spot              request a slice that may be preempted at any time
  --git=URL           install from there; default: the committed files of this repository
  --ref=REF           branch, tag or commit of URL
  --restarts=N        run again up to N times after a preemption; default: 100
  --results=FOLDER    where results without checkpoints are copied; default: results/NAME of workdir
  --delete            delete the slice once the run is done; otherwise it stays and is billed
  --dry-run           print the commands for a slice that does not exist yet
  -h, --help          show this
END
}

die() {
  echo "tpu_pod.sh: $*" >&2
  exit 2
}
say() { echo "tpu_pod.sh: $*" >&2; }

name='' zone='' accelerator='' runtime='' storage='' project='' spot='' git='' ref='' results='' delete_after='' dry=''
restarts=100 poll=${MEDJAX_POLL_SECONDS:-30}
while [ $# -gt 0 ]; do
  case "$1" in
    --name=*) name=${1#*=} ;;
    --zone=*) zone=${1#*=} ;;
    --accelerator=*) accelerator=${1#*=} ;;
    --runtime=*) runtime=${1#*=} ;;
    --storage=*) storage=${1#*=} ;;
    --project=*) project=${1#*=} ;;
    --spot) spot=1 ;;
    --git=*) git=${1#*=} ;;
    --ref=*) ref=${1#*=} ;;
    --restarts=*) restarts=${1#*=} ;;
    --results=*) results=${1#*=} ;;
    --delete) delete_after=1 ;;
    --dry-run) dry=1 ;;
    -h | --help) usage && exit ;;
    --) shift && break ;;
    *) die "unknown option $1; flags of medjax.launch come after --" ;;
  esac
  shift
done
for option in name zone accelerator runtime storage; do
  [ -n "${!option}" ] || die "--$option is missing; see --help"
done
[[ $storage == gs://* || $storage == *:/* ]] ||
  die "--storage takes gs://BUCKET or HOST:/EXPORT, got $storage"
[[ $restarts =~ ^[0-9]+$ ]] || die "--restarts takes a number, got $restarts"
workdir=''
for flag in "$@"; do [[ $flag != --workdir=* ]] || workdir=${flag#*=}; done
[[ $workdir == /mnt/medjax/?* ]] ||
  die "--workdir must be below /mnt/medjax, which outlives the slice; got '$workdir'"
results=${results:-results/$(basename "$workdir")}
[ -n "$dry" ] || command -v gcloud >/dev/null || die "gcloud is not installed"

tpus=(gcloud compute tpus)
where=(--zone="$zone" --quiet)
[ -z "$project" ] || where+=(--project="$project")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

run() {
  if [ -n "$dry" ]; then
    printf '%q' "$1"
    printf ' %q' "${@:2}"
    echo
  else
    "$@"
  fi
}

# Prints the state of the node or of the queued resource, or "absent".
state() {
  local said
  for _ in 1 2 3 4 5; do
    if said=$("${tpus[@]}" "$1" describe "$name" "${where[@]}" --format="value($2)" 2>"$scratch/error"); then
      echo "${said:-unknown}"
      return
    elif grep -qi 'NOT_FOUND\|was not found' "$scratch/error"; then
      echo absent
      return
    fi
    sleep "$poll"
  done
  die "gcloud cannot describe $name: $(tail -n 1 "$scratch/error")"
}

create() {
  local create=("${tpus[@]}" queued-resources create "$name" --node-id="$name" "${where[@]}"
    --accelerator-type="$accelerator" --runtime-version="$runtime")
  [ -z "$spot" ] || create+=(--spot)
  run "${create[@]}"
}

# Deletes the slice, together with its request (in state $1) if there is one.
delete() {
  if [ "$1" = absent ]; then
    run "${tpus[@]}" tpu-vm delete "$name" "${where[@]}"
  else
    run "${tpus[@]}" queued-resources delete "$name" "${where[@]}" --force
  fi
}

# Waits for a ready slice, and requests one if there is none.
ensure_slice() {
  local node queued said=''
  while :; do
    node=$(state tpu-vm state)
    [ "$node" != READY ] || return 0
    queued=$(state queued-resources state.state)
    [ "$said" = "$node,$queued" ] || say "slice $name is $node, its request $queued"
    said=$node,$queued
    case "$said" in
      absent,absent) create ;;
      *,FAILED) die "the request failed; see gcloud compute tpus queued-resources describe $name" ;;
      STOPPED,* | STOPPING,*) die "slice $name is stopped; start it or delete it" ;;
      *,SUSPENDING | *,DELETING) sleep "$poll" ;;
      PREEMPTED,* | TERMINATED,* | *,SUSPENDED | absent,ACTIVE) delete "$queued" ;;
      *) sleep "$poll" ;;
    esac
  done
}

on_workers() { run "${tpus[@]}" tpu-vm ssh "$name" "${where[@]}" --worker="$1" --command="$2"; }

# Copies the code to ~/medjax on every worker, sets it up and starts the command.
attempt() {
  local get="rm -rf medjax && mkdir medjax && tar -C medjax -xzf medjax.tgz"
  if [ -n "$git" ]; then
    get="rm -rf medjax && git clone --quiet $(printf '%q' "$git") medjax"
    [ -z "$ref" ] || get+=" && git -C medjax checkout --quiet $(printf '%q' "$ref")"
  else
    run "${tpus[@]}" tpu-vm scp "$scratch/medjax.tgz" "$name:" "${where[@]}" --worker=all || return
  fi
  on_workers all "$get && bash medjax/launch/tpu_worker.sh setup $(printf '%q' "$storage")" || return
  on_workers all "bash medjax/launch/tpu_worker.sh run$(printf ' %q' "$@")"
}

if [ -z "$git" ]; then # committed files alone, so no data in the tree is copied
  run git -C "$(dirname "$0")/.." archive --format=tar.gz --output="$scratch/medjax.tgz" HEAD
fi
[ -z "$dry" ] || create
for ((left = restarts; ; left--)); do
  [ -n "$dry" ] || ensure_slice
  status=0
  attempt "$@" || status=$?
  case "$status" in
    0) break ;;
    143 | 255) ;; # preempted, or the connection is lost
    *)
      # A worker that lost another can fail in any way, so check the slice.
      sleep "$poll"
      [ "$(state tpu-vm state)" != READY ] || {
        say "failed with status $status on a healthy slice; the slice stays"
        exit "$status"
      }
      ;;
  esac
  [ "$left" -gt 0 ] || {
    say "preempted with no restart left; the same command resumes it"
    exit "$status"
  }
  say "preempted (status $status); resuming from the last checkpoint, $((left - 1)) restarts left"
  sleep "$poll"
done

on_workers 0 "tar -C $(printf '%q' "$workdir") --exclude=./checkpoints -czf results.tgz ."
run "${tpus[@]}" tpu-vm scp "$name:results.tgz" "$scratch/results.tgz" "${where[@]}" --worker=0
run mkdir -p "$results"
run tar -C "$results" -xzf "$scratch/results.tgz"
if [ -n "$delete_after" ]; then
  queued=ACTIVE
  [ -n "$dry" ] || queued=$(state queued-resources state.state)
  delete "$queued"
else
  say "slice $name stays and is billed; delete it with the same command and --delete, or with gcloud"
fi
[ -n "$dry" ] || say "results are in $results"
