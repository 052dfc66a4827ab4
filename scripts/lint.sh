# Formatting and static checks. Part of ./dev, which defines the lists of packages, and how to build.
# shellcheck shell=bash

readonly columns_max=120

cpp_sources() {
  find core native wasm tests examples -name node_modules -prune -o -type f \( -name '*.cpp' -o -name '*.hpp' \) -print
}

fmt() {
  install_packages clang-format
  install_node
  cpp_sources | xargs clang-format -i
  npx biome format --write
}

# clang-format leaves long comments, strings and tables alone, and Biome long strings.
check_columns() {
  local sources=('*.cpp' '*.hpp' '*.ts' '*.tsx' '*.lua')
  ! LC_ALL=C.UTF-8 git grep -nE ".{$((columns_max + 1))}" -- "${sources[@]}" ||
    die "the lines above have more than $columns_max columns"
}

# tidy DIRECTORY OPTION...: of each source that stdin names, as DIRECTORY compiles it; what finds something fails.
tidy() {
  local directory=$1
  shift
  # GCC's options are not all Clang's.
  xargs -P "$(nproc)" -n 1 clang-tidy -p "$directory" --quiet --extra-arg=-Wno-unknown-warning-option "$@"
}

# Test sources are left to the compilers: Catch2's macros trip several checks.
lint_cpp() {
  # Without precompiled headers, which hide what a source forgets to include, and of which Clang can't read GCC's.
  local options=(-DCMAKE_BUILD_TYPE=Release -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON -DREGSTREAM_WARNINGS_AS_ERRORS=ON)
  # What a source is alone: that it includes what it uses, and the checks that look at main files only. Also the one for
  # exceptions, which takes std::variant's assignment for one that throws, and so all noexcept functions through which
  # it can see one.
  configure build/lint "${options[@]}"
  cpp_sources | grep -E '^(core|native|wasm)/.*\.cpp$' |
    tidy build/lint '--checks=-*,misc-unused-using-decls,bugprone-suspicious-include,bugprone-exception-escape'
  # All the rest costs by the headers, Beast's above all, and little by the source: a dozen of them share that.
  configure build/lint/unity "${options[@]}" -DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=16
  sed -n 's/^ *"file": "\([^"]*\)".*/\1/p' build/lint/unity/compile_commands.json |
    grep -E "^$root/(build/lint/unity/(core|native|wasm)/.*/unity_[0-9]+_cxx\.cxx|(core|native|wasm)/.*\.cpp)$" |
    tidy build/lint/unity --checks=-bugprone-suspicious-include,-bugprone-exception-escape
}

lint() {
  install_packages "${lint_packages[@]}" "${test_packages[@]}" "${bench_packages[@]}"
  install_packages "${build_packages[@]}"
  install_node
  say "shellcheck"
  shellcheck --external-sources dev .ci/run tests/mutants/run.sh tests/systems/*.sh tests/systems/package_checks/*.sh packaging/manual/*.sh
  say "mutants: each still applies"
  tests/mutants/run.sh --check
  say "clang-format"
  cpp_sources | xargs clang-format --dry-run -Werror
  say "at most $columns_max columns"
  check_columns
  say "biome"
  npx biome check --error-on-warnings
  say "the TypeScript checker"
  build_package
  npm run --silent --workspaces --if-present check
  say "clang-tidy"
  lint_cpp
}
