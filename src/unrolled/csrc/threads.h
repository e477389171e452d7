// A team of OpenMP threads (torch's own pool, since both load the same libgomp) and how it shares work.
//
// The team is always the size the caller names or one: libgomp would tear its pool down and build it
// anew if teams of different sizes took turns.
#pragma once
#include <sched.h>

#include "vec.h"
#ifdef _OPENMP
#include <omp.h>
#endif

namespace unrolled {
namespace UNROLLED_ISA {

struct Range {
  int64_t begin, end;
  UNROLLED_INLINE int64_t size() const { return end - begin; }
};

UNROLLED_INLINE Range share(int64_t n, int64_t part, int64_t parts) {
  return {n * part / parts, n * (part + 1) / parts};
}

UNROLLED_INLINE void pause_cpu() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#endif
}

// All wait until all have come. Spinning costs a fraction of a microsecond where a sleeping barrier
// costs ten; after a while it yields, for machines with more threads than free cores.
struct Barrier {
  int waiting = 0;
  int round = 0;
  UNROLLED_INLINE void wait(int size) {
    if (size == 1) return;
    const int now = __atomic_load_n(&round, __ATOMIC_RELAXED);
    if (__atomic_add_fetch(&waiting, 1, __ATOMIC_ACQ_REL) == size) {
      __atomic_store_n(&waiting, 0, __ATOMIC_RELAXED);
      __atomic_store_n(&round, now + 1, __ATOMIC_RELEASE);
      return;
    }
    for (int spins = 0; __atomic_load_n(&round, __ATOMIC_ACQUIRE) == now; ++spins) {
      if (spins < 4000)
        pause_cpu();
      else
        sched_yield();
    }
  }
};

struct Team {
  int id, size;
  Barrier* barrier;  // null: a thread alone
  UNROLLED_INLINE void wait() const {
    if (barrier) barrier->wait(size);
  }
  UNROLLED_INLINE Range share(int64_t n) const { return UNROLLED_ISA::share(n, id, size); }
};

constexpr Team kAlone{0, 1, nullptr};

template <class Body>
UNROLLED_INLINE void in_parallel(int threads, const Body& body) {
  Barrier barrier;
#ifdef _OPENMP
  if (threads > 1) {
#pragma omp parallel num_threads(threads)
    body(Team{omp_get_thread_num(), omp_get_num_threads(), &barrier});
    return;
  }
#endif
  body(Team{0, 1, &barrier});
}

// Rows of a batch dealt so that each thread gets the same number of (step, row) pairs: in a packed
// batch the first rows are the longest.
UNROLLED_INLINE Range share_rows(const Sequence& seq, int part, int parts) {
  if (!seq.sizes) return share(seq.batch, part, parts);
  const Range rows = share(seq.rows, part, parts);
  Range mine{seq.batch, seq.batch};
  int64_t before = 0, length = seq.steps;
  for (int64_t b = 0; b < seq.batch; ++b) {
    while (length > 0 && seq.sizes[length - 1] <= b) --length;
    if (before >= rows.begin && mine.begin > b) mine.begin = b;
    if (before >= rows.end && mine.end > b) mine.end = b;
    before += length;
  }
  return mine;
}

}  // namespace UNROLLED_ISA
}  // namespace unrolled
