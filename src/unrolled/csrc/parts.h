// The gradients of the weights when a batch goes backward in parts, each with sums of its own.
// They are added up in pairs, then pairs of pairs: an order that no number of threads can change, and
// in which a thread's neighbouring parts meet in its own cache.
#pragma once
#include "threads.h"

namespace unrolled {
namespace UNROLLED_ISA {

// Null: not wanted.
struct Gradients {
  float* w_ih;  // (G*H, I)
  float* w_hh;  // (G*H, H)
  float* b_ih;  // (G*H)
  float* b_hh;  // (G*H)
};

struct Parts {
  int count;
  int64_t sizes[4];  // floats of each gradient
  float* whole[4];   // the caller's, where part 0 and in the end all of them go
  float* others[4];  // (count - 1, floats)

  Parts(const Backward& f, int gates, int count, Arena& arena)
      : count(count), sizes{gates * f.hidden * f.input, gates * f.hidden * f.hidden, gates * f.hidden,
                            gates * f.hidden},
        whole{f.dw_ih, f.dw_hh, f.db_ih, f.db_hh} {
    for (int i = 0; i < 4; ++i) others[i] = whole[i] ? arena.take((count - 1) * sizes[i]) : nullptr;
  }

  UNROLLED_INLINE float* at(int64_t part, int i) const {
    return part == 0 || !whole[i] ? whole[i] : others[i] + (part - 1) * sizes[i];
  }
  UNROLLED_INLINE Gradients operator[](int64_t part) const {
    return {at(part, 0), at(part, 1), at(part, 2), at(part, 3)};
  }

  // What a part without rows has to add.
  void clear(int64_t part) const {
    for (int i = 0; i < 4; ++i)
      if (whole[i]) zero(at(part, i), sizes[i]);
  }

  // First each thread adds up what is its own, then all share what is left.
  void add_up(Team team) const {
    const Range mine = team.share(count);
    each_pair([&](int64_t part, int64_t other, int64_t end) {
      if (mine.begin <= part && end <= mine.end) add(part, other, kAlone);
    });
    team.wait();
    each_pair([&](int64_t part, int64_t other, int64_t end) {
      if (!one_thread_has(part, end, team.size)) add(part, other, team);
    });
  }

  // The pairs in order: `part` takes `other`, and then stands for parts [part, end).
  template <class Do>
  UNROLLED_INLINE void each_pair(const Do& act) const {
    for (int64_t step = 1; step < count; step *= 2)
      for (int64_t part = 0; part + step < count; part += 2 * step)
        act(part, part + step, min64(part + 2 * step, count));
  }

  bool one_thread_has(int64_t begin, int64_t end, int threads) const {
    for (int id = 0; id < threads; ++id) {
      const Range parts = share(count, id, threads);
      if (parts.begin <= begin && end <= parts.end) return true;
    }
    return false;
  }

  // A thread meets the same floats in every pair, so no pair needs to wait for another's threads.
  void add(int64_t part, int64_t other, Team team) const {
    for (int i = 0; i < 4; ++i) {
      if (!whole[i]) continue;
      float* to = at(part, i);
      const float* from = at(other, i);
      const Range floats = team.share(sizes[i]);
      int64_t j = floats.begin;
      for (; j + kWidth <= floats.end; j += kWidth) store(to + j, load(to + j) + load(from + j));
      for (; j < floats.end; ++j) to[j] += from[j];
    }
  }
};

}  // namespace UNROLLED_ISA
}  // namespace unrolled
