#!/usr/bin/env bash
# Sets up one worker of a slice and runs the command on it, for tpu_pod.sh.
set -euo pipefail

usage() {
  cat <<'END'
Usage, on a worker: tpu_worker.sh setup gs://BUCKET|HOST:/EXPORT
                    tpu_worker.sh run [flags of medjax.launch]

setup mounts the storage at /mnt/medjax and installs medjax into ~/medjax_venv; run starts
medjax.launch. Both first let a run that is still active on this worker save and end.
END
}

die() {
  echo "tpu_worker.sh: $*" >&2
  exit 2
}

mount=/mnt/medjax
python=$HOME/medjax_venv/bin/python
pid_file=$HOME/medjax.pid
cd "$(dirname "$0")/.."

# A run keeps the TPU after its connection is lost.
stop_earlier_run() {
  local pid
  pid=$(cat "$pid_file" 2>/dev/null) || return 0
  if grep -qs medjax.launch "/proc/$pid/cmdline"; then
    kill -TERM "$pid" || true
    timeout 120 tail --pid="$pid" -f /dev/null || kill -KILL "$pid" || true
  fi
  rm -f "$pid_file"
}

install_gcsfuse() {
  local key=/usr/share/keyrings/cloud.google.asc site=https://packages.cloud.google.com/apt
  curl -fsS "$site/doc/apt-key.gpg" | sudo tee "$key" >/dev/null
  echo "deb [signed-by=$key] $site gcsfuse-$(lsb_release -cs) main" |
    sudo tee /etc/apt/sources.list.d/gcsfuse.list >/dev/null
  sudo apt-get -qq update && sudo apt-get -qq install -y gcsfuse
}

mount_storage() {
  mountpoint -q "$mount" && return
  sudo mkdir -p "$mount"
  if [[ $1 == gs://* ]]; then
    command -v gcsfuse >/dev/null || install_gcsfuse
    sudo chown "$(id -un)" "$mount"
    # Allows renaming folders, and shows at once what other workers write.
    gcsfuse --implicit-dirs --rename-dir-limit=100000 --metadata-cache-ttl-secs=0 \
      --metadata-cache-negative-ttl-secs=0 "${1#gs://}" "$mount"
  else
    command -v mount.nfs >/dev/null || sudo apt-get -qq install -y nfs-common
    sudo mount -t nfs "$1" "$mount"
  fi
}

case "${1:-}" in
  setup)
    [ $# = 2 ] || die "setup takes the storage, as in setup gs://my-bucket"
    stop_earlier_run
    mount_storage "$2"
    # The Python of the image is too old for medjax.
    python3 -m pip install --quiet --user uv
    [ -x "$python" ] || "$HOME/.local/bin/uv" venv --quiet --python=3.12 "$HOME/medjax_venv"
    "$HOME/.local/bin/uv" pip install --quiet --python="$python" '.[tpu]'
    ;;
  run)
    shift
    mountpoint -q "$mount" || die "$mount is not mounted; run setup first"
    stop_earlier_run
    export MEDJAX_DATA_DIR=$mount/data JAX_COMPILATION_CACHE_DIR=$mount/cache
    echo $$ >"$pid_file"
    # JAX finds the other workers through the metadata of the TPU VM, not through variables.
    exec "$python" -m medjax.launch --distributed=on "$@"
    ;;
  -h | --help) usage ;;
  *) die "takes setup or run, got '${1:-}'" ;;
esac
