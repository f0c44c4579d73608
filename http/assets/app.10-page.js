'use strict';
// What every page gets: a switch for light and dark.
