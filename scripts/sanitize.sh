#!/bin/sh
# Runs the kernel tests on a build with the address and undefined-behaviour sanitizers.
#   scripts/sanitize.sh [pytest arguments]
#   scripts/sanitize.sh border [cases] [seed]    scripts/fuzz_border.py instead of the tests
# Needs GCC, cmake and ninja. Leaves the installed extension alone: the package is copied beside the
# build and imported from there. Leaks are not looked for: Python itself has many. Those of
# rounding (test_native_accuracy.py) are left out: -O1, chosen to compile in a minute, fuses no
# multiply-adds.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
python=${PYTHON:-$root/.venv/bin/python}
build=${BUILD:-$root/build/sanitize}

cmake -S "$root" -B "$build" -G Ninja -DPython_EXECUTABLE="$python" -DCMAKE_BUILD_TYPE=RelWithDebInfo \
  -DUNROLLED_SANITIZE=ON -DUNROLLED_WIDE=ON -DUNROLLED_OPTIMIZE=-O1 >"$build.log" 2>&1 || { cat "$build.log"; exit 1; }
ninja -C "$build" >"$build.log" 2>&1 || { cat "$build.log"; exit 1; }

rm -rf "$build/package" && mkdir -p "$build/package"
cp -r "$root/src/unrolled" "$build/package/unrolled"
rm -f "$build/package/unrolled"/_kernels*.so
cp "$build"/_kernels*.so "$build/package/unrolled/"

asan=$("${CXX:-c++}" -print-file-name=libasan.so)
stdcxx=$("${CXX:-c++}" -print-file-name=libstdc++.so)  # or exceptions are not seen by libasan
cd "$root"
[ $# -gt 0 ] || set -- tests/layers/test_native.py tests/layers/test_native_behaviour.py tests/layers/test_native_layouts.py -k "not forked and not table"
# --capture=sys, or pytest swallows what the sanitizers say. A size that no memory holds is no fault of theirs.
LD_PRELOAD="$asan $stdcxx" ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1 \
  PYTHONPATH="$build/package" "$python" -W ignore -c '
import runpy
import sys
sys.path.insert(0, sys.argv.pop(1))
sys.meta_path[:] = [f for f in sys.meta_path if "editable" not in type(f).__module__.lower()]
import unrolled._kernels as kernels
print(kernels.__file__, kernels.build)
if sys.argv[1] == "border":
    sys.argv = ["scripts/fuzz_border.py", *sys.argv[2:]]
    runpy.run_path(sys.argv[0], run_name="__main__")
import pytest
sys.exit(pytest.main(["-p", "no:cacheprovider", "--capture=sys", *sys.argv[1:]]))
' "$build/package" "$@"
