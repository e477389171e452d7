#include "dispatch.h"

#include <atomic>

namespace unrolled {

#define UNROLLED_DECLARE(isa)       \
  namespace isa {                   \
  extern const Kernels kernels;     \
  }
#ifdef UNROLLED_HAS_X86
UNROLLED_DECLARE(avx512)
UNROLLED_DECLARE(avx2)
#endif
#ifdef UNROLLED_HAS_WIDE
UNROLLED_DECLARE(wide)
#endif
UNROLLED_DECLARE(portable)

namespace {

struct Entry {
  const Kernels* kernels;
  bool supported;
};

const std::vector<Entry>& entries() {
  static const std::vector<Entry> all = [] {
    std::vector<Entry> made;
#ifdef UNROLLED_HAS_X86
    __builtin_cpu_init();
    const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    made.push_back({&avx512::kernels, has_avx2 && __builtin_cpu_supports("avx512f") &&
                                          __builtin_cpu_supports("avx512vl") &&
                                          __builtin_cpu_supports("avx512bw") &&
                                          __builtin_cpu_supports("avx512dq")});
    made.push_back({&avx2::kernels, has_avx2});
#endif
    made.push_back({&portable::kernels, true});
#ifdef UNROLLED_HAS_WIDE
    made.push_back({&wide::kernels, has_avx2});  // for tests: AVX-512's layout on an AVX2 machine
#endif
    return made;
  }();
  return all;
}

const Kernels* best() {
  for (const Entry& entry : entries())
    if (entry.supported) return entry.kernels;
  return &portable::kernels;
}

std::atomic<const Kernels*>& in_use() {
  static std::atomic<const Kernels*> chosen{best()};
  return chosen;
}

}  // namespace

std::vector<std::string> built_isas() {
  std::vector<std::string> names;
  for (const Entry& entry : entries()) names.emplace_back(entry.kernels->name);
  return names;
}

std::vector<std::string> supported_isas() {
  std::vector<std::string> names;
  for (const Entry& entry : entries())
    if (entry.supported) names.emplace_back(entry.kernels->name);
  return names;
}

const Kernels& kernels() { return *in_use().load(); }

int find_cell(const std::string& name) {
  for (int i = 0; i < kernels().cell_count; ++i)
    if (name == kernels().cells[i].name) return i;
  return -1;
}

bool choose_isa(const std::string& name) {
  for (const Entry& entry : entries())
    if (entry.supported && name == entry.kernels->name) {
      in_use().store(entry.kernels);
      return true;
    }
  return false;
}

std::vector<std::string> cpu_features() {
  std::vector<std::string> found;
#ifdef UNROLLED_HAS_X86
  __builtin_cpu_init();
#define UNROLLED_FEATURE(name) \
  if (__builtin_cpu_supports(name)) found.emplace_back(name);
  UNROLLED_FEATURE("sse4.2")
  UNROLLED_FEATURE("avx")
  UNROLLED_FEATURE("avx2")
  UNROLLED_FEATURE("fma")
  UNROLLED_FEATURE("avx512f")
  UNROLLED_FEATURE("avx512vl")
  UNROLLED_FEATURE("avx512bw")
  UNROLLED_FEATURE("avx512dq")
#elif defined(__aarch64__)
  found.emplace_back("neon");
#endif
  return found;
}

}  // namespace unrolled
