#include "tunedb.h"
