// Simple recurrent network: layers/cells/rnn.py.
#pragma once
#include "cell.h"

namespace unrolled {
namespace UNROLLED_ISA {

// h' = tanh(z) or max(z, 0)
template <bool kRelu>
struct Rnn {
  static constexpr const char* kName = kRelu ? "rnn_relu" : "rnn_tanh";
  static constexpr int kGates = 1, kStates = 1, kStages = 1;
  static constexpr int kGateOf[1] = {0};
  static constexpr bool kFromX[1] = {true};
  static constexpr bool kFromH[1] = {true};
  static constexpr int kSaved = 0;  // h' is enough
  static constexpr bool kKeepsH = true;
  static constexpr int kStageX[1] = {0};
  static constexpr int kStageH[1] = {0};

  static UNROLLED_INLINE void gates(float*, int64_t) {}

  static UNROLLED_INLINE void forward(const float* z, int64_t, const float*, float*, int64_t, float* h,
                                      float*, int64_t) {
    UNROLLED_EACH_VECTOR {
      const Vec sum = load(z + u);
      const Vec after = kRelu ? at_least(sum, 0.0f) : tanh(sum);
      store(h + u, after);
    }
  }

  static UNROLLED_INLINE void backward(const float* h, int64_t, const float*, float* dh, float*,
                                       int64_t, float* dz, int64_t) {
    UNROLLED_EACH_VECTOR {
      const Vec after = load(h + u), d = load(dh + u);
      store(dz + u, kRelu ? (after <= 0.0f ? splat(0.0f) : d) : d * (1.0f - after * after));
      store(dh + u, splat(0.0f));
    }
  }
};

}  // namespace UNROLLED_ISA
}  // namespace unrolled
