#include "kcache.h"
