// Gated recurrent unit: layers/cells/gru.py.
#pragma once
#include "cell.h"

namespace unrolled {
namespace UNROLLED_ISA {

// r, z = sigmoid; n = tanh(W x + r (U h)); h' = n + z (h - n). torch applies r after the product,
// so the two halves of n are separate sums.
struct Gru {
  static constexpr const char* kName = "gru";
  static constexpr int kGates = 3, kStates = 1, kStages = 4;
  static constexpr int kGateOf[4] = {0, 1, 2, 2};  // r z n(x) n(h)
  static constexpr bool kFromX[4] = {true, true, true, false};
  static constexpr bool kFromH[4] = {true, true, false, true};
  static constexpr int kSaved = 4;  // r z n and n's half from h
  static constexpr bool kKeepsH = true;
  // dz is kept as n(h) r z n(x): the three that reach h are neighbours, and so are x's.
  static constexpr int kStageX[3] = {1, 2, 3};
  static constexpr int kStageH[3] = {1, 2, 0};

  static UNROLLED_INLINE void gates(float* z, int64_t stride) { sigmoids(z, 2 * stride); }

  static UNROLLED_INLINE void forward(const float* z, int64_t stride, const float* before, float*,
                                      int64_t, float* h, float* s, int64_t s_stride) {
    UNROLLED_EACH_VECTOR {
      const Vec reset = load(z + u), update = load(z + stride + u);
      const Vec from_h = load(z + 3 * stride + u);
      const Vec n = tanh(load(z + 2 * stride + u) + reset * from_h);
      store(h + u, n + update * (load(before + u) - n));
      if (s) {
        store(s + u, reset);
        store(s + s_stride + u, update);
        store(s + 2 * s_stride + u, n);
        store(s + 3 * s_stride + u, from_h);
      }
    }
  }

  static UNROLLED_INLINE void backward(const float* s, int64_t s_stride, const float* before, float* dh,
                                       float*, int64_t, float* dz, int64_t stride) {
    UNROLLED_EACH_VECTOR {
      const Vec reset = load(s + u), update = load(s + s_stride + u), n = load(s + 2 * s_stride + u);
      const Vec from_h = load(s + 3 * s_stride + u);
      const Vec d = load(dh + u);
      const Vec dn = d * (1.0f - update) * (1.0f - n * n);
      store(dz + u, dn * reset);
      store(dz + stride + u, dn * from_h * (reset * (1.0f - reset)));
      store(dz + 2 * stride + u, d * (load(before + u) - n) * (update * (1.0f - update)));
      store(dz + 3 * stride + u, dn);
      store(dh + u, d * update);
    }
  }
};

}  // namespace UNROLLED_ISA
}  // namespace unrolled
