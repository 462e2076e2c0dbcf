rule "hub" {
  when = function(g, l, d) return g.degree.max > 64 * g.degree.mean end,
  choose = { template = "neighbor_group", partSize = {64, 128}, reorder = true },
  limit = function(p, g, l, d) return p.warpPerBlock * 32 <= d.max_threads end,
  why = "hubs", priority = 5,
}
test "hub" { graph = {nodes = 1e5, degree = {mean = 8, max = 9000}},
  expect = {rule = "hub", partSize = 128, reorder = "rabbit"} }
