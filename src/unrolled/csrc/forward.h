// The forward pass of one layer in one direction.
#pragma once
#include "cells/list.h"
#include "pack.h"
#include "plan.h"
#include "tile.h"

namespace unrolled {
namespace UNROLLED_ISA {

template <class Cell>
struct ForwardPass {
  static constexpr int kMemories = Cell::kStates - 1, kKept = Cell::kSaved + Cell::kKeepsH;

  const Forward& f;
  const Plan plan;
  const int64_t I, H, blocks, Hp;
  float* w_x;       // (G, blocks, I, 16)
  float* w_h;       // (G, blocks, H, 16)
  float* bias;      // (stages, Hp)
  float* state[2];  // (B, Hp) h before and after a step, taking turns
  float* memory;    // (states - 1, B, Hp) the others of a state, in place
  float* z_x;       // (chunk rows, stages of x, Hp) x's part of the sums, when it is made ahead

  ForwardPass(const Forward& f, Arena& arena)
      : f(f), plan(make_plan(Cell::kGates, f.input, f.hidden, f.seq, f.threads)),
        I(f.input), H(f.hidden), blocks(blocks_of(f.hidden)), Hp(padded(f.hidden)) {
    w_x = arena.take(Cell::kGates * Hp * I);
    w_h = arena.take(Cell::kGates * Hp * H);
    bias = arena.take(Cell::kStages * Hp);
    for (float*& s : state) s = arena.take(f.seq.batch * Hp);
    memory = kMemories ? arena.take(kMemories * f.seq.batch * Hp) : nullptr;
    z_x = plan.x_ahead ? arena.take(plan.chunk_rows * Cell::kGates * Hp) : nullptr;
  }

  void run() {
    const Range all{0, f.seq.batch};
    in_parallel(plan.threads, [this, all](Team team) {
      prepare(team);
      team.wait();
      const Range rows = plan.by_columns ? all : share_rows(f.seq, team.id, team.size);
      const Range mine = plan.by_columns ? team.share(blocks) : Range{0, blocks};
      for (int64_t s = 0; s < f.seq.steps;) {
        const int64_t end = chunk_end(f.seq, s, all, plan.chunk_rows);
        if (plan.x_ahead) {
          sums_from_x(team, s, end);
          team.wait();
        }
        // A chunk's steps are neighbours in memory.
        const int64_t chunk = f.seq.offset(f.seq.time(f.seq.reverse ? end - 1 : s));
        for (; s < end; ++s) {
          step(s, chunk, rows, mine);
          if (plan.by_columns) team.wait();
        }
        if (plan.x_ahead && s < f.seq.steps) team.wait();
      }
    });
    last_states();
  }

  void prepare(Team team) {
    pack_forward(f.w.w_ih, Cell::kGates, H, I, team.share(Cell::kGates * blocks), w_x);
    pack_forward(f.w.w_hh, Cell::kGates, H, H, team.share(Cell::kGates * blocks), w_h);
    if (team.id != 0) return;
    for (int stage = 0; stage < Cell::kStages; ++stage)
      for (int64_t u = 0; u < Hp; ++u) {
        const int64_t at = Cell::kGateOf[stage] * H + u;
        float sum = 0.0f;
        if (u < H && Cell::kFromX[stage] && f.w.b_ih) sum += f.w.b_ih[at];
        if (u < H && Cell::kFromH[stage] && f.w.b_hh) sum += f.w.b_hh[at];
        bias[stage * Hp + u] = sum;
      }
    for (float* s : state) pad_rows(s, f.first[0], f.seq.batch, H);
    for (int i = 0; i < kMemories; ++i)
      pad_rows(memory + i * f.seq.batch * Hp, f.first[i + 1], f.seq.batch, H);
  }

  // x's part of the sums for all rows of some steps at once. With few rows a step it turns many
  // thin products into one thick one: the weights of x are read once a chunk, not once a step.
  void sums_from_x(Team team, int64_t begin, int64_t end) {
    // Rows a fixed distance apart: those of a PackedSequence, else those of one b, step after step.
    const bool packed = f.seq.offsets;
    const int64_t strips = packed ? 1 : f.seq.batch, stride = packed ? f.x.row : f.x.step;
    const int64_t first = f.seq.reverse ? f.seq.time(end - 1) : f.seq.time(begin);
    const Pieces tiles = row_tiles(0, packed ? row_count(f.seq, begin, end, {0, f.seq.batch}) : end - begin);
    const Pieces groups = panel_groups(0, blocks, tiles);
    const Range mine = team.share(Cell::kGates * groups.count * tiles.count * strips);
    for (int64_t task = mine.begin; task < mine.end; ++task) {
      const int64_t strip = task % strips, tile = task / strips % tiles.count;
      const int64_t group = task / strips / tiles.count % groups.count, block = groups.start(group);
      const int64_t stage = task / strips / tiles.count / groups.count;  // x's come first
      const int64_t gate = Cell::kGateOf[stage];
      const int64_t row = tiles.start(tile) * strips + strip;
      kForward[tiles.length(tile) - 1][groups.length(group) - 1](
          0, nullptr, 0, nullptr, I, f.x.at(f.seq, first, strip) + tiles.start(tile) * stride, stride,
          w_x + (gate * blocks + block) * I * kBlock, bias + stage * Hp + block * kBlock, 0,
          z_x + (row * Cell::kGates + stage) * Hp + block * kBlock, strips * Cell::kGates * Hp, w_x);
    }
  }

  // One step for some rows and some blocks of units.
  void step(int64_t s, int64_t chunk, Range rows, Range mine) {
    const int64_t t = f.seq.time(s);
    const Pieces tiles = row_tiles(rows.begin, min64(rows.end, f.seq.size(t)));
    const Pieces groups = panel_groups(mine.begin, mine.end, tiles);
    for (int64_t group = 0; group < groups.count; ++group)
      for (int64_t tile = 0; tile < tiles.count; ++tile)
        step_tile(s, t, chunk, tiles.start(tile), tiles.length(tile), groups.start(group),
                  groups.length(group), next_panels(groups, group, tiles, tile, H));
  }

  // Asks for the lines that the cell will save into, while the products leave the memory idle: took a
  // tenth off a forward pass in training.
  UNROLLED_INLINE void fetch(int64_t row, int64_t R, int64_t block, int64_t P) {
    for (int64_t r = row; r < row + R; ++r)
      for (int64_t p = block; p < block + P; ++p)
#pragma GCC unroll 8
        for (int i = 0; i < kKept; ++i)
          __builtin_prefetch(f.saved + (r * kKept + i) * Hp + p * kBlock, 1);
  }

  // R rows by P blocks: the sums of every stage, then at once, while they are in L1, the cell.
  // next: where in each gate's weights of h the next tiles go on.
  void step_tile(int64_t s, int64_t t, int64_t chunk, int64_t row, int64_t R, int64_t block, int64_t P,
                 int64_t next) {
    alignas(64) float z[Cell::kStages * kMaxRows * kMaxPanels * kBlock];
    const int64_t first = f.seq.offset(t), stage_size = R * P * kBlock;
    const ForwardTile tile = kForward[R - 1][P - 1];
    if (f.saved) fetch(first + row, R, block, P);
    const float* x = f.x.at(f.seq, t, row);
    const float* h = state[s & 1] + row * Hp;
    for (int stage = 0; stage < Cell::kStages; ++stage) {
      const int64_t panel = Cell::kGateOf[stage] * blocks + block;
      const bool from_x = Cell::kFromX[stage], ahead = from_x && plan.x_ahead;
      const float* from = ahead ? z_x + ((first + row - chunk) * Cell::kGates + stage) * Hp + block * kBlock
                                : bias + stage * Hp + block * kBlock;
      tile(Cell::kFromH[stage] ? H : 0, h, Hp, w_h + panel * H * kBlock, from_x && !ahead ? I : 0, x,
           f.x.row, w_x + panel * I * kBlock, from, ahead ? Cell::kGates * Hp : 0, z + stage * stage_size,
           P * kBlock, w_h + Cell::kGateOf[stage] * Hp * H + next);
    }
    Cell::gates(z, stage_size);
    for (int64_t r = 0; r < R; ++r)
      for (int64_t p = 0; p < P; ++p) {
        const int64_t u = (block + p) * kBlock, at = (row + r) * Hp + u;
        const int64_t global = first + row + r;
        float* h = state[(s + 1) & 1] + at;
        float* saved = f.saved ? f.saved + global * kKept * Hp + u : nullptr;
        Cell::forward(z + (r * P + p) * kBlock, stage_size, state[s & 1] + at,
                      kMemories ? memory + at : nullptr, f.seq.batch * Hp, h, saved, Hp);
        store_block(f.y + global * f.ld_y + u, h, min64(kBlock, H - u));
        for (int v = 0; Cell::kKeepsH && saved && v < kBlock; v += kWidth)
          store(saved + Cell::kSaved * Hp + v, load(h + v));
      }
  }

  // A row's last state is its output at its last step; the memory was updated in place and then left alone.
  void last_states() {
    for (int64_t b = 0, length = f.seq.steps; b < f.seq.batch; ++b) {
      while (f.seq.sizes && length > 1 && f.seq.sizes[length - 1] <= b) --length;
      const int64_t t = f.seq.reverse ? 0 : length - 1;
      std::memcpy(f.last[0] + b * H, f.y + (f.seq.offset(t) + b) * f.ld_y, static_cast<size_t>(H) * 4);
    }
    for (int i = 0; i < kMemories; ++i)
      unpad_rows(f.last[i + 1], memory + i * f.seq.batch * Hp, f.seq.batch, H);
  }
};

}  // namespace UNROLLED_ISA
}  // namespace unrolled
