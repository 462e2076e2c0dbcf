rule "a" { when = function() return true end, why = "x",
  choose = function(g, l) return { {template = "row_split", vec = {1, 2, 4}},
    {template = "bias_act"}, {reorder = "rcm"} } end }
test "t" { op = "bias_act", layer = {agg_dim = 7}, expect = {silent = "a"} }
