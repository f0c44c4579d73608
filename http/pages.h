#ifndef SHARELOG_HTTP_PAGES_H
#define SHARELOG_HTTP_PAGES_H

/* What every page is made with; http/pages has a file for each. */

#include "http/pages/frame.h"

#endif
