#ifndef TESTS_SUPPORT_DISK_SEARCH_H
#define TESTS_SUPPORT_DISK_SEARCH_H

/* Looking for bytes in the files of a database, whatever is known of it: nothing is asked of
   RocksDB, which hides what is deleted.

       as they lie         in any file
       over the cuts       that a write-ahead log makes in what it is given, every 32 KiB
       packed              in rows of bodies (hot_row.h), wherever one seems to begin, and in packs
                           of them (body_pack.h), wherever a frame of zstd does

   Blocks that RocksDB compresses are not looked into: a store is to be opened `uncompressed`. */

#include "core/base/buf.h"

/* `path` says what kind of file it is. */
bool disk_search(const char *path, struct sl_span file, struct sl_span bytes);

/* As they lie, alone. */
bool disk_search_plain(struct sl_span file, struct sl_span bytes);

/* Add a text of 9 bytes and more in such a way that it doesn't lie in a packed row as it is: behind
   most of itself, of which LZ4 makes a reference. */
void disk_search_hide(struct buf *out, const char *text);

#endif
