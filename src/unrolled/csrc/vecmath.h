// exp, sigmoid and tanh, 1e-6 relative or better, NaN and infinity as libm's.
#pragma once
#include "vec.h"

namespace unrolled {
namespace UNROLLED_ISA {

// e^y = scale * (1 + r * slope), scale a power of two: 1 + r * slope is e^r.
struct Exponential {
  Vec scale, r, slope;
};

// (y - n ln 2) / kTimes. ln 2 as one float is off by 2.4e-7 of e^y where n is 128, and by 3e-8 where a
// sigmoid is no 0 or 1; without fused multiply-add the product is rounded too, and ln 2 stands in two parts.
template <int kTimes>
UNROLLED_INLINE Vec rest_of(Vec x, Vec n) {
  if constexpr (kFused) return less_product(x, n, 0.693147181f / kTimes);
  return (x - n * (0.693359375f / kTimes)) - n * (-2.12194440e-4f / kTimes);
}

// Of y = kTimes x: y = n ln 2 + r, with n = round(y / ln 2) and |r| <= ln(2)/2; kTimes is 1, -1 or 2. The
// factor stands in the constants and not before x: it is the number of operations that limits the speed.
template <int kTimes>
UNROLLED_INLINE Exponential exponential(Vec x) {
  constexpr float f = kTimes, f2 = f * f, f3 = f2 * f;
  // Adding 1.5 * 2^23 leaves the rounded integer in the low bits; adding the exponent's bias with it
  // makes them the exponent of 2^n: one shift instead of a round, a convert, an add and a shift.
  const Vec magic = splat(12582912.0f + 127.0f);
  const Vec shifted = x * (f * 1.44269504f) + magic;
  const Vec r = rest_of<kTimes>(x, shifted - magic);  // over f, here and below
  // (e^r - 1 - r) / r^2, least squares reweighted to equal error: 1.4e-8 of e^r - 1 at worst.
  // In pairs rather than Horner's order: half the chain, a tenth off the time.
  const Vec square = r * r;
  const Vec high = r * (f3 * f3 * 0.0013946493854746222f) + f3 * f2 * 0.00836661085486412f;
  const Vec low = r * (f3 * f * 0.04166628047823906f) + f3 * 0.1666654348373413f;
  const Vec p = (square * high + low) * r + f2 * 0.5f;
  return {floats(bits(shifted) << 23), r, r * p + f};
}

// e^89 overflows to infinity and e^-88 is made 0, which is what 1 / (1 + e^-x) needs at its ends.
UNROLLED_INLINE Vec exp(Vec x) {
  const Exponential e = exponential<1>(at_least(at_most(x, 89.0f), -88.0f));
  return e.scale * (e.r * e.slope + 1.0f);
}

UNROLLED_INLINE Vec sigmoid(Vec x) {
  const Exponential e = exponential<-1>(at_least(at_most(x, 88.0f), -89.0f));
  return 1.0f / (e.scale * (e.r * e.slope + 1.0f) + 1.0f);
}

// tanh x = (e^2x - 1) / (e^2x + 1), with e^2x - 1 formed without cancellation so that tiny x stay exact.
// Of |x|, and the sign again: near -1 the quotient's roundings were three times as large as near 1, and
// 1 - tanh^2, a saturated unit's gradient, feels them all.
UNROLLED_INLINE Vec tanh(Vec x) {
  const IntVec sign = bits(x) & INT32_MIN;
  const Exponential e = exponential<2>(at_most(floats(bits(x) ^ sign), 10.0f));
  const Vec m = e.scale * e.r * e.slope + (e.scale - 1.0f);
  return floats(bits(m) | sign) / (m + 2.0f);
}

}  // namespace UNROLLED_ISA
}  // namespace unrolled
