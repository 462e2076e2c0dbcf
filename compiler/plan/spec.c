#include "plan/spec.h"

static const char *const edge_orders[] = {[EDGES_NONE] = "none",
                                          [EDGES_STORED] = "stored",
                                          [EDGES_MAPPED] = "mapped"};
static const struct name_table edge_order_names = {N_EDGE_ORDERS, edge_orders};

const char *edge_order_name(enum edge_order v)
{
    return name_of(&edge_order_names, (int)v);
}

int edge_order_from_name(const char *s)
{
    return value_of(&edge_order_names, s);
}
