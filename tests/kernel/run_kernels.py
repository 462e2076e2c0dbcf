#!/usr/bin/env python3
"""Builds the emitted kernels for the CPU and runs them, as TAP.

usage: run_kernels.py EMIT_KERNELS SOURCE_ROOT

The CUDA text itself is compiled by a C++ compiler (CXX, default c++) with the
address and undefined-behaviour sanitizers through cuda_shim.h, and compared
with float64 on small graphs by run_cases.cpp. Kernels with a planted fault must
be found out.
"""
import concurrent.futures
import os
import random
import shutil
import subprocess
import sys
import tempfile

FLAGS = ["-std=c++17", "-O1", "-g1", "-fno-strict-aliasing",
         "-fsanitize=address,undefined", "-fno-sanitize-recover=all",
         "-Wall", "-Wextra", "-Wno-unknown-pragmas", "-Wno-sign-compare",
         "-Wno-unused-variable", "-Wno-unused-parameter",
         "-Wno-unused-but-set-variable", "-Wno-unused-function"]
# What is undefined ends a program without words, which take half as long again to
# build; only one that fails is built with them.
MUTE = ["-fsanitize-undefined-trap-on-error"]
SLOW = "GNNAC_TEST_SLOW" in os.environ
N_RANDOM = 216 if SLOW else 12
N_BATCHES = 6

# (template file, text, replacement, case): each must make the runner fail.
# All are planted; only in the suite `slow` all are built and run.
FAULTS = [
    ("walk.lib.lua", "ids += begin;", "ids += begin + 1;",
     "row_split dim=16 dimWorker=4 vec=4"),
    ("walk.lib.lua", "if (k * ${L.edgeWorker} >= left)",
     "if (k * ${L.edgeWorker} > left)",
     "row_split dim=16 dimWorker=4 vec=4"),
    ("walk.lib.lua", "next[k] = k * ${L.edgeWorker} < left", "next[k] = k < left",
     "row_split dim=16 dimWorker=4 edgeWorker=2 vec=4 ids=2"),
    ("walk.lib.lua", "L.has_ids = false", "",
     "row_split dim=16 dimWorker=4 vec=4 ids=2"),
    ("epilogue.lib.lua", "sum[i] *= norm;", ";",
     "row_split dim=16 dimWorker=4 vec=4 ids=2 norm=gcn self=gcn"),
    ("row_split.cu.lua", "active && edge == 0", "active",
     "row_split dim=16 dimWorker=4 edgeWorker=2 vec=4 ids=2 self=one"),
    ("walk.lib.lua", "(j + k) * ${by} + edge, ${L.group}",
     "k * ${by} + edge, ${L.group}",
     "row_split dim=16 dimWorker=4 vec=4 unroll=2 ids=1"),
    ("walk.lib.lua", "first + (j + k) * ${by} + edge", "first + k * ${by} + edge",
     "row_split dim=20 dimWorker=5 vec=4 unroll=2 ids=1"),
    ("walk.lib.lua", "if ((j + k) * ${L.edgeWorker} + edge >= stop)",
     "if ((j + k) * ${L.edgeWorker} >= stop)",
     "row_split dim=16 dimWorker=4 edgeWorker=2 vec=4 ids=1"),
    ("walk.lib.lua", "k % ${L.dimWorker} * ${by} + edge, ${L.group}",
     "k % ${L.dimWorker} + edge, ${L.group}",
     "row_split dim=16 dimWorker=4 edgeWorker=2 vec=4 unroll=8 ids=1"),
    ("walk.lib.lua", "first + k % ${L.dimWorker} * ${by} + edge",
     "first + k % ${L.dimWorker} + edge",
     "row_split dim=12 dimWorker=3 edgeWorker=2 vec=4 unroll=8 ids=1"),
    ("walk.lib.lua", "rowptr + row + (place > 0)", "rowptr + row + 1",
     "row_split dim=16 dimWorker=4 vec=4 ids=1"),
    ("walk.lib.lua", "//%   weights.step(by)\n", "",
     "row_split dim=16 dimWorker=4 vec=4 edges=stored ids=1"),
    ("walk.lib.lua", "const int turn = j + k;", "const int turn = k;",
     "row_split heads=4 channels=8 dimWorker=8 vec=4 edges=stored ids=1"),
    ("lanes.lib.lua", "const int tile = blockIdx.y * ${L.tile};",
     "const int tile = 0;",
     "row_split dim=64 dimWorker=8 vec=4 coarsen=2 slab=128"),
    ("lanes.lib.lua", "min(tile + at * ${L.vec} + ${first}, ${last})",
     "(tile + at * ${L.vec} + ${first})",
     "edge_balanced dim=40 dimWorker=4 edgesPerWarp=64 slab=64"),
    ("lanes.lib.lua", "const bool last_tile = blockIdx.y == ${L.tiles - 1};",
     "const bool last_tile = false;",
     "hybrid dim=35 x=36 dimWorker=2 slab=32"),
    ("combine.lib.lua", "atomicAdd(to + ${i}, from[${i}]);",
     "to[${i}] = from[${i}];", "hybrid dim=16 segmentEdges=16 combine=1"),
    ("combine.lib.lua", "const float sum[${L.floats}] = {};",
     "const float sum[${L.floats}] = {1.0f};",
     "edge_balanced dim=16 dimWorker=4 edgesPerWarp=32 warpPerBlock=1 combine=1"),
    ("combine.lib.lua", "warp * ${L.edgeWorker} + edge", "warp + edge",
     "neighbor_group dim=33 dimWorker=5 partSize=3 combine=1 bias=1"),
    ("tickets.lib.lua", "if (before < n - 1)", "if (false)",
     "hybrid dim=16 dimWorker=4 segmentEdges=2 packedEdges=2 combine=3"),
    ("tickets.lib.lua", "slot_of(first, group + (b << shift))",
     "slot_of(first, group + b)",
     "hybrid dim=16 dimWorker=4 segmentEdges=1 packedEdges=1 combine=3"),
    ("tickets.lib.lua", "last = lane == 0 && came_last", "last = came_last",
     "neighbor_group dim=16 dimWorker=16 partSize=1 warpPerBlock=2 combine=3"),
    ("groups.lib.lua", "    if (part >= n_parts)\n        return;\n", "",
     "neighbor_group dim=16 dimWorker=16 partSize=8 combine=2"),
    ("combine.lib.lua", "${read}(&sum[${s.at}], ${from} + c${s.index});", "",
     "neighbor_group dim=16 dimWorker=4 partSize=8 combine=2 norm=mean"),
    ("layout.lib.lua", "+ row) * ${slab(matrix)} +", ") * ${slab(matrix)} +",
     "row_split dim=16 dimWorker=2 vec=4 out_slab=8"),
    ("layout.lib.lua", "(long long)n_rows", "(long long)${slab(matrix)}",
     "bias_act dim=16 out_slab=8"),
    ("lanes.lib.lua", "x_at(0, c${s.index}, n_rows)", "c${s.index}",
     "hybrid dim=64 dimWorker=2 slab=32 x_slab=8"),
    ("epilogue.lib.lua", "self + self_at(row, c${s.index}, n_rows)",
     "self + c${s.index}", "edge_balanced dim=16 self=eps self_slab=8"),
    ("linear_mma.cu.lua", "out + out_at(row, column, n_rows)", "out + column",
     "linear_mma dim=17 depth=16 out_slab=8"),
    ("product.lib.lua", "out_at(row, column + j + p, n_rows)",
     "out_at(row, column, n_rows)", "linear dim=7 depth=33 out_slab=8"),
    ("hints.lib.lua", "return __ldg(p);", "return *(p - 1);",
     "neighbor_group dim=64 dimWorker=8 slab=128 hints=2"),
    ("lanes.lib.lua", "    __stcs(to + ${i}, from[${i}]);\n", "",
     "row_split dim=33 dimWorker=8 hints=1"),
    ("groups.lib.lua", "    __syncthreads();\n", "",
     "neighbor_group dim=16 dimWorker=16 partSize=3 warpPerBlock=4"),
    ("parts.lib.lua", "2LL * blockIdx.x + ${begins}", "2LL * blockIdx.x",
     "neighbor_group dim=16 dimWorker=16 partSize=3 warpPerBlock=4"),
    ("walk.lib.lua", '//%   weights.step("begin")\n', "",
     "row_split dim=16 dimWorker=4 vec=4 edges=stored"),
    ("walk.lib.lua", "//%   weights.step(L.unroll * L.edgeWorker)\n", "",
     "row_split dim=16 dimWorker=4 vec=4 edges=mapped"),
    ("weights.lib.lua", "= __ldg(edge_values + number);",
     "= __ldg(edge_values);",
     "row_split dim=16 dimWorker=4 vec=4 edges=mapped"),
    ("weights.lib.lua", "c${s.index} / ${spec.channels});", "0);",
     "row_split heads=8 channels=8 dimWorker=16 vec=4 edges=mapped"),
    ("groups.lib.lua", "//%     weights.step(32)\n", "",
     "neighbor_group dim=16 dimWorker=4 partSize=64 edges=stored"),
    ("sddmm.cu.lua", "(at > 0 || e >= end)", "(at > 0)",
     "sddmm heads=1 channels=16 dimWorker=4 edges=stored"),
    ("sddmm.cu.lua", "= __ldg(edge_of + e);", "= e;",
     "sddmm heads=1 channels=16 dimWorker=4 edges=mapped"),
    ("sddmm.cu.lua", "c + i * ${span} < ${channels}", "true",
     "sddmm heads=2 channels=20 dimWorker=4 edges=stored"),
    ("sddmm.cu.lua", "dot[k] *= scale;", "",
     "sddmm heads=1 channels=16 norm=mean edges=stored"),
    ("walk.lib.lua", "if (k * ${L.edgeWorker} < left)", "",
     "extreme dim=16 dimWorker=4"),
    ("walk.lib.lua", "if ((j + k) * ${L.edgeWorker} + edge < stop)", "",
     "extreme dim=16 dimWorker=4 ids=1"),
    ("extreme.cu.lua", "v > best || v != v", "v > best",
     "extreme dim=16 dimWorker=4"),
    ("extreme.cu.lua", "degree > 0 ? sum[i] : 0.0f", "sum[i]",
     "extreme dim=16 dimWorker=4 smallest=1"),
    ("lanes.lib.lua", "edge + step < ${n} ? ${join}(sum[i], more) : sum[i]",
     "${join}(sum[i], more)", "extreme dim=16 dimWorker=4 edgeWorker=3"),
    ("extreme_share.cu.lua", "if guarded then walk.ask(L) end", "",
     "extreme_share dim=16 dimWorker=4"),
    ("extreme_share.cu.lua", "sum[i] > 0.0f ? whole[i] / sum[i] : 0.0f",
     "whole[i] / sum[i]", "extreme_share dim=16 dimWorker=4"),
    ("extreme_grad.cu.lua", "(long long)id * ${spec.grad_pitch}", "u",
     "extreme_grad dim=16 dimWorker=4 grad=20"),
    ("extreme_grad.cu.lua", "mine[i] == v[k][i]", "mine[i] <= v[k][i]",
     "extreme_grad dim=16 dimWorker=4"),
    ("edge_balanced.cu.lua", "    __syncthreads();\n", "",
     "edge_balanced dim=16 dimWorker=4 edgesPerWarp=32"),
    ("edge_balanced.cu.lua", "open = begin > __ldg(rowptr + row);",
     "open = false;", "edge_balanced dim=16 dimWorker=4 edgesPerWarp=32"),
    ("edge_balanced.cu.lua", "first + ${places} < n_parts &&", "",
     "edge_balanced dim=16 dimWorker=4 edgesPerWarp=64 warpPerBlock=2"),
    ("edge_balanced.cu.lua", "        if (row + 1 < last)\n"
     "            next_end = __ldg(rowptr + row + 2);\n    }\n    int", "    }\n    int",
     "edge_balanced dim=16 dimWorker=4 edgesPerWarp=64"),
    ("sorted.lib.lua", "if (base + j + k >= mine)", "if (base + j + k > mine)",
     "hybrid dim=16 dimWorker=4"),
    ("sorted.lib.lua", "(last - 1) / ${unroll} * ${unroll}", "last",
     "hybrid dim=16 dimWorker=4"),
    ("sorted.lib.lua", "if (part < n_cut) {", "if (part + 1 < n_cut) {",
     "hybrid dim=16 dimWorker=4 segmentEdges=64"),
    ("sorted.lib.lua", "if (!active || (wide && edge > 0))", "if (!active)",
     "hybrid dim=16 dimWorker=4"),
    ("narrow.cu.lua", "    __syncthreads();\n", "",
     "narrow dim=4 edgesPerWarp=32"),
    ("narrow.cu.lua", "    __syncwarp();\n", "",
     "narrow dim=4 edgesPerWarp=64"),
    ("narrow.cu.lua", "lo = low < 0 ? 0 : (int)low;", "lo = 0;",
     "narrow dim=4 edgesPerWarp=32"),
    ("tile_mma.cu.lua", ">> lane & 1u", ">> pair & 1u",
     "tile_mma dim=16 tilePercent=100 dimWorker=4"),
    ("tile_mma.cu.lua", '{ "high", "low" }', '{ "high" }',
     "tile_mma dim=16 tilePercent=100 dimWorker=4"),
    ("tile_mma.cu.lua", "spoilt != 0.0f", "false",
     "tile_mma dim=16 tilePercent=100 dimWorker=4"),
    ("tile_mma.cu.lua", "edges & 16u", "edges & 2u",
     "tile_mma dim=16 tilePercent=100 tensor=0 dimWorker=4"),
    ("tile_mma.cu.lua", "place * window.w + piece", "place + 8 * piece",
     "tile_mma dim=16 tilePercent=100 tileBlocks=1 dimWorker=4"),
    ("tile_mma.cu.lua", "if (block + b >= last)", "if (block + b > last)",
     "tile_mma dim=16 tilePercent=100 tileUnroll=4 dimWorker=4"),
    ("tile_mma.cu.lua", "if (row >= n_rows)", "if (false)",
     "tile_mma dim=16 tilePercent=100 dimWorker=4"),
    ("tile_mma.cu.lua", "    warp -= n_tiles;\n", "",
     "tile_mma dim=16 tilePercent=150 dimWorker=4"),
    ("lanes.lib.lua", "u << lane % ${L.apart}", "u",
     "tile_mma dim=16 tilePercent=100 dimWorker=4 tail=log_softmax"),
    ("narrow.cu.lua", "[slot + 33 * k]", "[slot + 32 * k]",
     "narrow dim=4 edgesPerWarp=64"),
    ("narrow.cu.lua", "hi = high > left ? left : (int)high;",
     "hi = (int)high;", "narrow dim=4 edgesPerWarp=32"),
    ("narrow.cu.lua", "if (opens && warp > 0)", "if (opens)",
     "narrow dim=4 edgesPerWarp=32 warpPerBlock=2"),
    ("narrow.cu.lua", "first + ${warpPerBlock} < n_parts &&", "",
     "narrow dim=4 edgesPerWarp=32 warpPerBlock=8"),
    ("narrow.cu.lua", "degree = __ldg(rowptr + row + 1) - __ldg(rowptr + row);",
     "degree = left;", "narrow dim=4 edgesPerWarp=32 norm=mean"),
    ("parts.lib.lua", "+ (b == 0);", ";",
     "edge_balanced dim=16 dimWorker=4 edgesPerWarp=32 warpPerBlock=1"),
    ("lanes.lib.lua", "min(at * ${L.vec} + ${first}, ${last})",
     "(at * ${L.vec} + ${first})", "row_split dim=20 dimWorker=8 vec=4"),
    ("lanes.lib.lua", "step * ${L.dimWorker});", "step);",
     "row_split dim=16 dimWorker=4 edgeWorker=8 vec=4"),
    ("epilogue.lib.lua", "sum[i] += shift[i];", "sum[i] += shift[0];",
     "row_split dim=16 dimWorker=4 vec=4 bias=1"),
    ("residual.lib.lua", "(long long)row * ${pitch}", "0",
     "row_split dim=16 dimWorker=4 vec=4 bias=1 residual=16"),
    ("residual.lib.lua", "+= more[r];", "+= more[0];",
     "attention_v2 heads=2 channels=8 residual=16"),
    ("tail.lib.lua", "value${w} += more[0];", "",
     "row_split dim=16 dimWorker=4 tail=linear tail_dim=4 residual=4"),
    ("product.lib.lua", "const int of = column + j;", "const int of = column;",
     "linear dim=7 depth=33 residual=7"),
    ("linear_mma.cu.lua", "const int of = column + c;", "const int of = column;",
     "linear_mma dim=17 depth=16 residual=17"),
    ("attention.cu.lua", "sum[i][j] += more[j];", "sum[i][j] += more[0];",
     "attention heads=2 channels=8 residual=16"),
    ("residual.cu.lua", "row * ${spec.self_pitch};", "row * ${spec.out_pitch};",
     "residual dim=22 out=24 self_pitch=23"),
    ("lanes.lib.lua", "sum[${i}] = __int_as_float(0xff800000);",
     "sum[${i}] = sum[${i}];",
     "row_split dim=33 dimWorker=32 tail=log_softmax"),
    ("lanes.lib.lua", "u << (lane - at)", "u",
     "row_split dim=16 dimWorker=4 tail=log_softmax"),
    ("tail.lib.lua", "product[j] = value * norm;", "product[j] = value;",
     "row_split dim=16 dimWorker=4 tail=scaled_linear tail_dim=7"),
    ("tail.lib.lua", "value${w} = at == ${k} ?", "value${w} = at > ${k} ?",
     "row_split dim=16 dimWorker=4 tail=linear tail_dim=4"),
    ("tail.lib.lua", "__ldg(tail_bias + ${first + w} + ${word} * at)",
     "__ldg(tail_bias + ${first + w})",
     "row_split dim=16 dimWorker=4 tail=linear tail_dim=4 tail_bias=1"),
    ("tail.lib.lua", "if (2 * at + 1 < ${n})", "if (true)",
     "row_split dim=16 dimWorker=4 type=f16 tail=linear tail_dim=7 out=7"),
    ("product.lib.lua", "sum[i][j] += held;", "",
     "linear dim=7 depth=33 adds=1"),
    ("product.lib.lua", "__ldg(tail_bias + column + j)", "__ldg(tail_bias + j)",
     "linear dim=16 depth=33 tail=bias_act tail_bias=1"),
    ("linear_mma.cu.lua", "        __syncthreads();\n", "",
     "linear_mma dim=33 depth=100 stages=2"),
    ("linear_mma.cu.lua", "min(max(${spec.depth} - k - i, 0), ${width})",
     "${width}", "linear_mma dim=17 depth=20"),
    ("linear_mma.cu.lua", "multiply(d[i][j], big[i], c0, c1);", "",
     "linear_mma dim=17 depth=16"),
    ("linear_mma.cu.lua", "8 * (k ^ g / 2 % 2)", "8 * k",
     "linear_mma dim=17 depth=16"),
    ("linear_mma.cu.lua", "first + at < n_rows ? first + at : n_rows - 1",
     "first + at", "linear_mma dim=17 depth=16"),
    ("linear_mma.cu.lua", "!(fabsf(v[c]) <= 3.4e38f)", "false",
     "linear_mma dim=17 depth=16"),
    ("linear_mma.cu.lua", "v[c] += to[c];", "",
     "linear_mma dim=17 depth=16 adds=1"),
    ("product.lib.lua", "    __syncthreads();\n", "",
     "linear dim=16 depth=100 depthWarps=4 warpPerBlock=4"),
    ("product.lib.lua", "part == ${whole // step % split} &&", "",
     "linear dim=16 depth=33 depthWarps=2 warpPerBlock=4"),
    ("log_softmax.cu.lua", "__shfl_xor_sync(~0u, total, step)",
     "__shfl_xor_sync(1u, total, step)", "log_softmax dim=16"),
    ("attention.cu.lua", "    __syncthreads();\n", "",
     "attention heads=8 channels=8 edgeWorker=2 warpPerRow=4"),
    ("attention.cu.lua", "total[i] *= scale;", "",
     "attention heads=8 channels=8 unroll=1"),
    ("attention.cu.lua", "edge + k < end ? score(e[k][i], target[i])",
     "true ? score(e[k][i], target[i])", "attention heads=8 channels=8"),
    ("attention.cu.lua", "fmaf(p, edge + k < end ? v[k][i][j] : 0.0f,",
     "fmaf(p, v[k][i][j],", "attention heads=8 channels=8"),
    ("attention.cu.lua", "if (turn > 0)", "if (false)",
     "attention heads=8 channels=8 edgeWorker=2"),
    ("attention.cu.lua", "e < 0.0f ? 0.2f * e : e", "e",
     "attention heads=8 channels=8"),
    ("attention_scores.cu.lua", "= target;", "= source;",
     "attention_scores heads=8 channels=8"),
    ("lanes.lib.lua", "to[${at}] = ${convert}(v${i}.${member} & 0xffffu);",
     "to[${at}] = ${convert}(v${i}.${member} >> 16);",
     "row_split dim=64 type=f16 dimWorker=8 vec=4"),
    ("lanes.lib.lua", "bits + 0x7fffu + (bits >> 16 & 1u)", "bits",
     "row_split dim=64 type=bf16 dimWorker=8 vec=4"),
    ("edge_heads.lib.lua", "edge + k <= end", "edge + k < end",
     "attention_keep heads=8 channels=8"),
    ("edge_heads.lib.lua", "steps = max(steps,", "steps = min(steps,",
     "attention_rows_grad heads=8 channels=8"),
    ("edge_heads.lib.lua", "    __syncthreads();\n    if (turn > 0)",
     "    if (turn > 0)", "attention_grad heads=8 channels=8 warpPerRow=4"),
    ("edge_softmax.lib.lua", "sum[i] *= scale;", "",
     "attention_keep heads=8 channels=8"),
    ("edge_softmax.lib.lua", "there[k] ? exp2f(e[k] - most) : 0.0f",
     "exp2f(e[k] - most)", "attention_v2 heads=8 channels=8"),
    ("edge_heads.lib.lua", "fmaxf(both, 0.2f * both)", "both",
     "attention_v2 heads=8 channels=8"),
    ("attention_v2_rows_grad.cu.lua", "- dot * at_column[${3 * floats}]", "",
     "attention_v2_rows_grad heads=8 channels=8"),
    ("attention_v2_rows_grad.cu.lua", "fmaf(a, slope,", "fmaf(a, leaky,",
     "attention_v2_rows_grad heads=8 channels=8"),
    ("attention_v2_grad.cu.lua", "__ldg(edge_of + edge + k)", "edge + k",
     "attention_v2_grad heads=8 channels=8"),
    ("attention_v2_grad.cu.lua", "fmaf(slope_at(both), more, sum[i])", "sum[i]",
     "attention_v2_grad heads=8 channels=8"),
    ("attention_rows_grad.cu.lua", "- sum[0] * sum[2]", "",
     "attention_rows_grad heads=8 channels=8"),
    ("attention_grad.cu.lua", "__ldg(edge_of + edge + k)", "edge + k",
     "attention_grad heads=8 channels=8"),
    ("attention_scores_grad.cu.lua", "column - ${spec.dim}", "0",
     "attention_scores_grad heads=8 channels=8"),
    ("bias_act_grad.cu.lua", "y * unscale", "y",
     "bias_act_grad dim=16 act=elu drops=1"),
    ("bias_act_grad.cu.lua", "scale * g : 0.0f", "g : 0.0f",
     "bias_act_grad dim=16 act=relu drops=1"),
    ("bias_act_grad.cu.lua", "16 * (column % 4)", "16 * (column % 2)",
     "bias_act_grad dim=16 bias=1 drops=1"),
    ("permute_rows.cu.lua", "= source_row[row];", "= row;",
     "permute_rows dim=16"),
    ("dropout.cu.lua", "bits >>= 16", "bits >>= 15", "dropout dim=16"),
    ("train.lib.lua", "d++, bits >>= 16", "d++, bits >>= 15",
     "row_split dim=16 dimWorker=4 vec=4 act=relu drops=1"),
    ("train.lib.lua", "16 * (column % 4);", "16 * (column % 2);",
     "narrow dim=7 x=8 drops=1"),
    ("linear_mma.cu.lua", "bits >> 16 * c", "bits >> 8 * c",
     "linear_mma dim=64 depth=48 tail=bias_act drops=1"),
    ("sparse.lib.lua", "16 * (column % 4)", "15 * (column % 4)",
     "sparse_linear dim=16 depth=33 edges=stored drops=1"),
    ("sparse.lib.lua", "if (place < 0)", "if (place < 9)",
     "sparse_weight_grad dim=16 edges=stored drops=1"),
    ("sparse_linear.cu.lua", "base + j < ${spec.dim} && first + c", "first + c",
     "sparse_linear dim=33 depth=100 edges=stored"),
    ("sparse_linear.cu.lua", "        __syncthreads();\n    }\n}", "    }\n}",
     "sparse_linear dim=65 depth=100 edges=stored"),
    ("sparse_weight_grad.cu.lua", "float *to = grad + row;", "float *to = grad;",
     "sparse_weight_grad dim=20 edges=stored"),
    ("sparse_weight_grad.cu.lua", "id, row, value", "row, id, value",
     "sparse_weight_grad dim=16 edges=stored drops=1"),
    ("train.lib.lua", "        __syncthreads();\n", "", "eps_grad dim=16"),
    ("train.lib.lua", "step >= ${lanes}", "step > ${lanes}",
     "bias_act_grad dim=4 bias=1"),
    ("bias_act_grad.cu.lua", "sum += g;", "sum = g;",
     "bias_act_grad dim=16 bias=1 act=relu warpPerBlock=1"),
    ("eps_grad.cu.lua", "self + (first + i) *", "self + i *",
     "eps_grad dim=3 rowsPerBlock=2"),
    ("row_mean.cu.lua", "degree > 1", "degree > 2", "row_mean dim=16"),
    ("nll_loss.cu.lua", "c == label", "c == at", "nll_loss dim=16"),
    ("bce_loss.cu.lua", "bits + c / 32", "bits", "bce_loss dim=33"),
    ("bce_loss.cu.lua", "weight > 0.0f", "true", "bce_loss dim=3"),
    ("optimizer.cu.lua", "treatment[i / 64] == 2", "treatment[i / 64] > 0",
     "optimizer dim=1"),
    ("optimizer.cu.lua", "++state->step", "state->step", "optimizer dim=1"),
]


class Failure(Exception):
    pass


def run(command, **more):
    done = subprocess.run(command, capture_output=True, text=True, **more)
    if done.returncode != 0:
        raise Failure(" ".join(command[:3]) + " ...\n" +
                      (done.stdout + done.stderr)[:3000])
    return done.stdout


def read_cases(root):
    with open(os.path.join(root, "tests/kernel/cases.txt")) as f:
        return [s.strip() for s in f if s.strip() and s[0] != "#"]


def pitch(rng, dim):
    return rng.choice([dim, dim, (dim + 3) // 4 * 4, (dim + 7) // 8 * 8, (dim + 1) // 2 * 2,
                       dim + 1])


def dtypes(rng):
    """Of x, out and self: all float32, or some of them stored in 16 bits."""
    half = rng.choice(["f16", "bf16"])
    return rng.choice([("f32",) * 3, ("f32",) * 3, (half,) * 3,
                       (half, "f32", half), (half, half, "f32")])


def weights(rng):
    return rng.choice(["none", "none", "stored", "mapped"])


def combines(rng, *more):
    return " combine=%d" % rng.choice([0, 0, 0, *more])


def caches(rng):
    """A slab, as likely too narrow for a team's loads as not, and hints."""
    return "".join(" %s=%d" % (name, rng.choice(values))
                   for name, values in (("slab", [0, 0, 32, 64, 128, 256]),
                                        ("hints", [0, 0, 1, 2])))


def layout(rng, dim):
    """A pitch and how many columns a slab has; as likely as not, rows."""
    slab = rng.choice([0, 0, 0, 8, 16, 64])
    return (-(-dim // slab) * slab if slab else pitch(rng, dim)), slab


def random_case(rng):
    dim = rng.choice([1, 2, 3, 5, 8, 16, 17, 22, 31, 33, 41, 47, 64, 65, 100])
    x, out, own = (layout(rng, dim) for _ in range(3))
    spec = "x_type=%s out_type=%s self_type=%s dim=%d x=%d out=%d " \
        "self_pitch=%d x_slab=%d out_slab=%d self_slab=%d norm=%s self=%s " \
        "bias=%d act=%s offset=%d" % (
            *dtypes(rng), dim, x[0], out[0], own[0], x[1], out[1], own[1],
            rng.choice(["none", "mean", "gcn", "scaled"]),
            rng.choice(["none", "one", "eps", "gcn", "scaled"]), rng.randint(0, 1),
            rng.choice(["none", "relu"]), rng.choice([32, 32, 64]))
    warps = rng.choice([1, 2, 3, 4, 8])
    lanes = rng.randint(1, 32)
    spec += caches(rng)
    if rng.random() < .25:
        spec += " residual=%d" % pitch(rng, dim)
    unroll = rng.randint(1, 8)
    family = rng.choice(["row_split", "neighbor_group", "edge_balanced",
                         "hybrid", "tile_mma"] + ["narrow"] * (dim <= 8))
    if family == "tile_mma":
        packed = rng.choice([1, 4, 16, 33])
        return "tile_mma %s tilePercent=%d tileBlocks=%d tileUnroll=%d " \
            "tensor=%d segmentEdges=%d packedEdges=%d dimWorker=%d " \
            "vec=%d unroll=%d warpPerBlock=%d" % (
                spec, rng.choice([100, 100, 130, 200]),
                rng.choice([1, 2, 5, 64]), rng.randint(1, 4),
                rng.random() < .8, packed * rng.choice([1, 5]), packed, lanes,
                rng.choice([1, 2, 4]), unroll, warps)
    if family == "hybrid":
        packed = rng.choice([1, 2, 3, 4, 7, 8, 16, 33, 64])
        return "hybrid %s segmentEdges=%d packedEdges=%d dimWorker=%d " \
            "vec=%d unroll=%d warpPerBlock=%d" % (
                spec, packed * rng.choice([1, 2, 5, 30]), packed, lanes,
                rng.choice([1, 2, 4]), unroll, warps) + combines(rng, 1, 3)
    if family == "narrow":
        spec = spec.split(" slab=")[0]
        return "narrow %s edgesPerWarp=%d vec=%d unroll=%d " \
            "warpPerBlock=%d" % (
                spec, rng.choice([32, 33, 48, 64, 100, 128, 200, 256, 512]),
                rng.choice([1, 2, 4]), unroll, warps)
    if family == "edge_balanced":
        return "edge_balanced %s edgesPerWarp=%d dimWorker=%d vec=%d " \
            "unroll=%d warpPerBlock=%d" % (
                spec, 32 // lanes * rng.choice([1, 2, 3, 5, 8, 16, 31, 64, 200]),
                lanes, rng.choice([1, 2, 4]), unroll, warps) + combines(rng, 1, 3)
    if family == "neighbor_group":
        return "neighbor_group %s edges=%s partSize=%d dimWorker=%d " \
            "warpPerBlock=%d unroll=%d" % (
                spec, weights(rng), rng.choice([1, 2, 3, 5, 8, 16, 31, 32, 33,
                                                64, 100, 1000]),
                lanes, warps, unroll) + combines(rng, 1, 2, 3)
    return "row_split %s edges=%s dimWorker=%d edgeWorker=%d vec=%d coarsen=%d " \
        "unroll=%d warpPerBlock=%d ids=%d" % (
            spec, weights(rng), lanes, rng.randint(1, 32 // lanes),
            rng.choice([v for v in (1, 2, 4) if x[0] % v == 0]),
            rng.randint(1, 3), unroll, warps, rng.randint(0, 1))


class Builder:
    def __init__(self, emit, root, folder):
        self.emit, self.root, self.folder = emit, root, folder
        self.cxx = os.environ.get("CXX") or "c++"
        self.objects = []
        self.pool = concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1)

    def path(self, name):
        return os.path.join(self.folder, name)

    def source(self, name):
        return os.path.join(self.root, name)

    def compile(self, source, output, more=()):
        include = ["-I" + self.source(d) for d in
                   ("tests/kernel", "compiler", "runtime", "runtime/base",
                    "runtime/include")]
        run([self.cxx, *FLAGS, *self.sections(), *include, *more, "-c",
             source, "-o", output])
        return output

    def sections(self):
        """Red zones around shared memory, where the compiler has them."""
        probe = subprocess.run(
            [self.cxx, "-fsanitize-sections=gnnac_shared", "-x", "c++",
             "-fsyntax-only", "/dev/null"], capture_output=True)
        self.sections = lambda: ["-fsanitize-sections=gnnac_shared"] \
            if probe.returncode == 0 else []
        return self.sections()

    def emit_cpp(self, templates, cases, name):
        text = run([self.emit, templates, "--shim", name],
                   input="\n".join(cases) + "\n")
        with open(self.path(name), "w") as f:
            f.write(text)
        return self.path(name)

    def build_batch(self, templates, cases, name, more=MUTE):
        """Not optimised: that takes longer than it saves, for the time of a run is
        the shim's."""
        return self.compile(self.emit_cpp(templates, cases, name),
                            self.path(name + ".o"), ["-O0", *more])

    def words(self, objects, cases, name):
        """What a program built from these cases says before it fails."""
        batch = self.build_batch(self.source("templates"), cases, name, [])
        return run_program(self.link(objects + [batch], name[:-4])).stderr

    def support(self):
        """The objects every program needs, being built."""
        c_files = ["runtime/cuda/parts.c", "runtime/cuda/buckets.c",
                   "runtime/cuda/tiles.c", "runtime/bundle/program.c",
                   "runtime/base/fail.c"]
        jobs = [self.pool.submit(self.compile_c, self.source(f),
                                 self.path(os.path.basename(f) + ".o"))
                for f in c_files]
        for name in ("cuda_shim.cpp", "run_cases.cpp", "train_cases.cpp",
                     "loss_cases.cpp", "edge_cases.cpp",
                     "attention_v2_cases.cpp"):
            jobs.append(self.pool.submit(
                self.compile, self.source("tests/kernel/" + name),
                self.path(name + ".o")))
        return jobs

    def compile_c(self, source, output):
        include = ["-I" + self.source(d) for d in
                   ("runtime", "runtime/base", "runtime/include")]
        run([self.cxx, "-x", "c", "-std=gnu11", "-O1", "-g1",
             "-fsanitize=address,undefined", "-fno-sanitize-recover=all",
             *include, "-c", source, "-o", output])
        return output

    def link(self, objects, name):
        run([self.cxx, "-fsanitize=address,undefined", *objects, "-o",
             self.path(name)])
        return self.path(name)


def plant(root, folder, number, fault):
    """A copy of the templates with one fault; returns the folder."""
    name, text, replacement, _ = fault
    copy = os.path.join(folder, "fault%d" % number)
    shutil.copytree(os.path.join(root, "templates"), copy)
    path = os.path.join(copy, name)
    with open(path) as f:
        whole = f.read()
    if text not in whole:
        raise Failure("%s does not contain %r" % (name, text))
    with open(path, "w") as f:
        f.write(whole.replace(text, replacement))
    return copy


def usable(builder, templates, cases):
    """Those cases that the templates do not refuse."""
    done = subprocess.run([builder.emit, templates, "--check"],
                          input="\n".join(cases) + "\n", capture_output=True,
                          text=True)
    refused = {s.split("\n")[0] for s in done.stderr.split("\n")}
    return [c for c in cases if c not in refused]


def run_program(path):
    return subprocess.run([path], capture_output=True, text=True)


class Tap:
    def __init__(self):
        self.n, self.failed = 0, 0

    def report(self, name, problem=None):
        self.n += 1
        self.failed += problem is not None
        print("%sok %d - %s" % ("not " if problem else "", self.n, name))
        for line in (problem or "").split("\n"):
            if line:
                print("# " + line)
        sys.stdout.flush()


def main():
    emit, root = sys.argv[1:3]
    cxx = os.environ.get("CXX") or "c++"
    if not shutil.which(cxx.split()[0]):
        print("1..0 # SKIP there is no C++ compiler (%s)" % cxx)
        return 0
    tap = Tap()
    rng = random.Random(20240607)
    with tempfile.TemporaryDirectory(prefix="gnnac-kernels-") as folder:
        b = Builder(emit, root, folder)
        b.sections()
        templates = os.path.join(root, "templates")
        corner = read_cases(root)
        drawn = usable(b, templates, [random_case(rng)
                                      for _ in range(N_RANDOM)])
        cases = corner + drawn
        batches = [cases[i::N_BATCHES] for i in range(N_BATCHES)]
        jobs = [b.pool.submit(b.build_batch, templates, batch,
                              "batch%d.cpp" % i)
                for i, batch in enumerate(batches)]
        support = b.support()
        planted = [plant(root, folder, i, f) for i, f in enumerate(FAULTS)]
        run_faults = range(0, len(FAULTS), 1 if SLOW else 10)
        bad = [b.pool.submit(b.build_batch, planted[i], [FAULTS[i][3]],
                             "bad%d.cpp" % i) for i in run_faults]
        try:
            objects = [j.result() for j in support]
            programs = [b.link(objects + [j.result()], "run%d" % i)
                        for i, j in enumerate(jobs)]
            faulty = [b.link(objects + [j.result()], "bad%d" % i)
                      for i, j in enumerate(bad)]
        except Failure as e:
            tap.report("the emitted text compiles for the CPU", str(e))
            print("1..%d" % tap.n)
            return 1
        tap.report("the emitted text compiles for the CPU")
        results = list(b.pool.map(run_program, programs + faulty))
        for i, done in enumerate(results[:len(programs)]):
            tap.report("batch %d: %d kernels agree with float64" %
                       (i, len(batches[i])),
                       None if done.returncode == 0 else
                       "exit %d\n%s" % (
                           done.returncode, done.stderr[:4000] or
                           b.words(objects, batches[i], "words%d.cpp" % i)[:4000]))
        for i, done in zip(run_faults, results[len(programs):]):
            fault = FAULTS[i]
            tap.report("a fault in %s is found out: %s" %
                       (fault[0], " ".join(fault[2].split()) or "no barrier"),
                       None if done.returncode != 0 else "it passed")
    print("1..%d" % tap.n)
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main())
