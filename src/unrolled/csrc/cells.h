// The equations of the three cells, forward and backward, tile by tile.
// Their readable twins, with the same letters, are in layers/cells.py.
//
// A cell names its stages: the sums z it needs, each from a gate's weights and from x, h or both.
// z, dz: (stages, 16), `stride` floats from one stage to the next. s: saved values, likewise.
// `gates` turns the sums of a tile (stages, stride) into gates where that needs nothing but the sums;
// `forward` and `backward` do the rest for one row and one block.
#pragma once
#include "vecmath.h"

namespace unrolled {
namespace UNROLLED_ISA {

// The gates of a whole tile at once: many short chains of operations, none waiting for another, where
// gate, c and tanh c of one row would be one long chain. Took a third off the cell's time.
UNROLLED_INLINE void sigmoids(float* z, int64_t n) {
#pragma GCC unroll 1
  for (int64_t i = 0; i < n; i += kWidth) store(z + i, sigmoid(load(z + i)));
}
UNROLLED_INLINE void tanhs(float* z, int64_t n) {
#pragma GCC unroll 1
  for (int64_t i = 0; i < n; i += kWidth) store(z + i, tanh(load(z + i)));
}

#define UNROLLED_EACH_VECTOR \
  _Pragma("GCC unroll 4") for (int u = 0; u < kBlock; u += kWidth)

// i, f, o = sigmoid; g = tanh; c' = f c + i g; h' = o tanh(c')
struct Lstm {
  static constexpr int kGates = 4, kStages = 4;
  // torch's order is i f g o. Here the three sigmoids are neighbours, for one loop to make them.
  static constexpr int kGateOf[4] = {0, 1, 3, 2};
  static constexpr bool kFromX[4] = {true, true, true, true};
  static constexpr bool kFromH[4] = {true, true, true, true};
  static constexpr int kSaved = 5;  // i f o g and the c the step began with
  static constexpr bool kHasC = true, kKeepsH = false;
  // Backward: where the dz of each gate stands, as x's weights and as h's see it.
  static constexpr int kStageX[4] = {0, 1, 3, 2};
  static constexpr int kStageH[4] = {0, 1, 3, 2};

  static UNROLLED_INLINE void gates(float* z, int64_t stride) {
    sigmoids(z, 3 * stride);
    tanhs(z + 3 * stride, stride);
  }

  // c: in and out. h: out.
  static UNROLLED_INLINE void forward(const float* z, int64_t stride, const float*, float* c, float* h,
                                      float* s, int64_t s_stride) {
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

  // dh: in, what reaches h'; out, what passes to h beside W^T dz. dc: in, dc'; out, dc.
  static UNROLLED_INLINE void backward(const float* s, int64_t s_stride, const float*, float* dh,
                                       float* dc, float* dz, int64_t stride) {
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

// r, z = sigmoid; n = tanh(W x + r (U h)); h' = n + z (h - n). torch applies r after the product,
// so the two halves of n are separate sums.
struct Gru {
  static constexpr int kGates = 3, kStages = 4;
  static constexpr int kGateOf[4] = {0, 1, 2, 2};  // r z n(x) n(h)
  static constexpr bool kFromX[4] = {true, true, true, false};
  static constexpr bool kFromH[4] = {true, true, false, true};
  static constexpr int kSaved = 4;  // r z n and n's half from h
  static constexpr bool kHasC = false, kKeepsH = true;
  // dz is kept as n(h) r z n(x): the three that reach h are neighbours, and so are x's.
  static constexpr int kStageX[3] = {1, 2, 3};
  static constexpr int kStageH[3] = {1, 2, 0};

  static UNROLLED_INLINE void gates(float* z, int64_t stride) { sigmoids(z, 2 * stride); }

  static UNROLLED_INLINE void forward(const float* z, int64_t stride, const float* before, float*,
                                      float* h, float* s, int64_t s_stride) {
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
                                       float*, float* dz, int64_t stride) {
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

// h' = tanh(z) or max(z, 0)
template <bool kRelu>
struct Rnn {
  static constexpr int kGates = 1, kStages = 1;
  static constexpr int kGateOf[1] = {0};
  static constexpr bool kFromX[1] = {true};
  static constexpr bool kFromH[1] = {true};
  static constexpr int kSaved = 0;  // h' stands in y
  static constexpr bool kHasC = false, kKeepsH = false;
  static constexpr int kStageX[1] = {0};
  static constexpr int kStageH[1] = {0};

  static UNROLLED_INLINE void gates(float*, int64_t) {}

  static UNROLLED_INLINE void forward(const float* z, int64_t, const float*, float*, float* h, float*,
                                      int64_t) {
    UNROLLED_EACH_VECTOR {
      const Vec sum = load(z + u);
      const Vec after = kRelu ? at_least(sum, 0.0f) : tanh(sum);
      store(h + u, after);
    }
  }

  static UNROLLED_INLINE void backward(const float* h, int64_t, const float*, float* dh, float*,
                                       float* dz, int64_t) {
    UNROLLED_EACH_VECTOR {
      const Vec after = load(h + u), d = load(dh + u);
      store(dz + u, kRelu ? (after <= 0.0f ? splat(0.0f) : d) : d * (1.0f - after * after));
      store(dh + u, splat(0.0f));
    }
  }
};

}  // namespace UNROLLED_ISA
}  // namespace unrolled
