// Compiled once per instruction set, with UNROLLED_ISA its name and UNROLLED_WIDTH its floats a register.
#include "backward.h"
#include "forward.h"

namespace unrolled {
namespace UNROLLED_ISA {

// Calls `act` with the pass of the cell that is asked for.
template <template <class> class Pass, class Problem, class Act>
UNROLLED_INLINE void with_pass(const Problem& f, Arena& arena, const Act& act) {
  switch (f.kind) {
    case Kind::rnn_tanh: { Pass<Rnn<false>> pass(f, arena); return act(pass); }
    case Kind::rnn_relu: { Pass<Rnn<true>> pass(f, arena); return act(pass); }
    case Kind::gru: { Pass<Gru> pass(f, arena); return act(pass); }
    case Kind::lstm: { Pass<Lstm> pass(f, arena); return act(pass); }
  }
}

int64_t saved_floats(Kind kind, int64_t rows, int64_t hidden) {
  const int values = kind == Kind::lstm ? Lstm::kSaved : kind == Kind::gru ? Gru::kSaved : Rnn<false>::kSaved;
  return rows * values * padded(hidden);
}

int64_t forward_floats(const Forward& f) {
  Arena arena{nullptr};
  with_pass<ForwardPass>(f, arena, [](auto&) {});
  return arena.used;
}

void forward(const Forward& f, float* scratch) {
  Arena arena{scratch};
  with_pass<ForwardPass>(f, arena, [](auto& pass) { pass.run(); });
}

int64_t backward_floats(const Backward& f) {
  Arena arena{nullptr};
  with_pass<BackwardPass>(f, arena, [](auto&) {});
  return arena.used;
}

void backward(const Backward& f, float* scratch) {
  Arena arena{scratch};
  with_pass<BackwardPass>(f, arena, [](auto& pass) { pass.run(); });
}

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
const Kernels kernels{UNROLLED_NAME(UNROLLED_ISA), saved_floats, forward_floats, forward,
                      backward_floats, backward, elementary};

}  // namespace UNROLLED_ISA
}  // namespace unrolled
