#!/usr/bin/env bash
# Runs medjax once for every point of a grid of settings, each in a workdir named after its settings.
set -euo pipefail

usage() {
  cat <<'END'
Usage: launch/sweep.sh MODE --config=FILE --root=FOLDER --grid=KEY=VALUE,... [--grid=...] [options]
                       [-- flags of medjax.launch for every run]

  launch/sweep.sh --local --config=configs/dm.py:bloodmnist --root=runs/blood \
    --grid=ipc=1,10,50 --grid=seed=0,1,2
runs nine times, the first in runs/blood/ipc=1,seed=0. The last grid changes fastest, so that the
index of a run is always the same for the same grids. The same command again resumes the unfinished
runs.

Modes:
  --local        one after the other, on this machine
  --slurm        a SLURM job array of launch/slurm.sbatch; further sbatch options by SBATCH_*
                 variables, as in SBATCH_PARTITION=gpu
  --k8s          an Indexed Job of Kubernetes; needs --image
  --index=I      run I alone, in this process; the array and the Job call this

Options:
  --parallel=N   at most N runs at once (--slurm, --k8s); default: all
  --gpus=N       GPUs of each run (--slurm, --k8s); default: 1
  --image=IMAGE  container image of medjax, see launch/Dockerfile (--k8s)
  --claim=NAME   volume claim mounted at /mnt/medjax, where --root must be (--k8s); default: medjax
  --name=NAME    name of the Job (--k8s); default: medjax-sweep
  --dry-run      print the commands
  -h, --help     show this

Environment:
  PYTHON         the interpreter that has medjax (default: .venv/bin/python, else python3)
END
}

die() {
  echo "sweep.sh: $*" >&2
  exit 2
}

mode='' config='' root='' index='' parallel='' gpus=1 image='' claim=medjax name=medjax-sweep dry=''
grids=() keys=() lists=() own=("$@")
while [ $# -gt 0 ]; do
  case "$1" in
    --local | --slurm | --k8s) mode=${1#--} ;;
    --index=*) mode=index index=${1#*=} ;;
    --config=*) config=${1#*=} ;;
    --root=*) root=${1#*=} ;;
    --grid=*) grids+=("${1#*=}") ;;
    --grid)
      [ $# -gt 1 ] || die "--grid takes KEY=VALUE,..."
      grids+=("$2")
      shift
      ;;
    --parallel=*) parallel=${1#*=} ;;
    --gpus=*) gpus=${1#*=} ;;
    --image=*) image=${1#*=} ;;
    --claim=*) claim=${1#*=} ;;
    --name=*) name=${1#*=} ;;
    --dry-run) dry=1 ;;
    -h | --help) usage && exit ;;
    --) shift && break ;;
    *) die "unknown option $1; flags of medjax.launch come after --" ;;
  esac
  shift
done
[ -n "$mode" ] || die "one of --local, --slurm, --k8s or --index=I is missing"
[ -n "$config" ] || die "--config is missing, as in --config=configs/dm.py:bloodmnist"
[ -n "$root" ] || die "--root is missing, as in --root=runs/blood"
[ ${#grids[@]} -gt 0 ] || die "--grid is missing, as in --grid=ipc=1,10,50"
[[ ${parallel:-1} =~ ^[1-9][0-9]*$ ]] || die "--parallel takes a number, got $parallel"
[[ $gpus =~ ^[1-9][0-9]*$ ]] || die "--gpus takes a number, got $gpus"

total=1
for grid in "${grids[@]}"; do
  # The characters that a folder name may contain.
  [[ $grid =~ ^[a-z_.]+=[A-Za-z0-9._+-]+(,[A-Za-z0-9._+-]+)*$ ]] ||
    die "--grid takes KEY=VALUE,... of letters, digits and ._+-, got $grid"
  IFS=, read -ra values <<<"${grid#*=}"
  twice=$(printf '%s\n' "${values[@]}" | sort | uniq -d | head -n 1)
  [ -z "$twice" ] || die "--grid=$grid has the value $twice twice"
  [[ " ${keys[*]:-} " != *" ${grid%%=*} "* ]] || die "--grid has the key ${grid%%=*} twice"
  keys+=("${grid%%=*}") lists+=("${grid#*=}")
  total=$((total * ${#values[@]}))
done

cd "$(dirname "$0")/.."
if [ -z "${PYTHON:-}" ]; then
  PYTHON=python3
  [ ! -x .venv/bin/python ] || PYTHON=.venv/bin/python
fi

# Sets `command` to the command of run $1, whose index is read as digits, the last grid first.
set_command() {
  local rest=$1 label='' flags=() values value i
  for ((i = ${#keys[@]} - 1; i >= 0; i--)); do
    IFS=, read -ra values <<<"${lists[i]}"
    value=${values[rest % ${#values[@]}]}
    rest=$((rest / ${#values[@]}))
    flags=("--config.${keys[i]}=$value" "${flags[@]}")
    label="${keys[i]}=$value${label:+,$label}"
  done
  command=("$PYTHON" -m medjax.launch --config="$config" "${flags[@]}"
    "--workdir=$root/$label" "${rest_args[@]}")
}
rest_args=("$@")

show() {
  printf '%q' "$1"
  printf ' %q' "${@:2}"
  echo
}

show_runs() {
  local i
  for ((i = 0; i < total; i++)); do
    set_command "$i"
    show "${command[@]}"
  done
}

# The arguments for --index=I: all but the mode and the options of the submission.
set_index_args() {
  local argument options=1
  index_args=()
  for argument in "${own[@]}"; do
    case "$options,$argument" in
      1,--local | 1,--slurm | 1,--k8s | 1,--dry-run) ;;
      1,--parallel=* | 1,--gpus=* | 1,--image=* | 1,--claim=* | 1,--name=*) ;;
      1,--) options=0 index_args+=(--) ;;
      *) index_args+=("$argument") ;;
    esac
  done
}

run_local() {
  local i status failed=0
  for ((i = 0; i < total; i++)); do
    set_command "$i"
    status=0
    "${command[@]}" || status=$?
    case "$status" in
      0) ;;
      130 | 143) exit "$status" ;; # a run that was stopped stops the sweep
      *)
        failed=$((failed + 1))
        echo "sweep.sh: run $i ended with status $status: $(show "${command[@]}")" >&2
        ;;
    esac
  done
  if [ "$failed" -gt 0 ]; then
    echo "sweep.sh: $failed of $total runs failed" >&2
    exit 1
  fi
}

submit_slurm() {
  local sbatch=(sbatch --array="0-$((total - 1))${parallel:+%$parallel}" --nodes=1
    --ntasks-per-node="$gpus" --gpus-per-node="$gpus" --output="medjax-%A_%a.log"
    launch/slurm.sbatch "${index_args[@]}")
  if [ -n "$dry" ]; then show "${sbatch[@]}"; else "${sbatch[@]}"; fi
}

manifest() {
  local argument
  cat <<END
apiVersion: batch/v1
kind: Job
metadata:
  name: $name
spec:
  completionMode: Indexed
  completions: $total
  parallelism: ${parallel:-$total}
  backoffLimitPerIndex: 2
  podFailurePolicy:
    rules:  # preempted, or its node lost: again, without counting
    - action: Ignore
      onExitCodes: {containerName: medjax, operator: In, values: [143]}
    - action: Ignore
      onPodConditions: [{type: DisruptionTarget, status: "True"}]
  template:
    spec:
      restartPolicy: Never
      terminationGracePeriodSeconds: 120
      automountServiceAccountToken: false
      securityContext: {runAsNonRoot: true, runAsUser: 1000, fsGroup: 1000}
      containers:
      - name: medjax
        image: "$image"
        command: [launch/sweep.sh, "--index=\$(RUN_INDEX)"]
        args:
END
  for argument in "${index_args[@]}"; do printf '        - "%s"\n' "$argument"; done
  cat <<END
        env:
        - name: RUN_INDEX
          valueFrom: {fieldRef: {fieldPath: "metadata.annotations['batch.kubernetes.io/job-completion-index']"}}
        - {name: PYTHON, value: python}
        - {name: MEDJAX_DATA_DIR, value: /mnt/medjax/data}
        - {name: JAX_COMPILATION_CACHE_DIR, value: /mnt/medjax/cache}
        resources: {limits: {nvidia.com/gpu: $gpus}}
        volumeMounts:
        - {name: storage, mountPath: /mnt/medjax}
        - {name: shm, mountPath: /dev/shm}
      volumes:
      - {name: storage, persistentVolumeClaim: {claimName: "$claim"}}
      - {name: shm, emptyDir: {medium: Memory}}
END
}

submit_k8s() {
  [ -n "$image" ] || die "--image is missing, as in --image=registry.example.org/medjax:1"
  [[ $root == /mnt/medjax/* ]] || die "--root must be below /mnt/medjax, the shared volume; got $root"
  [[ "${index_args[*]}$image$claim$name" != *[\"\\\$]* ]] || die 'no ", \ or $ with --k8s'
  if [ -n "$dry" ]; then
    printf 'kubectl create -f - <<END\n%s\nEND\n' "$(manifest)"
  else
    manifest | kubectl create -f -
  fi
}

if [ "$mode" = index ]; then
  [[ $index =~ ^[0-9]+$ ]] && [ "$index" -lt "$total" ] ||
    die "--index takes 0 to $((total - 1)), got $index"
  set_command "$index"
  if [ -z "$dry" ]; then exec "${command[@]}"; fi
  show "${command[@]}"
elif [ "$mode" = local ]; then
  if [ -n "$dry" ]; then show_runs; else run_local; fi
else
  set_index_args
  "submit_$mode"
  [ -z "$dry" ] || show_runs
fi
