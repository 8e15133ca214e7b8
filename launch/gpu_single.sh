#!/usr/bin/env bash
# Runs medjax on all GPUs of this machine.
set -euo pipefail

usage() {
  cat <<'END'
Usage: launch/gpu_single.sh [options] -- --config=FILE --workdir=FOLDER [flags of medjax.launch]

Installs medjax with CUDA into .venv and runs it as one process on all GPUs.
Set CUDA_VISIBLE_DEVICES=0,1 to use only those GPUs.

Options:
  --restarts=N   run again up to N times after a preemption (exit status 143); default: 0
  --dry-run      print the commands
  -h, --help     show this
END
}

die() {
  echo "gpu_single.sh: $*" >&2
  exit 2
}

restarts=0 dry=
while [ $# -gt 0 ]; do
  case "$1" in
    --restarts=*) restarts=${1#*=} ;;
    --dry-run) dry=1 ;;
    -h | --help) usage && exit ;;
    --) shift && break ;;
    *) die "unknown option $1; flags of medjax.launch come after --" ;;
  esac
  shift
done
[[ $restarts =~ ^[0-9]+$ ]] || die "--restarts takes a number, got $restarts"
[ $# -gt 0 ] || die "flags are missing, as in -- --config=configs/dm.py --workdir=runs/dm"
cd "$(dirname "$0")/.."

run() {
  if [ -n "$dry" ]; then
    printf '%q' "$1"
    printf ' %q' "${@:2}"
    echo
  else
    "$@"
  fi
}

python=.venv/bin/python
if [ -z "$dry" ]; then
  gpus=$(nvidia-smi --list-gpus) || die "nvidia-smi finds no GPU: is the NVIDIA driver installed?"
  echo "$gpus"
fi
[ -x "$python" ] || run python3 -m venv .venv
run "$python" -m pip install --quiet --editable '.[cuda]'
command=("$python" -m medjax.launch "$@")
if [ -n "$dry" ]; then
  run "${command[@]}"
  exit
fi

# Stopping this script stops the run: it saves, exits 143 and is not restarted.
child='' stopped=''
stop() {
  stopped=1
  [ -z "$child" ] || kill -TERM "$child" 2>/dev/null || true
}
trap stop TERM INT HUP

while :; do
  "${command[@]}" &
  child=$!
  while :; do # a signal interrupts "wait"
    status=0
    wait "$child" || status=$?
    kill -0 "$child" 2>/dev/null || break
  done
  [ "$status" = 143 ] && [ -z "$stopped" ] && [ "$restarts" -gt 0 ] || exit "$status"
  restarts=$((restarts - 1))
  echo "gpu_single.sh: preempted; resuming from the last checkpoint ($restarts restarts left)"
done
