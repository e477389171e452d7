// Long short-term memory: layers/cells/lstm.py.
#pragma once
#include "cell.h"

namespace unrolled {
namespace UNROLLED_ISA {

// i, f, o = sigmoid; g = tanh; c' = f c + i g; h' = o tanh(c')
struct Lstm {
  static constexpr const char* kName = "lstm";
  static constexpr int kGates = 4, kStates = 2, kStages = 4;
  // torch's order is i f g o. Here the three sigmoids are neighbours, for one loop to make them.
  static constexpr int kGateOf[4] = {0, 1, 3, 2};
  static constexpr bool kFromX[4] = {true, true, true, true};
  static constexpr bool kFromH[4] = {true, true, true, true};
  static constexpr int kSaved = 5;  // i f o g and the c the step began with
  // torch's own LSTM forbids it on a CPU, and a sixth value would cost 5 % of a training step.
  static constexpr bool kKeepsH = false;
  static constexpr int kStageX[4] = {0, 1, 3, 2};
  static constexpr int kStageH[4] = {0, 1, 3, 2};

  static UNROLLED_INLINE void gates(float* z, int64_t stride) {
    sigmoids(z, 3 * stride);
    tanhs(z + 3 * stride, stride);
  }

  // The memory is c.
  static UNROLLED_INLINE void forward(const float* z, int64_t stride, const float*, float* c, int64_t,
                                      float* h, float* s, int64_t s_stride) {
    UNROLLED_EACH_VECTOR {
      const Vec i = load(z + u), f = load(z + stride + u), o = load(z + 2 * stride + u);
      const Vec g = load(z + 3 * stride + u);
      const Vec before = load(c + u);
      const Vec after = f * before + i * g;
      store(c + u, after);
      store(h + u, o * tanh(after));
      if (s) {
        store(s + u, i);
        store(s + s_stride + u, f);
        store(s + 2 * s_stride + u, o);
        store(s + 3 * s_stride + u, g);
        store(s + 4 * s_stride + u, before);
      }
    }
  }

  static UNROLLED_INLINE void backward(const float* s, int64_t s_stride, const float*, float* dh,
                                       float* dc, int64_t, float* dz, int64_t stride) {
    UNROLLED_EACH_VECTOR {
      const Vec i = load(s + u), f = load(s + s_stride + u), o = load(s + 2 * s_stride + u);
      const Vec g = load(s + 3 * s_stride + u), before = load(s + 4 * s_stride + u);
      const Vec tanh_c = tanh(f * before + i * g);  // made again: cheaper than saving and reading it
      const Vec from_h = load(dh + u);
      const Vec d = load(dc + u) + from_h * o * (1.0f - tanh_c * tanh_c);
      store(dz + u, d * g * (i * (1.0f - i)));
      store(dz + stride + u, d * before * (f * (1.0f - f)));
      store(dz + 2 * stride + u, from_h * tanh_c * (o * (1.0f - o)));
      store(dz + 3 * stride + u, d * i * (1.0f - g * g));
      store(dc + u, d * f);
      store(dh + u, splat(0.0f));
    }
  }
};

}  // namespace UNROLLED_ISA
}  // namespace unrolled
