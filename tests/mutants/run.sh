#!/usr/bin/env bash
# Plants each mistake of tests/mutants/*.patch in a copy of the sources, builds that, and reports what finds it: the
# simulation's first seeds, or else the unit tests. Called by ./dev mutants; see README.md here. With --check it only
# looks whether each patch still applies, which ./dev lint asks for.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

readonly seeds=400
# Some mistakes make a run endless.
readonly seconds_max=900
# Of the unit tests.
readonly programs=(core_tests hub_tests broker_tests native_tests)
readonly folder=$PWD/build/mutants
readonly build=$folder/build report=$folder/report.md
source=$folder/source

is_check=false
if [ "${1:-}" = --check ]; then
  is_check=true
  shift
fi
patches=("$PWD"/tests/mutants/*.patch)
[ $# = 0 ] || patches=("${@/#/$PWD/tests/mutants/}")
[ $# = 0 ] || patches=("${patches[@]/%/.patch}")

die() {
  printf 'mutants: %s\n' "$*" >&2
  exit 2
}

# What the patch says of itself: its first line.
claim_of() { head -n 1 "$1"; }

files_of() { sed -n 's|^+++ b/||p' "$1"; }

# apply PATCH [OPTION...]: to the letter, or not at all.
apply() {
  local patch=$1
  shift
  patch --directory="$source" --strip=1 --fuzz=0 --silent "$@" <"$patch"
}

# check FOLDER: all patches apply to the sources there.
check() {
  local patch
  for patch in "${patches[@]}"; do
    source=$1 apply "$patch" --dry-run >&2 ||
      die "$(basename "$patch") no longer applies: what it breaks has moved, so write it anew"
  done
}

copy_sources() {
  rm -rf "$source"
  mkdir -p "$source"
  git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
    [ ! -e "$file" ] || printf '%s\0' "$file"
  done | tar --create --null --files-from=- | tar --extract --directory="$source"
  # An earlier run may have built them with the mistake.
  local patch
  for patch in tests/mutants/*.patch; do
    files_of "$patch" | (cd "$source" && xargs touch)
  done
}

build() { nice cmake --build "$build" --target "$@" >"$folder/build.log" 2>&1; }

# failing_seed: prints what the first seed that fails says; false: none does.
failing_seed() {
  local log=$folder/seeds.log status=0
  timeout "$seconds_max" "$build/bin/mutant_seeds" "$seeds" >"$log" 2>&1 || status=$?
  case $status in
    0) return 1 ;;
    124) echo 'simulation: a seed does not end' ;;
    *)
      grep -m 1 -o 'seed [0-9]* fails: [^{]\{1,120\}' "$log" ||
        echo "simulation: it ends with $status: $(tail -n 1 "$log")"
      ;;
  esac
}

# failing_test: prints the first unit test that fails; false: none does.
failing_test() {
  local program log
  build "${programs[@]}" || die "the tests do not build: $folder/build.log"
  for program in "${programs[@]}"; do
    log=$folder/$program.log
    if ! timeout "$seconds_max" "$build/bin/$program" --abort --use-colour no >"$log" 2>&1; then
      # Catch names the test case between two lines of dashes.
      echo "$program: $(grep -A 1 -m 1 '^---' "$log" | tail -n 1)"
      return
    fi
  done
  return 1
}

# plant PATCH FIND: plants the mistake, builds, and notes what FIND finds; takes the mistake out again.
plant() {
  local patch=$1 find=$2 found=
  apply "$patch"
  if ! build mutant_seeds; then
    cat "$folder/build.log" >&2
    die "$(basename "$patch") does not build"
  fi
  found=$("$find") || true
  apply "$patch" --reverse
  printf '%s: %s\n' "$(basename "$patch" .patch)" "${found:-not found}"
  found_by[$patch]=$found
}

for patch in "${patches[@]}"; do
  [ -e "$patch" ] || die "there is no $patch"
done
if "$is_check"; then
  check .
  exit
fi
echo "copying the sources to $source"
copy_sources
check "$source"

launcher=()
! command -v ccache >/dev/null || launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
cmake -S "$source" -B "$build" -G Ninja --log-level=WARNING -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS_RELEASE=-O1 \
  -DREGSTREAM_TESTS=ON "${launcher[@]}" >/dev/null
echo "building it without a mistake"
build mutant_seeds || die "it does not build: $folder/build.log"
! found=$(failing_seed) || die "without a mistake already: $found"

declare -A found_by
missed=()
for patch in "${patches[@]}"; do
  plant "$patch" failing_seed
  [ -n "${found_by[$patch]}" ] || missed+=("$patch")
done
if [ ${#missed[@]} -gt 0 ]; then
  echo "building the unit tests without a mistake"
  ! found=$(failing_test) || die "without a mistake already: $found"
  for patch in "${missed[@]}"; do
    plant "$patch" failing_test
  done
fi

status=0
{
  printf '| mistake | what it breaks | found by |\n| --- | --- | --- |\n'
  for patch in "${patches[@]}"; do
    found=${found_by[$patch]//|/\\|}
    printf '| %s | %s | %s |\n' "$(basename "$patch" .patch)" "$(claim_of "$patch")" "${found:-**nothing**}"
  done
} | tee "$report"
! grep -q '\*\*nothing\*\*' "$report" || status=1
exit "$status"
