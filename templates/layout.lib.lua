//% -- Where the elements of x, out and self lie: row by row, or slab after slab of so
//% -- many columns, in each of which all rows follow one another (slab-major).
//% local layout = {}
//% local function slab(matrix) return spec[matrix .. "_slab"] end
//% function layout.has_slabs(matrix) return slab(matrix) > 0 end
//%
//% -- How far a row is from the next, in the matrix or in one slab of it.
//% function layout.step(matrix)
//%   return slab(matrix) > 0 and slab(matrix) or spec[matrix .. "_pitch"]
//% end
//%
//% -- Append what finding an element takes to a list of launch arguments.
//% function layout.add_args(args)
//%   if spec.x_slab + spec.out_slab + spec.self_slab > 0 then
//%     args[#args + 1] = "n_rows"
//%   end
//% end
//%
//% -- MATRIX_at(row, column, n_rows), where that element lies in slabs. A vector
//% -- that begins at a multiple of its width is whole: slabs are wider, and of a
//% -- power of two.
//% local defined = {}
//% function layout.define(matrix)
//%   if slab(matrix) == 0 or defined[matrix] then return end
//%   defined[matrix] = true
static __device__ __forceinline__ long long ${matrix}_at(long long row, unsigned column,
                                                         int n_rows)
{
    return (column / ${slab(matrix)} * (long long)n_rows + row) * ${slab(matrix)} +
           column % ${slab(matrix)};
}

//% end
//%
//% return layout
