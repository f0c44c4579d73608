#ifndef SHARELOG_FILE_H
#define SHARELOG_FILE_H

/* Small files of the data directory, beside the database: keys, checkpoints. */

#include "core/base/buf.h"
#include "core/base/err.h"

/* `DIR/NAME`, for the caller to free. NULL: out of memory. */
char *file_path(const char *dir, const char *name);

/* A whole file, at most `max` bytes. SL_NOT_FOUND: none, err is left alone. SL_INVALID: larger. */
enum sl_result file_read(const char *path, size_t max, struct buf *out, struct sl_err *err);

/* Make or replace a file (0600): the new one is whole and on disk when this returns, and whatever
   happens there is the old one or the new one, never something else. */
enum sl_result file_write(
    const char *dir, const char *path, struct sl_span bytes, struct sl_err *err);

/* Rename within `dir`, on disk when this returns. */
enum sl_result file_rename(const char *dir, const char *from, const char *to, struct sl_err *err);

/* Remove a folder and the files in it, but none whose name begins with a dot. */
void file_remove_folder(const char *path);

#endif
