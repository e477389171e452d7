// The backward pass of one layer in one direction: a chunk of steps at a time, first the recurrence,
// then, from the chunk's dz while it is warm, the gradients of x and of the weights.
#pragma once
#include "cells/list.h"
#include "pack.h"
#include "parts.h"
#include "plan.h"
#include "tile.h"

namespace unrolled {
namespace UNROLLED_ISA {

template <class Cell>
struct BackwardPass {
  static constexpr int kG = Cell::kGates, kMemories = Cell::kStates - 1, kKept = Cell::kSaved + Cell::kKeepsH;
  static constexpr int kFirstX = Cell::kStageX[0];  // x's stages are the last ones, h's the first

  // What a team needs to take some rows of the batch through a chunk of steps. A chunk's k counts its
  // (step, row) pairs as they are met, from the last step on.
  struct Chunk {
    Range part;       // rows of the batch
    float* dz;        // (stages, blocks, capacity, 16) dz in panels: written once, it serves W^T dz as
                      // rows and dz^T [x h] as columns without being packed again
    float* x;         // (blocks of I, capacity, 16)
    float* before;    // (blocks, capacity, 16) the h each step began with
    int64_t* row_of;  // (capacity) k -> row of the sequence
    Gradients to;
  };

  const Backward& f;
  const Plan plan;
  const int64_t I, H, blocks, Hp, capacity;
  float* w_x;      // (blocks of I, G * Hp, 16)
  float* w_h;      // (blocks of H, G * Hp, 16)
  float* dh;       // (B, Hp) what has reached h so far
  float* dmemory;  // (states - 1, B, Hp) likewise the others of a state
  float* chunks;   // a chunk's memory for each thread that has parts of its own, else one for all
  Parts parts;

  BackwardPass(const Backward& f, Arena& arena)
      : f(f), plan(make_plan(Cell::kGates, f.input, f.hidden, f.seq, f.threads)),
        I(f.input), H(f.hidden), blocks(blocks_of(f.hidden)), Hp(padded(f.hidden)),
        // odd, or the panels' rows would all fall into the same few sets of the caches
        capacity(plan.chunk_rows | 1),
        w_x(f.dx ? arena.take(padded(I) * kG * Hp) : nullptr), w_h(arena.take(Hp * kG * Hp)),
        dh(arena.take(f.seq.batch * Hp)),
        dmemory(kMemories ? arena.take(kMemories * f.seq.batch * Hp) : nullptr),
        chunks(arena.take(chunk_floats() * (plan.parts > 1 ? plan.threads : 1))),
        parts(f, kG, plan.parts, arena) {}

  int64_t chunk_floats() const {
    Arena counts{nullptr};
    chunk_in(counts, {0, 0}, {});
    return counts.used;
  }

  Chunk chunk_in(Arena& arena, Range part, const Gradients& to) const {
    Chunk chunk;
    chunk.part = part;
    chunk.to = to;
    chunk.dz = arena.take(Cell::kStages * Hp * capacity);
    chunk.x = arena.take(padded(I) * capacity);
    chunk.before = arena.take(Hp * capacity);
    chunk.row_of = reinterpret_cast<int64_t*>(arena.take(2 * capacity));
    return chunk;
  }

  void run() {
    in_parallel(plan.threads, [this](Team team) {
      prepare(team);
      if (plan.parts == 1) {
        Arena memory{chunks};
        walk(team, chunk_in(memory, {0, f.seq.batch}, parts[0]));
        return;
      }
      team.wait();
      const Range mine = team.share(plan.parts);
      for (int64_t part = mine.begin; part < mine.end; ++part) {
        Arena memory{chunks + team.id * chunk_floats()};
        const Range rows = share_rows(f.seq, static_cast<int>(part), plan.parts);
        if (rows.size() == 0)  // which rows of very different lengths can leave
          parts.clear(part);
        else
          walk(kAlone, chunk_in(memory, rows, parts[part]));
      }
      parts.add_up(team);
    });
    if (f.dfirst[0]) unpad_rows(f.dfirst[0], dh, f.seq.batch, H);
    for (int i = 0; i < kMemories; ++i)
      if (f.dfirst[i + 1]) unpad_rows(f.dfirst[i + 1], dmemory + i * f.seq.batch * Hp, f.seq.batch, H);
  }

  void prepare(Team team) {
    pack_backward(f.w.w_hh, Cell::kStageH, kG, H, H, team.share(blocks), w_h);
    if (f.dx) pack_backward(f.w.w_ih, Cell::kStageX, kG, H, I, team.share(blocks_of(I)), w_x);
    if (team.id != 0) return;
    pad_rows(dh, f.dlast[0], f.seq.batch, H);
    for (int i = 0; i < kMemories; ++i)
      pad_rows(dmemory + i * f.seq.batch * Hp, f.dlast[i + 1], f.seq.batch, H);
  }

  // From the last step to the first: a chunk's steps one by one, then all at once what needs its dz.
  void walk(Team team, const Chunk& chunk) {
    const bool all = plan.by_columns || team.size == 1;
    const Range rows = all ? chunk.part : share_rows(f.seq, team.id, team.size);
    const Range mine = plan.by_columns ? team.share(blocks) : Range{0, blocks};
    Sequence back = f.seq;  // walking backwards, steps count from its end
    back.reverse = !f.seq.reverse;
    bool first = true;
    for (int64_t s = 0; s < back.steps;) {
      const int64_t end = chunk_end(back, s, chunk.part, plan.chunk_rows);
      const int64_t count = row_count(back, s, end, chunk.part);
      pack_chunk(team, back, s, end, chunk);
      team.wait();
      for (int64_t k = 0; s < end; ++s) {
        const int64_t t = back.time(s), n = active(back, t, chunk.part).size();
        through_cell(t, k, active(back, t, rows), mine, chunk);
        if (plan.by_columns) team.wait();
        to_state(k, active(back, t, rows), mine, chunk);
        k += n;
      }
      team.wait();
      if (f.dx) to_input(team, count, chunk);
      if (count > 0) to_weights(team, count, first, chunk);  // a part of short rows begins later
      first = first && count == 0;
      if (s < back.steps) team.wait();
    }
  }

  // Copies the chunk's x, and the h before each of its steps, into panels.
  void pack_chunk(Team team, const Sequence& back, int64_t begin, int64_t end, const Chunk& chunk) {
    for (int64_t s = begin, k = 0; s < end; ++s) {
      const int64_t t = back.time(s);
      // The step before t in the order of the forward pass, and how many of its rows go on into t.
      const int64_t t_before = f.seq.reverse ? t + 1 : t - 1;
      const bool is_first = t_before < 0 || t_before == f.seq.steps;
      const int64_t known = is_first ? 0 : f.seq.size(t_before);
      const Range all = active(back, t, chunk.part), rows = team.share(all.size());
      for (int64_t r = rows.begin; r < rows.end; ++r) {
        const int64_t b = all.begin + r, at = (k + r) * kBlock;
        chunk.row_of[k + r] = f.seq.offset(t) + b;
        for (int64_t i = 0; i < I; i += kBlock)
          load_block(chunk.x + i * capacity + at, f.x.at(f.seq, t, b) + i, min64(kBlock, I - i));
        const float* h = b < known    ? after(t_before, b)
                         : f.first[0] ? f.first[0] + b * H
                                      : nullptr;
        for (int64_t u = 0; u < H; u += kBlock) {
          if (h)
            load_block(chunk.before + u * capacity + at, h + u, min64(kBlock, H - u));
          else
            zero(chunk.before + u * capacity + at, kBlock);
        }
      }
      k += all.size();
    }
  }

  // What the forward pass kept of a row's step: the cell's values, then h where the cell keeps it.
  UNROLLED_INLINE const float* saved(int64_t t, int64_t b) const {
    return f.saved + (f.seq.offset(t) + b) * kKept * Hp;
  }
  UNROLLED_INLINE const float* after(int64_t t, int64_t b) const {
    return Cell::kKeepsH ? saved(t, b) + Cell::kSaved * Hp : f.y.at(f.seq, t, b);
  }

  // dz of one step from what reached the state. Row by row, as the saved values lie: 2-5 % of a backward
  // pass at H = 256 against block by block.
  void through_cell(int64_t t, int64_t first, Range rows, Range mine, const Chunk& chunk) {
    alignas(64) float from_y[kBlock];
    for (int64_t b = rows.begin; b < rows.end; ++b) {
      for (int64_t block = mine.begin; block < mine.end; ++block) {
        const int64_t u = block * kBlock, n = min64(kBlock, H - u), at = b * Hp + u;
        const int64_t k = u * capacity + (first + b - chunk.part.begin) * kBlock;
        if (f.dy.p) {
          load_block(from_y, f.dy.at(f.seq, t, b) + u, n);
          for (int v = 0; v < kBlock; v += kWidth) store(dh + at + v, load(dh + at + v) + load(from_y + v));
        }
        Cell::backward(saved(t, b) + u, Hp, chunk.before + k, dh + at, kMemories ? dmemory + at : nullptr,
                       f.seq.batch * Hp, chunk.dz + k, Hp * capacity);
        // Padded units saw infinity times a padded zero if x was infinite: they must stay zero.
        for (int stage = 0; n < kBlock && stage < Cell::kStages; ++stage)
          zero(chunk.dz + k + stage * Hp * capacity + n, kBlock - n);
      }
    }
  }

  // dh += U^T dz
  void to_state(int64_t first, Range rows, Range mine, const Chunk& chunk) {
    const Pieces tiles = row_tiles(rows.begin, rows.end);
    const Pieces groups = panel_groups(mine.begin, mine.end, tiles);
    for (int64_t group = 0; group < groups.count; ++group)
      for (int64_t tile = 0; tile < tiles.count; ++tile) {
        const int64_t row = tiles.start(tile), k = first + row - chunk.part.begin;
        float* to = dh + row * Hp + groups.start(group) * kBlock;
        kBackward[tiles.length(tile) - 1][groups.length(group) - 1](
            kG * Hp, chunk.dz + k * kBlock, capacity * kBlock,
            w_h + groups.start(group) * kG * Hp * kBlock, to, Hp, to, Hp,
            w_h + next_panels(groups, group, tiles, tile, kG * Hp));
      }
  }

  // dx = W^T dz, all rows of the chunk at once.
  void to_input(Team team, int64_t rows, const Chunk& chunk) {
    alignas(64) float out[kMaxRows * kMaxPanels * kBlock];
    const Pieces tiles = row_tiles(0, rows), groups = panel_groups(0, blocks_of(I), tiles);
    const Range mine = team.share(groups.count * tiles.count);
    for (int64_t task = mine.begin; task < mine.end; ++task) {
      const int64_t row = tiles.start(task % tiles.count), R = tiles.length(task % tiles.count);
      const int64_t group = task / tiles.count, block = groups.start(group), P = groups.length(group);
      kBackward[R - 1][P - 1](kG * Hp, chunk.dz + (kFirstX * Hp * capacity + row * kBlock), capacity * kBlock,
                              w_x + block * kG * Hp * kBlock, nullptr, 0, out, P * kBlock, w_x);
      for (int64_t r = 0; r < R; ++r)
        for (int64_t p = 0; p < P; ++p) {
          const int64_t i = (block + p) * kBlock, n = min64(kBlock, I - i);
          add_block(f.dx + chunk.row_of[row + r] * I + i, out + (r * P + p) * kBlock, n, f.add_dx);
        }
    }
  }

  static UNROLLED_INLINE void add_block(float* to, float* from, int64_t n, bool add) {
    for (int64_t u = 0; add && u < n; ++u) from[u] += to[u];
    store_block(to, from, n);
  }

  // dW = dz^T x, dU = dz^T h, db = the sum of dz: one gate's block of units by one group of columns
  // to a task, each summed over the rows of the chunk in order, so any split gives the same bits.
  void to_weights(Team team, int64_t rows, bool first, const Chunk& chunk) {
    const Pieces units = row_tiles(0, kBlock);
    const Gradients& to = chunk.to;
    const Pieces of_x = panel_groups(0, to.w_ih ? blocks_of(I) : 0, units);
    const Pieces of_h = panel_groups(0, to.w_hh ? blocks : 0, units);
    const int64_t groups = of_x.count + of_h.count + 1;
    const Range mine = team.share(kG * blocks * groups);
    for (int64_t task = mine.begin; task < mine.end; ++task) {
      const int64_t gate = task / groups / blocks, block = task / groups % blocks;
      const int64_t group = task % groups;
      const float* dz_x = chunk.dz + (Cell::kStageX[gate] * blocks + block) * capacity * kBlock;
      const float* dz_h = chunk.dz + (Cell::kStageH[gate] * blocks + block) * capacity * kBlock;
      const int64_t unit = gate * H + block * kBlock, n = min64(kBlock, H - block * kBlock);
      if (group == 0) {
        if (to.b_ih) sum_rows(dz_x, rows, to.b_ih + unit, n, first);
        if (to.b_hh) sum_rows(dz_h, rows, to.b_hh + unit, n, first);
      } else if (group <= of_x.count) {
        outer_product(dz_x, chunk.x, rows, of_x, group - 1, I, to.w_ih + unit * I, n, first);
      } else {
        outer_product(dz_h, chunk.before, rows, of_h, group - 1 - of_x.count, H, to.w_hh + unit * H, n,
                      first);
      }
    }
  }

  void sum_rows(const float* panel, int64_t rows, float* to, int64_t n, bool first) {
    alignas(64) float sum[kBlock], so_far[kBlock] = {};
    if (!first) load_block(so_far, to, n);
    zero(sum, kBlock);
    for (int64_t begin = 0; begin < rows; begin += kBlock) {  // in runs, as in tile.h
      Vec v[kVectors] = {};
      for (int64_t k = begin; k < min64(begin + kBlock, rows); ++k)
        for (int i = 0; i < kVectors; ++i) v[i] += load(panel + k * kBlock + i * kWidth);
      for (int i = 0; i < kVectors; ++i) store(sum + i * kWidth, load(sum + i * kWidth) + v[i]);
    }
    for (int i = 0; i < kBlock; i += kWidth) store(sum + i, load(sum + i) + load(so_far + i));
    store_block(to, sum, n);
  }

  // to (n, columns) += dz (rows, n)^T a (rows, columns), the columns of one group of it
  void outer_product(const float* dz_panel, const float* a, int64_t rows, const Pieces& groups, int64_t group,
                     int64_t columns, float* to, int64_t n, bool first) {
    const int64_t block = groups.start(group), P = groups.length(group), stride = capacity * kBlock;
    const int64_t width = min64(P * kBlock, columns - block * kBlock);
    const Pieces tiles{0, n, rows_for(P)};
    alignas(64) float part[kMaxRows * kMaxPanels * kBlock];
    for (int64_t i = 0; i < tiles.count; ++i) {
      const int64_t row = tiles.start(i), R = tiles.length(i);
      float* out = to + row * columns + block * kBlock;
      const float* from = dz_panel + row;
      const float* b = a + block * stride;
      if (width == P * kBlock) {  // straight into the gradient
        kOuter[R - 1][P - 1](rows, from, b, stride, first ? nullptr : out, columns, out, columns);
        continue;
      }
      for (int64_t r = 0; r < R; ++r)  // the last columns, by way of a whole tile
        for (int64_t p = 0; p < P; ++p) {
          if (first)
            zero(part + (r * P + p) * kBlock, kBlock);
          else
            load_block(part + (r * P + p) * kBlock, out + r * columns + p * kBlock,
                       min64(kBlock, width - p * kBlock));
        }
      kOuter[R - 1][P - 1](rows, from, b, stride, part, P * kBlock, part, P * kBlock);
      for (int64_t r = 0; r < R; ++r)
        for (int64_t p = 0; p < P; ++p)
          store_block(out + r * columns + p * kBlock, part + (r * P + p) * kBlock,
                      min64(kBlock, width - p * kBlock));
    }
  }
};

}  // namespace UNROLLED_ISA
}  // namespace unrolled
