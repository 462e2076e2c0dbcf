-- The shipped choice: a few points for the tuner, the most promising first.
--
-- Gathering rows of x is all that costs, so lanes come first: each loads up to
-- four floats at once, and only as many lanes as a row fills work on one
-- neighbour. The lanes left over take further neighbours of the same row
-- (edgeWorker) if rows are long, or further rows if they are short.
--
-- Rows of x and of the output start 16-byte aligned (see compiler/plan), so any
-- width can be read four floats at a time; columns beyond the last full vector
-- cost one extra load.
--
-- Each rule says its evidence: measured, where and how; modelled, by
-- compiler/tune/cost.c alone; or reasoned. What all of them lose against the best
-- that a database of timings knows is told by `gnnac rules regret`.

local function power_up(v)
  local p = 1
  while p < v do p = 2 * p end
  return p
end

local function power_down(v)
  local p = 1
  while 2 * p <= v do p = 2 * p end
  return p
end

local function ceil_div(a, b)
  return (a + b - 1) // b
end

-- How wide a row of x is, in words of 4 bytes: what loads move, whether they are
-- floats or, stored in 16 bits, twice as many numbers.
local function words(layer)
  return layer.dtype == "f32" and layer.agg_dim or ceil_div(layer.agg_dim, 2)
end

-- How a row of `width` words is spread over lanes: words per load, lanes, and
-- loads per lane. A lane holds at most 8 words; wider rows are cut into tiles
-- by the template.
local function spread(width)
  local vec = (width % 4 == 0 or width >= 32) and 4
              or width % 2 == 0 and 2 or 1
  local lanes = math.min(32, power_up(ceil_div(width, vec)))
  local loads = math.min(8 // vec, math.max(1, ceil_div(width, lanes * vec)))
  return vec, lanes, loads
end

-- Loads in flight per lane: no more than a short row can use.
local function in_flight(graph)
  return graph.degree.mean < 3 and 2 or 4
end

-- The same, and twice as many: the longest rows gain, the short ones pay.
local function in_flight_or_more(graph)
  local base = in_flight(graph)
  return graph.degree.max > 4 * base and { base, 2 * base } or base
end

-- Teams per row, so that each has about one batch of neighbours of an average
-- row to load at once.
local function teams(graph, lanes)
  local wanted = power_down(math.max(1, graph.degree.mean / in_flight(graph)))
  return math.min(32 // lanes, wanted)
end

-- A longest row that one team works off while the rest of the device idles.
local function has_long_rows(graph)
  local d = graph.degree
  return d.max >= 256 and (d.max > 8 * d.mean or d.top1_share > 0.15)
end

-- Equal edges for every team of lanes, however many rows they make up: neither
-- hubs nor the short rows about them leave anybody idle. Rows that are long
-- anyway do as well in groups. Lanes of 8 floats suit wide rows, unless the teams
-- that they make find too few edges; fewer than 4 lanes leave a team too many.
-- Evidence: measured. Best of all families on 18 of 21 widths of four such graphs,
-- by up to 2.5 times (H200, tests/bench/families.py). Short rows want short batches:
-- unroll 2 takes 0.89 and 0.93 of unroll 4's time on a graph of 15 edges a node (16
-- and 64 columns), unroll 8 is best at 36 (H100, tests/gpu/visit.sh survey).
rule "edge_ranges" {
  when = function(graph)
    return has_long_rows(graph) and graph.degree.mean < 64
  end,
  choose = function(graph, layer, device)
    local width = words(layer)
    local _, lanes = spread(width)
    lanes = math.max(4, lanes)
    local small = graph.edges < 128 * 16 * device.sm_count or width >= 128
    local edges = small and { 64, 128 } or { 128, 64 }
    local short = graph.degree.mean < 24
    if not short then edges[3] = 256 end
    return {
      { template = "edge_balanced", edgesPerWarp = edges,
        dimWorker = width >= 64 and { lanes // 2, lanes } or lanes },
      { template = "edge_balanced", edgesPerWarp = short and 128 or 256,
        dimWorker = lanes, unroll = short and 2 or 8 },
    }
  end,
  why = "short rows around a few long ones: equal edges for every team of lanes",
  priority = 70,
}

-- The same cut, GNNAdvisor's way: groups of one row's edges, a warp for each.
-- Longer groups pay where rows are long anyway, and where there are enough of them
-- to fill the device, since fewer sums have to be joined. Lanes of half as many
-- floats sometimes win: more loads are then under way at once. So do twice the
-- loads of wide rows: 0.91 of the time on a graph of 36 edges a node (H100).
-- Evidence: measured. Groups of 256 on large graphs and more lanes than columns
-- need were where earlier rules missed the best of all points (H200,
-- tests/gpu/visit.sh survey); that rows are cut at all where they are short is
-- edge_ranges' evidence.
rule "long_rows" {
  when = function(graph)
    return has_long_rows(graph)
  end,
  choose = function(graph, layer)
    local width = words(layer)
    local _, lanes = spread(width)
    local part = graph.degree.mean < 48 and { 32, 64 } or { 64, 128 }
    if graph.edges >= 4e6 then part[3] = 256 end
    local more = width > 8 and math.min(32, 2 * lanes) or lanes
    local points = { { template = "neighbor_group", partSize = part,
                       dimWorker = more > lanes and { lanes, more } or lanes } }
    if width >= 64 then
      points[2] = { template = "neighbor_group", partSize = 64,
                    dimWorker = more, unroll = 8 }
    end
    return points
  end,
  why = "a few rows hold many edges: rows are cut into groups of equal work",
  priority = 60,
}

-- Every row as its length asks, longest first: short ones packed, long ones cut,
-- into longer pieces where there are edges enough for all multiprocessors.
-- Evidence: measured. Best of all families on 8 of 8 rows of four graphs with hubs (16
-- and 64 columns), the next one took 1.25 times as long in the geometric mean (H100,
-- tests/gpu/visit.sh families). Odd narrow rows also by lanes of four floats: 42 us
-- instead of 53 for 7 columns of cnr2000 (H100, tests/gpu/visit.sh survey). It stands
-- behind edge_ranges, whose evidence has more graphs; on a GPU both are timed.
local function by_length(graph, layer)
  local width = words(layer)
  local _, lanes = spread(width)
  local segment = graph.edges < 2.5e5 and 128
                  or graph.edges < 1e6 and 256 or 512
  local fours = power_up(ceil_div(width, 4))
  local split = width >= 64
                and (layer.dtype == "f32" and lanes // 2
                     or { lanes, lanes // 2 })
                or fours < lanes and { lanes, fours } or lanes
  return { template = "hybrid", segmentEdges = segment,
           packedEdges = { 32, 16 }, dimWorker = split }
end

rule "rows_by_length" {
  when = function(graph)
    return has_long_rows(graph)
  end,
  choose = by_length,
  why = "rows of all lengths: short ones share a warp, long ones are cut",
  priority = 55,
}

-- The same rows joined in the kernel that cuts them: a launch less, which sums of
-- many edges do not notice.
-- Evidence: measured. hybrid's best point took 0.95 of the time of its best with a
-- second kernel, in the geometric mean of 21 questions (7 graphs of less than 2 million
-- edges, 32 to 128 columns; 0.71 to 1.07; H200, tests/gpu/visit.sh joins); with 8
-- million edges 1.00 to 1.04.
rule "joined_rows" {
  when = function(graph)
    return has_long_rows(graph) and graph.edges < 4e6
  end,
  choose = function(graph, layer)
    local points = by_length(graph, layer)
    points.combine = 3
    return points
  end,
  why = "pieces of long rows meet without another launch",
  priority = 54,
}

-- Narrow rows leave most of a warp to the edges: even a short row keeps its
-- lanes busy, and the sums meet in log2 shuffles.
-- Evidence: reasoned. No survey looked at it alone; the cost model prefers
-- even_rows.
rule "narrow_rows" {
  when = function(graph, layer)
    return words(layer) <= 8 and graph.degree.mean >= 4
  end,
  choose = function(graph, layer)
    local vec, lanes, loads = spread(words(layer))
    local most = power_up(math.ceil(graph.degree.mean))
    return { template = "row_split", dimWorker = lanes, vec = vec,
             coarsen = loads, unroll = 2,
             edgeWorker = math.min(32 // lanes, most) }
  end,
  why = "rows are narrow: lanes go along the edges",
  priority = 50,
}

-- With few rows the device is not full: a whole warp per row, or half of one
-- with twice the loads in flight, shortens the longest row's wait. So do lanes
-- of 16 floats each: more teams, and every load of a batch under way at once. The
-- whole device waits for one row's loads then, so what can be read while the kernel
-- ahead still runs is (Cora's inference 10.1 to 8.6 us, H100, visit.sh ahead).
-- Evidence: measured. Cora at 128 columns takes 5.9 us by lanes of 16 floats, 10.7
-- by the best of the others (H200, tests/gpu/visit.sh survey).
rule "few_rows" {
  when = function(graph, layer, device)
    local _, lanes = spread(words(layer))
    return graph.nodes * lanes * teams(graph, lanes) < device.sm_count * 1024
  end,
  choose = function(graph, layer)
    local width = words(layer)
    local vec, lanes, loads = spread(width)
    local teams = 32 // lanes
    local deep = power_up(math.min(32, ceil_div(layer.agg_dim, 16)))
    return {
      { template = "row_split", dimWorker = lanes, vec = vec,
        coarsen = loads, unroll = in_flight_or_more(graph),
        edgeWorker = teams > 1 and { teams, teams // 2 } or 1, ids = 2 },
      { template = "row_split", dimWorker = deep, vec = 4, ids = 2,
        coarsen = math.min(layer.dtype == "f32" and 4 or 2,
                           ceil_div(width, 4 * deep)), unroll = 8,
        edgeWorker = math.min(16, 32 // deep) },
    }
  end,
  why = "few rows: many lanes for each",
  priority = 40,
}

-- The base: right for every graph, best where rows are alike.
-- Evidence: measured. Half the lanes with twice the loads were where earlier rules
-- missed the best of all points (H200, tests/gpu/visit.sh survey).
rule "even_rows" {
  when = function()
    return true
  end,
  choose = function(graph, layer)
    local vec, lanes, loads = spread(words(layer))
    local first = teams(graph, lanes)
    local more = math.min(32 // lanes, 2 * first)
    return { template = "row_split", dimWorker = lanes, vec = vec,
             coarsen = loads, unroll = in_flight_or_more(graph),
             edgeWorker = more > first and { first, more } or first }
  end,
  why = "lanes as a row of x needs, the rest of the warp for further edges",
  priority = 30,
}

-- Ids that a row's lanes load together, a step ahead, and hand round: a team that
-- loads its own asks for a sector each time. Few lanes, each with up to 16 floats.
-- Evidence: reasoned. By counts of 28 graphs such sums ask for at most 1.03 of the
-- least sectors at 32 to 128 columns, teams on their own for up to 1.11
-- (tests/bench/sectors.py); whether that saves time was never measured, so it stands
-- behind even_rows.
rule "shared_ids" {
  when = function(graph, layer)
    return graph.degree.mean >= 2 and not has_long_rows(graph)
           and layer.agg_dim >= 16 and layer.agg_dim <= 128
  end,
  choose = function(graph, layer)
    local width = words(layer)
    local vec = spread(width)
    local lanes = width <= 16 and 4 or 8
    return { template = "row_split", dimWorker = lanes, vec = vec,
             coarsen = ceil_div(width, lanes * vec), ids = 1,
             edgeWorker = math.min(2, teams(graph, lanes)) }
  end,
  why = "ids are read once, by all lanes of a row",
  priority = 28,
}

-- Rows of few edges packed by length: those that share a warp end together, and
-- what a row needs is asked for while others are summed. Half as many lanes as a
-- row of x has vectors, so that more rows are under way.
-- Evidence: measured. Best of all points on 8 of 12 questions of citeseer, cora and
-- pubmed (7 to 128 columns), where the rules above took 1.09 to 1.77 times as long
-- (H100, tests/gpu/visit.sh survey). It stands behind them: without a GPU they
-- decide, with one all are timed.
rule "packed_rows" {
  when = function(graph)
    return graph.degree.mean < 16 and not has_long_rows(graph)
  end,
  choose = function(graph, layer)
    local width = words(layer)
    local each = width <= 16 and 4 or 8
    return { template = "hybrid", segmentEdges = 512, packedEdges = { 8, 32 },
             dimWorker = math.min(32, power_up(ceil_div(width, each))),
             unroll = 8 }
  end,
  why = "rows of few edges: those of a length share a warp",
  priority = 25,
}

-- Wide rows fill the warp: what is left to try is more loads in flight, or fewer
-- lanes of 16 floats each, whose four loads of a row are one neighbour's.
-- Evidence: modelled for the former: it costs no more than even_rows
-- (test_shipped_rules.c). Measured for the latter: 0.95 and 0.98 of even_rows' time on
-- a graph of 4 edges a node (128 and 64 columns; H100, tests/gpu/visit.sh survey).
rule "wide_rows" {
  when = function(graph, layer)
    return words(layer) >= 64
  end,
  choose = function(graph, layer)
    local width = words(layer)
    local vec, lanes, loads = spread(width)
    local deep = math.min(32, power_up(ceil_div(layer.agg_dim, 16)))
    local points = { { template = "row_split", dimWorker = deep, vec = 4,
                       coarsen = layer.dtype == "f32" and 4 or 2, unroll = 2 } }
    if width >= 128 and graph.degree.mean >= 8 then
      points[2] = { template = "row_split", dimWorker = lanes, vec = vec,
                    coarsen = loads, unroll = 8 }
    end
    return points
  end,
  why = "wide rows: more loads in flight, or more floats in a lane",
  priority = 20,
}

-- Rows of a matrix that exceeds the L2 cache come from memory for most edges. A slab
-- of its columns that fits comes from there once: the sums are made slab by slab, and
-- only ids are read again for each. The cache keeps lines of 128 bytes, so narrower
-- slabs save nothing, and one that does not begin with a line has half of two more.
local LINE = 128
local function usable_l2(device) return 0.6 * device.l2_bytes end

-- The widest slab whose lines of all rows fit, or nil.
local function slab_bytes(graph, layer, device)
  local row = 4 * words(layer)
  local rest = row % LINE == 0 and 0 or LINE
  for slab = 4 * LINE, LINE, -LINE do
    if slab < row and 32 % (slab // 16) == 0
       and graph.nodes * (slab + rest) <= usable_l2(device) then
      return slab
    end
  end
end

local function exceeds_l2(graph, layer, device)
  return graph.degree.mean >= 4
         and 4.0 * graph.nodes * words(layer) > usable_l2(device)
end

-- By lanes of 16 bytes each, so that a team loads a slab at once: row_split, whose
-- lanes hold what coarsen says, need not be told its width. Ids and sums go past
-- what the cache is to keep (hints).
-- Evidence: measured, on one graph: 1.34 ms by slabs of 128 bytes, 1.33 with hints, 1.53
-- by the best of whole rows without and 1.44 with hints (R-MAT, 100,000 nodes, 8
-- million edges, 512 columns; H100, tests/gpu/visit.sh slabs). On a software device
-- slabs of a power-law graph's 128 columns take 1/5 of the sectors from memory
-- (tests/gpu/counts.txt). It stands behind rules whose evidence has more graphs.
rule "feature_slabs" {
  when = function(graph, layer, device)
    return layer.x_slab == 0 and exceeds_l2(graph, layer, device) and slab_bytes(graph, layer, device)
  end,
  choose = function(graph, layer, device)
    local widest = slab_bytes(graph, layer, device)
    local points = {}
    for i, slab in ipairs(widest > LINE and { LINE, widest } or { LINE }) do
      local lanes = slab // 16
      if has_long_rows(graph) then
        points[i] = { template = "hybrid", segmentEdges = 512, packedEdges = 32,
                      dimWorker = lanes, unroll = 8, slab = slab,
                      hints = 1 }
      else
        points[i] = { template = "row_split", dimWorker = lanes, vec = 4,
                      coarsen = 1, edgeWorker = teams(graph, lanes),
                      hints = 1 }
      end
    end
    return points
  end,
  why = "x exceeds the L2 cache: columns are summed slab by slab, which fits",
  priority = 15,
}

-- x that lies slab-major (compiler/plan/slabs.h) is summed slab by slab, by lanes of 16
-- bytes that load a slab at once, as above; so few lanes make many teams, which long
-- rows need edges for. Two slabs at once are read by fewer ids.
-- Evidence: reasoned. On a software device such sums take fewer sectors from memory
-- than any of rows where a line of each node exceeds the cache (tests/gpu/counts.txt).
rule "slab_major" {
  when = function(graph, layer) return layer.x_slab > 0 end,
  choose = function(graph, layer)
    local points = {}
    for i, slab in ipairs { layer.x_slab, 2 * layer.x_slab } do
      local lanes = slab // 16
      if has_long_rows(graph) then
        points[i] = { template = "hybrid", segmentEdges = 512,
                      packedEdges = 32, dimWorker = lanes, unroll = 8,
                      slab = slab, hints = { 1, 0 } }
      else
        points[i] = { template = "row_split", dimWorker = lanes, vec = 4,
                      coarsen = 1, edgeWorker = teams(graph, lanes),
                      hints = { 1, 0 } }
      end
    end
    return points
  end,
  why = "x lies slab after slab, and is summed so",
  priority = 80,
}

-- Whole rows, of which the cache keeps more if ids and sums go past it.
-- Evidence: measured, on the same graph: 1.44 ms instead of 1.53.
rule "past_the_cache" {
  when = exceeds_l2,
  choose = function(graph, layer)
    local vec, lanes, loads = spread(words(layer))
    if has_long_rows(graph) then
      return { template = "hybrid", segmentEdges = 512, packedEdges = 32,
               dimWorker = math.max(1, lanes // 2), hints = 1 }
    end
    return { template = "row_split", dimWorker = lanes, vec = vec,
             coarsen = loads, edgeWorker = teams(graph, lanes), hints = 1 }
  end,
  why = "x exceeds the L2 cache, which is kept for it: ids and sums go past it",
  priority = 14,
}

-- Neighbouring rows that share columns: 8 rows fetch each column's row of x once
-- and are summed by tensor cores, where that saves a third of the rows or half.
-- Evidence: measured on an H100, up to 100 points of each family beside each other,
-- 64, 128 and 256 columns: on none of eleven graphs and orders did it win, though 8
-- rows shared up to 2.1 (templates/README.md). So it is tried only where they share
-- more than was ever measured.
rule "shared_columns" {
  when = function(graph, layer)
    return graph.locality.window_reuse_8 >= 3 and layer.agg_dim >= 16
  end,
  choose = function(graph, layer)
    local lanes = math.min(32, power_up(ceil_div(words(layer), 8)))
    return { template = "tile_mma", tilePercent = { 150, 200 },
             packedEdges = 32, dimWorker = lanes }
  end,
  why = "neighbouring rows share columns: what 8 rows share is fetched once",
  priority = 13,
}

-- Products with few columns; wider ones are BLAS's. A deep product, or any of few
-- rows, has a lane hold all columns of four rows, and the depth shared by the whole
-- warp: each load is then of one row. Fewer rows than keep the device busy have it
-- shared by more warps. In what is left eight lanes share the depth.
-- Evidence: measured on an H100, the best of 80 points each, timed as CUDA graphs by
-- tests/bench/peers.py. Of 1,433 and 3,703 columns, where a row's odd pitch allows
-- loads of single floats only, whole GCNs take 22 and 45 us, by the eight lanes 33 and
-- 93; of 500 and 767 columns (19,717 and 13,752 rows) 50 and 61, by the eight lanes 55
-- and 67; a graph of one small kernel took 20 us there. This rule's own points took
-- 48 us for the second and 50 for the third. 128 or 16 columns of 2,708 to 500,000
-- rows take the eight lanes 1/1.25 to 1/3.7 of cuBLAS's time.
rule "narrow_product" {
  when = function(graph, layer)
    return layer.agg_dim <= 16
  end,
  choose = function(graph, layer, device)
    local few = graph.nodes < 64 * device.sm_count
    if layer.in_dim >= 256 or (few and layer.in_dim >= 64) then
      local split = 1
      if few then split = 2 end
      if graph.nodes < 8 * device.sm_count then split = 4 end
      local columns = 16
      while columns > 4 and columns // 2 >= layer.agg_dim do
        columns = columns // 2
      end
      return { template = "linear", rowsPerLane = 4, colsPerLane = columns,
               depthWorker = 32, depthWarps = split, unroll = 4 }
    end
    local shallow = layer.in_dim < 64
    return { template = "linear", rowsPerLane = shallow and 4 or 8,
             colsPerLane = (few or layer.agg_dim <= 4) and 4 or 8,
             depthWorker = shallow and 4 or 8, unroll = 4 }
  end,
  why = "few columns: every row of x is read once, by lanes along its depth",
  priority = 10,
}

-- Products with more columns, where the device's tensor cores are fast; others are
-- BLAS's. Blocks as large as leave two for every multiprocessor.
-- Evidence: measured on an H100, 12 shapes of 2,708 to 1,048,576 rows, depths of 64 to
-- 767, 64 or 128 columns, the best of 30 points each, as CUDA graphs: cuBLAS takes 1.3
-- to 1.9 times as long, 1.08 at a depth of 767, where single floats are loaded. Of
-- 2,708 rows by 1,433 it takes 0.6: such are left to it.
rule "wide_product" {
  when = function(graph, layer)
    return layer.agg_dim > 16
  end,
  choose = function(graph, layer, device)
    local wide = layer.agg_dim > 64
    if graph.nodes < 64 * device.sm_count then
      return { template = "linear_mma", rowTiles = 1, colTiles = 4, colWarps = 2,
               stages = 2 }
    elseif graph.nodes < 1024 * device.sm_count then
      return { template = "linear_mma", colTiles = wide and 8 or 4, colWarps = 2,
               stages = 2 }
    end
    return { template = "linear_mma", colWarps = wide and 2 or 1,
             warpPerBlock = wide and 8 or 4 }
  end,
  why = "many columns: tensor cores, with float32's accuracy",
  priority = 10,
}

-- Where there is a GPU, more of both, verified and timed one against another; a
-- product of more than 16 columns is also tried without tensor cores (the template
-- `linear` with its own numbers).
-- Evidence: reasoned; without a GPU they decide nothing.
rule "narrow_product_more" {
  when = function(graph, layer)
    return layer.agg_dim <= 16 and layer.in_dim >= 64
  end,
  choose = function(graph, layer)
    local columns = layer.agg_dim <= 4 and 4 or layer.agg_dim <= 8 and 8 or 16
    return {
      { template = "linear", rowsPerLane = 4, colsPerLane = columns,
        depthWorker = { 8, 32 }, depthWarps = { 1, 2 } },
      { template = "linear", rowsPerLane = { 4, 8 }, colsPerLane = 4,
        depthWorker = { 4, 8 } },
    }
  end,
  why = "few columns: more or fewer lanes along the depth",
  priority = 8,
}

rule "wide_product_more" {
  when = function(graph, layer)
    return layer.agg_dim > 16
  end,
  choose = {
    { template = "linear_mma", rowTiles = { 1, 2 }, colTiles = { 4, 8 },
      stages = { 2, 3 } },
    { template = "linear_mma", rowTiles = { 1, 2 }, colTiles = { 4, 8 },
      colWarps = 2, stages = 3 },
  },
  why = "many columns: larger or smaller blocks",
  priority = 8,
}

-- Attention: lanes for the columns, as for sums, but of four floats where they
-- fit, since every lane computes the weights of its heads. Long rows are shared
-- by the warps of a block; else a hub would hold up the device.
local function attention_lanes(layer)
  return math.min(32, power_up(ceil_div(layer.agg_dim, 4)))
end

-- Evidence: reasoned; no time of it is on record.
rule "attention_rows" {
  when = function(graph, layer)
    return layer.op == "gat"
  end,
  choose = function(graph, layer)
    local lanes = attention_lanes(layer)
    return { template = "attention", dimWorker = lanes,
             edgeWorker = teams(graph, lanes), unroll = in_flight_or_more(graph) }
  end,
  why = "lanes as a row of x needs, the rest of the warp for further edges",
  priority = 30,
}

-- With few rows the longest one decides, even where it is no hub.
-- Evidence: measured. The two layers of cora take 7.1 and 4.2 us instead of 17.3 and
-- 13.0, those of pubmed 17.7 and 10.6 instead of 21.0 and 15.9 (H100, `compile
-- --model gat --dim 128`).
rule "attention_few_rows" {
  when = function(graph, layer, device)
    return layer.op == "gat" and graph.nodes < 256 * device.sm_count
           and graph.degree.max > 4 * graph.degree.mean
  end,
  choose = function(graph, layer)
    local lanes = attention_lanes(layer)
    return { template = "attention", dimWorker = lanes,
             edgeWorker = 32 // lanes, warpPerRow = { 1, 2, 4 }, unroll = 4 }
  end,
  why = "few rows: several warps shorten the longest one's wait",
  priority = 25,
}

-- Evidence: reasoned; no time of it is on record.
rule "attention_hubs" {
  when = function(graph, layer)
    return layer.op == "gat" and has_long_rows(graph)
  end,
  choose = function(graph, layer)
    local lanes = attention_lanes(layer)
    return { template = "attention", dimWorker = lanes,
             edgeWorker = 32 // lanes, warpPerRow = { 4, 8 },
             warpPerBlock = 8 }
  end,
  why = "a few rows hold many edges: the warps of a block share a row",
  priority = 60,
}

-- A head's columns alone: each has blocks of its own.
local function product_lanes(layer)
  return math.min(32, power_up(ceil_div(layer.agg_dim // layer.heads, 4)))
end

-- Products of rows for every edge: a batch of a warp is what a short row can use.
-- Evidence: reasoned; no time of it is on record. Of 8 heads of 8 columns lanes for
-- one head's columns take a fourth of the instructions and three quarters of the
-- sectors of lanes for all columns, as counted on a software device.
rule "edge_products" {
  when = function()
    return true
  end,
  choose = function(graph, layer)
    local lanes = product_lanes(layer)
    local mean = math.max(1, graph.degree.mean)
    local batches = power_up(math.ceil(mean * lanes / 32))
    return { template = "sddmm", dimWorker = lanes, partSize = { 64, 32 },
             unroll = math.min(4, batches) }
  end,
  why = "lanes as a row needs, groups of edges of equal work",
  priority = 30,
}

-- The largest of neighbours and its backward walk as sums do; the longest row is
-- one warp's, so where there are such, all of the warp is for one row.
-- Evidence: reasoned; no time of it is on record.
rule "extreme_rows" {
  when = function()
    return true
  end,
  choose = function(graph, layer)
    local points = {}
    local vec, lanes, loads = spread(layer.agg_dim)
    local most = has_long_rows(graph) and 32 // lanes or teams(graph, lanes)
    for i, template in ipairs { "extreme", "extreme_share", "extreme_grad" } do
      points[i] = { template = template, dimWorker = lanes, vec = vec,
                    coarsen = loads, unroll = in_flight(graph),
                    edgeWorker = most }
    end
    return points
  end,
  why = "lanes as a row of x needs, the rest of the warp for further edges",
  priority = 30,
}

-- Attention in training, and GATv2's: the templates' own numbers first.
-- Evidence: reasoned; no time of it is on record.
local attention_v2_steps = { "attention_v2", "attention_v2_keep",
                             "attention_v2_rows_grad", "attention_v2_grad" }
local attention_steps = { "attention_keep", "attention_rows_grad",
                          "attention_grad", table.unpack(attention_v2_steps) }

rule "attention_training" {
  when = function()
    return true
  end,
  choose = function()
    local points = {}
    for i, template in ipairs(attention_steps) do
      points[i] = { template = template }
    end
    return points
  end,
  why = "as many lanes as a head has vectors, four teams for a row's edges",
  priority = 30,
}

-- What adds the scores' gradients up over the rows: the template's own numbers.
-- Evidence: reasoned; no time of it is on record.
rule "scores_backward" {
  when = function()
    return true
  end,
  choose = { template = "attention_scores_grad" },
  why = "128 rows to a block: few sums for the second kernel, blocks enough",
  priority = 30,
}

-- Blocks of other sizes: few rows make few blocks, many rows many sums.
-- Evidence: reasoned; without a GPU it decides nothing.
rule "scores_backward_blocks" {
  when = function()
    return true
  end,
  choose = { template = "attention_scores_grad",
             rowsPerBlock = { 32, 64, 256, 512 }, warpPerBlock = { 4, 8 } },
  why = "more or fewer rows to a block of the scores' backward",
  priority = 25,
}

-- More or fewer teams for a row's edges, or several warps where rows are long.
-- Evidence: reasoned; without a GPU it decides nothing.
rule "attention_training_teams" {
  when = function()
    return true
  end,
  choose = function(graph)
    local points = {}
    for _, template in ipairs(attention_steps) do
      points[#points + 1] = { template = template, edgeWorker = { 1, 2, 8 },
                              unroll = { 2, 4 } }
      if graph.degree.max >= 64 then
        points[#points + 1] = { template = template, warpPerRow = { 2, 4 },
                                unroll = { 2, 4 } }
      end
    end
    return points
  end,
  why = "rows of other lengths: more or fewer teams for a row's edges",
  priority = 25,
}

-- GATv2's scores cost a walk along the columns for every edge, so a hub's row is
-- long in time, too.
-- Evidence: reasoned; no time of it is on record.
rule "attention_v2_hubs" {
  when = function(graph)
    return has_long_rows(graph)
  end,
  choose = function()
    local points = {}
    for i, template in ipairs(attention_v2_steps) do
      points[i] = { template = template, warpPerRow = { 4, 2 } }
    end
    return points
  end,
  why = "a few rows hold many edges: the warps of a block share a row",
  priority = 60,
}

-- More edges in flight, wider or narrower teams, than the rules before.
-- Evidence: reasoned; without a GPU they decide nothing.
rule "edge_products_more" {
  when = function()
    return true
  end,
  choose = function(graph, layer)
    local lanes = product_lanes(layer)
    return { template = "sddmm", dimWorker = { lanes, math.max(1, lanes // 2) },
             partSize = { 32, 128 }, unroll = { 2, 8 } }
  end,
  why = "more or fewer edges in flight, lanes of more columns",
  priority = 25,
}

rule "extreme_rows_more" {
  when = function()
    return true
  end,
  choose = function(graph, layer)
    local points = {}
    local vec, lanes, loads = spread(layer.agg_dim)
    local most = 32 // lanes
    for i, template in ipairs { "extreme", "extreme_share", "extreme_grad" } do
      points[i] = { template = template, dimWorker = lanes, vec = vec,
                    coarsen = loads, unroll = { 2, 4, 8 },
                    ids = lanes > 1 and { 0, 1 } or 0,
                    edgeWorker = most > 1 and { most, most // 2 } or 1 }
    end
    return points
  end,
  why = "more or fewer neighbours in flight, ids that lanes share",
  priority = 25,
}

-- ---- tests ------------------------------------------------------------------

test "hubs are cut" {
  graph = { nodes = 1e5, degree = { mean = 8, max = 9000 } },
  expect = { rule = "long_rows", template = "neighbor_group", partSize = 32,
             dimWorker = 16 },
}

test "long rows get longer groups" {
  graph = { nodes = 2e5, degree = { mean = 490, max = 21000 } },
  expect = { rule = "long_rows", partSize = 128 },
}

test "a large share of the edges in few rows counts as hubs" {
  graph = { degree = { mean = 60, max = 300, top1_share = 0.2 } },
  expect = { rule = "long_rows" },
}

test "meshes and molecules have no hubs" {
  graph = { nodes = 1e6, degree = { mean = 6, max = 14 } },
  expect = { rule = "even_rows", silent = "long_rows" },
}

test "short rows around hubs get equal edges" {
  graph = { nodes = 1e6, edges = 8e6, degree = { mean = 8, max = 9000 } },
  layer = { agg_dim = 64 },
  expect = { template = "edge_balanced", dimWorker = 8, edgesPerWarp = 128,
             unroll = 4 },
}

test "few edges give every multiprocessor its warps" {
  graph = { nodes = 1e4, edges = 8e4, degree = { mean = 8, max = 900 } },
  layer = { agg_dim = 16 },
  expect = { template = "edge_balanced", dimWorker = 4, edgesPerWarp = 64 },
}

test "rows of some length also get longer ranges" {
  graph = { nodes = 1e5, edges = 3e6, degree = { mean = 30, max = 9000 } },
  layer = { agg_dim = 128 },
  expect = { rule = "edge_ranges", dimWorker = 32, edgesPerWarp = 256 },
}

test "narrow rows leave a team four lanes" {
  graph = { nodes = 1e6, edges = 8e6, degree = { mean = 8, max = 9000 } },
  layer = { agg_dim = 4 },
  expect = { template = "edge_balanced", dimWorker = 4 },
}

test "rows that are long anyway are no case for equal edges" {
  graph = { nodes = 2e5, degree = { mean = 490, max = 21000 } },
  expect = { silent = "edge_ranges" },
}

test "nor are meshes" {
  graph = { nodes = 1e6, degree = { mean = 6, max = 14 } },
  expect = { silent = "edge_ranges" },
}

test "rows of all lengths are also tried by their length" {
  graph = { nodes = 1e6, edges = 8e6, degree = { mean = 8, max = 9000 } },
  layer = { agg_dim = 64 },
  expect = { rule = "rows_by_length", template = "hybrid", packedEdges = 16,
             dimWorker = 8 },
}

test "pieces of long rows meet in one launch, too" {
  graph = { nodes = 1e5, edges = 8e5, degree = { mean = 8, max = 9000 } },
  layer = { agg_dim = 64 },
  expect = { rule = "joined_rows", template = "hybrid", combine = 3 },
}

test "many edges leave a launch unnoticed" {
  graph = { nodes = 1e6, edges = 8e6, degree = { mean = 8, max = 9000 } },
  layer = { agg_dim = 64 },
  expect = { silent = "joined_rows" },
}

test "meshes have rows of one length" {
  graph = { nodes = 1e6, degree = { mean = 6, max = 14 } },
  expect = { silent = "rows_by_length" },
}

test "a short longest row is no hub" {
  graph = { nodes = 2708, degree = { mean = 4, max = 168 } },
  expect = { silent = "long_rows" },
}

test "a hub-free graph without few rows is split by rows" {
  graph = { nodes = 1e6, degree = { mean = 12, max = 40 } },
  layer = { agg_dim = 16 },
  expect = { template = "row_split", dimWorker = 4, vec = 4, edgeWorker = 2,
             unroll = 4, coarsen = 1, warpPerBlock = 4 },
}

test "short rows share a warp" {
  graph = { nodes = 2e6, degree = { mean = 2.1, max = 10 } },
  layer = { agg_dim = 16 },
  expect = { dimWorker = 4, edgeWorker = 1, unroll = 2 },
}

test "wide rows take the whole warp and several loads" {
  graph = { nodes = 1e6, degree = { mean = 20, max = 60 } },
  layer = { agg_dim = 256 },
  expect = { rule = "even_rows", dimWorker = 32, vec = 4, coarsen = 2,
             edgeWorker = 1 },
}

test "wide rows also try more loads in flight" {
  graph = { nodes = 1e6, degree = { mean = 20, max = 60 } },
  layer = { agg_dim = 256 },
  expect = { rule = "wide_rows", unroll = 8 },
}

test "few rows get a warp each" {
  graph = { nodes = 2708, degree = { mean = 4, max = 168 } },
  layer = { agg_dim = 16 },
  expect = { rule = "few_rows", template = "row_split", dimWorker = 4,
             edgeWorker = 8, ids = 2 },
}

test "narrow rows go along the edges" {
  graph = { nodes = 1e6, degree = { mean = 14, max = 60 } },
  layer = { agg_dim = 2 },
  expect = { template = "row_split", dimWorker = 1, vec = 2, edgeWorker = 16 },
}

test "odd narrow widths are read float by float" {
  graph = { nodes = 1e6, degree = { mean = 14, max = 60 } },
  layer = { agg_dim = 7 },
  expect = { rule = "narrow_rows", vec = 1, dimWorker = 8, edgeWorker = 4 },
}

test "odd wide widths are read in fours" {
  graph = { nodes = 1e6, degree = { mean = 14, max = 60 } },
  layer = { agg_dim = 47 },
  expect = { rule = "even_rows", vec = 4, dimWorker = 16, coarsen = 1 },
}

test "no edges at all" {
  graph = { nodes = 10, edges = 0,
            degree = { min = 0, max = 0, mean = 0, cv = 0, std = 0 } },
  expect = { template = "row_split" },
}

test "attention gives a head's columns to as few lanes as loads allow" {
  op = "attention",
  graph = { nodes = 1e6, degree = { mean = 12, max = 40 } },
  layer = { op = "gat", agg_dim = 64 },
  expect = { rule = "attention_rows", dimWorker = 16, edgeWorker = 2,
             warpPerRow = 1 },
}

test "attention gives few rows several warps each" {
  op = "attention",
  graph = { nodes = 2708, degree = { mean = 4, max = 168 } },
  layer = { op = "gat", agg_dim = 64 },
  expect = { rule = "attention_few_rows", edgeWorker = 2, warpPerRow = 4 },
}

test "rows of few edges are packed, too" {
  graph = { nodes = 19717, edges = 88648, degree = { mean = 4.5, max = 171 } },
  layer = { agg_dim = 64 },
  expect = { rule = "packed_rows", template = "hybrid", dimWorker = 8 },
}

test "rows that exceed the cache are summed by slabs that do not" {
  graph = { nodes = 2e5, degree = { mean = 40, max = 100 } },
  layer = { agg_dim = 512 },
  expect = { rule = "feature_slabs", template = "row_split", dimWorker = 8,
             vec = 4, coarsen = 1, hints = 1 },
}

test "fewer rows by wider slabs" {
  graph = { nodes = 1e5, degree = { mean = 40, max = 9000 } },
  layer = { agg_dim = 512 },
  expect = { rule = "feature_slabs", template = "hybrid", dimWorker = 16,
             unroll = 8, slab = 256, hints = 1 },
}

test "slabs that begin within a line take another" {
  graph = { nodes = 1e5, degree = { mean = 40, max = 100 } },
  layer = { agg_dim = 500 },
  expect = { rule = "feature_slabs", dimWorker = 8 },
}

test "no slab helps where not even a line of each row fits" {
  graph = { nodes = 3e5, degree = { mean = 40, max = 100 } },
  layer = { agg_dim = 512 },
  expect = { silent = "feature_slabs" },
}

test "nor where the cache has room for whole rows" {
  graph = { nodes = 1e5, degree = { mean = 40, max = 100 } },
  layer = { agg_dim = 64 },
  expect = { silent = "feature_slabs" },
}

test "what lies slab after slab is summed so" {
  graph = { nodes = 8e5, degree = { mean = 40, max = 100 } },
  layer = { agg_dim = 256, x_slab = 32 },
  expect = { rule = "slab_major", template = "row_split", dimWorker = 2,
             vec = 4, coarsen = 1, edgeWorker = 8, hints = 1 },
}

test "by length where it differs" {
  graph = { nodes = 8e5, degree = { mean = 40, max = 90000 } },
  layer = { agg_dim = 256, x_slab = 64 },
  expect = { rule = "slab_major", template = "hybrid", dimWorker = 4,
             slab = 64, hints = 1 },
}

test "slabs of rows are not asked for then" {
  graph = { nodes = 2e5, degree = { mean = 40, max = 100 } },
  layer = { agg_dim = 512, x_slab = 64 },
  expect = { silent = "feature_slabs" },
}

test "rows are none" {
  graph = { nodes = 8e5, degree = { mean = 40, max = 100 } },
  layer = { agg_dim = 256 },
  expect = { silent = "slab_major" },
}

test "ids and sums go past what the cache is to keep" {
  graph = { nodes = 3e5, degree = { mean = 40, max = 9000 } },
  layer = { agg_dim = 512 },
  expect = { rule = "past_the_cache", template = "hybrid", dimWorker = 16,
             slab = 0, hints = 1 },
}

test "of meshes, too" {
  graph = { nodes = 3e6, degree = { mean = 6, max = 14 } },
  layer = { agg_dim = 64 },
  expect = { rule = "past_the_cache", template = "row_split", dimWorker = 16,
             hints = 1 },
}

test "rows in 16 bits fit where those of floats do not" {
  graph = { nodes = 1e5, degree = { mean = 40, max = 100 } },
  layer = { agg_dim = 128, dtype = "f16" },
  expect = { silent = "feature_slabs" },
}

test "lanes of 16 bytes hold eight numbers of 16 bits" {
  graph = { nodes = 1e6, degree = { mean = 12, max = 40 } },
  layer = { agg_dim = 64, dtype = "bf16" },
  expect = { rule = "even_rows", template = "row_split", dimWorker = 8, vec = 4,
             edgeWorker = 2, coarsen = 1 },
}

test "so do those of equal edges" {
  graph = { nodes = 1e6, edges = 8e6, degree = { mean = 8, max = 9000 } },
  layer = { agg_dim = 128, dtype = "f16" },
  expect = { template = "edge_balanced", dimWorker = 8 },
}

test "wide rows of 16 bits are not deeper than registers allow" {
  graph = { nodes = 1e6, degree = { mean = 20, max = 60 } },
  layer = { agg_dim = 256, dtype = "f16" },
  expect = { rule = "wide_rows", coarsen = 2 },
}

test "sums are tried with ids that a row's lanes load together" {
  graph = { nodes = 1e6, degree = { mean = 12, max = 40 } },
  layer = { agg_dim = 128 },
  expect = { rule = "shared_ids", dimWorker = 8, coarsen = 4, edgeWorker = 2,
             ids = 1 },
}

test "lanes hold no more of wide rows than registers allow" {
  graph = { nodes = 1e6, degree = { mean = 12, max = 40 } },
  layer = { agg_dim = 256 },
  expect = { silent = "shared_ids" },
}

test "rows that share columns are summed as tiles, too" {
  graph = { nodes = 13752, edges = 491722, degree = { mean = 36, max = 100 },
            locality = { window_reuse_8 = 3.5 } },
  layer = { agg_dim = 64 },
  expect = { rule = "shared_columns", template = "tile_mma",
             tilePercent = 200, dimWorker = 8 },
}

test "what was found not to pay is not tried" {
  graph = { nodes = 13752, edges = 491722, degree = { mean = 36, max = 100 },
            locality = { window_reuse_8 = 2.1 } },
  layer = { agg_dim = 64 },
  expect = { silent = "shared_columns" },
}

test "narrow products share their depth" {
  op = "linear",
  graph = { nodes = 1e6 },
  layer = { agg_dim = 16, in_dim = 128, out_dim = 16 },
  expect = { rule = "narrow_product", template = "linear", rowsPerLane = 8,
             colsPerLane = 8, depthWorker = 8 },
}

test "deep ones with a whole warp to a row" {
  op = "linear",
  graph = { nodes = 1e6 },
  layer = { agg_dim = 16, in_dim = 500, out_dim = 16 },
  expect = { rule = "narrow_product", rowsPerLane = 4, colsPerLane = 16,
             depthWorker = 32, depthWarps = 1 },
}

test "and few rows with several" {
  op = "linear",
  graph = { nodes = 2708 },
  layer = { agg_dim = 7, in_dim = 1433, out_dim = 7 },
  expect = { rule = "narrow_product", colsPerLane = 8, depthWarps = 2 },
}

test "of few rows by smaller blocks" {
  op = "linear",
  graph = { nodes = 2708 },
  layer = { agg_dim = 7, in_dim = 16, out_dim = 7 },
  expect = { rule = "narrow_product", rowsPerLane = 4, colsPerLane = 4,
             depthWorker = 4 },
}

test "wide products go to tensor cores, few rows in small blocks" {
  op = "linear",
  graph = { nodes = 2708 },
  layer = { agg_dim = 64, in_dim = 128, out_dim = 64 },
  expect = { rule = "wide_product", template = "linear_mma", rowTiles = 1,
             colTiles = 4 },
}

test "and many in large ones" {
  op = "linear",
  graph = { nodes = 1e6 },
  layer = { agg_dim = 128, in_dim = 128, out_dim = 128 },
  expect = { rule = "wide_product", warpPerBlock = 8, colWarps = 2 },
}

test "GATv2's attention takes its template's own numbers" {
  op = "attention_v2",
  layer = { op = "gatv2", agg_dim = 64, heads = 8 },
  graph = { nodes = 1e6, degree = { mean = 6, max = 14 } },
  expect = { rule = "attention_training", template = "attention_v2",
             warpPerRow = 1 },
}

test "GATv2's attention shares hubs among the warps of a block" {
  op = "attention_v2_grad",
  layer = { op = "gatv2", agg_dim = 64, heads = 8 },
  graph = { nodes = 1e5, degree = { mean = 8, max = 9000 } },
  expect = { rule = "attention_v2_hubs", template = "attention_v2_grad",
             warpPerRow = 4 },
}

test "attention shares hubs among the warps of a block" {
  op = "attention",
  graph = { nodes = 1e5, degree = { mean = 8, max = 9000 } },
  layer = { op = "gat", agg_dim = 64 },
  expect = { rule = "attention_hubs", edgeWorker = 2, warpPerRow = 4 },
}

test "narrow products are tried with other shares of the depth" {
  op = "linear",
  layer = { agg_dim = 7, in_dim = 100 },
  expect = { rule = "narrow_product_more", depthWorker = 32, depthWarps = 2 },
}

test "wide products are tried with other blocks" {
  op = "linear",
  layer = { agg_dim = 64, in_dim = 100 },
  expect = { rule = "wide_product_more", colTiles = 4, colWarps = 2 },
}

test "attention in training takes the templates' own numbers" {
  op = "attention_grad",
  layer = { op = "gat", agg_dim = 64 },
  expect = { rule = "attention_training", template = "attention_grad",
             dimWorker = 0, edgeWorker = 4, warpPerRow = 1 },
}

test "the scores' backward takes its template's own numbers" {
  op = "attention_scores_grad",
  layer = { op = "gat", agg_dim = 64 },
  expect = { rule = "scores_backward", rowsPerBlock = 128, warpPerBlock = 8 },
}

test "the scores' backward is tried with blocks of other sizes" {
  op = "attention_scores_grad",
  layer = { op = "gat", agg_dim = 64 },
  expect = { rule = "scores_backward_blocks", rowsPerBlock = 512,
             warpPerBlock = 4 },
}

test "long rows are tried with several warps in training" {
  op = "attention_keep",
  graph = { degree = { mean = 8, max = 900 } },
  layer = { op = "gat", agg_dim = 64 },
  expect = { rule = "attention_training_teams", warpPerRow = 4, unroll = 4 },
}

test "products of rows are tried with lanes of more columns" {
  op = "sddmm",
  layer = { agg_dim = 64 },
  expect = { rule = "edge_products_more", dimWorker = 8, partSize = 128 },
}

test "the largest is tried with more neighbours in flight" {
  op = "extreme",
  layer = { agg_dim = 16 },
  expect = { rule = "extreme_rows_more", dimWorker = 4, unroll = 8,
             edgeWorker = 4 },
}

test "and with ids that a row's lanes load together" {
  op = "extreme_grad",
  layer = { agg_dim = 16 },
  expect = { rule = "extreme_rows_more", template = "extreme_grad", ids = 1 },
}

test "products of rows give a head's columns to as few lanes as loads allow" {
  op = "sddmm",
  graph = { nodes = 1e6, degree = { mean = 12, max = 40 } },
  layer = { agg_dim = 64 },
  expect = { rule = "edge_products", template = "sddmm", dimWorker = 16,
             partSize = 64, unroll = 4 },
}

test "products of rows look at the columns of one head" {
  op = "sddmm",
  graph = { nodes = 1e6, degree = { mean = 12, max = 40 } },
  layer = { agg_dim = 64, heads = 8 },
  expect = { rule = "edge_products", template = "sddmm", dimWorker = 2,
             unroll = 1 },
}

test "short rows have no use for long batches of narrow products" {
  op = "sddmm",
  graph = { nodes = 1e6, degree = { mean = 3, max = 10 } },
  layer = { agg_dim = 16 },
  expect = { rule = "edge_products", dimWorker = 4, unroll = 1 },
}

test "the largest of neighbours is found as sums are" {
  op = "extreme",
  graph = { nodes = 1e6, degree = { mean = 12, max = 40 } },
  layer = { agg_dim = 16 },
  expect = { rule = "extreme_rows", template = "extreme", dimWorker = 4,
             edgeWorker = 2, unroll = 4 },
}

test "a hub's largest neighbour is a whole warp's work" {
  op = "extreme_share",
  graph = { nodes = 1e5, degree = { mean = 8, max = 9000 } },
  layer = { agg_dim = 32 },
  expect = { rule = "extreme_rows", template = "extreme_share", dimWorker = 8,
             edgeWorker = 4 },
}

test "the gradient of the largest goes the same way" {
  op = "extreme_grad",
  graph = { nodes = 1e6, degree = { mean = 2.1, max = 10 } },
  layer = { agg_dim = 7 },
  expect = { rule = "extreme_rows", template = "extreme_grad", dimWorker = 8,
             vec = 1, edgeWorker = 1, unroll = 2 },
}
