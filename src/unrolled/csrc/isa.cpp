// Compiled once per instruction set, with UNROLLED_ISA its name and UNROLLED_WIDTH its floats a register.
#include "backward.h"
#include "forward.h"

namespace unrolled {
namespace UNROLLED_ISA {

template <class Pass, class Problem>
int64_t scratch_floats(const Problem& f) {
  Arena arena{nullptr};
  const Pass pass(f, arena);
  return arena.used;
}

template <class Pass, class Problem>
void run(const Problem& f, float* scratch) {
  Arena arena{scratch};
  Pass(f, arena).run();
}

template <class Cell>
constexpr CellKernels kernels_of() {
  static_assert(Cell::kStates >= 1 && Cell::kStates <= kMostStates);
  using F = ForwardPass<Cell>;
  using B = BackwardPass<Cell>;
  return {Cell::kName, Cell::kGates, Cell::kStates, F::kKept, Cell::kKeepsH, scratch_floats<F, Forward>,
          run<F, Forward>, scratch_floats<B, Backward>, run<B, Backward>};
}

template <class... Cell>
constexpr std::array<CellKernels, sizeof...(Cell)> kernels_of(List<Cell...>) {
  return {kernels_of<Cell>()...};
}
constexpr auto kCells = kernels_of(Cells{});

void elementary(const float* x, int64_t n, float* out) {
  alignas(64) float block[kBlock], result[kBlock];
  for (int64_t i = 0; i < n; i += kBlock) {
    const int64_t count = min64(kBlock, n - i);
    load_block(block, x + i, count);
    for (int which = 0; which < 3; ++which) {
      UNROLLED_EACH_VECTOR {
        const Vec v = load(block + u);
        store(result + u, which == 0 ? exp(v) : which == 1 ? sigmoid(v) : tanh(v));
      }
      store_block(out + which * n + i, result, count);
    }
  }
}

#define UNROLLED_TEXT(name) #name
#define UNROLLED_NAME(name) UNROLLED_TEXT(name)
extern const Kernels kernels;
const Kernels kernels{UNROLLED_NAME(UNROLLED_ISA), kCells.data(), static_cast<int>(kCells.size()),
                      elementary};

}  // namespace UNROLLED_ISA
}  // namespace unrolled
